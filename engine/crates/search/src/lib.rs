//! Deciding propositional S5.
//!
//! One incremental SAT solver holds the definitional clauses of the goal's subformulas. Its models are worlds; the worlds
//! that a model's modal literals demand are asked of the same solver. A refusal becomes, by necessitation, a clause that
//! every world satisfies (the method of `CEGARBox`: Goré and Kikkert, "CEGAR-Tableaux", TABLEAUX 2021, with the one
//! context that S5 needs). The solver's proof tracer gives the certificate.
//!
//! Nothing here is trusted: a proof is replayed by `pxl-check`, and a countermodel evaluated, before it is returned.

mod cegar;
mod countermodel;
mod depth_one;
mod derive;
mod extension;
mod fewest;
mod holes;
mod monitor;
mod pigeonhole;
mod propagator;
mod recorder;
mod relevant;
mod repair;
mod solver;
mod trim;

pub use monitor::{Control, Stop};

use monitor::Monitor;
use pxl_cert::{Model, Proof};
use pxl_formula::Formula;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The goal is valid.
    Proof(Proof),
    /// The goal is not valid: it fails in the model's first world.
    Countermodel(Model),
    /// The search stopped before it knew.
    Unknown(Stop),
}

/// What a search cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// Conflicts in the SAT solver.
    pub conflicts: u64,
    /// Calls of the SAT solver.
    pub solver_calls: u64,
}

/// Decides a goal. Deterministic for a given seed, but for where the limits cut it short.
#[must_use]
pub fn search(goal: &Formula, seed: u64, control: Control<'_>) -> (Outcome, Effort) {
    let monitor = Monitor::new(control);
    let mut effort = Effort::default();
    let outcome = cegar::decide(goal, seed, cegar::NESTED, &monitor, &mut effort).unwrap_or_else(Outcome::Unknown);
    (outcome, effort)
}

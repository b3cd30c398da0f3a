//! Countermodels of few worlds, found directly.
//!
//! For k = 1, 2, ... the existence of a countermodel with k worlds is one propositional question: each world has its own
//! copy of the nodes, but modal nodes, true in all worlds or in none, have one variable.

use crate::countermodel::Facts;
use crate::monitor::Monitor;
use pxl_check::definitional;
use pxl_formula::{Formula, Modality, Node};
use rustsat::solvers::{ControlSignal, Solve, SolverResult, Terminate};
use rustsat::types::{Clause, Lit, TernaryVal};
use rustsat_cadical::{CaDiCaL, Config, Limit};

/// What an attempt may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Copies of nodes, over all worlds.
    copies: usize,
    /// Conflicts for each number of worlds.
    conflicts: i32,
    /// Whether every number of worlds is tried, or powers of two only.
    exact: bool,
}

impl Effort {
    /// What the smallest countermodel is worth, once there is a countermodel.
    pub(crate) const SMALL: Self = Self { copies: 4_000, conflicts: 1_000, exact: true };

    /// What any countermodel is worth after so many rounds without one.
    pub(crate) fn after(rounds: u32) -> Self {
        Self { copies: 100_000, conflicts: i32::try_from(rounds).unwrap_or(i32::MAX).saturating_mul(8), exact: false }
    }
}

/// More worlds are not looked for directly.
pub(crate) const MANY: usize = 9;

/// Worlds that may refute the goal, fewer than `known`; `None` when there are none, or when it would take long to know.
pub(crate) fn worlds(
    goal: &Formula,
    known: usize,
    effort: Effort,
    seed: u64,
    monitor: &Monitor<'_>,
) -> Option<Vec<Facts>> {
    for count in (1..known).filter(|count| effort.exact || count.is_power_of_two()) {
        if count * goal.nodes().len() > effort.copies || monitor.check().is_err() {
            return None;
        }
        if let Trial::Found(worlds) = exactly(goal, count, effort.conflicts, seed, monitor)? {
            return Some(worlds);
        }
    }
    None
}

enum Trial {
    Found(Vec<Facts>),
    None,
}

/// `None` when the solver does not know.
fn exactly(goal: &Formula, count: usize, conflicts: i32, seed: u64, monitor: &Monitor<'_>) -> Option<Trial> {
    let copies = Copies { goal, count };
    let mut solver = CaDiCaL::default();
    // Preprocessing would take longer than the few conflicts that are allowed.
    solver.set_configuration(Config::Plain).ok()?;
    solver.set_option("seed", i32::try_from(seed % 2_000_000_001).ok()?).ok()?;
    solver.attach_terminator(|| match monitor.check() {
        Ok(()) => ControlSignal::Continue,
        Err(_) => ControlSignal::Terminate,
    });
    copies.define(&mut solver)?;
    solver.set_limit(Limit::Conflicts(conflicts)).ok()?;
    match solver.solve().ok()? {
        SolverResult::Sat => copies.read(&solver).map(Trial::Found),
        SolverResult::Unsat => Some(Trial::None),
        SolverResult::Interrupted => None,
    }
}

struct Copies<'g> {
    goal: &'g Formula,
    count: usize,
}

impl Copies<'_> {
    /// The variable of a node (from 0) in a world, as a positive literal.
    fn copy(&self, node: u32, world: usize) -> Option<Lit> {
        let shared = matches!(self.goal.nodes()[node as usize], Node::Modal(..));
        let world = if shared { 0 } else { world };
        u32::try_from(world * self.goal.nodes().len() + node as usize).ok().map(Lit::positive)
    }

    fn define(&self, solver: &mut CaDiCaL<'_, '_>) -> Option<()> {
        for (&spec, node) in self.goal.nodes().iter().zip(0..) {
            if let Node::Modal(modality, argument) = spec {
                self.define_modal(solver, node, modality, argument)?;
            } else {
                self.define_local(solver, node, spec)?;
            }
        }
        solver.add_clause([!self.copy(self.goal.root(), 0)?].into_iter().collect()).ok()
    }

    fn define_modal(&self, solver: &mut CaDiCaL<'_, '_>, node: u32, modality: Modality, argument: u32) -> Option<()> {
        let polarity = |lit: Lit| if modality == Modality::Box { lit } else { !lit };
        let holds = polarity(self.copy(node, 0)?);
        let mut some: Clause = [holds].into_iter().collect();
        for world in 0..self.count {
            let here = polarity(self.copy(argument, world)?);
            solver.add_clause([!holds, here].into_iter().collect()).ok()?;
            some.add(!here);
        }
        solver.add_clause(some).ok()
    }

    fn define_local(&self, solver: &mut CaDiCaL<'_, '_>, node: u32, spec: Node) -> Option<()> {
        let spec = crate::cegar::from_one(spec);
        for world in 0..self.count {
            for clause in (0..4).map_while(|k| definitional(node + 1, spec, k)) {
                let copied: Option<Clause> = clause
                    .into_iter()
                    .map(|lit| self.copy(lit.node() - 1, world).map(|copy| if lit.holds() { copy } else { !copy }))
                    .collect();
                solver.add_clause(copied?).ok()?;
            }
        }
        Some(())
    }

    fn read(&self, solver: &CaDiCaL<'_, '_>) -> Option<Vec<Facts>> {
        let mut worlds = vec![vec![false; self.goal.atoms().len()]; self.count];
        for (&spec, node) in self.goal.nodes().iter().zip(0..) {
            let Node::Atom(atom) = spec else { continue };
            for (number, world) in worlds.iter_mut().enumerate() {
                world[atom as usize] = solver.lit_val(self.copy(node, number)?).ok()? == TernaryVal::True;
            }
        }
        Some(worlds)
    }
}

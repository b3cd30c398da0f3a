//! The SAT solver: `CaDiCaL`, set up so that everything it derives follows by unit propagation.
//!
//! Variables are the goal's nodes: variable `i` (from 0) is node `i` of the arena and node `i + 1` of the certificate.

use crate::monitor::{Monitor, Stop};
use crate::recorder::{Origin, Record, Recorder};
use pxl_cert::Lit;
use rustsat::solvers::{
    ControlSignal, FreezeVar, GetInternalStats, PhaseLit, Solve, SolveIncremental, SolverResult, Terminate,
};
use rustsat::types::{Clause, TernaryVal, Var};
use rustsat_cadical::{CaDiCaL, Limit, ProofTracerHandle};

/// Options that differ from the solver's defaults.
///
/// The first group would define new variables or remove clauses with the help of resolution asymmetric tautologies, which
/// a certificate cannot express; they are off by default and must stay off. The second group pays off only on calls that
/// are longer than a search makes thousands of.
const OPTIONS: [(&str, i32); 8] = [
    ("block", 0),
    ("condition", 0),
    ("cover", 0),
    ("factor", 0),
    ("lucky", 0),
    ("luckyassumptions", 0),
    ("walk", 0),
    ("preprocesslight", 0),
];

/// The answer to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Sat,
    /// Refused; the record's clause consists of negated assumptions.
    Unsat(Record),
    /// The call's own limit on conflicts was reached.
    Limited,
}

pub(crate) struct Solver<'m, 'c> {
    inner: CaDiCaL<'m, 'm>,
    tracer: Option<ProofTracerHandle<Recorder>>,
    monitor: &'m Monitor<'c>,
    pub(crate) calls: u64,
}

/// What the solver keeps for each variable, by measurement.
const VARIABLE_BYTES: u64 = 400;

fn defect(error: &dyn std::fmt::Display) -> Stop {
    Stop::Defect(format!("SAT solver: {error:#}"))
}

fn sat_lit(lit: Lit) -> rustsat::types::Lit {
    rustsat::types::Lit::new(lit.node() - 1, !lit.holds())
}

impl<'m, 'c> Solver<'m, 'c> {
    pub(crate) fn new(variables: usize, seed: u64, monitor: &'m Monitor<'c>) -> Result<Self, Stop> {
        let mut inner = CaDiCaL::default();
        let seed = i32::try_from(seed % 2_000_000_001).unwrap_or_default();
        for (name, value) in OPTIONS.into_iter().chain([("seed", seed)]) {
            inner.set_option(name, value).map_err(|error| defect(&error))?;
        }
        let recorder = Recorder::new(monitor.memory.clone(), variables as u64 * VARIABLE_BYTES);
        let tracer = Some(inner.connect_proof_tracer(recorder, true));
        inner.attach_terminator(|| match monitor.check() {
            Ok(()) => ControlSignal::Continue,
            Err(_) => ControlSignal::Terminate,
        });
        let mut solver = Self { inner, tracer, monitor, calls: 0 };
        solver.reserve(u32::try_from(variables).unwrap_or(u32::MAX))?;
        Ok(solver)
    }

    /// Makes room for the nodes up to this number.
    pub(crate) fn reserve(&mut self, node: u32) -> Result<(), Stop> {
        let Some(last) = node.checked_sub(1) else { return Ok(()) };
        self.inner.reserve(Var::new(last)).map_err(|error| defect(&error))
    }

    pub(crate) fn recorder(&mut self) -> &mut Recorder {
        let tracer = self.tracer.as_ref().expect("the tracer stays connected until the solver is dropped");
        self.inner.proof_tracer_mut(tracer)
    }

    /// Gives the solver a clause and returns its record.
    pub(crate) fn add(&mut self, origin: Origin, clause: &[Lit]) -> Result<Record, Stop> {
        self.recorder().announce(origin);
        self.give(clause)
    }

    /// Gives the solver a clause that is on record already.
    pub(crate) fn add_recorded(&mut self, known: Record) -> Result<(), Stop> {
        let clause = self.recorder().clause(known).to_vec();
        self.recorder().announce_recorded(known);
        self.give(&clause).map(|_| ())
    }

    fn give(&mut self, clause: &[Lit]) -> Result<Record, Stop> {
        let before = self.recorder().len();
        let clause: Clause = clause.iter().map(|&lit| sat_lit(lit)).collect();
        self.inner.add_clause(clause).map_err(|error| defect(&error))?;
        // The solver may simplify the clause at once, and record the result after it.
        Ok(Record::try_from(before).unwrap_or(Record::MAX))
    }

    /// Keeps a variable from being eliminated, because assumptions will name it.
    pub(crate) fn keep(&mut self, node: u32) -> Result<(), Stop> {
        self.inner.freeze_var(Var::new(node - 1)).map_err(|error| defect(&error))
    }

    /// Makes decisions on the literal's variable choose the literal.
    pub(crate) fn prefer(&mut self, lit: Lit) -> Result<(), Stop> {
        self.inner.phase_lit(sat_lit(lit)).map_err(|error| defect(&error))
    }

    pub(crate) fn solve(&mut self, assumptions: &[Lit]) -> Result<Answer, Stop> {
        self.call(assumptions, None)
    }

    pub(crate) fn solve_limited(&mut self, assumptions: &[Lit], conflicts: i32) -> Result<Answer, Stop> {
        self.call(assumptions, Some(conflicts))
    }

    fn call(&mut self, assumptions: &[Lit], conflicts: Option<i32>) -> Result<Answer, Stop> {
        self.monitor.check()?;
        self.calls += 1;
        if let Some(conflicts) = conflicts {
            self.inner.set_limit(Limit::Conflicts(conflicts)).map_err(|error| defect(&error))?;
        }
        let assumptions: Vec<_> = assumptions.iter().map(|&lit| sat_lit(lit)).collect();
        match self.inner.solve_assumps(&assumptions).map_err(|error| defect(&error))? {
            SolverResult::Sat => Ok(Answer::Sat),
            SolverResult::Unsat => match self.recorder().take_conclusion() {
                Some(record) => Ok(Answer::Unsat(record)),
                None => Err(Stop::Defect("the SAT solver gave no reason for a refusal".to_owned())),
            },
            SolverResult::Interrupted => self.monitor.check().map(|()| Answer::Limited),
        }
    }

    /// Whether a node is true in the model of the last call.
    pub(crate) fn value(&self, node: u32) -> Result<bool, Stop> {
        let lit = sat_lit(Lit::new(node, true));
        Ok(self.inner.lit_val(lit).map_err(|error| defect(&error))? == TernaryVal::True)
    }

    pub(crate) fn conflicts(&self) -> u64 {
        self.inner.conflicts() as u64
    }
}

impl Drop for Solver<'_, '_> {
    /// Disconnecting frees the tracer on both sides of the foreign interface.
    fn drop(&mut self) {
        if let Some(tracer) = self.tracer.take() {
            drop(self.inner.disconnect_proof_tracer(tracer));
        }
    }
}

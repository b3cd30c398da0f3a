//! The proof checker: a fold of one step.

use crate::derive::{definitional, necessitated, node_at};
use crate::propagate::{Assignment, Database};
use crate::table;
use pxl_cert::{Lit, Proof, Step};
use pxl_formula::Formula;
use std::fmt;

/// Why a certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The first bad step, from 1, when a step is to blame.
    pub step: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => write!(f, "step {step}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    pub(crate) fn whole(reason: impl fmt::Display) -> Self {
        Self { step: None, reason: reason.to_string() }
    }
}

/// Whether the bytes are a proof certificate of the goal.
///
/// # Errors
/// Says the first thing that is wrong.
pub fn check_proof(goal: &Formula, certificate: &[u8]) -> Result<(), Refusal> {
    let proof = Proof::decode(certificate).map_err(Refusal::whole)?;
    check_decoded(goal, &proof)
}

/// Whether a certificate proves the goal.
///
/// # Errors
/// Says the first thing that is wrong.
pub fn check_decoded(goal: &Formula, proof: &Proof) -> Result<(), Refusal> {
    table::spells(proof, goal).map_err(|(node, reason)| match node {
        0 => Refusal::whole(reason),
        _ => Refusal::whole(format_args!("node {node}: {reason}")),
    })?;
    let mut database = Database::new();
    let mut assignment = Assignment::default();
    for (step, number) in proof.steps().zip(1..) {
        let bad = |reason: &str| Refusal { step: Some(number), reason: reason.to_owned() };
        check_step(proof, step, &mut database, &mut assignment).map_err(bad)?;
    }
    let root = u32::try_from(proof.nodes().len()).map_err(|_| Refusal::whole("there are too many nodes"))?;
    match database.last() {
        Some([lit]) if *lit == Lit::new(root, true) => Ok(()),
        None => Err(Refusal::whole("there is no step")),
        Some(_) => Err(Refusal {
            step: Some(proof.step_count()),
            reason: "the last step does not derive that the goal's node holds".to_owned(),
        }),
    }
}

fn check_step(
    proof: &Proof,
    step: Step<'_>,
    database: &mut Database,
    assignment: &mut Assignment,
) -> Result<(), &'static str> {
    match step {
        Step::Def { node, k } => {
            let spec = *node_at(proof.nodes(), node).ok_or("there is no such node")?;
            let clause = definitional(node, spec, k).ok_or("the node has no such definitional clause")?;
            database.push(&clause);
        }
        Step::Rup { clause, hints } => {
            assignment.refutes(clause, hints, database)?;
            database.push(clause);
        }
        Step::Nec { clause, node } => {
            let premise = database.get(clause).ok_or("the premise is no earlier clause")?;
            let (clause, rigid) = necessitated(proof.nodes(), premise, node).ok_or("the node is no modal operator")?;
            if !rigid {
                return Err("a literal beside the necessitated one is not rigid");
            }
            database.push(&clause);
        }
    }
    Ok(())
}

//! Hints of our own making, should the solver's not suffice: plain unit propagation over the earlier clauses of the
//! certificate, hinted ones first.

use pxl_cert::{Lit, Proof, Step};
use pxl_check::clauses;

/// The proof with new hints for every `rup` step; `None` when some clause does not follow by unit propagation.
pub(crate) fn with_own_hints(proof: &Proof) -> Option<Proof> {
    let derived: Vec<Vec<Lit>> = clauses(proof).into_iter().collect::<Option<_>>()?;
    let mut repaired = Proof::default();
    for &node in proof.nodes() {
        match node {
            pxl_formula::Node::Atom(index) => repaired.push_atom(&proof.names()[index as usize]),
            _ => repaired.push_node(node),
        }
    }
    for (place, step) in proof.steps().enumerate() {
        match step {
            Step::Rup { clause, hints } => {
                let hints = own_hints(&derived[..place], clause, hints)?;
                repaired.push_step(Step::Rup { clause, hints: &hints });
            }
            other => repaired.push_step(other),
        }
    }
    Some(repaired)
}

/// Hints in the order of propagation, found by passes over the candidates until a conflict.
fn own_hints(earlier: &[Vec<Lit>], clause: &[Lit], hinted: &[u32]) -> Option<Vec<u32>> {
    let all = u32::try_from(earlier.len()).ok()?;
    propagate(earlier, clause, hinted.iter().copied().filter(|&hint| (1..=all).contains(&hint)).collect())
        .or_else(|| propagate(earlier, clause, (1..=all).collect()))
}

fn propagate(earlier: &[Vec<Lit>], clause: &[Lit], mut candidates: Vec<u32>) -> Option<Vec<u32>> {
    let mut values = std::collections::HashMap::new();
    for lit in clause {
        values.insert(lit.node(), !lit.holds());
    }
    let mut hints = Vec::new();
    loop {
        let before = hints.len();
        let mut conflict = false;
        candidates.retain(|&candidate| {
            if conflict {
                return true;
            }
            let lits = &earlier[candidate as usize - 1];
            let value = |lit: &Lit| values.get(&lit.node()).map(|&value| value == lit.holds());
            if lits.iter().any(|lit| value(lit) == Some(true)) {
                return false;
            }
            let mut open = lits.iter().copied().filter(|lit| value(lit).is_none());
            match (open.next(), open.next()) {
                (None, _) => conflict = true,
                (Some(unit), other) if other.is_none_or(|other| other == unit) && open.all(|lit| lit == unit) => {
                    values.insert(unit.node(), unit.holds());
                }
                _ => return true,
            }
            hints.push(candidate);
            false
        });
        if conflict {
            return Some(hints);
        }
        if hints.len() == before {
            return None;
        }
    }
}

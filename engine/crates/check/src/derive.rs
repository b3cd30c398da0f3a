//! What each rule derives, whether or not the step is right.

use pxl_cert::{Lit, Proof, Step};
use pxl_formula::{Connective, Modality, Node};

/// Definitional clause `k` of a node: the table in docs/certificate-format.md, row by row.
#[allow(clippy::match_same_arms)]
#[must_use]
pub fn definitional(number: u32, node: Node, k: u32) -> Option<Vec<Lit>> {
    let holds = |node| Lit::new(node, true);
    let fails = |node| Lit::new(node, false);
    let n = number;
    Some(match (node, k) {
        (Node::Bot, 0) => vec![fails(n)],
        (Node::Top, 0) => vec![holds(n)],
        (Node::Not(a), 0) => vec![fails(n), fails(a)],
        (Node::Not(a), 1) => vec![holds(n), holds(a)],
        (Node::Binary(Connective::And, a, _), 0) => vec![fails(n), holds(a)],
        (Node::Binary(Connective::And, _, b), 1) => vec![fails(n), holds(b)],
        (Node::Binary(Connective::And, a, b), 2) => vec![holds(n), fails(a), fails(b)],
        (Node::Binary(Connective::Or, a, _), 0) => vec![holds(n), fails(a)],
        (Node::Binary(Connective::Or, _, b), 1) => vec![holds(n), fails(b)],
        (Node::Binary(Connective::Or, a, b), 2) => vec![fails(n), holds(a), holds(b)],
        (Node::Binary(Connective::Imp, a, _), 0) => vec![holds(n), holds(a)],
        (Node::Binary(Connective::Imp, _, b), 1) => vec![holds(n), fails(b)],
        (Node::Binary(Connective::Imp, a, b), 2) => vec![fails(n), fails(a), holds(b)],
        (Node::Binary(Connective::Iff, a, b), 0) => vec![fails(n), fails(a), holds(b)],
        (Node::Binary(Connective::Iff, a, b), 1) => vec![fails(n), holds(a), fails(b)],
        (Node::Binary(Connective::Iff, a, b), 2) => vec![holds(n), holds(a), holds(b)],
        (Node::Binary(Connective::Iff, a, b), 3) => vec![holds(n), fails(a), fails(b)],
        (Node::Modal(Modality::Box, a), 0) => vec![fails(n), holds(a)],
        (Node::Modal(Modality::Dia, a), 0) => vec![holds(n), fails(a)],
        _ => return None,
    })
}

/// The clause by necessitation of `premise` into node `number`, and whether every literal beside the necessitated one is rigid.
///
/// The logic's parameter: in S5 the modal nodes, and their negations, are rigid.
pub(crate) fn necessitated(nodes: &[Node], premise: &[Lit], number: u32) -> Option<(Vec<Lit>, bool)> {
    let Some(&Node::Modal(modality, a)) = node_at(nodes, number) else { return None };
    let polarity = modality == Modality::Box;
    let necessitated = Lit::new(a, polarity);
    let beside = premise.iter().copied().filter(|&lit| lit != necessitated);
    let mut clause = vec![Lit::new(number, polarity)];
    clause.extend(beside);
    let rigid = clause.iter().all(|lit| matches!(node_at(nodes, lit.node()), Some(Node::Modal(..))));
    Some((clause, rigid))
}

pub(crate) fn node_at(nodes: &[Node], number: u32) -> Option<&Node> {
    (number as usize).checked_sub(1).and_then(|index| nodes.get(index))
}

/// The clause of each step, as its rule says; `None` for a step that derives nothing, because it names what does not exist.
#[must_use]
pub fn clauses(proof: &Proof) -> Vec<Option<Vec<Lit>>> {
    let mut derived: Vec<Option<Vec<Lit>>> = Vec::with_capacity(proof.step_count());
    for step in proof.steps() {
        let clause = match step {
            Step::Def { node, k } => node_at(proof.nodes(), node).and_then(|&spec| definitional(node, spec, k)),
            Step::Rup { clause, .. } => Some(clause.to_vec()),
            Step::Nec { clause, node } => (clause as usize)
                .checked_sub(1)
                .and_then(|index| derived.get(index)?.as_deref())
                .and_then(|premise| necessitated(proof.nodes(), premise, node))
                .map(|(clause, _)| clause),
        };
        derived.push(clause);
    }
    derived
}

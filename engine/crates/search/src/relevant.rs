//! Which modal literals of a world its refutation of the goal rests on.
//!
//! The solver's model gives every modal node a value, though few of them matter; binding the other worlds to all of them
//! would refuse worlds for no reason. So one reason for each node's value is chosen, the one that rests on the fewest
//! modal nodes, and the modal nodes in it are the relevant ones. A modal node with a form (`depth_one.rs`) rests on that.
//!
//! Invariant: what a relevant modal node says of a world rests on relevant ones, so that worlds which agree on them agree on what
//! each of them says.

use crate::countermodel::World;
use crate::depth_one::{Form, Forms};
use pxl_cert::Lit;
use pxl_formula::{Connective, Node};

/// What the root's value in a world rests on.
#[derive(Debug)]
pub(crate) struct Relevant {
    /// For each node (numbered from 1, at its number less one) whether it is a modal node of these.
    pub(crate) nodes: Vec<bool>,
    /// Nodes that stand for many of them: `BOX` literals over conjunctions that hold, the outermost.
    pub(crate) conjunctions: Vec<Lit>,
}

/// The relevant modal nodes.
pub(crate) fn modal_nodes(specs: &[Node], forms: &Forms, root: u32, world: &World) -> Relevant {
    let value = |node: u32| world.holds(node);
    let cost = costs(specs, value);
    let mut relevant = Relevant { nodes: vec![false; specs.len()], conjunctions: Vec::new() };
    let mut seen = vec![false; specs.len()];
    let mut below = vec![false; specs.len()];
    // Parts of a conjunction that stands for them.
    let mut covered = vec![false; specs.len()];
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if std::mem::replace(&mut seen[node as usize - 1], true) {
            continue;
        }
        let spec = specs[node as usize - 1];
        match (spec, forms.of(node)) {
            (Node::Modal(..), Some(form)) => {
                let holds = |lit: &Lit| value(lit.node()) == lit.holds();
                if let Form::All(lits) = form
                    && lits.iter().all(holds)
                {
                    if !covered[node as usize - 1] {
                        relevant.conjunctions.push(Lit::new(node, value(node)));
                    }
                    for lit in lits {
                        covered[lit.node() as usize - 1] = true;
                    }
                }
                pending.extend(form_reason(form, holds, |lit| seen[lit.node() as usize - 1]));
            }
            (Node::Modal(_, argument), None) => {
                relevant.nodes[node as usize - 1] = true;
                pending.extend(modal_nodes_below(specs, argument, &mut below));
            }
            _ => pending.extend(reason(spec, value, |child| cost[child as usize - 1]).into_iter().flatten()),
        }
    }
    relevant
}

/// The nodes whose values suffice for the form's: preferably those that are relevant in any case.
fn form_reason(form: &Form, holds: impl Fn(&Lit) -> bool, seen: impl Fn(&Lit) -> bool) -> Vec<u32> {
    let (lits, all): (&[Lit], bool) = match form {
        Form::All(lits) => (lits, true),
        Form::Some(lits) => (lits, false),
    };
    // A conjunction fails by one literal, a disjunction holds by one.
    let mut deciding = lits.iter().filter(|lit| holds(lit) != all).peekable();
    if deciding.peek().is_none() {
        return lits.iter().map(|lit| lit.node()).collect();
    }
    let first = deciding.peek().map(|lit| lit.node());
    deciding.find(|lit| seen(lit)).map(|lit| lit.node()).or(first).into_iter().collect()
}

/// How many modal nodes, more or less, each node's value rests on.
fn costs(specs: &[Node], value: impl Fn(u32) -> bool + Copy) -> Vec<u32> {
    let mut cost: Vec<u32> = Vec::with_capacity(specs.len());
    for &node in specs {
        let own = match node {
            Node::Modal(_, a) => 16 + cost[a as usize - 1],
            _ => reason(node, value, |child| cost[child as usize - 1])
                .into_iter()
                .flatten()
                .fold(0, |sum: u32, child| sum.saturating_add(cost[child as usize - 1])),
        };
        cost.push(own.min(1 << 24));
    }
    cost
}

/// The children whose values suffice for the node's value.
fn reason(node: Node, value: impl Fn(u32) -> bool, cost: impl Fn(u32) -> u32) -> [Option<u32>; 2] {
    let Node::Binary(connective, a, b) = node else { return node.children() };
    // Which value of each argument suffices alone.
    let (left, right) = match connective {
        Connective::And => (!value(a), !value(b)),
        Connective::Or => (value(a), value(b)),
        Connective::Imp => (!value(a), value(b)),
        Connective::Iff => (false, false),
    };
    match (left, right) {
        (true, true) if cost(b) < cost(a) => [Some(b), None],
        (true, _) => [Some(a), None],
        (false, true) => [Some(b), None],
        (false, false) => [Some(a), Some(b)],
    }
}

/// The nearest modal nodes below a node, those that were not met before.
fn modal_nodes_below(specs: &[Node], from: u32, met: &mut [bool]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut pending = vec![from];
    while let Some(node) = pending.pop() {
        if std::mem::replace(&mut met[node as usize - 1], true) {
            continue;
        }
        let spec = specs[node as usize - 1];
        match spec {
            Node::Modal(..) => found.push(node),
            _ => pending.extend(spec.children().into_iter().flatten()),
        }
    }
    found
}

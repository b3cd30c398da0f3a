//! Which modal literals of a world its refutation of the goal rests on.
//!
//! The solver's model gives every modal node a value, though few of them matter; binding the other worlds to all of them
//! would refuse worlds for no reason. So one reason for each node's value is chosen, the one that rests on the fewest
//! modal nodes, and the modal nodes in it are the relevant ones.
//!
//! Invariant: the relevant modal nodes are closed under descent, so that worlds which agree on them agree on what each of
//! them says.

use crate::countermodel::World;
use pxl_formula::{Connective, Formula, Node, NodeId};

/// For each node (from 0) whether it is a modal node that the root's value in the world rests on.
pub(crate) fn modal_nodes(goal: &Formula, world: &World) -> Vec<bool> {
    let nodes = goal.nodes();
    let value = |node: NodeId| world.holds(node + 1);
    let cost = costs(nodes, value);
    let mut relevant = vec![false; nodes.len()];
    let mut seen = vec![false; nodes.len()];
    let mut pending = vec![goal.root()];
    while let Some(node) = pending.pop() {
        if std::mem::replace(&mut seen[node as usize], true) {
            continue;
        }
        match nodes[node as usize] {
            Node::Modal(..) => descend(nodes, node, &mut relevant),
            spec => pending.extend(reason(spec, value, |child| cost[child as usize]).into_iter().flatten()),
        }
    }
    relevant
}

/// How many modal nodes, more or less, each node's value rests on.
fn costs(nodes: &[Node], value: impl Fn(NodeId) -> bool + Copy) -> Vec<u32> {
    let mut cost: Vec<u32> = Vec::with_capacity(nodes.len());
    for &node in nodes {
        let own = match node {
            Node::Modal(_, a) => 16 + cost[a as usize],
            _ => reason(node, value, |child| cost[child as usize])
                .into_iter()
                .flatten()
                .fold(0, |sum: u32, child| sum.saturating_add(cost[child as usize])),
        };
        cost.push(own.min(1 << 24));
    }
    cost
}

/// The children whose values suffice for the node's value.
fn reason(node: Node, value: impl Fn(NodeId) -> bool, cost: impl Fn(NodeId) -> u32) -> [Option<NodeId>; 2] {
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

/// Marks a modal node and all modal nodes below it.
fn descend(nodes: &[Node], from: NodeId, relevant: &mut [bool]) {
    let mut pending = vec![from];
    let mut seen = std::collections::HashSet::new();
    while let Some(node) = pending.pop() {
        let spec = nodes[node as usize];
        if matches!(spec, Node::Modal(..)) {
            if std::mem::replace(&mut relevant[node as usize], true) {
                continue;
            }
        } else if !seen.insert(node) {
            continue;
        }
        pending.extend(spec.children().into_iter().flatten());
    }
}

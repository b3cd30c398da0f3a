//! The node table against the goal.
//!
//! Invariant: `image[n]` is the goal's subformula that node `n` spells, if the goal has it. As the goal's arena holds each
//! subformula once, every node is looked up once, and no formula is ever expanded.

use pxl_cert::Proof;
use pxl_formula::{Formula, Node, NodeId};
use std::collections::HashMap;

/// Why the node table does not fit the goal: the node, and what is wrong with it.
pub(crate) type BadNode = (usize, &'static str);

pub(crate) fn spells(proof: &Proof, goal: &Formula) -> Result<(), BadNode> {
    let places: HashMap<Node, NodeId> = goal.nodes().iter().zip(0..).map(|(&node, id)| (node, id)).collect();
    let atoms: HashMap<&[u8], u32> = goal.atoms().iter().zip(0..).map(|(name, id)| (name.as_bytes(), id)).collect();
    let mut image: Vec<Option<NodeId>> = Vec::with_capacity(proof.nodes().len());
    for (index, &node) in proof.nodes().iter().enumerate() {
        if node.children().into_iter().flatten().any(|child| child as usize > index) {
            return Err((index + 1, "it names a node that does not come before it"));
        }
        image.push(goal_node(node, proof, &atoms, &image).and_then(|node| places.get(&node).copied()));
    }
    match image.last() {
        None => Err((0, "the node table is empty")),
        Some(&Some(id)) if id == goal.root() => Ok(()),
        Some(_) => Err((image.len(), "the last node does not spell the goal")),
    }
}

/// The node over the goal's numbers, when the goal has its children.
fn goal_node(node: Node, proof: &Proof, atoms: &HashMap<&[u8], u32>, image: &[Option<NodeId>]) -> Option<Node> {
    let child = |child: NodeId| image[child as usize - 1];
    Some(match node {
        Node::Atom(index) => Node::Atom(*atoms.get(&*proof.names()[index as usize])?),
        Node::Bot | Node::Top => node,
        Node::Not(a) => Node::Not(child(a)?),
        Node::Modal(modality, a) => Node::Modal(modality, child(a)?),
        Node::Binary(connective, a, b) => Node::Binary(connective, child(a)?, child(b)?),
    })
}

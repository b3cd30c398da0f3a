//! Nodes that the search defines beside the goal's. A certificate may hold any node, so its format needs nothing new.
//!
//! Invariant: the children of a node come before it.

use crate::recorder::{Origin, Record, Recorder};
use pxl_check::definitional;
use pxl_formula::Node;

/// Nodes numbered from the first number that the goal does not use; their children are numbered from 1.
#[derive(Debug)]
pub(crate) struct Extension {
    pub(crate) nodes: Vec<Node>,
    goal_nodes: u32,
}

impl Extension {
    pub(crate) fn new(goal_nodes: u32) -> Self {
        Self { nodes: Vec::new(), goal_nodes }
    }

    /// Adds a node and returns its number; `None` when the numbers run out.
    pub(crate) fn push(&mut self, node: Node) -> Option<u32> {
        let number = self.goal_nodes.checked_add(u32::try_from(self.nodes.len()).ok()?)?.checked_add(1)?;
        self.nodes.push(node);
        Some(number)
    }

    /// Adds a node, records its clauses, and returns its number with them.
    pub(crate) fn define(&mut self, node: Node, recorder: &mut Recorder) -> Option<(u32, Vec<Record>)> {
        let number = self.push(node)?;
        let clauses = (0..4).map_while(|k| definitional(number, node, k).map(|clause| (k, clause)));
        Some((number, clauses.map(|(k, clause)| recorder.note(Origin::Def { node: number, k }, &clause)).collect()))
    }
}

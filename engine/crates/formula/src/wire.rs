//! The goal on the wire (docs/certificate-format.md): names, then tokens in postfix order.

use crate::arena::{Connective, Formula, Modality, Node, NodeId};

/// Appends a number in LEB128.
pub fn write_number(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

impl Formula {
    /// The bytes from which a kernel session builds the Coq term of the goal.
    #[must_use]
    pub fn wire(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_number(self.atoms().len() as u64, &mut bytes);
        for name in self.atoms() {
            write_number(name.len() as u64, &mut bytes);
            bytes.extend_from_slice(name.as_bytes());
        }
        let mut pending: Vec<(NodeId, bool)> = vec![(self.root(), false)];
        while let Some((id, children_done)) = pending.pop() {
            let node = self.nodes()[id as usize];
            let [left, right] = node.children();
            if left.is_some() && !children_done {
                pending.push((id, true));
                pending.extend(right.map(|child| (child, false)));
                pending.extend(left.map(|child| (child, false)));
                continue;
            }
            bytes.push(node.tag());
            if let Node::Atom(atom) = node {
                write_number(atom.into(), &mut bytes);
            }
        }
        bytes
    }
}

impl Node {
    /// The number of the node's outermost symbol on the wire and in certificates.
    #[must_use]
    pub fn tag(self) -> u8 {
        match self {
            Self::Atom(_) => 0,
            Self::Bot => 1,
            Self::Top => 2,
            Self::Not(_) => 3,
            Self::Binary(Connective::And, ..) => 4,
            Self::Binary(Connective::Or, ..) => 5,
            Self::Binary(Connective::Imp, ..) => 6,
            Self::Binary(Connective::Iff, ..) => 7,
            Self::Modal(Modality::Box, _) => 8,
            Self::Modal(Modality::Dia, _) => 9,
        }
    }
}

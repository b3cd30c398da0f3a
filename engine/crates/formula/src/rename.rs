//! Renaming of atoms, and the canonical form that makes goals equal when they differ only in names.

use crate::arena::{Builder, Formula, Node, NodeId};
use crate::lexer::is_name;
use std::fmt;

/// A text that cannot name an atom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameError(pub String);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a name: a name is a letter or `_`, then letters, digits, `_` and `'`, and no connective",
            self.0
        )
    }
}

impl std::error::Error for NameError {}

impl Formula {
    /// The formula with its i-th atom, by first occurrence, renamed `p{i}`.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let names: Vec<String> = (0..self.atoms().len()).map(|index| format!("p{index}")).collect();
        self.with_atoms(&names)
    }

    /// The formula with each atom renamed; two atoms may get one name.
    ///
    /// # Errors
    /// When a new name is not a name.
    pub fn rename<'n>(&self, mut new_name: impl FnMut(&str) -> Option<&'n str>) -> Result<Self, NameError> {
        let names: Vec<String> = self.atoms().iter().map(|name| new_name(name).unwrap_or(name).to_owned()).collect();
        match names.iter().find(|name| !is_name(name)) {
            Some(bad) => Err(NameError(bad.clone())),
            None => Ok(self.with_atoms(&names)),
        }
    }

    fn with_atoms(&self, names: &[String]) -> Self {
        let mut builder = Builder::default();
        let mut image: Vec<NodeId> = Vec::with_capacity(self.nodes().len());
        for &node in self.nodes() {
            image.push(match node {
                Node::Atom(atom) => builder.atom(&names[atom as usize]),
                _ => builder.add(node.with_children(|child| image[child as usize])),
            });
        }
        builder.finish(image[self.root() as usize])
    }
}

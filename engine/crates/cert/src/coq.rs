//! Certificates as Coq terms, with the constructors of `Checker/Certificate.v`.

use crate::model::Model;
use crate::proof::{Proof, Step};
use pxl_formula::{Node, Wrapped};
use std::fmt;

/// A certificate that has no spelling as a Coq term: a name in it is not UTF-8, as every Coq string literal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoqError;

impl fmt::Display for CoqError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an atom's name is not UTF-8, so it has no spelling in Coq")
    }
}

impl std::error::Error for CoqError {}

impl Proof {
    /// The certificate as a Coq term of type `proof`.
    ///
    /// # Errors
    /// When a name is not UTF-8.
    pub fn coq(&self) -> Result<String, CoqError> {
        let mut term = Wrapped::default();
        term.push("{| nodes :=");
        list(&mut term, self.nodes(), |term, &node| {
            term.push("N");
            term.push(node.constructor());
            if let Node::Atom(name) = node {
                term.space();
                term.push(&string(&self.names()[name as usize])?);
            }
            for child in node.children().into_iter().flatten() {
                number(term, child);
            }
            Ok(())
        })?;
        term.push(";");
        term.space();
        term.push("steps :=");
        list(&mut term, self.steps(), |term, step| {
            match step {
                Step::Def { node, k } => {
                    term.push("Def");
                    number(term, node);
                    number(term, k);
                }
                Step::Rup { clause, hints } => {
                    term.push("Rup");
                    list(term, clause, |term, lit| {
                        term.push(if lit.holds() { "Holds" } else { "Fails" });
                        number(term, lit.node());
                        Ok(())
                    })?;
                    list(term, hints, |term, hint| {
                        term.push(&hint.to_string());
                        Ok(())
                    })?;
                }
                Step::Nec { clause, node } => {
                    term.push("Nec");
                    number(term, clause);
                    number(term, node);
                }
            }
            Ok(())
        })?;
        term.push(" |}");
        Ok(term.finish())
    }
}

impl Model {
    /// The certificate as a Coq term of type `countermodel`.
    ///
    /// # Errors
    /// When a name is not UTF-8.
    pub fn coq(&self) -> Result<String, CoqError> {
        let mut term = Wrapped::default();
        term.push(&format!("{{| worlds := {};", self.worlds));
        term.space();
        term.push("valuation :=");
        list(&mut term, &self.valuations, |term, (name, words)| {
            term.push(&format!("({},", string(name)?));
            list(term, 0..self.worlds, |term, world| {
                let word = words.get(world / 64).copied().unwrap_or(0);
                term.push(if word >> (world % 64) & 1 == 1 { "true" } else { "false" });
                Ok(())
            })?;
            term.push(")");
            Ok(())
        })?;
        term.push(" |}");
        Ok(term.finish())
    }
}

fn string(name: &[u8]) -> Result<String, CoqError> {
    let name = std::str::from_utf8(name).map_err(|_| CoqError)?;
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

fn number(term: &mut Wrapped, value: u32) {
    term.space();
    term.push(&value.to_string());
}

fn list<T>(
    term: &mut Wrapped,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut Wrapped, T) -> Result<(), CoqError>,
) -> Result<(), CoqError> {
    term.space();
    term.push("[");
    for (index, each) in items.into_iter().enumerate() {
        if index > 0 {
            term.push(";");
            term.space();
        }
        item(term, each)?;
    }
    term.push("]");
    Ok(())
}

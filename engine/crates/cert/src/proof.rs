//! Proof certificates.

use crate::read::{DecodeError, Number, Reader};
use pxl_formula::{Connective, Modality, Node, write_number};
use std::collections::HashMap;
use std::ops::Range;

/// A literal: a node holds, or fails. The number is that of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lit(u32);

impl Lit {
    /// The literal of a node, numbered from 1.
    #[must_use]
    pub fn new(node: u32, holds: bool) -> Self {
        Self(node << 1 | u32::from(!holds))
    }

    /// The node, numbered from 1.
    #[must_use]
    pub fn node(self) -> u32 {
        self.0 >> 1
    }

    /// Whether the literal says that the node holds.
    #[must_use]
    pub fn holds(self) -> bool {
        self.0 & 1 == 0
    }

    /// The literal as a signed node number.
    #[must_use]
    pub fn signed(self) -> i64 {
        if self.holds() { self.node().into() } else { -i64::from(self.node()) }
    }
}

impl std::ops::Not for Lit {
    type Output = Self;

    fn not(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// One step, as a view into its proof. Nodes and clauses are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'p> {
    /// The k-th definitional clause of a node.
    Def {
        /// The node.
        node: u32,
        /// Which of its clauses, from 0.
        k: u32,
    },
    /// A clause by unit propagation through earlier ones.
    Rup {
        /// The clause.
        clause: &'p [Lit],
        /// The earlier clauses, in the order of propagation.
        hints: &'p [u32],
    },
    /// Necessitation of an earlier clause.
    Nec {
        /// The earlier clause.
        clause: u32,
        /// The modal node.
        node: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum StoredStep {
    Def { node: u32, k: u32 },
    Rup { clause: Range<usize>, hints: Range<usize> },
    Nec { clause: u32, node: u32 },
}

/// A proof certificate. Node `n` is `nodes()[n - 1]`; the children of a node are such numbers too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    names: Vec<Box<[u8]>>,
    nodes: Vec<Node>,
    steps: Vec<StoredStep>,
    lits: Vec<Lit>,
    hints: Vec<u32>,
}

impl Proof {
    /// The atoms' names; `Node::Atom` indexes them.
    #[must_use]
    pub fn names(&self) -> &[Box<[u8]>] {
        &self.names
    }

    /// The node table.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The number of steps.
    #[must_use]
    pub fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// The steps in order.
    pub fn steps(&self) -> impl Iterator<Item = Step<'_>> {
        self.steps.iter().map(|step| match step {
            StoredStep::Def { node, k } => Step::Def { node: *node, k: *k },
            StoredStep::Nec { clause, node } => Step::Nec { clause: *clause, node: *node },
            StoredStep::Rup { clause, hints } => {
                Step::Rup { clause: &self.lits[clause.clone()], hints: &self.hints[hints.clone()] }
            }
        })
    }

    /// Adds an atom to the node table.
    ///
    /// # Panics
    /// When the table has 2^32 atoms already.
    pub fn push_atom(&mut self, name: &[u8]) {
        let index = u32::try_from(self.names.len()).expect("a node table fits 32 bits");
        self.names.push(name.into());
        self.nodes.push(Node::Atom(index));
    }

    /// Adds a node that is no atom to the node table.
    pub fn push_node(&mut self, node: Node) {
        debug_assert!(!matches!(node, Node::Atom(_)), "an atom comes with its name");
        self.nodes.push(node);
    }

    /// Adds a step.
    pub fn push_step(&mut self, step: Step<'_>) {
        self.steps.push(match step {
            Step::Def { node, k } => StoredStep::Def { node, k },
            Step::Nec { clause, node } => StoredStep::Nec { clause, node },
            Step::Rup { clause, hints } => {
                let (lits, hint) = (self.lits.len(), self.hints.len());
                self.lits.extend_from_slice(clause);
                self.hints.extend_from_slice(hints);
                StoredStep::Rup { clause: lits..self.lits.len(), hints: hint..self.hints.len() }
            }
        });
    }

    /// Gives every atom the name that `new_name` says.
    pub fn rename(&mut self, mut new_name: impl FnMut(&[u8]) -> Option<Box<[u8]>>) {
        for name in &mut self.names {
            if let Some(new) = new_name(name) {
                *name = new;
            }
        }
    }

    /// The certificate's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(2 * (3 * self.nodes.len() + self.lits.len() + self.hints.len()));
        write_number(self.nodes.len() as u64, &mut out);
        for &node in &self.nodes {
            out.push(node.tag());
            if let Node::Atom(index) = node {
                write_name(&self.names[index as usize], &mut out);
            }
            for child in node.children().into_iter().flatten() {
                write_number(child.into(), &mut out);
            }
        }
        for step in self.steps() {
            write_step(step, &mut out);
        }
        out
    }

    /// Reads a certificate's bytes.
    ///
    /// # Errors
    /// When the bytes are not of the form that the format gives.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes)?;
        let mut proof = Self::default();
        for _ in 0..reader.count()? {
            proof.read_node(&mut reader)?;
        }
        let mut strangers = HashMap::new();
        while !reader.is_at_end() {
            proof.read_step(&mut reader, &mut strangers)?;
        }
        Ok(proof)
    }

    fn read_node(&mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        let binary = |reader: &mut Reader<'_>, connective| -> Result<Node, DecodeError> {
            Ok(Node::Binary(connective, reader.reference()?, reader.reference()?))
        };
        let tag = reader.value()?;
        let node = match tag {
            0 => {
                self.push_atom(&reader.name()?);
                return Ok(());
            }
            1 => Node::Bot,
            2 => Node::Top,
            3 => Node::Not(reader.reference()?),
            4 => binary(reader, Connective::And)?,
            5 => binary(reader, Connective::Or)?,
            6 => binary(reader, Connective::Imp)?,
            7 => binary(reader, Connective::Iff)?,
            8 => Node::Modal(Modality::Box, reader.reference()?),
            9 => Node::Modal(Modality::Dia, reader.reference()?),
            _ => return Err(reader.error("no node begins with this number")),
        };
        self.push_node(node);
        Ok(())
    }

    fn read_step(&mut self, reader: &mut Reader<'_>, strangers: &mut Strangers) -> Result<(), DecodeError> {
        let step = match reader.value()? {
            0 => {
                let node = reader.reference()?;
                let k = u32::try_from(reader.value()?).unwrap_or(u32::MAX);
                StoredStep::Def { node, k }
            }
            1 => {
                let first_lit = self.lits.len();
                for _ in 0..reader.count()? {
                    let number = reader.number()?;
                    let lit = self.read_literal(number, strangers);
                    self.lits.push(lit.ok_or_else(|| reader.error("nodes and clauses are numbered from 1"))?);
                }
                let first_hint = self.hints.len();
                for _ in 0..reader.count()? {
                    self.hints.push(reader.reference()?);
                }
                StoredStep::Rup { clause: first_lit..self.lits.len(), hints: first_hint..self.hints.len() }
            }
            2 => StoredStep::Nec { clause: reader.reference()?, node: reader.reference()? },
            _ => return Err(reader.error("no step begins with this number")),
        };
        self.steps.push(step);
        Ok(())
    }

    /// A literal of a node outside the table is legal, and different numbers are different literals; such nodes are numbered
    /// anew after the table, in the order of their appearance, so that all literals fit 32 bits.
    fn read_literal(&self, number: Number<'_>, strangers: &mut Strangers) -> Option<Lit> {
        let value = number.value();
        let holds = number.groups().next().is_some_and(|group| group & 1 == 0);
        if value < 2 {
            return None;
        }
        if let Some(node) = u32::try_from(value >> 1).ok().filter(|&node| node as usize <= self.nodes.len()) {
            return Some(Lit::new(node, holds));
        }
        let mut digits: Vec<u8> = number.groups().collect();
        digits[0] &= !1;
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let next = self.nodes.len() + 1 + strangers.len();
        let node = *strangers.entry(digits).or_insert(next);
        u32::try_from(node).ok().map(|node| Lit::new(node, holds))
    }
}

type Strangers = HashMap<Vec<u8>, usize>;

pub(crate) fn write_name(name: &[u8], out: &mut Vec<u8>) {
    write_number(name.len() as u64, out);
    for &byte in name {
        write_number(byte.into(), out);
    }
}

fn write_step(step: Step<'_>, out: &mut Vec<u8>) {
    match step {
        Step::Def { node, k } => {
            out.push(0);
            write_number(node.into(), out);
            write_number(k.into(), out);
        }
        Step::Rup { clause, hints } => {
            out.push(1);
            write_number(clause.len() as u64, out);
            for lit in clause {
                write_number(lit.0.into(), out);
            }
            write_number(hints.len() as u64, out);
            for &hint in hints {
                write_number(hint.into(), out);
            }
        }
        Step::Nec { clause, node } => {
            out.push(2);
            write_number(clause.into(), out);
            write_number(node.into(), out);
        }
    }
}

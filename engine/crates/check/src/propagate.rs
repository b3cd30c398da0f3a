//! Unit propagation through hinted clauses (Cruz-Filipe, Heule, Hunt, Kaufmann, Schneider-Kamp, "Efficient Certified RAT
//! Verification", CADE 2017), without deletion and without RAT.
//!
//! Invariant: between steps the assignment is empty; `trail` lists the nodes that a step assigned.

use pxl_cert::Lit;

/// The clauses derived so far, one after another in one array.
#[derive(Debug)]
pub(crate) struct Database {
    lits: Vec<Lit>,
    ends: Vec<usize>,
}

impl Database {
    pub(crate) fn new() -> Self {
        Self { lits: Vec::new(), ends: vec![0] }
    }

    pub(crate) fn push(&mut self, clause: &[Lit]) {
        self.lits.extend_from_slice(clause);
        self.ends.push(self.lits.len());
    }

    /// A clause by its number, from 1.
    pub(crate) fn get(&self, number: u32) -> Option<&[Lit]> {
        let number = number as usize;
        let end = *self.ends.get(number)?;
        Some(&self.lits[self.ends[number.checked_sub(1)?]..end])
    }

    pub(crate) fn last(&self) -> Option<&[Lit]> {
        let [.., start, end] = self.ends[..] else { return None };
        Some(&self.lits[start..end])
    }
}

/// What a clause says under an assignment.
enum Reading {
    Conflict,
    Unit(Lit),
    Useless(&'static str),
}

#[derive(Debug, Default)]
pub(crate) struct Assignment {
    values: Vec<Option<bool>>,
    trail: Vec<u32>,
}

impl Assignment {
    /// Whether unit propagation from the negation of `clause` through the hints, in their order, meets a conflict.
    pub(crate) fn refutes(&mut self, clause: &[Lit], hints: &[u32], database: &Database) -> Result<(), &'static str> {
        for &lit in clause {
            self.make_true(!lit);
        }
        let outcome = self.propagate(hints, database);
        for node in self.trail.drain(..) {
            self.values[node as usize] = None;
        }
        outcome
    }

    fn propagate(&mut self, hints: &[u32], database: &Database) -> Result<(), &'static str> {
        for &hint in hints {
            let clause = database.get(hint).ok_or("a hint names no earlier clause")?;
            match self.read(clause) {
                Reading::Conflict => return Ok(()),
                Reading::Unit(lit) => self.make_true(lit),
                Reading::Useless(reason) => return Err(reason),
            }
        }
        Err("the hints end without a conflict")
    }

    fn read(&self, clause: &[Lit]) -> Reading {
        let mut pending = None;
        for &lit in clause {
            match self.value(lit) {
                Some(true) => return Reading::Useless("a hinted clause is already true"),
                Some(false) => {}
                None if pending.is_none_or(|other| other == lit) => pending = Some(lit),
                None => return Reading::Useless("a hinted clause has two literals without a value"),
            }
        }
        pending.map_or(Reading::Conflict, Reading::Unit)
    }

    fn value(&self, lit: Lit) -> Option<bool> {
        self.values.get(lit.node() as usize).copied().flatten().map(|value| value == lit.holds())
    }

    fn make_true(&mut self, lit: Lit) {
        let node = lit.node() as usize;
        if self.values.len() <= node {
            self.values.resize(node + 1, None);
        }
        self.values[node] = Some(lit.holds());
        self.trail.push(lit.node());
    }
}

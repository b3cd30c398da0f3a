//! Unit propagation over recorded clauses, outside the SAT solver, that tells which clauses it used.
//!
//! Invariant between calls: nothing is assigned. The clauses only grow.

use crate::recorder::Record;
use pxl_cert::Lit;

/// A clause that follows by unit propagation, with hints in the order of propagation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Derivation {
    pub(crate) clause: Vec<Lit>,
    pub(crate) hints: Vec<Record>,
}

/// A literal that follows, with the clause whose last open literal it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consequence {
    pub(crate) lit: Lit,
    pub(crate) reason: Record,
    pub(crate) clause: Box<[Lit]>,
}

#[derive(Debug, Default)]
pub(crate) struct Propagator {
    clauses: Vec<(Record, Box<[Lit]>)>,
    /// The clauses in which each literal occurs.
    occurrences: Vec<Vec<u32>>,
    /// Clauses of one literal: they propagate from the start.
    units: Vec<u32>,
    /// The value of each node, and the clause that gave it, where one did.
    values: Vec<Option<(bool, Option<u32>)>>,
    trail: Vec<Lit>,
}

fn index(lit: Lit) -> usize {
    2 * lit.node() as usize + usize::from(!lit.holds())
}

impl Propagator {
    /// Adds a clause. Clauses with a literal twice, or with both literals of a node, are of no use here and passed over.
    pub(crate) fn add(&mut self, record: Record, clause: &[Lit]) {
        let repeats = |(place, lit): (usize, &Lit)| clause[..place].iter().any(|other| other.node() == lit.node());
        if clause.is_empty() || clause.iter().enumerate().any(repeats) {
            return;
        }
        let number = u32::try_from(self.clauses.len()).expect("records are numbered in 32 bits, and clauses are fewer");
        let nodes = clause.iter().map(|lit| lit.node() as usize + 1).max().unwrap_or_default();
        if self.values.len() < nodes {
            self.values.resize(nodes, None);
            self.occurrences.resize(2 * nodes, Vec::new());
        }
        for &lit in clause {
            self.occurrences[index(lit)].push(number);
        }
        if clause.len() == 1 {
            self.units.push(number);
        }
        self.clauses.push((record, clause.into()));
    }

    /// What follows from the assumptions: every literal made true, or `None` when they are contradictory.
    pub(crate) fn consequences(&mut self, assumptions: &[Lit]) -> Option<Vec<Lit>> {
        let conflict = self.propagate(assumptions);
        let trail = self.trail.clone();
        self.undo();
        if conflict.is_some() { None } else { Some(trail) }
    }

    /// The consequences of the assumptions with the clause that gave each, in order; those that are assumed are left out.
    pub(crate) fn consequences_with_reasons(&mut self, assumptions: &[Lit]) -> Option<Vec<Consequence>> {
        let conflict = self.propagate(assumptions);
        let reason = |&lit: &Lit| {
            let (_, reason) = self.values[lit.node() as usize]?;
            let (reason, clause) = &self.clauses[reason? as usize];
            Some(Consequence { lit, reason: *reason, clause: clause.clone() })
        };
        let reasons = self.trail.iter().filter_map(reason).collect();
        self.undo();
        if conflict.is_some() { None } else { Some(reasons) }
    }

    /// Derives the clause, or a part of it, when it follows by unit propagation.
    pub(crate) fn derive(&mut self, clause: &[Lit]) -> Option<Derivation> {
        let assumptions: Vec<Lit> = clause.iter().map(|&lit| !lit).collect();
        let derivation = match self.propagate(&assumptions) {
            Some(Conflict::Clause(conflict)) => Some(self.analyse(conflict)),
            Some(Conflict::Assumptions) | None => None,
        };
        self.undo();
        derivation
    }

    fn value(&self, lit: Lit) -> Option<bool> {
        let (holds, _) = (*self.values.get(lit.node() as usize)?)?;
        Some(holds == lit.holds())
    }

    fn assign(&mut self, lit: Lit, reason: Option<u32>) {
        if let Some(value) = self.values.get_mut(lit.node() as usize) {
            *value = Some((lit.holds(), reason));
            self.trail.push(lit);
        }
    }

    fn propagate(&mut self, assumptions: &[Lit]) -> Option<Conflict> {
        for &lit in assumptions {
            match self.value(lit) {
                Some(true) => {}
                Some(false) => return Some(Conflict::Assumptions),
                None => self.assign(lit, None),
            }
        }
        for place in 0..self.units.len() {
            if let Some(conflict) = self.visit(self.units[place]) {
                return Some(conflict);
            }
        }
        let mut done = 0;
        while done < self.trail.len() {
            let falsified = index(!self.trail[done]);
            done += 1;
            for place in 0..self.occurrences[falsified].len() {
                if let Some(conflict) = self.visit(self.occurrences[falsified][place]) {
                    return Some(conflict);
                }
            }
        }
        None
    }

    /// Assigns the clause's last open literal, if all others are false.
    fn visit(&mut self, number: u32) -> Option<Conflict> {
        let mut open = None;
        for &lit in &self.clauses[number as usize].1 {
            match self.value(lit) {
                Some(true) => return None,
                Some(false) => {}
                None if open.is_some() => return None,
                None => open = Some(lit),
            }
        }
        match open {
            None => Some(Conflict::Clause(number)),
            Some(lit) => {
                self.assign(lit, Some(number));
                None
            }
        }
    }

    /// The assumptions and the clauses that the conflict rests on.
    fn analyse(&self, conflict: u32) -> Derivation {
        let mut needed = vec![false; self.values.len()];
        let mut mark = |number: u32| {
            for lit in &self.clauses[number as usize].1 {
                needed[lit.node() as usize] = true;
            }
        };
        mark(conflict);
        let mut used = vec![conflict];
        let mut clause = Vec::new();
        for &lit in self.trail.iter().rev() {
            if !needed[lit.node() as usize] {
                continue;
            }
            match self.values[lit.node() as usize] {
                Some((_, Some(reason))) => {
                    used.push(reason);
                    for other in &self.clauses[reason as usize].1 {
                        needed[other.node() as usize] = true;
                    }
                }
                _ => clause.push(!lit),
            }
        }
        clause.reverse();
        let hints = used.iter().rev().map(|&number| self.clauses[number as usize].0).collect();
        Derivation { clause, hints }
    }

    fn undo(&mut self) {
        for lit in self.trail.drain(..) {
            self.values[lit.node() as usize] = None;
        }
    }
}

enum Conflict {
    /// This clause is false.
    Clause(u32),
    /// The assumptions contradict each other.
    Assumptions,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lit(signed: i32) -> Lit {
        Lit::new(signed.unsigned_abs(), signed > 0)
    }

    fn lits(signed: &[i32]) -> Vec<Lit> {
        signed.iter().copied().map(lit).collect()
    }

    #[test]
    fn a_derivation_names_only_what_it_needs() {
        let mut propagator = Propagator::default();
        for (record, clause) in [(10, vec![-1, 2]), (11, vec![-2, 3]), (12, vec![-4, 5]), (13, vec![-3, -6])] {
            propagator.add(record, &lits(&clause));
        }
        let derivation = propagator.derive(&lits(&[-4, -1, -6])).expect("3 follows from 1 and contradicts 6");
        assert_eq!(derivation, Derivation { clause: lits(&[-1, -6]), hints: vec![10, 13, 11] });
        assert_eq!(propagator.derive(&lits(&[-4, -1])), None);
    }

    #[test]
    fn consequences_are_the_trail() {
        let mut propagator = Propagator::default();
        propagator.add(0, &lits(&[7]));
        propagator.add(1, &lits(&[-1, 2]));
        assert_eq!(propagator.consequences(&lits(&[1])), Some(lits(&[1, 7, 2])));
        propagator.add(2, &lits(&[-7, -2]));
        assert_eq!(propagator.consequences(&lits(&[1])), None);
        assert_eq!(propagator.consequences(&lits(&[-1])), Some(lits(&[-1, 7, -2])));
    }
}

//! Refuting the pigeonhole principle in polynomially many steps, by extended resolution.
//!
//! Cook's proof ("A short proof of the pigeon hole principle using extended resolution", SIGACT News 1976): from k + 1
//! pigeons in k holes to k pigeons in k - 1, by new nodes `q[i][j] = p[i][j] \/ (p[i][k] /\ p[k][j])`: pigeon i is in hole
//! j, or it is in the last hole and the last pigeon, which needs another one then, is in hole j. A certificate may define
//! nodes besides the goal's subformulas, so its format needs nothing new.
//!
//! Invariant of a level: `alone[&(i, l, j)]` records "pigeons i < l are not both in hole j", `housed[i]` records "pigeon i
//! is in some hole", each beside the negated context.

use crate::derive::derive;
use crate::extension::Extension;
use crate::holes::Principle;
use crate::monitor::{Monitor, Stop};
use crate::propagator::{Consequence, Derivation, Propagator};
use crate::recorder::{Record, Recorder};
use pxl_cert::Lit;
use pxl_formula::{Connective, Node};
use std::collections::HashMap;

/// A literal that puts a pigeon into a hole, with the defining clauses that may be needed to reason about it.
#[derive(Clone, Debug)]
struct Place {
    lit: Lit,
    definitions: Vec<Record>,
}

/// Derives that the context is contradictory: the clause of its negations, or of some of them. `None` when the principle
/// turns out not to follow by unit propagation after all.
pub(crate) fn refute(
    principle: &Principle,
    context: &[Lit],
    propagator: &mut Propagator,
    recorder: &mut Recorder,
    extension: &mut Extension,
    monitor: &Monitor<'_>,
) -> Result<Option<Record>, Stop> {
    settle(context, propagator, recorder);
    let Some(mut level) = Level::first(principle, context, propagator, recorder, extension) else { return Ok(None) };
    while level.holes > 1 {
        monitor.check()?;
        match level.next(recorder, extension) {
            Some(next) => level = next,
            None => return Ok(None),
        }
    }
    Ok(level.last(recorder))
}

/// Derives each consequence of the context by itself, so that a lemma does not repeat the way to it: in a disjunction of
/// thousands, of which one is said to fail, that way is long.
fn settle(context: &[Lit], propagator: &mut Propagator, recorder: &mut Recorder) {
    // Beside how many literals of the context a consequence is still worth a clause.
    const MOST: usize = 16;
    let mut settled: HashMap<Lit, (Record, Vec<Lit>)> = HashMap::new();
    for Consequence { lit, reason, clause } in propagator.consequences_with_reasons(context).unwrap_or_default() {
        let mut beside: Vec<Lit> = Vec::new();
        let mut hints = Vec::new();
        let mut known = true;
        for &other in clause.iter().filter(|&&other| other != lit) {
            let rests_on = if let Some((record, rests_on)) = settled.get(&!other) {
                hints.push(*record);
                rests_on.clone()
            } else {
                known &= context.contains(&!other);
                vec![other]
            };
            for lit in rests_on {
                if !beside.contains(&lit) {
                    beside.push(lit);
                }
            }
        }
        if !known || beside.len() > MOST {
            continue;
        }
        hints.push(reason);
        let derived: Vec<Lit> = [lit].into_iter().chain(beside.iter().copied()).collect();
        let record = recorder.note_rup(&derived, &hints);
        propagator.add(record, &derived);
        settled.insert(lit, (record, beside));
    }
}

struct Level {
    holes: usize,
    places: Vec<Vec<Option<Place>>>,
    housed: Vec<Record>,
    alone: HashMap<(usize, usize, usize), Record>,
    /// The negated context, as far as it was needed.
    beside: Vec<Lit>,
}

impl Level {
    /// What the principle says, derived from the clauses at hand.
    fn first(
        principle: &Principle,
        context: &[Lit],
        propagator: &mut Propagator,
        recorder: &mut Recorder,
        extension: &mut Extension,
    ) -> Option<Self> {
        let mut places = Vec::new();
        for row in &principle.pigeons {
            let place = |lit: &Option<Lit>| match lit {
                None => Some(None),
                Some(lit) => positive(*lit, propagator, recorder, extension).map(Some),
            };
            places.push(row.iter().map(place).collect::<Option<Vec<_>>>()?);
        }
        let negated: Vec<Lit> = context.iter().map(|&lit| !lit).collect();
        let mut beside = Vec::new();
        let mut lemma = |own: Vec<Lit>, propagator: &mut Propagator, recorder: &mut Recorder| {
            let clause: Vec<Lit> = own.into_iter().chain(negated.iter().copied()).collect();
            let Derivation { clause, hints } = propagator.derive(&clause)?;
            for &lit in clause.iter().filter(|lit| negated.contains(lit)) {
                if !beside.contains(&lit) {
                    beside.push(lit);
                }
            }
            Some(recorder.note_rup(&clause, &hints))
        };
        let mut housed = Vec::new();
        let mut alone = HashMap::new();
        for (i, row) in places.iter().enumerate() {
            housed.push(lemma(row.iter().flatten().map(|place| place.lit).collect(), propagator, recorder)?);
            for (l, other) in places.iter().enumerate().skip(i + 1) {
                for (j, pair) in row.iter().zip(other).enumerate() {
                    let (Some(one), Some(two)) = pair else { continue };
                    alone.insert((i, l, j), lemma(vec![!one.lit, !two.lit], propagator, recorder)?);
                }
            }
        }
        Some(Self { holes: principle.holes, places, housed, alone, beside })
    }

    /// The same with one pigeon and one hole less.
    fn next(&self, recorder: &mut Recorder, extension: &mut Extension) -> Option<Self> {
        let last = self.holes - 1;
        let mut places = Vec::with_capacity(self.holes);
        for row in &self.places[..self.holes] {
            let mut shifted = Vec::with_capacity(last);
            for (j, here) in row[..last].iter().enumerate() {
                let moved = moved(row[last].as_ref(), self.places[self.holes][j].as_ref(), recorder, extension)?;
                shifted.push(either(here.as_ref(), moved, recorder, extension)?);
            }
            places.push(shifted);
        }
        let (housed, alone) = (Vec::new(), HashMap::new());
        let mut next = Self { holes: last, places, housed, alone, beside: self.beside.clone() };
        for i in 0..self.holes {
            let housed = self.still_housed(&next, i, recorder)?;
            next.housed.push(housed);
        }
        for i in 0..self.holes {
            for l in i + 1..self.holes {
                for j in 0..last {
                    if let (Some(one), Some(two)) = (&next.places[i][j], &next.places[l][j]) {
                        let record = self.still_alone((i, one), (l, two), j, recorder)?;
                        next.alone.insert((i, l, j), record);
                    }
                }
            }
        }
        Some(next)
    }

    fn still_housed(&self, next: &Self, i: usize, recorder: &mut Recorder) -> Option<Record> {
        let row = || next.places[i].iter().flatten();
        let clause: Vec<Lit> = row().map(|place| place.lit).chain(self.beside.iter().copied()).collect();
        let mut candidates = vec![self.housed[i], self.housed[self.holes]];
        candidates.extend(self.alone.get(&(i, self.holes, self.holes - 1)));
        candidates.extend(row().flat_map(|place| &place.definitions));
        derive(recorder, &clause, candidates)
    }

    fn still_alone(
        &self,
        (i, one): (usize, &Place),
        (l, two): (usize, &Place),
        j: usize,
        recorder: &mut Recorder,
    ) -> Option<Record> {
        let last = self.holes - 1;
        let mut candidates = Vec::new();
        for key in [(i, l, j), (i, self.holes, j), (l, self.holes, j), (i, l, last)] {
            candidates.extend(self.alone.get(&key));
        }
        candidates.extend(&two.definitions);
        if let Some(before) = &self.places[i][j] {
            // Pigeon i was here before: then l neither was nor is. Without this step propagation would have to branch.
            let clause: Vec<Lit> = [!before.lit, !two.lit].into_iter().chain(self.beside.iter().copied()).collect();
            let lemma = derive(recorder, &clause, candidates.clone())?;
            candidates.push(lemma);
        }
        candidates.extend(&one.definitions);
        let clause: Vec<Lit> = [!one.lit, !two.lit].into_iter().chain(self.beside.iter().copied()).collect();
        derive(recorder, &clause, candidates)
    }

    /// Two pigeons, one hole.
    fn last(&self, recorder: &mut Recorder) -> Option<Record> {
        let candidates = self.housed.iter().chain(self.alone.values()).copied().collect();
        derive(recorder, &self.beside, candidates)
    }
}

/// What makes room for the last pigeon: `in_last /\ last_here`, if both places exist. The outer `None`: numbers ran out.
#[allow(clippy::option_option)]
fn moved(
    in_last: Option<&Place>,
    last_here: Option<&Place>,
    recorder: &mut Recorder,
    extension: &mut Extension,
) -> Option<Option<Place>> {
    let (Some(one), Some(two)) = (in_last, last_here) else { return Some(None) };
    let node = Node::Binary(Connective::And, one.lit.node(), two.lit.node());
    let (number, definitions) = extension.define(node, recorder)?;
    Some(Some(Place { lit: Lit::new(number, true), definitions }))
}

/// `here \/ moved`, as far as these places exist. The outer `None`: numbers ran out.
#[allow(clippy::option_option)]
fn either(
    here: Option<&Place>,
    moved: Option<Place>,
    recorder: &mut Recorder,
    extension: &mut Extension,
) -> Option<Option<Place>> {
    let (Some(here), Some(moved)) = (here, &moved) else { return Some(here.cloned().or(moved)) };
    let node = Node::Binary(Connective::Or, here.lit.node(), moved.lit.node());
    let (number, mut definitions) = extension.define(node, recorder)?;
    definitions.extend(&moved.definitions);
    Some(Some(Place { lit: Lit::new(number, true), definitions }))
}

/// The literal, or a new node that negates the negative one: definitions are over nodes.
fn positive(
    lit: Lit,
    propagator: &mut Propagator,
    recorder: &mut Recorder,
    extension: &mut Extension,
) -> Option<Place> {
    if lit.holds() {
        return Some(Place { lit, definitions: Vec::new() });
    }
    let (number, definitions) = extension.define(Node::Not(lit.node()), recorder)?;
    for &record in &definitions {
        propagator.add(record, recorder.clause(record));
    }
    Some(Place { lit: Lit::new(number, true), definitions: Vec::new() })
}

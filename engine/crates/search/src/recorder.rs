//! What the SAT solver derives, with its antecedents, as its proof tracer tells it.
//!
//! Invariant: a record's antecedents are records before it; so the records in order are a proof, of which the trimmer
//! keeps what the last clause needs. Clauses that the solver deletes stay on record, for later clauses may still rest on
//! them.

use pxl_cert::Lit;
use rustsat_cadical::{CaDiCaLClause, ClauseId, Conclusion, TraceProof};
use std::cell::Cell;
use std::rc::Rc;

/// The number of a record, in the order of derivation.
pub(crate) type Record = u32;

/// How a clause is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The k-th definitional clause of a node (from 1).
    Def { node: u32, k: u32 },
    /// Necessitation of a recorded clause into a modal node (from 1).
    Nec { premise: Record, node: u32 },
    /// Unit propagation through the antecedents.
    Rup,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    origin: Origin,
    lits: usize,
    antecedents: usize,
}

#[derive(Debug)]
pub(crate) struct Recorder {
    records: Vec<Ends>,
    lits: Vec<Lit>,
    antecedents: Vec<Record>,
    /// The record of each of the solver's clause numbers.
    by_id: Vec<Record>,
    /// How the clause that is being added to the solver came about.
    announced: Option<Origin>,
    conclusion: Option<Record>,
    /// The solver's own memory, estimated from its live clauses.
    live: u64,
    memory: Rc<Cell<u64>>,
}

const NO_RECORD: Record = Record::MAX;

/// A clause of the solver costs its header and two watches, and four bytes for each literal.
fn live_bytes(literals: usize) -> u64 {
    64 + 4 * literals as u64
}

impl Recorder {
    pub(crate) fn new(memory: Rc<Cell<u64>>, base_memory: u64) -> Self {
        let (records, lits, antecedents, by_id) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { records, lits, antecedents, by_id, announced: None, conclusion: None, live: base_memory, memory }
    }

    /// Says how the clause that the solver is given next came about.
    pub(crate) fn announce(&mut self, origin: Origin) {
        self.announced = Some(origin);
    }

    /// Records a clause that the solver need not know.
    pub(crate) fn note(&mut self, origin: Origin, clause: &[Lit]) -> Record {
        self.lits.extend_from_slice(clause);
        self.close(origin)
    }

    /// Records a clause that follows by unit propagation through the hints, and that the solver need not know.
    pub(crate) fn note_rup(&mut self, clause: &[Lit], hints: &[Record]) -> Record {
        self.antecedents.extend_from_slice(hints);
        self.note(Origin::Rup, clause)
    }

    /// Says that the clause that the solver is given next is on record already.
    pub(crate) fn announce_recorded(&mut self, known: Record) {
        self.antecedents.push(known);
        self.announce(Origin::Rup);
    }

    /// The clauses that were not derived by propagation: definitions, and what necessitation gave.
    pub(crate) fn axioms(&self) -> impl Iterator<Item = Record> + '_ {
        (0..record(self.records.len())).filter(|&record| self.origin(record) != Origin::Rup)
    }

    /// The clause that refutes the assumptions of the last call: their negations, or some of them.
    pub(crate) fn take_conclusion(&mut self) -> Option<Record> {
        self.conclusion.take()
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn origin(&self, record: Record) -> Origin {
        self.records[record as usize].origin
    }

    pub(crate) fn clause(&self, record: Record) -> &[Lit] {
        let index = record as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.records[before].lits);
        &self.lits[start..self.records[index].lits]
    }

    pub(crate) fn antecedents(&self, record: Record) -> &[Record] {
        let index = record as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.records[before].antecedents);
        &self.antecedents[start..self.records[index].antecedents]
    }

    fn close(&mut self, origin: Origin) -> Record {
        let new = record(self.records.len());
        self.records.push(Ends { origin, lits: self.lits.len(), antecedents: self.antecedents.len() });
        self.report_memory();
        new
    }

    fn report_memory(&self) {
        let recorded = self.records.capacity() * size_of::<Ends>()
            + 4 * (self.lits.capacity() + self.antecedents.capacity() + self.by_id.capacity());
        self.memory.set(self.live + recorded as u64);
    }

    fn of_id(&self, id: ClauseId) -> Option<Record> {
        let place = usize::try_from(id.0).ok()?;
        self.by_id.get(place).copied().filter(|&record| record != NO_RECORD)
    }

    fn bind(&mut self, id: ClauseId, record: Record) {
        let Ok(place) = usize::try_from(id.0) else { return };
        if self.by_id.len() <= place {
            self.by_id.resize(place + 1, NO_RECORD);
        }
        self.by_id[place] = record;
    }

    fn derived(&mut self, id: ClauseId, clause: &CaDiCaLClause, antecedents: &[ClauseId]) {
        self.lits.extend(clause.iter().map(literal));
        for &antecedent in antecedents {
            // An antecedent that was never reported would show when the certificate is checked.
            if let Some(record) = self.of_id(antecedent) {
                self.antecedents.push(record);
            }
        }
        let record = self.close(Origin::Rup);
        self.bind(id, record);
    }
}

fn literal(lit: rustsat::types::Lit) -> Lit {
    Lit::new(lit.var().idx32() + 1, lit.is_pos())
}

/// Records fit 32 bits: the memory bound stops a search long before.
fn record(index: usize) -> Record {
    Record::try_from(index).unwrap_or(NO_RECORD)
}

impl TraceProof for Recorder {
    fn add_original_clause(&mut self, id: ClauseId, _redundant: bool, clause: &CaDiCaLClause, restored: bool) {
        self.live += live_bytes(clause.len());
        if restored || self.of_id(id).is_some() {
            return;
        }
        let origin = self.announced.take().unwrap_or(Origin::Rup);
        self.lits.extend(clause.iter().map(literal));
        let record = self.close(origin);
        self.bind(id, record);
    }

    fn add_derived_clause(&mut self, id: ClauseId, _redundant: bool, clause: &CaDiCaLClause, antecedents: &[ClauseId]) {
        self.live += live_bytes(clause.len());
        self.derived(id, clause, antecedents);
    }

    fn delete_clause(&mut self, _id: ClauseId, _redundant: bool, clause: &CaDiCaLClause) {
        self.live = self.live.saturating_sub(live_bytes(clause.len()));
        self.report_memory();
    }

    fn add_assumption_clause(&mut self, id: ClauseId, clause: &CaDiCaLClause, antecedents: &[ClauseId]) {
        self.derived(id, clause, antecedents);
    }

    fn conclude_unsat(&mut self, _conclusion: Conclusion, failing: &[ClauseId]) {
        self.conclusion = failing.first().and_then(|&id| self.of_id(id));
    }
}

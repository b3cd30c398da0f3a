//! Deriving one clause from a few others.

use crate::recorder::{Record, Recorder};
use pxl_cert::Lit;
use std::collections::HashMap;

/// The clause by unit propagation through some of the candidates, in whatever order they propagate; `None` when it does not follow so.
pub(crate) fn derive(recorder: &mut Recorder, clause: &[Lit], mut candidates: Vec<Record>) -> Option<Record> {
    let mut values: HashMap<u32, bool> = clause.iter().map(|lit| (lit.node(), !lit.holds())).collect();
    let mut hints = Vec::new();
    loop {
        let before = hints.len();
        let mut place = 0;
        while place < candidates.len() {
            let candidate = candidates[place];
            let mut open = None;
            let mut useless = false;
            for &lit in recorder.clause(candidate) {
                match values.get(&lit.node()) {
                    Some(&value) if value == lit.holds() => useless = true,
                    Some(_) => {}
                    None if open.is_some_and(|other| other != lit) => useless = true,
                    None => open = Some(lit),
                }
            }
            if useless {
                place += 1;
                continue;
            }
            candidates.remove(place);
            hints.push(candidate);
            match open {
                Some(lit) => values.insert(lit.node(), lit.holds()),
                None => return Some(recorder.note_rup(clause, &hints)),
            };
        }
        if hints.len() == before {
            return None;
        }
    }
}

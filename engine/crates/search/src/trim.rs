//! From the solver's records to a certificate.

use crate::cegar::from_one;
use crate::extension::Extension;
use crate::monitor::Stop;
use crate::recorder::{Origin, Record, Recorder};
use crate::repair;
use pxl_cert::{Lit, Proof, Step};
use pxl_check::check_decoded;
use pxl_formula::{Formula, Node};
use std::cmp::Ordering;

/// The certificate whose last step is the given record, checked.
pub(crate) fn certificate(
    goal: &Formula,
    recorder: &Recorder,
    extension: &Extension,
    last: Record,
) -> Result<Proof, Stop> {
    let proof = trimmed(goal, recorder, extension, last);
    let Err(refusal) = check_decoded(goal, &proof) else { return Ok(proof) };
    let repaired = repair::with_own_hints(&proof);
    match repaired.map(|proof| (check_decoded(goal, &proof), proof)) {
        Some((Ok(()), proof)) => Ok(proof),
        _ => Err(Stop::Defect(format!("the proof found does not check: {refusal}"))),
    }
}

/// The records that the last one rests on, numbered anew.
fn trimmed(goal: &Formula, recorder: &Recorder, extension: &Extension, last: Record) -> Proof {
    let needed = needed(recorder, last);
    let numbers = Numbers::of_used(goal, recorder, extension, &needed);
    let mut proof = node_table(goal, extension, &numbers);
    let mut number = vec![0_u32; needed.len()];
    let (mut clause, mut hints) = (Vec::new(), Vec::new());
    let mut count = 0;
    for (record, _) in (0..).zip(&needed).filter(|(_, needed)| **needed) {
        match recorder.origin(record) {
            Origin::Def { node, k } => proof.push_step(Step::Def { node: numbers.of(node), k }),
            Origin::Nec { premise, node } => {
                proof.push_step(Step::Nec { clause: number[premise as usize], node: numbers.of(node) });
            }
            Origin::Rup => {
                if let Some(same) = copied(recorder, record, last) {
                    number[record as usize] = number[same as usize];
                    continue;
                }
                hints.clear();
                hints.extend(recorder.antecedents(record).iter().map(|&antecedent| number[antecedent as usize]));
                clause.clear();
                clause.extend(recorder.clause(record).iter().map(|lit| Lit::new(numbers.of(lit.node()), lit.holds())));
                proof.push_step(Step::Rup { clause: &clause, hints: &hints });
            }
        }
        count += 1;
        number[record as usize] = count;
    }
    proof
}

/// How the certificate numbers the nodes of the search: those added to the goal's that the proof uses come before the goal's node.
struct Numbers {
    root: u32,
    /// For each added node its number in the certificate, or 0 when it has none.
    added: Vec<u32>,
    last: u32,
}

impl Numbers {
    fn of_used(goal: &Formula, recorder: &Recorder, extension: &Extension, needed: &[bool]) -> Self {
        let root = goal.root() + 1;
        let mut used = vec![false; extension.nodes.len()];
        let mut mark = |node: u32| {
            if let Some(place) = node.checked_sub(root + 1) {
                used[place as usize] = true;
            }
        };
        for (record, _) in (0..).zip(needed).filter(|(_, needed)| **needed) {
            recorder.clause(record).iter().for_each(|lit| mark(lit.node()));
            if let Origin::Def { node, .. } | Origin::Nec { node, .. } = recorder.origin(record) {
                mark(node);
            }
        }
        for place in (0..used.len()).rev().collect::<Vec<_>>() {
            if used[place] {
                for child in extension.nodes[place].children().into_iter().flatten() {
                    if let Some(child) = child.checked_sub(root + 1) {
                        used[child as usize] = true;
                    }
                }
            }
        }
        // The goal's node comes last, so the first added one takes its number.
        let mut last = root;
        let number = |used: bool| {
            let number = if used { last } else { 0 };
            last += u32::from(used);
            number
        };
        let added = used.into_iter().map(number).collect();
        Self { root, added, last }
    }

    fn of(&self, node: u32) -> u32 {
        match node.cmp(&self.root) {
            Ordering::Less => node,
            Ordering::Equal => self.last,
            Ordering::Greater => self.added[(node - self.root - 1) as usize],
        }
    }
}

fn node_table(goal: &Formula, extension: &Extension, numbers: &Numbers) -> Proof {
    let mut proof = Proof::default();
    let mut push = |node| match node {
        Node::Atom(atom) => proof.push_atom(goal.atoms()[atom as usize].as_bytes()),
        Node::Bot | Node::Top => proof.push_node(node),
        Node::Not(a) => proof.push_node(Node::Not(numbers.of(a))),
        Node::Modal(modality, a) => proof.push_node(Node::Modal(modality, numbers.of(a))),
        Node::Binary(connective, a, b) => proof.push_node(Node::Binary(connective, numbers.of(a), numbers.of(b))),
    };
    let Some((&root, below)) = goal.nodes().split_last() else { return proof };
    for &node in below {
        push(from_one(node));
    }
    for (&node, _) in extension.nodes.iter().zip(&numbers.added).filter(|(_, number)| **number != 0) {
        push(node);
    }
    push(from_one(root));
    proof
}

/// The antecedent that a record merely repeats. The last record stays, for the last step must be its clause.
fn copied(recorder: &Recorder, record: Record, last: Record) -> Option<Record> {
    let [only] = *recorder.antecedents(record) else { return None };
    let (clause, known) = (recorder.clause(record), recorder.clause(only));
    let same = clause.len() == known.len() && known.iter().all(|lit| clause.contains(lit));
    (same && record != last).then_some(only)
}

fn needed(recorder: &Recorder, last: Record) -> Vec<bool> {
    let mut needed = vec![false; last as usize + 1];
    needed[last as usize] = true;
    for record in (0..=last).rev() {
        if !needed[record as usize] {
            continue;
        }
        match recorder.origin(record) {
            Origin::Def { .. } => {}
            Origin::Nec { premise, .. } => needed[premise as usize] = true,
            Origin::Rup => {
                for &antecedent in recorder.antecedents(record) {
                    needed[antecedent as usize] = true;
                }
            }
        }
    }
    needed
}

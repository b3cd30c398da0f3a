//! From worlds to a small countermodel.
//!
//! Invariant: at every point the worlds, in a universal frame, refute the goal in the first of them; each change is
//! kept only after the goal has been evaluated again.

use crate::fewest;
use crate::monitor::{Monitor, Stop};
use pxl_cert::{Lit, Model};
use pxl_formula::{Connective, Formula, Node, Valuation};

/// The truth of each node (numbered from 1) in one world.
#[derive(Clone, Debug, Default)]
pub(crate) struct World(Vec<bool>);

impl World {
    pub(crate) fn push(&mut self, value: bool) {
        self.0.push(value);
    }

    pub(crate) fn holds(&self, node: u32) -> bool {
        self.0[node as usize - 1]
    }

    pub(crate) fn facts(&self, goal: &Formula) -> Facts {
        let mut facts = vec![false; goal.atoms().len()];
        for (&node, number) in goal.nodes().iter().zip(1..) {
            if let Node::Atom(atom) = node {
                facts[atom as usize] = self.holds(number);
            }
        }
        facts
    }

    pub(crate) fn satisfies(&self, lit: Lit) -> bool {
        self.holds(lit.node()) == lit.holds()
    }

    /// The truth of a node (children numbered from 1) that is neither an atom nor modal.
    pub(crate) fn local(&self, node: Node) -> bool {
        let value = |node: u32| self.holds(node);
        match node {
            Node::Top => true,
            Node::Bot | Node::Atom(_) | Node::Modal(..) => false,
            Node::Not(a) => !value(a),
            Node::Binary(Connective::And, a, b) => value(a) && value(b),
            Node::Binary(Connective::Or, a, b) => value(a) || value(b),
            Node::Binary(Connective::Imp, a, b) => !value(a) || value(b),
            Node::Binary(Connective::Iff, a, b) => value(a) == value(b),
        }
    }
}

/// The atoms true in one world, in the order of the goal's atoms.
pub(crate) type Facts = Vec<bool>;

/// Larger models are not made smaller: each removed world costs an evaluation of the goal.
const MINIMISED: usize = 50_000_000;

/// The countermodel of the worlds, minimised and evaluated.
pub(crate) fn certificate(
    goal: &Formula,
    mut kept: Vec<Facts>,
    seed: u64,
    monitor: &Monitor<'_>,
) -> Result<Model, Stop> {
    if !refutes(goal, &kept) {
        return Err(Stop::Defect("the worlds found do not refute the goal".to_owned()));
    }
    let cost = kept.len().saturating_mul(kept.len()).saturating_mul(goal.nodes().len()) / 64;
    if cost <= MINIMISED {
        remove_worlds(goal, &mut kept, monitor);
        if let Some(fewer) =
            fewest::worlds(goal, kept.len(), fewest::Effort::SMALL, seed, monitor).filter(|fewer| refutes(goal, fewer))
        {
            kept = fewer;
        }
    }
    Ok(model(goal, &kept))
}

fn valuation(goal: &Formula, worlds: &[Facts]) -> Valuation {
    let mut valuation = Valuation { worlds: worlds.len(), truth: vec![Vec::new(); goal.atoms().len()] };
    for (number, world) in worlds.iter().enumerate() {
        for (atom, _) in world.iter().enumerate().filter(|(_, holds)| **holds) {
            valuation.set(atom, number);
        }
    }
    valuation
}

fn refutes(goal: &Formula, worlds: &[Facts]) -> bool {
    goal.evaluate(&valuation(goal, worlds)).first().is_some_and(|word| word & 1 == 0)
}

/// Leaves out every world but the first that the refutation can do without.
fn remove_worlds(goal: &Formula, worlds: &mut Vec<Facts>, monitor: &Monitor<'_>) {
    let mut place = worlds.len();
    while place > 1 && monitor.check().is_ok() {
        place -= 1;
        let removed = worlds.remove(place);
        if !refutes(goal, worlds) {
            worlds.insert(place, removed);
        }
    }
}

fn model(goal: &Formula, worlds: &[Facts]) -> Model {
    let truth = valuation(goal, worlds).truth;
    let names = goal.atoms().iter().map(|name| name.as_bytes().into());
    Model { worlds: worlds.len(), valuations: names.zip(truth).collect() }
}

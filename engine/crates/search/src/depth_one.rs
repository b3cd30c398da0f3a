//! Modal clauses of depth one, beside the goal's own modal nodes.
//!
//! In S5 `BOX(C \/ M)` is `BOX C \/ M` for a rigid M, one built from modal formulas, and `BOX(A /\ B)` is `BOX A /\ BOX B`. So the
//! modal nodes of a nested goal are propositional combinations of boxes over clauses, and clauses recur where formulas do not: with
//! ten atoms there are few. The solver gets these equivalences as clauses, each proved by necessitation, and only the boxes over
//! clauses make demands from then on. The goal's own nodes stay as they are.
//!
//! Invariant: a modal node with a `Form` is equivalent to it by clauses that the solver has; a form names only modal nodes, and
//! rigid nodes of the goal.

use crate::cegar::{Modal, from_one};
use crate::derive::derive;
use crate::extension::Extension;
use crate::monitor::Stop;
use crate::recorder::{Origin, Record};
use crate::solver::Solver;
use pxl_cert::Lit;
use pxl_check::definitional;
use pxl_formula::{Connective, Formula, Modality, Node};
use std::collections::{HashMap, HashSet};

/// What a `BOX` literal is equivalent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// All of these literals.
    All([Lit; 2]),
    /// One of these literals.
    Some(Vec<Lit>),
}

/// The forms of the modal nodes that have one, by node; a `DIA` node's form is that of its negation.
#[derive(Debug, Default)]
pub(crate) struct Forms {
    by_node: HashMap<u32, Form>,
}

impl Forms {
    pub(crate) fn of(&self, node: u32) -> Option<&Form> {
        self.by_node.get(&node)
    }
}

/// A disjunction with more disjuncts is left as it is: each of its steps would be as long.
const MOST_DISJUNCTS: usize = 48;

/// Boxes over clauses of up to so many literals are told which boxes imply them.
const MOST_WEAKENED: usize = 4;

/// How deeply a rigid formula may be nested within a disjunction.
const MOST_NESTED: u32 = 16;

/// Adds the clauses of depth one; what `modals` makes of demands is replaced, `specs` grows by the nodes that are new.
pub(crate) fn add(
    goal: &Formula,
    solver: &mut Solver<'_, '_>,
    extension: &mut Extension,
    specs: &mut Vec<Node>,
    modals: &mut Vec<Modal>,
) -> Result<Forms, Stop> {
    let mut depth_one = DepthOne::new(goal, solver, extension, specs);
    depth_one.collect_definitions();
    for modal in modals.iter() {
        depth_one.boxes.entry(strip(depth_one.specs, modal.body()).0).or_insert(modal.boxed());
    }
    depth_one.count_clauses(modals);
    depth_one.represent(modals);
    depth_one.pending = modals.iter().rev().map(|modal| modal.boxed()).collect();
    while let Some(boxed) = depth_one.pending.pop() {
        depth_one.analyse(boxed)?;
    }
    depth_one.weaken()?;
    let (forms, mut new) = (depth_one.forms, depth_one.new);
    modals.retain(|modal| forms.of(modal.node).is_none());
    new.retain(|modal| forms.of(modal.node).is_none());
    modals.append(&mut new);
    Ok(forms)
}

/// A body taken apart: the disjuncts that differ from world to world, those that do not, and the inner nodes.
#[derive(Debug, Default)]
struct Disjuncts {
    local: Vec<Lit>,
    rigid: Vec<Lit>,
    inner: Vec<u32>,
}

struct DepthOne<'a, 'm, 'c> {
    solver: &'a mut Solver<'m, 'c>,
    extension: &'a mut Extension,
    specs: &'a mut Vec<Node>,
    /// Whether a node of the goal has the same value in all worlds, by clauses that `wrapped` can derive.
    rigid: Vec<bool>,
    /// The records of each node's definitional clauses.
    definitions: Vec<Vec<Record>>,
    /// The new nodes by what they are; the goal's too.
    numbers: HashMap<Node, u32>,
    /// The `BOX` literal over a body.
    boxes: HashMap<Lit, Lit>,
    /// The `BOX` literal that makes the demands of a clause, by the clause's literals in order.
    representatives: HashMap<Vec<Lit>, Lit>,
    /// How many bodies hold a clause.
    uses: HashMap<Vec<Lit>, u32>,
    forms: Forms,
    new: Vec<Modal>,
    pending: Vec<Lit>,
}

impl<'a, 'm, 'c> DepthOne<'a, 'm, 'c> {
    fn new(
        goal: &Formula,
        solver: &'a mut Solver<'m, 'c>,
        extension: &'a mut Extension,
        specs: &'a mut Vec<Node>,
    ) -> Self {
        let mut rigid = Vec::with_capacity(goal.nodes().len());
        for &node in goal.nodes() {
            rigid.push(match node {
                Node::Modal(..) => true,
                Node::Atom(_) | Node::Bot | Node::Top | Node::Binary(Connective::Iff, ..) => false,
                Node::Not(a) => rigid[a as usize],
                Node::Binary(_, a, b) => rigid[a as usize] && rigid[b as usize],
            });
        }
        let numbers = goal.nodes().iter().zip(1..).map(|(&node, number)| (from_one(node), number)).collect();
        Self {
            solver,
            extension,
            specs,
            rigid,
            definitions: Vec::new(),
            numbers,
            boxes: HashMap::new(),
            representatives: HashMap::new(),
            uses: HashMap::new(),
            forms: Forms::default(),
            new: Vec::new(),
            pending: Vec::new(),
        }
    }

    fn collect_definitions(&mut self) {
        self.definitions = vec![Vec::new(); self.specs.len()];
        let recorder = self.solver.recorder();
        for record in recorder.axioms() {
            if let Origin::Def { node, .. } = recorder.origin(record)
                && let Some(records) = self.definitions.get_mut(node as usize - 1)
            {
                records.push(record);
            }
        }
    }

    /// Counts the clauses of all bodies, to know which conjunctions share one.
    fn count_clauses(&mut self, modals: &[Modal]) {
        for modal in modals {
            for part in conjuncts(self.specs, modal.body()) {
                let disjuncts = self.disjuncts(part);
                *self.uses.entry(key(&disjuncts.local)).or_default() += 1;
            }
        }
    }

    /// The goal's own boxes over clauses make the demands of these clauses, the first of each.
    fn represent(&mut self, modals: &[Modal]) {
        for modal in modals {
            let disjuncts = self.disjuncts(modal.body());
            if disjuncts.rigid.is_empty() && !is_conjunction(self.specs, modal.body()) {
                self.representatives.entry(key(&disjuncts.local)).or_insert(modal.boxed());
            }
        }
    }

    /// Finds the form of a box, if it has one, and gives the solver the clauses that say so.
    fn analyse(&mut self, boxed: Lit) -> Result<(), Stop> {
        if self.forms.of(boxed.node()).is_some() {
            return Ok(());
        }
        let (body, nots) = strip(self.specs, body_of(self.specs, boxed));
        let form = match both(self.specs, body) {
            Some(parts) => self.all_form(boxed, body, parts, nots)?,
            None => self.some_form(boxed, body, nots)?,
        };
        if let Some(form) = form {
            self.forms.by_node.insert(boxed.node(), form);
        }
        Ok(())
    }

    /// `BOX(A /\ B)` as `BOX A /\ BOX B`, where some clause of it has a rigid part or occurs elsewhere.
    fn all_form(&mut self, boxed: Lit, body: Lit, parts: [Lit; 2], nots: Vec<u32>) -> Result<Option<Form>, Stop> {
        let serves = |depth_one: &Self, part: Lit| {
            let disjuncts = depth_one.disjuncts(part);
            !disjuncts.rigid.is_empty() || depth_one.uses.get(&key(&disjuncts.local)).is_some_and(|&uses| uses > 1)
        };
        if !conjuncts(self.specs, body).into_iter().any(|part| serves(self, part)) {
            return Ok(None);
        }
        let (Some(one), Some(two)) = (self.boxed(parts[0])?, self.boxed(parts[1])?) else { return Ok(None) };
        let mut inner = nots;
        inner.push(body.node());
        for part in parts {
            inner.extend(strip(self.specs, part).1);
        }
        let mut candidates = self.definitions_of(&inner);
        for modal in [boxed, one, two] {
            candidates.extend(&self.definitions[modal.node() as usize - 1]);
        }
        let mut follows = self.necessitated(&[!boxed], one, &candidates)?;
        follows = follows && self.necessitated(&[!boxed], two, &candidates)?;
        follows = follows && self.necessitated(&[!one, !two], boxed, &candidates)?;
        Ok(follows.then_some(Form::All([one, two])))
    }

    /// `BOX(C \/ M)` as `BOX C \/ M`, and a box over a clause as the first box over that clause.
    fn some_form(&mut self, boxed: Lit, body: Lit, nots: Vec<u32>) -> Result<Option<Form>, Stop> {
        let disjuncts = self.disjuncts(body);
        if disjuncts.local.len() + disjuncts.rigid.len() > MOST_DISJUNCTS {
            return Ok(None);
        }
        let clause = key(&disjuncts.local);
        if disjuncts.rigid.is_empty() && *self.representatives.entry(clause.clone()).or_insert(boxed) == boxed {
            return Ok(None);
        }
        let mut inner = nots;
        inner.extend(&disjuncts.inner);
        let mut candidates = self.definitions_of(&inner);
        candidates.extend(&self.definitions[boxed.node() as usize - 1]);
        let mut some = Vec::new();
        let mut beside = vec![!boxed];
        for &rigid in &disjuncts.rigid {
            let Some(wrapped) = self.wrapped(rigid, MOST_NESTED, &mut candidates)? else { return Ok(None) };
            some.push(rigid);
            beside.push(wrapped);
        }
        for &rigid in &beside[1..] {
            if !self.necessitated(&[!rigid], boxed, &candidates)? {
                return Ok(None);
            }
        }
        if clause.is_empty() {
            // A rigid body: the reverse follows from T alone.
            return Ok(Some(Form::Some(some)));
        }
        let Some(representative) = self.representative(&clause, &mut candidates)? else { return Ok(None) };
        some.insert(0, representative);
        let follows = self.necessitated(&beside, representative, &candidates)?
            && self.necessitated(&[!representative], boxed, &candidates)?;
        Ok(follows.then_some(Form::Some(some)))
    }

    /// The box that makes the demands of a clause; what may be needed to reason about it joins the candidates.
    fn representative(&mut self, clause: &[Lit], candidates: &mut Vec<Record>) -> Result<Option<Lit>, Stop> {
        let known = self.representatives.get(clause).copied();
        let representative = if let Some(known) = known {
            known
        } else {
            let Some(body) = self.disjunction(clause)? else { return Ok(None) };
            let Some(boxed) = self.boxed(body)? else { return Ok(None) };
            *self.representatives.entry(clause.to_vec()).or_insert(boxed)
        };
        let (body, nots) = strip(self.specs, body_of(self.specs, representative));
        let inner = self.disjuncts(body).inner;
        candidates.extend(&self.definitions[representative.node() as usize - 1]);
        candidates.extend(self.definitions_of(&nots));
        candidates.extend(self.definitions_of(&inner));
        Ok(Some(representative))
    }

    /// A modal literal that is equivalent to a rigid one; what may be needed to reason about it joins the candidates.
    fn wrapped(&mut self, lit: Lit, nested: u32, candidates: &mut Vec<Record>) -> Result<Option<Lit>, Stop> {
        let (lit, nots) = strip(self.specs, lit);
        candidates.extend(self.definitions_of(&nots));
        if matches!(self.specs[lit.node() as usize - 1], Node::Modal(..)) {
            return Ok(Some(lit));
        }
        let Some(nested) = nested.checked_sub(1) else { return Ok(None) };
        let (parts, conjunction) = match (both(self.specs, lit), either(self.specs, lit)) {
            (Some(parts), _) => (parts, true),
            (None, Some(parts)) => (parts, false),
            (None, None) => return Ok(None),
        };
        let mut own = self.definitions_of(&[lit.node()]);
        let Some(one) = self.wrapped(parts[0], nested, &mut own)? else { return Ok(None) };
        let Some(two) = self.wrapped(parts[1], nested, &mut own)? else { return Ok(None) };
        let Some(boxed) = self.boxed(lit)? else { return Ok(None) };
        self.forms.by_node.entry(boxed.node()).or_insert_with(|| Form::Some(vec![lit]));
        own.extend(&self.definitions[boxed.node() as usize - 1]);
        let reasons: Vec<Vec<Lit>> = if conjunction { vec![vec![!one, !two]] } else { vec![vec![!one], vec![!two]] };
        for reason in reasons {
            let premise: Vec<Lit> = reason.iter().copied().chain([lit]).collect();
            let Some(premise) = derive(self.solver.recorder(), &premise, own.clone()) else { return Ok(None) };
            let clause: Vec<Lit> = [boxed].into_iter().chain(reason).collect();
            own.push(self.solver.add(Origin::Nec { premise, node: boxed.node() }, &clause)?);
        }
        let Some(record) = derive(self.solver.recorder(), &[!lit, boxed], own.clone()) else { return Ok(None) };
        self.solver.add_recorded(record)?;
        candidates.push(record);
        candidates.extend(own);
        Ok(Some(boxed))
    }

    /// Tells boxes over short clauses which boxes imply them.
    fn weaken(&mut self) -> Result<(), Stop> {
        let mut clauses: Vec<Vec<Lit>> =
            self.representatives.keys().filter(|clause| (2..=MOST_WEAKENED).contains(&clause.len())).cloned().collect();
        clauses.sort_unstable();
        for clause in clauses {
            for chosen in 1..(1_u32 << clause.len()) - 1 {
                let part: Vec<Lit> =
                    (0..).zip(&clause).filter(|(i, _)| chosen >> i & 1 == 1).map(|(_, &lit)| lit).collect();
                let (Some(&stronger), Some(&weaker)) =
                    (self.representatives.get(&part), self.representatives.get(&clause))
                else {
                    continue;
                };
                let mut candidates = Vec::new();
                self.representative(&part, &mut candidates)?;
                self.representative(&clause, &mut candidates)?;
                self.necessitated(&[!stronger], weaker, &candidates)?;
            }
        }
        Ok(())
    }

    /// Derives `beside \/ body` and gives the solver what necessitation makes of it, `beside \/ boxed`; whether it follows.
    fn necessitated(&mut self, beside: &[Lit], boxed: Lit, candidates: &[Record]) -> Result<bool, Stop> {
        if beside.contains(&!boxed) {
            return Ok(true);
        }
        let body = body_of(self.specs, boxed);
        let premise = if beside.contains(&!body) {
            self.tautology(body.node())
        } else {
            let premise: Vec<Lit> = beside.iter().copied().filter(|&lit| lit != body).chain([body]).collect();
            derive(self.solver.recorder(), &premise, candidates.to_vec())
        };
        let Some(premise) = premise else { return Ok(false) };
        let others = beside.iter().copied().filter(|&lit| lit != boxed);
        let clause: Vec<Lit> = [boxed].into_iter().chain(others).collect();
        self.solver.add(Origin::Nec { premise, node: boxed.node() }, &clause)?;
        Ok(true)
    }

    /// `n \/ ~n` for a modal node: what necessitation makes of its definition, axiom T.
    fn tautology(&mut self, node: u32) -> Option<Record> {
        let Node::Modal(..) = self.specs[node as usize - 1] else { return None };
        let &premise = self.definitions[node as usize - 1].first()?;
        let clause = [Lit::new(node, true), Lit::new(node, false)];
        Some(self.solver.recorder().note(Origin::Nec { premise, node }, &clause))
    }

    fn definitions_of(&self, nodes: &[u32]) -> Vec<Record> {
        nodes.iter().flat_map(|&node| self.definitions[node as usize - 1].iter().copied()).collect()
    }

    fn disjuncts(&self, body: Lit) -> Disjuncts {
        let mut found = Disjuncts::default();
        let mut seen = HashSet::new();
        let mut open = vec![body];
        while let Some(lit) = open.pop() {
            let (lit, nots) = strip(self.specs, lit);
            found.inner.extend(nots);
            if !seen.insert(lit) {
                continue;
            }
            if let Some(parts) = either(self.specs, lit) {
                found.inner.push(lit.node());
                open.extend(parts);
            } else if self.rigid.get(lit.node() as usize - 1).copied().unwrap_or(false) {
                found.rigid.push(lit);
            } else {
                found.local.push(lit);
            }
            if found.local.len() + found.rigid.len() > MOST_DISJUNCTS {
                break;
            }
        }
        found
    }

    /// A literal that says that one of these holds.
    fn disjunction(&mut self, lits: &[Lit]) -> Result<Option<Lit>, Stop> {
        let mut lits = lits.iter().copied();
        let Some(mut all) = lits.next() else { return Ok(None) };
        for lit in lits {
            let (node, holds) = match (all.holds(), lit.holds()) {
                (true, true) => (Node::Binary(Connective::Or, all.node(), lit.node()), true),
                (false, true) => (Node::Binary(Connective::Imp, all.node(), lit.node()), true),
                (true, false) => (Node::Binary(Connective::Imp, lit.node(), all.node()), true),
                (false, false) => (Node::Binary(Connective::And, all.node(), lit.node()), false),
            };
            let Some(number) = self.number(node)? else { return Ok(None) };
            all = Lit::new(number, holds);
        }
        Ok(Some(all))
    }

    /// The `BOX` literal over a body: the goal's, or a new node.
    fn boxed(&mut self, body: Lit) -> Result<Option<Lit>, Stop> {
        let (body, _) = strip(self.specs, body);
        if let Some(&known) = self.boxes.get(&body) {
            return Ok(Some(known));
        }
        let modality = if body.holds() { Modality::Box } else { Modality::Dia };
        let Some(node) = self.number(Node::Modal(modality, body.node()))? else { return Ok(None) };
        let modal = Modal { node, argument: body.node(), modality };
        self.solver.keep(node)?;
        self.solver.keep(body.node())?;
        self.solver.prefer(modal.demanding())?;
        self.boxes.insert(body, modal.boxed());
        self.new.push(modal);
        self.pending.push(modal.boxed());
        Ok(Some(modal.boxed()))
    }

    /// The number of a node: the goal's, or a new one whose definition the solver gets.
    fn number(&mut self, node: Node) -> Result<Option<u32>, Stop> {
        if let Some(&known) = self.numbers.get(&node) {
            return Ok(Some(known));
        }
        let Some(number) = self.extension.push(node) else { return Ok(None) };
        self.numbers.insert(node, number);
        self.specs.push(node);
        self.solver.reserve(number)?;
        let mut records = Vec::new();
        for (k, clause) in (0..4).map_while(|k| Some((k, definitional(number, node, k)?))) {
            records.push(self.solver.add(Origin::Def { node: number, k }, &clause)?);
        }
        self.definitions.push(records);
        Ok(Some(number))
    }
}

fn key(local: &[Lit]) -> Vec<Lit> {
    let mut key = local.to_vec();
    key.sort_unstable();
    key.dedup();
    key
}

/// What a `BOX` literal says of every world.
fn body_of(specs: &[Node], boxed: Lit) -> Lit {
    match specs[boxed.node() as usize - 1] {
        Node::Modal(_, argument) => Lit::new(argument, boxed.holds()),
        _ => boxed,
    }
}

/// The literal without the negations that it begins with, and these.
fn strip(specs: &[Node], mut lit: Lit) -> (Lit, Vec<u32>) {
    let mut nots = Vec::new();
    while let Node::Not(a) = specs[lit.node() as usize - 1] {
        nots.push(lit.node());
        lit = Lit::new(a, !lit.holds());
    }
    (lit, nots)
}

/// The two literals whose conjunction a literal is.
fn both(specs: &[Node], lit: Lit) -> Option<[Lit; 2]> {
    match (specs[lit.node() as usize - 1], lit.holds()) {
        (Node::Binary(Connective::And, a, b), true) => Some([Lit::new(a, true), Lit::new(b, true)]),
        (Node::Binary(Connective::Or, a, b), false) => Some([Lit::new(a, false), Lit::new(b, false)]),
        (Node::Binary(Connective::Imp, a, b), false) => Some([Lit::new(a, true), Lit::new(b, false)]),
        _ => None,
    }
}

/// The two literals whose disjunction a literal is.
fn either(specs: &[Node], lit: Lit) -> Option<[Lit; 2]> {
    both(specs, !lit).map(|parts| parts.map(|part| !part))
}

fn is_conjunction(specs: &[Node], lit: Lit) -> bool {
    both(specs, strip(specs, lit).0).is_some()
}

/// The literals that a conjunction holds, and the literal itself where it is none.
fn conjuncts(specs: &[Node], lit: Lit) -> Vec<Lit> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![lit];
    while let Some(lit) = open.pop() {
        let (lit, _) = strip(specs, lit);
        if !seen.insert(lit) {
            continue;
        }
        match both(specs, lit) {
            Some(parts) => open.extend(parts),
            None => found.push(lit),
        }
    }
    found
}

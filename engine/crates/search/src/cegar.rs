//! The search: worlds are asked for, refusals are learned.
//!
//! Invariant of a round: every world in `worlds` satisfies every literal of `modal`, the relevant modal literals of the first one.
//! Each learned clause is false under `modal` and true in every S5 model, so no round sees the same `modal` again.

use crate::countermodel::{self, Facts, World};
use crate::fewest;
use crate::holes;
use crate::monitor::{Monitor, Stop};
use crate::pigeonhole::{self, Extension};
use crate::propagator::Propagator;
use crate::recorder::{Origin, Record};
use crate::relevant;
use crate::solver::{Answer, Solver};
use crate::{Effort, Outcome, trim};
use pxl_cert::Lit;
use pxl_check::definitional;
use pxl_formula::{Formula, Modality, Node};

/// Decides the goal, or says why not.
pub(crate) fn decide(goal: &Formula, seed: u64, monitor: &Monitor<'_>, effort: &mut Effort) -> Result<Outcome, Stop> {
    let mut search = Search::new(goal, seed, monitor)?;
    let found = search.run();
    *effort = Effort { conflicts: search.solver.conflicts(), solver_calls: search.solver.calls };
    match found? {
        Found::Refutation(record) => {
            trim::certificate(goal, search.solver.recorder(), &search.extension, record).map(Outcome::Proof)
        }
        Found::Worlds(worlds) => {
            drop(search);
            countermodel::certificate(goal, worlds, seed, monitor).map(Outcome::Countermodel)
        }
    }
}

/// Rounds after which a model of few worlds is also looked for directly: of loosely bound goals that have one, the rounds
/// may see very many assignments before they meet it.
const PATIENCE: u32 = 64;

/// Conflicts after which a query resists: it is then looked through for what clause learning alone cannot refute in time.
const RESISTING: i32 = 5_000;

/// Rounds after which the demand that was refused last is looked through as well.
const INSISTING: u32 = 16;

/// How many resisting queries of one search are looked through.
const INSPECTIONS: u32 = 16;

enum Found {
    /// The record of the unit clause of the goal.
    Refutation(Record),
    /// A model whose first world refutes the goal.
    Worlds(Vec<Facts>),
}

/// A modal node, its argument, and how it makes demands (nodes are numbered from 1).
#[derive(Clone, Copy, Debug)]
struct Modal {
    node: u32,
    argument: u32,
    modality: Modality,
}

impl Modal {
    /// The literal of the modal node under which some world must satisfy `demand`.
    fn demanding(self) -> Lit {
        Lit::new(self.node, self.modality == Modality::Dia)
    }

    fn demand(self) -> Lit {
        Lit::new(self.argument, self.modality == Modality::Dia)
    }
}

struct Search<'g, 'm, 'c> {
    goal: &'g Formula,
    solver: Solver<'m, 'c>,
    monitor: &'m Monitor<'c>,
    seed: u64,
    /// Nodes beside the goal's, which shorten proofs.
    extension: Extension,
    /// How often a query that resisted was looked through for pigeons and holes.
    inspections: u32,
    /// All modal nodes; those whose demands were refused last come first.
    modals: Vec<Modal>,
}

impl<'g, 'm, 'c> Search<'g, 'm, 'c> {
    fn new(goal: &'g Formula, seed: u64, monitor: &'m Monitor<'c>) -> Result<Self, Stop> {
        let solver = Solver::new(goal.nodes().len(), seed, monitor)?;
        let extension = Extension::new(goal.root() + 1);
        let mut search = Self { goal, solver, monitor, seed, extension, inspections: 0, modals: Vec::new() };
        search.define()?;
        Ok(search)
    }

    /// Gives the solver the definitional clauses, and what S5 says of a modal node directly below another.
    fn define(&mut self) -> Result<(), Stop> {
        // Which tautology `a \/ ~a` of a modal node is on record.
        let mut rigid: Vec<Option<Record>> = vec![None; self.goal.nodes().len() + 1];
        for (&spec, node) in self.goal.nodes().iter().zip(1..) {
            if node % 1024 == 0 {
                self.monitor.check()?;
            }
            let spec = from_one(spec);
            let mut first = None;
            for (k, clause) in (0..4).map_while(|k| Some((k, definitional(node, spec, k)?))) {
                let record = self.solver.add(Origin::Def { node, k }, &clause)?;
                first = first.or(Some(record));
            }
            let (Node::Modal(modality, argument), Some(definition)) = (spec, first) else { continue };
            let modal = Modal { node, argument, modality };
            self.modals.push(modal);
            self.solver.keep(node)?;
            self.solver.keep(argument)?;
            // A demand costs one world; a modal literal that makes none binds every world.
            self.solver.prefer(modal.demanding())?;
            let tautology = [Lit::new(node, true), Lit::new(node, false)];
            rigid[node as usize] =
                Some(self.solver.recorder().note(Origin::Nec { premise: definition, node }, &tautology));
            if let Some(premise) = rigid[argument as usize] {
                let clause = [!modal.demanding(), modal.demand()];
                self.solver.add(Origin::Nec { premise, node }, &clause)?;
            }
        }
        self.solver.keep(self.root())
    }

    fn root(&self) -> u32 {
        self.goal.root() + 1
    }

    fn run(&mut self) -> Result<Found, Stop> {
        let refuted = Lit::new(self.root(), false);
        for round in 1_u32.. {
            if let Some(record) = self.query(&[refuted], None)? {
                return Ok(Found::Refutation(record));
            }
            if let Some(worlds) = self.round(round >= INSISTING && round.is_power_of_two())? {
                return Ok(Found::Worlds(worlds.iter().map(|world| world.facts(self.goal)).collect()));
            }
            if round >= PATIENCE && round.is_power_of_two() {
                let effort = fewest::Effort::after(round);
                if let Some(worlds) = fewest::worlds(self.goal, fewest::MANY, effort, self.seed, self.monitor) {
                    return Ok(Found::Worlds(worlds));
                }
            }
        }
        Err(Stop::Defect("the search ran out of rounds".to_owned()))
    }

    /// Whether the assumptions are refused; if so, the record of the reason. If not, the solver has a model of them.
    fn query(&mut self, assumptions: &[Lit], demand: Option<Lit>) -> Result<Option<Record>, Stop> {
        let mut answer = self.solver.solve_limited(assumptions, RESISTING)?;
        if answer == Answer::Limited {
            self.inspect(assumptions, demand)?;
            answer = self.solver.solve(assumptions)?;
        }
        match answer {
            Answer::Sat => Ok(None),
            Answer::Unsat(record) => Ok(Some(record)),
            Answer::Limited => Err(Stop::Defect("a call without a limit was limited".to_owned())),
        }
    }

    /// Looks through a query that resists for pigeons and holes, and tells the solver what follows. A demand is tried
    /// under only those modal literals that the goal's failure implies first: what is refuted so excludes more.
    fn inspect(&mut self, assumptions: &[Lit], demand: Option<Lit>) -> Result<(), Stop> {
        if self.inspections >= INSPECTIONS {
            return Ok(());
        }
        self.inspections += 1;
        if let Some(demand) = demand
            && self.inspect_demand(demand)?
        {
            return Ok(());
        }
        let mut propagator = self.propagator();
        self.refute_crowd(assumptions, &mut propagator).map(|_| ())
    }

    fn inspect_demand(&mut self, demand: Lit) -> Result<bool, Stop> {
        let mut propagator = self.propagator();
        let Some(implied) = propagator.consequences(&[Lit::new(self.root(), false)]) else { return Ok(false) };
        let modal = |lit: &Lit| matches!(self.goal.nodes()[lit.node() as usize - 1], Node::Modal(..));
        let context: Vec<Lit> = implied.into_iter().filter(modal).chain([demand]).collect();
        self.refute_crowd(&context, &mut propagator)
    }

    fn propagator(&mut self) -> Propagator {
        let mut propagator = Propagator::default();
        let root = self.root();
        let recorder = self.solver.recorder();
        let own = |record: &Record| !matches!(recorder.origin(*record), Origin::Def { node, .. } if node > root);
        for record in recorder.axioms().filter(own) {
            propagator.add(record, recorder.clause(record));
        }
        propagator
    }

    fn refute_crowd(&mut self, context: &[Lit], propagator: &mut Propagator) -> Result<bool, Stop> {
        let Some(principle) = holes::find(self.goal, propagator, context) else { return Ok(false) };
        let recorder = self.solver.recorder();
        let refuted = pigeonhole::refute(&principle, context, propagator, recorder, &mut self.extension, self.monitor)?;
        refuted.map_or(Ok(false), |record| self.solver.add_recorded(record).map(|()| true))
    }

    /// Looks for all worlds that the solver's model demands; learns from the first refusal. When `inspecting`, the demand that
    /// was refused last is first looked through for pigeons and holes.
    fn round(&mut self, inspecting: bool) -> Result<Option<Vec<World>>, Stop> {
        let first = self.world(None)?;
        let relevant = relevant::modal_nodes(self.goal, &first);
        let places = (0..self.modals.len()).filter(|&place| relevant[self.modals[place].node as usize - 1]);
        let bound: Vec<(usize, Modal)> = places.map(|place| (place, self.modals[place])).collect();
        let modal: Vec<Lit> = bound.iter().map(|(_, modal)| Lit::new(modal.node, first.holds(modal.node))).collect();
        let demands = bound.into_iter().filter(|(_, modal)| first.satisfies(modal.demanding()));
        let demands: Vec<(usize, Modal)> = demands.collect();
        if let Some((_, insistent)) = demands.first().filter(|_| inspecting) {
            self.inspect_demand(insistent.demand())?;
        }
        let mut worlds = vec![first];
        for (place, demanding) in demands {
            if worlds.iter().any(|world| world.satisfies(demanding.demand())) {
                continue;
            }
            let mut assumptions = modal.clone();
            assumptions.push(demanding.demand());
            match self.query(&assumptions, Some(demanding.demand()))? {
                None => worlds.push(self.world(Some(&worlds[0]))?),
                Some(record) => {
                    self.learn(record, demanding)?;
                    self.modals[..=place].rotate_right(1);
                    return Ok(None);
                }
            }
        }
        Ok(Some(worlds))
    }

    /// Turns a refusal into a clause by necessitation.
    fn learn(&mut self, refusal: Record, demanding: Modal) -> Result<(), Stop> {
        let premise = self.shorten(refusal, demanding)?;
        let refused = !demanding.demand();
        let beside = self.solver.recorder().clause(premise).iter().copied().filter(|&lit| lit != refused);
        let clause: Vec<Lit> = [!demanding.demanding()].into_iter().chain(beside).collect();
        self.solver.add(Origin::Nec { premise, node: demanding.node }, &clause)?;
        Ok(())
    }

    /// A refusal of fewer assumptions, where it costs little to find one.
    fn shorten(&mut self, refusal: Record, demanding: Modal) -> Result<Record, Stop> {
        const LONG: usize = 64;
        const CONFLICTS: i32 = 64;
        let mut best = refusal;
        let demand = demanding.demand();
        // The same assumptions in another order make the solver find another reason.
        loop {
            let known = self.solver.recorder().clause(best).to_vec();
            if known.len() <= 2 {
                return Ok(best);
            }
            let again: Vec<Lit> = known.iter().rev().map(|&lit| !lit).collect();
            match self.solver.solve_limited(&again, CONFLICTS)? {
                Answer::Unsat(record) if self.solver.recorder().clause(record).len() < known.len() => best = record,
                _ => break,
            }
        }
        let mut candidates: Vec<Lit> =
            self.solver.recorder().clause(best).iter().map(|&lit| !lit).filter(|&lit| lit != demand).collect();
        if candidates.len() > LONG {
            return Ok(best);
        }
        let mut needed = vec![demand];
        while let Some(candidate) = candidates.pop() {
            let trial: Vec<Lit> = needed.iter().chain(&candidates).copied().collect();
            match self.solver.solve_limited(&trial, CONFLICTS)? {
                Answer::Unsat(record) => {
                    best = record;
                    let clause = self.solver.recorder().clause(record).to_vec();
                    candidates.retain(|&lit| clause.contains(&!lit));
                }
                _ => needed.push(candidate),
            }
        }
        Ok(best)
    }

    /// The world of the solver's model; its modal nodes have the values of the first world, when there is one.
    fn world(&self, first: Option<&World>) -> Result<World, Stop> {
        let mut world = World::default();
        for (&spec, node) in self.goal.nodes().iter().zip(1..) {
            let value = match (spec, first) {
                (Node::Modal(..), Some(first)) => first.holds(node),
                (Node::Atom(_) | Node::Modal(..), _) => self.solver.value(node)?,
                _ => world.local(spec),
            };
            world.push(value);
        }
        Ok(world)
    }
}

/// A node of the goal with its children numbered from 1, as certificates number them.
pub(crate) fn from_one(node: Node) -> Node {
    match node {
        Node::Atom(_) | Node::Bot | Node::Top => node,
        Node::Not(a) => Node::Not(a + 1),
        Node::Modal(modality, a) => Node::Modal(modality, a + 1),
        Node::Binary(connective, a, b) => Node::Binary(connective, a + 1, b + 1),
    }
}

//! The search: worlds are asked for, refusals are learned.
//!
//! Invariant of a round: every world in `worlds` satisfies every literal of `modal`, the relevant modal literals of the first one.
//! Each learned clause is false under `modal` and true in every S5 model, so no round sees the same `modal` again.

use crate::countermodel::{self, Facts, World};
use crate::depth_one::{self, Forms};
use crate::extension::Extension;
use crate::fewest;
use crate::holes;
use crate::monitor::{Monitor, Stop};
use crate::pigeonhole;
use crate::propagator::Propagator;
use crate::recorder::{Origin, Record};
use crate::relevant;
use crate::solver::{Answer, Solver};
use crate::{Effort, Outcome, trim};
use pxl_cert::Lit;
use pxl_check::definitional;
use pxl_formula::{Formula, Modality, Node};
use std::ops::Range;

/// Decides the goal, or says why not. Nested modal nodes are taken apart in round `nested`.
pub(crate) fn decide(
    goal: &Formula,
    seed: u64,
    nested: u32,
    monitor: &Monitor<'_>,
    effort: &mut Effort,
) -> Result<Outcome, Stop> {
    let mut search = Search::new(goal, seed, monitor)?;
    let found = search.run(nested);
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

/// The round in which nested modal nodes are taken apart into clauses of depth one: goals that need fewer are left as they are.
pub(crate) const NESTED: u32 = 8;

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
pub(crate) struct Modal {
    pub(crate) node: u32,
    pub(crate) argument: u32,
    pub(crate) modality: Modality,
}

impl Modal {
    /// The literal of the modal node under which some world must satisfy `demand`.
    pub(crate) fn demanding(self) -> Lit {
        Lit::new(self.node, self.modality == Modality::Dia)
    }

    fn demand(self) -> Lit {
        Lit::new(self.argument, self.modality == Modality::Dia)
    }

    /// The literal under which every world satisfies `body`.
    pub(crate) fn boxed(self) -> Lit {
        !self.demanding()
    }

    pub(crate) fn body(self) -> Lit {
        !self.demand()
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
    /// The nodes that the solver knows, with their children numbered from 1: the goal's, then those of depth one.
    specs: Vec<Node>,
    /// Those of depth one. The others beside the goal's are pigeons in holes already.
    apart: Range<u32>,
    /// What modal nodes without demands of their own are equivalent to.
    forms: Forms,
    /// The modal nodes that make demands; those whose demands were refused last come first.
    modals: Vec<Modal>,
}

impl<'g, 'm, 'c> Search<'g, 'm, 'c> {
    fn new(goal: &'g Formula, seed: u64, monitor: &'m Monitor<'c>) -> Result<Self, Stop> {
        let solver = Solver::new(goal.nodes().len(), seed, monitor)?;
        let extension = Extension::new(goal.root() + 1);
        let specs = goal.nodes().iter().copied().map(from_one).collect();
        let (forms, modals) = (Forms::default(), Vec::new());
        let mut search =
            Self { goal, solver, monitor, seed, extension, inspections: 0, specs, apart: 0..0, forms, modals };
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

    fn run(&mut self, nested: u32) -> Result<Found, Stop> {
        let refuted = Lit::new(self.root(), false);
        for round in 1_u32.. {
            if round == nested {
                self.take_apart()?;
            }
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

    /// Takes nested modal nodes apart.
    fn take_apart(&mut self) -> Result<(), Stop> {
        let Self { goal, solver, extension, specs, modals, .. } = self;
        specs.extend(&extension.nodes);
        let known = specs.len();
        self.forms = depth_one::add(goal, solver, extension, specs, modals)?;
        self.apart = number(known + 1)..number(specs.len() + 1);
        Ok(())
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
        let modal = |lit: &Lit| matches!(self.specs[lit.node() as usize - 1], Node::Modal(..));
        let context: Vec<Lit> = implied.into_iter().filter(modal).chain([demand]).collect();
        self.refute_crowd(&context, &mut propagator)
    }

    fn propagator(&mut self) -> Propagator {
        let mut propagator = Propagator::default();
        let (root, apart) = (self.root(), self.apart.clone());
        let recorder = self.solver.recorder();
        let own = |record: &Record| {
            recorder.clause(*record).iter().all(|lit| lit.node() <= root || apart.contains(&lit.node()))
        };
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
        let relevant = relevant::modal_nodes(&self.specs, &self.forms, self.root(), &first);
        let places = (0..self.modals.len()).filter(|&place| relevant.nodes[self.modals[place].node as usize - 1]);
        let bound: Vec<(usize, Modal)> = places.map(|place| (place, self.modals[place])).collect();
        // What stands for many comes first: the solver's reasons name what was assumed first.
        let mut modal = relevant.conjunctions;
        modal.extend(bound.iter().map(|(_, modal)| Lit::new(modal.node, first.holds(modal.node))));
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
        for (&spec, node) in self.specs.iter().zip(1..) {
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

/// Nodes are fewer than 2^32: the arena and the memory bound see to it.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Control;
    use proptest::prelude::*;
    use pxl_testing::{formula, formulas, valid};
    use std::time::{Duration, Instant};

    fn decide_at_once(goal: &Formula) -> Outcome {
        let deadline = Instant::now() + Duration::from_mins(1);
        let control = Control { deadline, memory_bytes: 1 << 30, cancel: None, go_on: &mut || true };
        let mut effort = Effort::default();
        decide(goal, 0, 1, &Monitor::new(control), &mut effort).unwrap_or_else(Outcome::Unknown)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// Verdicts agree with brute force when nested modal nodes are taken apart from the first round on.
        #[test]
        fn taking_nested_modal_nodes_apart_changes_no_verdict(goal in formulas(&["p", "q", "r"])) {
            match decide_at_once(&goal) {
                Outcome::Proof(proof) => {
                    prop_assert!(valid(&goal));
                    prop_assert_eq!(pxl_check::check_proof(&goal, &proof.encode()), Ok(()));
                }
                Outcome::Countermodel(model) => {
                    prop_assert!(!valid(&goal));
                    prop_assert_eq!(pxl_check::check_model(&goal, &model.encode()), Ok(()));
                }
                Outcome::Unknown(stop) => prop_assert!(false, "{}", stop),
            }
        }
    }

    fn calls(goal: &Formula, nested: u32) -> u64 {
        let deadline = Instant::now() + Duration::from_mins(5);
        let control = Control { deadline, memory_bytes: 1 << 30, cancel: None, go_on: &mut || true };
        let mut effort = Effort::default();
        let outcome = decide(goal, 0, nested, &Monitor::new(control), &mut effort);
        assert!(matches!(outcome, Ok(Outcome::Proof(_))));
        effort.solver_calls
    }

    /// `a0 -> DIA a1`, `a1 -> BOX a2` ... under `BOX` lead from `DIA a0` to `DIA a40` with a solver call a rung, or with a few where
    /// the rungs are taken apart.
    #[test]
    fn a_modal_ladder_takes_few_solver_calls() {
        let rung = |i: u32| format!("[](a{i} -> {}a{})", if i % 2 == 1 { "[]" } else { "<>" }, i + 1);
        let rungs: Vec<String> = (0..40).map(rung).collect();
        let goal = formula(&format!("{} /\\ <>a0 -> <>a40", rungs.join(" /\\ ")));
        assert!(calls(&goal, 1) * 4 < calls(&goal, u32::MAX));
    }
}

//! Finding pigeons and holes: more disjunctions that must hold than there are ways to hold them.
//!
//! Resolution, and so every SAT solver that only learns clauses, needs exponentially many steps for the pigeonhole
//! principle (Haken 1985). Where a query resists, its consequences are looked through for such a principle in whatever
//! guise: disjunctions that hold are the pigeons; their disjuncts are put into groups of mutually exclusive ones, the
//! holes; a set of pigeons with too few holes (a violation of Hall's condition) is looked for by matching.
//! The proof is in `pigeonhole.rs`.

use crate::cegar::from_one;
use crate::propagator::Propagator;
use pxl_cert::Lit;
use pxl_formula::{Connective, Formula, Node};
use std::collections::{HashMap, HashSet};

/// `pigeons[i][j]`: the literal that puts pigeon i into hole j, if any does. There is one pigeon more than there are holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principle {
    pub(crate) holes: usize,
    pub(crate) pigeons: Vec<Vec<Option<Lit>>>,
}

/// More disjuncts than these are not looked through: each is propagated on its own.
const MOST_DISJUNCTS: usize = 4_000;

/// A principle that the assumptions violate.
pub(crate) fn find(goal: &Formula, propagator: &mut Propagator, assumptions: &[Lit]) -> Option<Principle> {
    let consequences = propagator.consequences(assumptions)?;
    let pigeons = disjunctions(goal, &consequences);
    let disjuncts: Vec<Lit> = unique(pigeons.iter().flatten().copied());
    if pigeons.len() < 2 || disjuncts.len() > MOST_DISJUNCTS {
        return None;
    }
    let exclusions = exclusions(propagator, assumptions, &disjuncts)?;
    let hole_of = holes(&pigeons, &exclusions);
    let edges: Vec<Vec<usize>> = pigeons.iter().map(|pigeon| pigeon.iter().map(|lit| hole_of[lit]).collect()).collect();
    let (crowd, few) = hall_violation(&edges)?;
    let place: HashMap<usize, usize> = few.iter().enumerate().map(|(place, &hole)| (hole, place)).collect();
    let rows = crowd.iter().map(|&pigeon| {
        let mut row = vec![None; few.len()];
        for lit in &pigeons[pigeon] {
            row[place[&hole_of[lit]]] = Some(*lit);
        }
        row
    });
    Some(Principle { holes: few.len(), pigeons: rows.collect() })
}

fn unique(lits: impl Iterator<Item = Lit>) -> Vec<Lit> {
    let mut seen = HashSet::new();
    lits.filter(|lit| seen.insert(*lit)).collect()
}

/// The disjunctions among the consequences, flattened, without disjuncts that fail, the longest first; those that a
/// disjunct settles are left out, and so are those that share a disjunct with an earlier one.
fn disjunctions(goal: &Formula, consequences: &[Lit]) -> Vec<Vec<Lit>> {
    let held: HashSet<Lit> = consequences.iter().copied().collect();
    let mut found = Vec::new();
    for &lit in consequences {
        let Some(parts) = parts(goal, lit) else { continue };
        let mut open = parts.to_vec();
        let mut disjuncts = Vec::new();
        let mut settled = false;
        while let Some(lit) = open.pop() {
            if held.contains(&lit) {
                settled = true;
                break;
            }
            if held.contains(&!lit) {
                continue;
            }
            match self::parts(goal, lit) {
                Some(parts) => open.extend(parts),
                None => disjuncts.push(lit),
            }
        }
        let disjuncts = unique(disjuncts.into_iter());
        if !settled && !disjuncts.is_empty() {
            found.push(disjuncts);
        }
    }
    // An exclusion is a disjunction of two negations, and no pigeon: the longer ones go first.
    found.sort_by_key(|disjuncts| std::cmp::Reverse(disjuncts.len()));
    let mut taken = HashSet::new();
    found.retain(|disjuncts| {
        let free = !disjuncts.iter().any(|lit| taken.contains(lit));
        if free {
            taken.extend(disjuncts.iter().copied());
        }
        free
    });
    found
}

/// The two literals of which a disjunctive literal says that one holds. A negation passes its literal on twice.
fn parts(goal: &Formula, lit: Lit) -> Option<[Lit; 2]> {
    let spec = from_one(*goal.nodes().get(lit.node() as usize - 1)?);
    match (spec, lit.holds()) {
        (Node::Binary(Connective::Or, a, b), true) => Some([Lit::new(a, true), Lit::new(b, true)]),
        (Node::Binary(Connective::And, a, b), false) => Some([Lit::new(a, false), Lit::new(b, false)]),
        (Node::Binary(Connective::Imp, a, b), true) => Some([Lit::new(a, false), Lit::new(b, true)]),
        (Node::Not(a), holds) => Some([Lit::new(a, !holds); 2]),
        _ => None,
    }
}

/// Which disjuncts each one excludes; `None` when one is contradictory by itself, which the solver knows better how to use.
fn exclusions(
    propagator: &mut Propagator,
    assumptions: &[Lit],
    disjuncts: &[Lit],
) -> Option<HashMap<Lit, HashSet<Lit>>> {
    let among: HashSet<Lit> = disjuncts.iter().copied().collect();
    let mut excluded: HashMap<Lit, HashSet<Lit>> = HashMap::new();
    for &lit in disjuncts {
        let mut assumed = assumptions.to_vec();
        assumed.push(lit);
        for other in propagator.consequences(&assumed)? {
            if among.contains(&!other) {
                excluded.entry(lit).or_default().insert(!other);
                excluded.entry(!other).or_default().insert(lit);
            }
        }
    }
    Some(excluded)
}

/// Groups of mutually exclusive disjuncts of different pigeons, first fit; the group of each disjunct.
fn holes(pigeons: &[Vec<Lit>], exclusions: &HashMap<Lit, HashSet<Lit>>) -> HashMap<Lit, usize> {
    let mut groups: Vec<Vec<Lit>> = Vec::new();
    let mut hole_of = HashMap::new();
    for pigeon in pigeons {
        let own: HashSet<Lit> = pigeon.iter().copied().collect();
        for &lit in pigeon {
            let fits = |group: &Vec<Lit>| {
                let excluded = exclusions.get(&lit);
                group
                    .iter()
                    .all(|member| !own.contains(member) && excluded.is_some_and(|excluded| excluded.contains(member)))
            };
            let hole = groups.iter().position(fits).unwrap_or_else(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[hole].push(lit);
            hole_of.insert(lit, hole);
        }
    }
    hole_of
}

/// Pigeons whose holes are one too few, with those holes: the pigeons that alternating paths reach from one that no
/// largest matching serves (Hall 1935; the matching is Kuhn's).
fn hall_violation(edges: &[Vec<usize>]) -> Option<(Vec<usize>, Vec<usize>)> {
    let mut guest: HashMap<usize, usize> = HashMap::new();
    for pigeon in 0..edges.len() {
        // A breadth-first search for an augmenting path; what it has seen when there is none is the violation.
        let mut came_from: HashMap<usize, usize> = HashMap::new();
        let mut reached = vec![pigeon];
        let mut next = 0;
        let mut free = None;
        while next < reached.len() && free.is_none() {
            let at = reached[next];
            next += 1;
            for &hole in &edges[at] {
                if came_from.contains_key(&hole) {
                    continue;
                }
                came_from.insert(hole, at);
                let Some(&other) = guest.get(&hole) else {
                    free = Some(hole);
                    break;
                };
                reached.push(other);
            }
        }
        let Some(mut hole) = free else {
            let mut few: Vec<usize> = came_from.into_keys().collect();
            few.sort_unstable();
            return Some((reached, few));
        };
        loop {
            let from = came_from[&hole];
            let before = guest.iter().find(|&(_, &other)| other == from).map(|(&hole, _)| hole);
            guest.insert(hole, from);
            match before.filter(|_| from != pigeon) {
                Some(previous) => hole = previous,
                None => break,
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_has_one_pigeon_too_many() {
        let complete = vec![vec![0, 1, 2]; 4];
        assert_eq!(hall_violation(&complete), Some((vec![3, 0, 1, 2], vec![0, 1, 2])));
        assert_eq!(hall_violation(&complete[..3]), None);
        let sparse = vec![vec![5], vec![5, 6], vec![6, 7], vec![6, 5]];
        let (crowd, few) = hall_violation(&sparse).expect("pigeons 0, 1 and 3 share the holes 5 and 6");
        assert_eq!((crowd.len(), few), (3, vec![5, 6]));
        assert!(!crowd.contains(&2));
    }
}

//! Corrupted certificates: whatever is accepted is true.

use proptest::prelude::*;
use pxl_cert::Proof;
use pxl_check::{check_decoded, check_model, check_proof};
use pxl_formula::{Builder, Formula, Node};
use pxl_search::{Control, Outcome, search};
use pxl_testing::{formula, formulas, valid};
use std::time::{Duration, Instant};

fn certificate(goal: &Formula) -> Option<Vec<u8>> {
    let deadline = Instant::now() + Duration::from_mins(1);
    match search(goal, 0, Control { deadline, memory_bytes: 1 << 30, cancel: None, go_on: &mut || true }).0 {
        Outcome::Proof(proof) => Some(proof.encode()),
        Outcome::Countermodel(model) => Some(model.encode()),
        Outcome::Unknown(_) => None,
    }
}

/// The formula that the last node of a certificate spells, if it is small.
fn spelled(proof: &Proof) -> Option<Formula> {
    let mut builder = Builder::default();
    let mut image = Vec::new();
    for &node in proof.nodes() {
        let child = |number: u32| image.get((number as usize).checked_sub(1)?).copied();
        let built = match node {
            Node::Atom(index) => builder.atom(std::str::from_utf8(&proof.names()[index as usize]).ok()?),
            Node::Bot | Node::Top => builder.add(node),
            Node::Not(a) => builder.add(Node::Not(child(a)?)),
            Node::Modal(modality, a) => builder.add(Node::Modal(modality, child(a)?)),
            Node::Binary(connective, a, b) => builder.add(Node::Binary(connective, child(a)?, child(b)?)),
        };
        image.push(built);
    }
    let goal = builder.finish(*image.last()?);
    (goal.atoms().len() <= 3).then_some(goal)
}

fn mutate(bytes: &[u8], edits: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for &(place, what, byte) in edits {
        let place = place % bytes.len().max(1);
        match what % 4 {
            0 if !bytes.is_empty() => bytes[place] = byte,
            1 => bytes.insert(place, byte),
            2 if !bytes.is_empty() => drop(bytes.remove(place)),
            _ if !bytes.is_empty() => bytes[place] = bytes[place].wrapping_add(1),
            _ => {}
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    proptest::collection::vec((any::<usize>(), any::<u8>(), prop_oneof![0_u8..16, any::<u8>()]), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// A corrupted proof that is still accepted, for its goal or for what it now spells, is a proof of a valid formula.
    #[test]
    fn accepted_proofs_prove_valid_formulas(a in formulas(&["p", "q"]), edits in edits()) {
        let goal = formula(&format!("[]({a}) -> <>({a})", a = a.ascii()));
        let bytes = mutate(&certificate(&goal).expect("a theorem"), &edits);
        let Ok(proof) = Proof::decode(&bytes) else { return Ok(()) };
        for goal in [Some(goal), spelled(&proof)].into_iter().flatten() {
            if check_decoded(&goal, &proof).is_ok() {
                prop_assert!(valid(&goal), "{} {:?}", goal.ascii(), bytes);
            }
        }
    }

    /// A certificate is for its own goal: one that is accepted for another formula shows what is true of that formula.
    #[test]
    fn accepted_certificates_are_right(a in formulas(&["p", "q"]), b in formulas(&["p", "q"]), edits in edits()) {
        let bytes = mutate(&certificate(&a).expect("a verdict"), &edits);
        prop_assert!(check_proof(&b, &bytes).is_err() || valid(&b));
        prop_assert!(check_model(&b, &bytes).is_err() || !valid(&b));
    }
}

/// A table whose formula is exponentially larger than itself is compared with the goal without being expanded.
#[test]
fn exponential_formulas_are_not_expanded() {
    let mut proof = Proof::default();
    proof.push_atom(b"p");
    for number in 1..10_000 {
        proof.push_node(Node::Binary(pxl_formula::Connective::And, number, number));
    }
    let refusal = check_decoded(&formula("p"), &proof).expect_err("another formula");
    assert!(refusal.reason.contains("does not spell the goal"), "{refusal}");
}

/// A refusal names the first bad step.
#[test]
fn refusals_name_the_step() {
    let goal = formula("p -> p");
    // Nodes p and p -> p; steps: both definitional clauses, then the goal with one hint too few.
    let bytes = [2, 0, 1, b'p', 6, 1, 1, 0, 2, 0, 0, 2, 1, 1, 1, 4, 1, 1];
    let refusal = check_proof(&goal, &bytes).expect_err("a hint is missing");
    assert_eq!(refusal.step, Some(3), "{refusal}");
    let bytes = [2, 0, 1, b'p', 6, 1, 1, 0, 2, 0, 0, 2, 1, 1, 1, 4, 2, 1, 2];
    assert_eq!(check_proof(&goal, &bytes), Ok(()));
    // Hints after the conflict are not looked at; zero is no clause at any place.
    let late = [2, 0, 1, b'p', 6, 1, 1, 0, 2, 0, 0, 2, 1, 1, 1, 4, 3, 1, 2, 99];
    assert_eq!(check_proof(&goal, &late), Ok(()));
    let zero = [2, 0, 1, b'p', 6, 1, 1, 0, 2, 0, 0, 2, 1, 1, 1, 4, 3, 1, 2, 0];
    assert!(check_proof(&goal, &zero).is_err());
}

/// Necessitation needs every other literal to be rigid, and `x` need not occur.
#[test]
fn necessitation_needs_rigid_literals() {
    // Goal []p -> []p over nodes p, []p, []p -> []p.
    let table = [3, 0, 1, b'p', 8, 1, 6, 2, 2];
    let goal = formula("[]p -> []p");
    // def 2 0 gives ~[]p \/ p; nec 1 2 gives []p \/ ~[]p; def 3 0 gives g \/ []p: not rigid in g.
    let wrong = [&table[..], &[0, 3, 0, 2, 1, 2]].concat();
    let refusal = check_proof(&goal, &wrong).expect_err("the goal's node is no modal operator");
    assert_eq!(refusal.step, Some(2), "{refusal}");
}

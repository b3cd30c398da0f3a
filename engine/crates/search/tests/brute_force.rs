//! The search against brute force over all models.

use proptest::prelude::*;
use pxl_check::{check_decoded, check_model};
use pxl_formula::Formula;
use pxl_search::{Control, Outcome, Stop, search};
use pxl_testing::{formula, formulas, valid};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

fn decide(goal: &Formula) -> Outcome {
    let deadline = Instant::now() + Duration::from_mins(1);
    search(goal, 0, Control { deadline, memory_bytes: 1 << 30, cancel: None, go_on: &mut || true }).0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The verdict on a small formula is that of brute force, with a certificate that checks.
    #[test]
    fn verdicts_agree_with_brute_force(goal in formulas(&["p", "q", "r"])) {
        match decide(&goal) {
            Outcome::Proof(proof) => {
                prop_assert!(valid(&goal));
                prop_assert_eq!(check_decoded(&goal, &proof), Ok(()));
                prop_assert_eq!(pxl_check::check_proof(&goal, &proof.encode()), Ok(()));
            }
            Outcome::Countermodel(model) => {
                prop_assert!(!valid(&goal));
                prop_assert_eq!(check_model(&goal, &model.encode()), Ok(()));
            }
            Outcome::Unknown(stop) => prop_assert!(false, "{}", stop),
        }
    }

    /// What S5 says of iterated modal operators is proved for every formula.
    #[test]
    fn s5_laws_are_proved(a in formulas(&["p", "q"]), b in formulas(&["q", "r"])) {
        let (a, b) = (a.ascii(), b.ascii());
        for law in [
            format!("[](({a}) -> ({b})) -> []({a}) -> []({b})"),
            format!("[]({a}) -> ({a})"),
            format!("<>({a}) -> []<>({a})"),
            format!("[](({a}) \\/ []({b})) <-> []({a}) \\/ []({b})"),
        ] {
            prop_assert!(matches!(decide(&formula(&law)), Outcome::Proof(_)), "{}", law);
        }
    }
}

/// The smallest countermodel is found for small goals.
#[test]
fn countermodels_of_small_goals_are_smallest() {
    for (goal, worlds) in [("p", 1), ("<>p -> []p", 2), ("<>p /\\ <>q /\\ <>r -> <>(p /\\ q)", 2), ("false", 1)] {
        let Outcome::Countermodel(model) = decide(&formula(goal)) else { panic!("{goal} is not valid") };
        assert_eq!(model.worlds, worlds, "{goal}");
    }
}

/// A long chain of modal operators is decided at once.
#[test]
fn chains_of_modal_operators_are_easy() {
    let chain = "[]<>".repeat(500);
    assert!(matches!(decide(&formula(&format!("{chain}p -> <>p"))), Outcome::Proof(_)));
    assert!(matches!(decide(&formula(&format!("{chain}p -> []p"))), Outcome::Countermodel(_)));
}

/// The same goal and seed give the same certificate.
#[test]
fn the_search_is_deterministic() {
    let goal = formula("[](p -> q) /\\ <>(p \\/ r) -> <>(q \\/ r) /\\ ([]~r -> <>q)");
    assert_eq!(decide(&goal), decide(&goal));
}

fn stopped(memory_bytes: u64, deadline: Duration, cancelled: bool, go: bool) -> Outcome {
    let pigeons = 13;
    let somewhere = |i: usize| (1..pigeons).map(|j| format!("p{i}_{j}")).collect::<Vec<_>>().join("\\/");
    let mut parts: Vec<String> = (0..pigeons).map(|i| format!("({})", somewhere(i))).collect();
    for j in 1..pigeons {
        // Not at most one to a hole, but never just one other: hard, and not a matter of counting.
        parts.extend((0..pigeons).flat_map(|i| (0..i).map(move |k| format!("~(p{i}_{j} /\\ p{k}_{j} /\\ ~x{i}_{k})"))));
    }
    parts.extend((0..pigeons).flat_map(|i| (0..i).map(move |k| format!("~x{i}_{k}"))));
    let goal = formula(&format!("~({})", parts.join("/\\")));
    let cancel = AtomicBool::new(cancelled);
    let deadline = Instant::now() + deadline;
    search(&goal, 0, Control { deadline, memory_bytes, cancel: Some(&cancel), go_on: &mut || go }).0
}

/// A search that is stopped says what stopped it.
#[test]
fn a_stopped_search_says_why() {
    let long = Duration::from_hours(1);
    assert_eq!(stopped(1 << 30, Duration::ZERO, false, true), Outcome::Unknown(Stop::Timeout));
    assert_eq!(stopped(1 << 30, long, true, true), Outcome::Unknown(Stop::Cancelled));
    assert_eq!(stopped(1_000_000, long, false, true), Outcome::Unknown(Stop::Memory { bound: 1_000_000 }));
}

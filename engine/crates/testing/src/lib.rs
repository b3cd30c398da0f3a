//! What the engine's tests share: random formulas, and validity by brute force.

use proptest::prelude::*;
use pxl_formula::{Formula, Limits, Syntax, Valuation};

/// Parses a formula that is known to be one.
///
/// # Panics
/// When the text is not a formula.
#[must_use]
pub fn formula(text: &str) -> Formula {
    Formula::parse(text, Syntax::Pxl, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Random formulas over the given atoms.
pub fn formulas(atoms: &'static [&'static str]) -> impl Strategy<Value = Formula> {
    let leaf = prop_oneof![
        8 => proptest::sample::select(atoms).prop_map(ToOwned::to_owned),
        1 => Just("true".to_owned()),
        1 => Just("false".to_owned()),
    ];
    leaf.prop_recursive(7, 40, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("~({a})")),
            inner.clone().prop_map(|a| format!("[]({a})")),
            inner.clone().prop_map(|a| format!("<>({a})")),
            (inner.clone(), proptest::sample::select(vec!["/\\", "\\/", "->", "<->"]), inner)
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
        ]
    })
    .prop_map(|text| formula(&text))
}

/// Whether a formula of at most three atoms is true in every world of every universal model: those are the non-empty sets
/// of the at most eight truth assignments.
///
/// # Panics
/// When the formula has more atoms.
#[must_use]
pub fn valid(goal: &Formula) -> bool {
    let atoms = goal.atoms().len();
    assert!(atoms <= 3, "brute force is for few atoms");
    let assignments = 1_usize << atoms;
    (1_usize..1 << assignments).all(|set| {
        let members: Vec<usize> = (0..assignments).filter(|&world| set >> world & 1 == 1).collect();
        let mut valuation = Valuation { worlds: members.len(), truth: vec![Vec::new(); atoms] };
        for (world, &assignment) in members.iter().enumerate() {
            (0..atoms).filter(|&atom| assignment >> atom & 1 == 1).for_each(|atom| valuation.set(atom, world));
        }
        goal.evaluate(&valuation)[0] == (1 << members.len()) - 1
    })
}

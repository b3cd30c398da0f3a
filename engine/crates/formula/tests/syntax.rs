//! The syntax: what is read, and that what is printed is read back.

use proptest::prelude::*;
use pxl_formula::{Formula, Limit, Limits, Syntax};
use pxl_testing::{formula, formulas};

const NAMES: &[&str] = &["p", "q", "A", "rain'", "x_1", "λ", "_", "p12", "Box", "é"];

proptest! {
    /// Every printer's text parses back to the same formula.
    #[test]
    fn printed_text_parses_to_the_same_formula(f in formulas(NAMES)) {
        for text in [f.ascii(), f.unicode(), f.latex(), f.manual()] {
            prop_assert_eq!(&formula(&text), &f, "{}", text);
        }
    }

    /// No text whatsoever makes the parser panic, and an error points into the text.
    #[test]
    fn any_text_is_a_formula_or_an_error(text in "(\\PC|[\\[\\]<>~()/\\\\ \n\t\u{0}-]|BOX|true|->|p){0,40}") {
        for syntax in [Syntax::Pxl, Syntax::InToHyLo] {
            if let Err(error) = Formula::parse(&text, syntax, &Limits::default()) {
                prop_assert!(error.offset <= text.len());
                prop_assert!(error.line >= 1 && error.column >= 1);
                prop_assert!(!error.expected.is_empty());
            }
        }
    }

    /// Goals that differ only in names have one canonical form, and the original names lead back.
    #[test]
    fn canonical_form_forgets_names_only(f in formulas(NAMES)) {
        let canonical = f.canonical();
        let back = canonical.rename(|name| {
            let index: usize = name[1..].parse().ok()?;
            Some(&*f.atoms()[index])
        });
        prop_assert_eq!(back, Ok(f.clone()));
        prop_assert_eq!(canonical.canonical(), canonical);
    }

    /// Evaluation obeys the duality of necessity and possibility.
    #[test]
    fn box_is_not_dia_not(f in formulas(&["p", "q", "r"])) {
        let text = f.ascii();
        let duality = formula(&format!("[]({text}) <-> ~<>~({text})"));
        prop_assert!(pxl_testing::valid(&duality));
    }
}

/// Unary operators bind tightest, then conjunction, disjunction, implication, equivalence.
#[test]
fn precedence_is_as_documented() {
    for (text, same) in [
        ("~p /\\ q", "(~p) /\\ q"),
        ("[]p /\\ q \\/ r", "(([]p) /\\ q) \\/ r"),
        ("p -> q -> r", "p -> (q -> r)"),
        ("p <-> q <-> r", "(p <-> q) <-> r"),
        ("p /\\ q /\\ r", "(p /\\ q) /\\ r"),
        ("p \\/ q -> r <-> s", "((p \\/ q) -> r) <-> s"),
        ("BOX(A -> A)", "[](A -> A)"),
        ("necessarily p implies possibly p", "[]p -> <>p"),
        ("\\Box p\\to\\Diamond p", "□p ⇒ ◇p"),
        ("p\\/q/\\r", "p || q && r"),
        ("[ ]p & < >q | !r", "[]p /\\ <>q \\/ ~r"),
        ("\\mathit{p\\_1} \\land \\bot", "p_1 and false"),
    ] {
        assert_eq!(formula(text), formula(same), "{text}");
    }
}

/// Printed parentheses are those that are needed.
#[test]
fn parentheses_are_minimal() {
    for text in ["p -> q -> r", "(p -> q) -> r", "[](p -> q) -> []p -> []q", "p /\\ (q /\\ r)", "~[]~p", "~(p /\\ q)"] {
        assert_eq!(formula(text).ascii(), text);
    }
    assert_eq!(formula("BOX (A->~DIA B)").manual(), "BOX(A -> ~DIA(B))");
}

/// Parentheses are not depth: 100,000 of them are read.
#[test]
fn parentheses_cost_no_depth() {
    let text = format!("{}A{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(formula(&text), formula("A"));
}

/// A formula a million connectives deep is read, printed, evaluated and dropped without recursion.
#[test]
fn depth_costs_no_stack() {
    let limits = Limits { max_bytes: 1 << 23, max_depth: 1 << 20, max_nodes: 1 << 21, ..Limits::default() };
    let text = format!("{}p", "[]~".repeat(500_000));
    let deep = Formula::parse(&text, Syntax::Pxl, &limits).expect("within the limits");
    assert_eq!(deep.ascii(), text);
    assert_eq!((deep.depth(), deep.modal_depth(), deep.tree_size()), (1_000_000, 500_000, 1_000_001));
    assert_eq!(deep.canonical().json().len(), deep.json().len() + 1);
    assert!(deep.negation().wire().len() > 1_000_000);
    let chain = format!("p{}", " -> p".repeat(400_000));
    let chain = Formula::parse(&chain, Syntax::Pxl, &limits).expect("within the limits");
    assert_eq!(chain.depth(), 400_000);
}

/// Each limit is named with its value, at the place where it was passed.
#[test]
fn limits_say_which_and_where() {
    let none = Limits { max_bytes: 100, max_depth: 2, max_atoms: 2, max_nodes: 6 };
    for (text, limit, offset) in [
        ("p".repeat(101), Limit::MaxBytes, 100),
        ("[]~[]p".to_owned(), Limit::MaxDepth, 0),
        ("p /\\ q /\\ r".to_owned(), Limit::MaxAtoms, 10),
        ("(p /\\ p) -> (p /\\ p)".to_owned(), Limit::MaxNodes, 9),
    ] {
        let error = Formula::parse(&text, Syntax::Pxl, &none).expect_err("past the limit");
        assert_eq!((error.limit.map(|(limit, _)| limit), error.offset), (Some(limit), offset), "{text}");
    }
}

/// An error shows line, column, what was found and what could stand there.
#[test]
fn errors_show_the_place() {
    let error = Formula::parse("p ->\n  (q /\\ )", Syntax::Pxl, &Limits::default()).expect_err("no formula");
    assert_eq!((error.line, error.column, error.found.as_str()), (2, 9, "`)`"));
    assert!(error.to_string().ends_with("  (q /\\ )\n        ^"), "{error}");
    let open = Formula::parse("[](p", Syntax::Pxl, &Limits::default()).expect_err("no formula");
    assert!(open.message.contains("`(` at line 1, column 3"), "{open}");
}

/// The benchmark syntax gives the formula between `begin` and `end`.
#[test]
fn intohylo_is_read() {
    let text = "begin\n~((<r1> p101) -> [r1] (p & [] true)) | <>false\nend\n";
    let read = Formula::parse(text, Syntax::InToHyLo, &Limits::default());
    assert_eq!(read, Ok(formula("~((<>p101) -> [](p & []true)) | <>false")));
    assert!(Formula::parse("p", Syntax::InToHyLo, &Limits::default()).is_err());
    assert!(Formula::parse("begin p end q", Syntax::InToHyLo, &Limits::default()).is_err());
}

/// A goal on the wire lists its atoms by first occurrence, then its tokens in postfix order.
#[test]
fn wire_is_postfix() {
    assert_eq!(formula("[](B -> A)").wire(), b"\x02\x01B\x01A\x00\x00\x00\x01\x06\x08");
}

//! Decides the goals in files and prints what each cost: `decide [--intohylo] FILE...`.

use pxl_formula::{Formula, Limits, Syntax};
use pxl_search::{Control, Outcome, search};
use std::time::{Duration, Instant};

fn main() {
    let mut syntax = Syntax::Pxl;
    let limits = Limits { max_bytes: 1 << 26, max_depth: 1 << 20, max_atoms: 1 << 20, max_nodes: 1 << 24 };
    let seconds = std::env::var("SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    for path in std::env::args().skip(1) {
        if path == "--intohylo" {
            syntax = Syntax::InToHyLo;
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let mut goal = Formula::parse(&text, syntax, &limits).expect("the file holds a formula");
        if syntax == Syntax::InToHyLo {
            goal = goal.negation();
        }
        let start = Instant::now();
        let control = Control {
            deadline: start + Duration::from_secs(seconds),
            memory_bytes: 4 << 30,
            cancel: None,
            go_on: &mut || true,
        };
        let (outcome, effort) = search(&goal, 0, control);
        let took = start.elapsed();
        let what = match outcome {
            Outcome::Proof(proof) => format!("proof {} steps {} bytes", proof.step_count(), proof.encode().len()),
            Outcome::Countermodel(model) => format!("countermodel {} worlds", model.worlds),
            Outcome::Unknown(stop) => format!("unknown: {stop}"),
        };
        let name = path.rsplit('/').next().unwrap_or_default();
        println!("{:10.3} ms  {effort:?}  nodes {}  {what}  {name}", took.as_secs_f64() * 1e3, goal.nodes().len());
    }
}

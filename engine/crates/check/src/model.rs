//! The countermodel checker.

use crate::proof::Refusal;
use pxl_cert::Model;
use pxl_formula::{Formula, Valuation};
use std::collections::HashMap;

/// Whether the bytes are a countermodel in whose first world the goal is false.
///
/// # Errors
/// Says the first thing that is wrong.
pub fn check_model(goal: &Formula, certificate: &[u8]) -> Result<(), Refusal> {
    let model = Model::decode(certificate).map_err(Refusal::whole)?;
    let mut listed: HashMap<&[u8], &[u64]> = HashMap::new();
    for (name, words) in &model.valuations {
        listed.entry(name).or_insert(words);
    }
    let truth = goal.atoms().iter().map(|name| listed.get(name.as_bytes()).map_or(Vec::new(), |words| words.to_vec()));
    let valuation = Valuation { worlds: model.distinct_worlds(), truth: truth.collect() };
    match goal.evaluate(&valuation).first() {
        Some(word) if word & 1 == 0 => Ok(()),
        _ => Err(Refusal::whole("the goal is true in world 0")),
    }
}

//! Certificates as Python data that JSON can hold.
//!
//! A name is text; bytes of it that are not UTF-8 are escaped as Python's `surrogateescape` does, so that every name comes
//! back as it was.

use crate::errors::certificate as bad;
use pxl_cert::{Lit, Model, Proof, Step};
use pxl_formula::{Connective, Modality, Node};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use std::collections::BTreeMap;

fn name<'py>(py: Python<'py>, name: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    PyBytes::new(py, name).call_method1("decode", ("utf-8", "surrogateescape"))
}

fn name_bytes(name: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let text = name.cast::<PyString>().map_err(|_| bad("a name is not text"))?;
    text.call_method1("encode", ("utf-8", "surrogateescape"))?.extract()
}

pub(crate) fn proof<'py>(py: Python<'py>, proof: &Proof, clauses: &[Option<Vec<Lit>>]) -> PyResult<Bound<'py, PyDict>> {
    let nodes = PyList::empty(py);
    for &node in proof.nodes() {
        let entry = PyDict::new(py);
        entry.set_item("op", node.operation())?;
        if let Node::Atom(index) = node {
            entry.set_item("name", name(py, &proof.names()[index as usize])?)?;
        }
        let args: Vec<u32> = node.children().into_iter().flatten().collect();
        if !args.is_empty() {
            entry.set_item("args", args)?;
        }
        nodes.append(entry)?;
    }
    let steps = PyList::empty(py);
    for (step, clause) in proof.steps().zip(clauses) {
        let entry = PyDict::new(py);
        match step {
            Step::Def { node, k } => {
                entry.set_item("rule", "def")?;
                entry.set_item("node", node)?;
                entry.set_item("k", k)?;
            }
            Step::Rup { hints, .. } => {
                entry.set_item("rule", "rup")?;
                entry.set_item("hints", hints)?;
            }
            Step::Nec { clause, node } => {
                entry.set_item("rule", "nec")?;
                entry.set_item("premise", clause)?;
                entry.set_item("node", node)?;
            }
        }
        let signed = clause.as_ref().map(|clause| clause.iter().map(|lit| lit.signed()).collect::<Vec<_>>());
        entry.set_item("clause", signed)?;
        steps.append(entry)?;
    }
    let description = PyDict::new(py);
    description.set_item("nodes", nodes)?;
    description.set_item("steps", steps)?;
    Ok(description)
}

fn item<'py, T>(entry: &Bound<'py, PyAny>, key: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    let missing = || bad(format_args!("{key:?} is missing, or not what it should be"));
    entry.get_item(key).map_err(|_| missing())?.extract().map_err(|_| missing())
}

/// A reference to a node or clause, within what a table can hold.
fn reference(number: u32) -> PyResult<u32> {
    if (1..1 << 30).contains(&number) { Ok(number) } else { Err(bad("nodes and clauses are numbered from 1")) }
}

pub(crate) fn read_proof(description: &Bound<'_, PyDict>) -> PyResult<Proof> {
    let description = description.as_any();
    let mut proof = Proof::default();
    for entry in item::<Vec<Bound<'_, PyAny>>>(description, "nodes")? {
        read_node(&entry, &mut proof)?;
    }
    for entry in item::<Vec<Bound<'_, PyAny>>>(description, "steps")? {
        read_step(&entry, &mut proof)?;
    }
    Ok(proof)
}

fn read_node(entry: &Bound<'_, PyAny>, proof: &mut Proof) -> PyResult<()> {
    let one = || -> PyResult<u32> {
        let [a] = item(entry, "args")?;
        reference(a)
    };
    let two = |connective| -> PyResult<Node> {
        let [a, b] = item(entry, "args")?;
        Ok(Node::Binary(connective, reference(a)?, reference(b)?))
    };
    let node = match item::<String>(entry, "op")?.as_str() {
        "atom" => {
            proof.push_atom(&name_bytes(&item(entry, "name")?)?);
            return Ok(());
        }
        "bottom" => Node::Bot,
        "top" => Node::Top,
        "not" => Node::Not(one()?),
        "and" => two(Connective::And)?,
        "or" => two(Connective::Or)?,
        "imp" => two(Connective::Imp)?,
        "iff" => two(Connective::Iff)?,
        "box" => Node::Modal(Modality::Box, one()?),
        "dia" => Node::Modal(Modality::Dia, one()?),
        other => return Err(bad(format_args!("{other:?} is no operation"))),
    };
    proof.push_node(node);
    Ok(())
}

fn read_step(entry: &Bound<'_, PyAny>, proof: &mut Proof) -> PyResult<()> {
    match item::<String>(entry, "rule")?.as_str() {
        "def" => {
            proof.push_step(Step::Def { node: reference(item(entry, "node")?)?, k: item(entry, "k")? });
        }
        "nec" => {
            let clause = reference(item(entry, "premise")?)?;
            proof.push_step(Step::Nec { clause, node: reference(item(entry, "node")?)? });
        }
        "rup" => {
            let signed: Vec<i32> = item(entry, "clause")?;
            let clause: PyResult<Vec<Lit>> =
                signed.into_iter().map(|lit| Ok(Lit::new(reference(lit.unsigned_abs())?, lit > 0))).collect();
            let hints: PyResult<Vec<u32>> = item::<Vec<u32>>(entry, "hints")?.into_iter().map(reference).collect();
            proof.push_step(Step::Rup { clause: &clause?, hints: &hints? });
        }
        other => return Err(bad(format_args!("{other:?} is no rule"))),
    }
    Ok(())
}

/// Reads the form that `describe_model` gives; the failing world, if it is not the first, comes first in the certificate.
pub(crate) fn read_model(description: &Bound<'_, PyDict>) -> PyResult<Model> {
    let mut worlds: Vec<Vec<Bound<'_, PyAny>>> = item(description.as_any(), "worlds")?;
    let failing: usize = item(description.as_any(), "failing_world")?;
    if failing >= worlds.len() {
        return Err(bad("the failing world does not exist"));
    }
    worlds.swap(0, failing);
    let mut truth: BTreeMap<Vec<u8>, Vec<u64>> = BTreeMap::new();
    for (number, world) in worlds.iter().enumerate() {
        for name in world {
            let bits = truth.entry(name_bytes(name)?).or_default();
            bits.resize(bits.len().max(number / 64 + 1), 0);
            bits[number / 64] |= 1 << (number % 64);
        }
    }
    let valuations = truth.into_iter().map(|(name, words)| (name.into(), words)).collect();
    Ok(Model { worlds: worlds.len(), valuations })
}

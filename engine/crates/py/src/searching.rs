//! `search` and what it returns.

use crate::errors;
use crate::formula::{Formula, name_error};
use crate::guard::released;
use pxl_cert::Model;
use pxl_formula::NameError;
use pxl_search::{Control, Effort, Outcome, Stop};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Cancels a search from another thread.
#[pyclass(module = "logos_pxl_engine", frozen)]
#[derive(Debug, Default)]
pub(crate) struct CancelToken(Arc<AtomicBool>);

#[pymethods]
impl CancelToken {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[getter]
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

type Names = HashMap<String, String>;

/// The new names, if all of them are names.
fn valid(names: Names) -> PyResult<Names> {
    match names.values().find(|name| !pxl_formula::is_name(name)) {
        Some(bad) => Err(name_error(&NameError(bad.clone()))),
        None => Ok(names),
    }
}

fn renamed(names: &Names, name: &[u8]) -> Option<Box<[u8]>> {
    names.get(std::str::from_utf8(name).ok()?).map(|new| new.as_bytes().into())
}

/// A certificate that the goal is provable.
#[pyclass(module = "logos_pxl_engine", frozen, get_all)]
#[derive(Debug)]
pub(crate) struct Proof {
    certificate: Py<PyBytes>,
    steps: usize,
    conflicts: u64,
    solver_calls: u64,
}

#[pymethods]
impl Proof {
    fn rename_atoms(&self, py: Python<'_>, names: Names) -> PyResult<Self> {
        let names = valid(names)?;
        let certificate = self.certificate.as_bytes(py);
        let bytes = released(py, || {
            let mut proof = pxl_cert::Proof::decode(certificate)?;
            proof.rename(|name| renamed(&names, name));
            Ok(proof.encode())
        })?;
        let certificate = PyBytes::new(py, &bytes.map_err(|error: pxl_cert::DecodeError| errors::certificate(error))?);
        Ok(Self { certificate: certificate.unbind(), ..*self })
    }

    fn __repr__(&self) -> String {
        format!("Proof(steps={}, conflicts={}, solver_calls={})", self.steps, self.conflicts, self.solver_calls)
    }
}

/// A certificate that the goal is not provable.
///
/// Its worlds are spelled out only when asked for: a model of thousands of worlds and atoms is small, their lists are not.
#[pyclass(module = "logos_pxl_engine", frozen)]
#[derive(Debug)]
pub(crate) struct Countermodel {
    #[pyo3(get)]
    certificate: Py<PyBytes>,
    model: Model,
    #[pyo3(get)]
    conflicts: u64,
    #[pyo3(get)]
    solver_calls: u64,
}

impl Countermodel {
    fn new(py: Python<'_>, model: Model, conflicts: u64, solver_calls: u64) -> PyResult<Self> {
        let bytes = released(py, || model.encode())?;
        Ok(Self { certificate: PyBytes::new(py, &bytes).unbind(), model, conflicts, solver_calls })
    }
}

/// The atoms true in each world, sorted.
pub(crate) fn worlds(model: &Model) -> Vec<Vec<String>> {
    let mut worlds = vec![Vec::new(); model.worlds];
    let mut listed = HashSet::new();
    for (name, words) in model.valuations.iter().filter(|(name, _)| listed.insert(name)) {
        for (world, facts) in worlds.iter_mut().enumerate() {
            if words.get(world / 64).is_some_and(|word| word >> (world % 64) & 1 == 1) {
                facts.push(String::from_utf8_lossy(name).into_owned());
            }
        }
    }
    for facts in &mut worlds {
        facts.sort_unstable();
    }
    worlds
}

#[pymethods]
impl Countermodel {
    #[getter]
    fn worlds(&self, py: Python<'_>) -> PyResult<Vec<Vec<String>>> {
        released(py, || worlds(&self.model))
    }

    fn rename_atoms(&self, py: Python<'_>, names: Names) -> PyResult<Self> {
        let names = valid(names)?;
        let model = released(py, || {
            let mut model = self.model.clone();
            model.rename(|name| renamed(&names, name));
            let mut seen = HashSet::new();
            model.valuations.iter().all(|(name, _)| seen.insert(name.clone())).then_some(model)
        })?;
        match model {
            Some(model) => Self::new(py, model, self.conflicts, self.solver_calls),
            None => Err(PyValueError::new_err("two atoms of a countermodel would get one name")),
        }
    }

    fn __repr__(&self) -> String {
        let Self { model, conflicts, solver_calls, .. } = self;
        format!("Countermodel(worlds={}, conflicts={conflicts}, solver_calls={solver_calls})", model.worlds)
    }
}

/// The search stopped before it knew.
#[pyclass(module = "logos_pxl_engine", frozen, get_all)]
#[derive(Debug)]
pub(crate) struct Unknown {
    reason: &'static str,
    detail: String,
}

#[pymethods]
impl Unknown {
    fn __repr__(&self) -> String {
        format!("Unknown(reason={:?}, detail={:?})", self.reason, self.detail)
    }
}

#[pyfunction]
#[pyo3(signature = (goal, *, deadline_ms, memory_bytes=1_073_741_824, seed=0, cancel=None))]
pub(crate) fn search(
    py: Python<'_>,
    goal: &Bound<'_, Formula>,
    deadline_ms: u64,
    memory_bytes: u64,
    seed: u64,
    cancel: Option<&Bound<'_, CancelToken>>,
) -> PyResult<Py<PyAny>> {
    // Farther deadlines than a year are none, and the clock must not overflow.
    const YEAR: Duration = Duration::from_hours(8760);
    let deadline = Instant::now() + Duration::from_millis(deadline_ms).min(YEAR);
    let goal = &goal.get().0;
    let cancel = cancel.map(|token| token.get().0.clone());
    let (outcome, signal) = released(py, || {
        let mut signal = None;
        // The method itself is not general enough in its lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        let mut go_on = || match Python::attach(|py| py.check_signals()) {
            Ok(()) => true,
            Err(error) => {
                signal = Some(error);
                false
            }
        };
        let control = Control { deadline, memory_bytes, cancel: cancel.as_deref(), go_on: &mut go_on };
        (pxl_search::search(goal, seed, control), signal)
    })?;
    match signal {
        Some(error) => Err(error),
        None => convert(py, outcome),
    }
}

fn convert(py: Python<'_>, (outcome, effort): (Outcome, Effort)) -> PyResult<Py<PyAny>> {
    let Effort { conflicts, solver_calls } = effort;
    Ok(match outcome {
        Outcome::Proof(proof) => {
            let bytes = released(py, || proof.encode())?;
            let certificate = PyBytes::new(py, &bytes).unbind();
            let proof = Proof { certificate, steps: proof.step_count(), conflicts, solver_calls };
            Py::new(py, proof)?.into_any()
        }
        Outcome::Countermodel(model) => Py::new(py, Countermodel::new(py, model, conflicts, solver_calls)?)?.into_any(),
        Outcome::Unknown(stop) => {
            let reason = match stop {
                Stop::Timeout => "timeout",
                Stop::Cancelled => "cancelled",
                Stop::Memory { .. } | Stop::Defect(_) => "resource_limit",
            };
            Py::new(py, Unknown { reason, detail: stop.to_string() })?.into_any()
        }
    })
}

//! Checks, descriptions and Coq terms of certificates.

use crate::description;
use crate::errors;
use crate::formula::Formula;
use crate::guard::released;
use crate::searching::worlds;
use pxl_cert::{Model, Proof};
use pxl_check::Refusal;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

/// What a check found.
#[pyclass(module = "logos_pxl_engine", frozen, get_all)]
#[derive(Debug)]
pub(crate) struct CheckResult {
    ok: bool,
    reason: String,
    step: Option<usize>,
}

impl From<Result<(), Refusal>> for CheckResult {
    fn from(result: Result<(), Refusal>) -> Self {
        match result {
            Ok(()) => Self { ok: true, reason: String::new(), step: None },
            Err(Refusal { step, reason }) => Self { ok: false, reason, step },
        }
    }
}

#[pymethods]
impl CheckResult {
    fn __bool__(&self) -> bool {
        self.ok
    }

    fn __repr__(&self) -> String {
        let step = self.step.map_or("None".to_owned(), |step| step.to_string());
        format!("CheckResult(ok={}, reason={:?}, step={step})", if self.ok { "True" } else { "False" }, self.reason)
    }
}

#[pyfunction]
pub(crate) fn check_proof(py: Python<'_>, goal: &Bound<'_, Formula>, certificate: &[u8]) -> PyResult<CheckResult> {
    let goal = &goal.get().0;
    released(py, || pxl_check::check_proof(goal, certificate)).map(CheckResult::from)
}

#[pyfunction]
pub(crate) fn check_model(py: Python<'_>, goal: &Bound<'_, Formula>, certificate: &[u8]) -> PyResult<CheckResult> {
    let goal = &goal.get().0;
    released(py, || pxl_check::check_model(goal, certificate)).map(CheckResult::from)
}

#[pyfunction]
pub(crate) fn describe_proof<'py>(py: Python<'py>, certificate: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let decoded = released(py, || {
        let proof = Proof::decode(certificate)?;
        let clauses = pxl_check::clauses(&proof);
        Ok((proof, clauses))
    })?;
    let (proof, clauses) = decoded.map_err(|error: pxl_cert::DecodeError| errors::certificate(error))?;
    description::proof(py, &proof, &clauses)
}

#[pyfunction]
pub(crate) fn describe_model<'py>(py: Python<'py>, certificate: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let model = released(py, || Model::decode(certificate))?.map_err(errors::certificate)?;
    let description = PyDict::new(py);
    description.set_item("worlds", released(py, || worlds(&model))?)?;
    description.set_item("failing_world", 0)?;
    Ok(description)
}

#[pyfunction]
pub(crate) fn encode_proof<'py>(py: Python<'py>, description: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyBytes>> {
    let proof = description::read_proof(description)?;
    Ok(PyBytes::new(py, &released(py, || proof.encode())?))
}

#[pyfunction]
pub(crate) fn encode_model<'py>(py: Python<'py>, description: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyBytes>> {
    let model = description::read_model(description)?;
    Ok(PyBytes::new(py, &released(py, || model.encode())?))
}

#[pyfunction]
pub(crate) fn coq_proof(py: Python<'_>, certificate: &[u8]) -> PyResult<String> {
    released(py, || {
        let proof = Proof::decode(certificate).map_err(errors::certificate)?;
        proof.coq().map_err(errors::certificate)
    })?
}

#[pyfunction]
pub(crate) fn coq_model(py: Python<'_>, certificate: &[u8]) -> PyResult<String> {
    released(py, || {
        let model = Model::decode(certificate).map_err(errors::certificate)?;
        model.coq().map_err(errors::certificate)
    })?
}

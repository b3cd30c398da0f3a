//! Exceptions.

use pyo3::create_exception;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

create_exception!(logos_pxl_engine, ParseError, PyValueError, "The text is not a formula, or passes a limit.");
create_exception!(
    logos_pxl_engine,
    CertificateError,
    PyValueError,
    "A certificate's bytes or its JSON form cannot be decoded."
);
create_exception!(logos_pxl_engine, ConfinementError, PyOSError, "The kernel refused to confine the process.");

pub(crate) fn certificate(error: impl std::fmt::Display) -> PyErr {
    CertificateError::new_err(error.to_string())
}

pub(crate) fn parse(py: Python<'_>, error: pxl_formula::ParseError) -> PyErr {
    let exception = ParseError::new_err(error.to_string());
    let (limit, maximum) = error.limit.map(|(limit, maximum)| (limit.name(), maximum)).unzip();
    let value = exception.value(py);
    let filled = value
        .setattr("message", error.message)
        .and_then(|()| value.setattr("offset", error.offset))
        .and_then(|()| value.setattr("line", error.line))
        .and_then(|()| value.setattr("column", error.column))
        .and_then(|()| value.setattr("found", error.found))
        .and_then(|()| value.setattr("expected", error.expected))
        .and_then(|()| value.setattr("caret", error.caret))
        .and_then(|()| value.setattr("limit", limit))
        .and_then(|()| value.setattr("maximum", maximum));
    filled.err().unwrap_or(exception)
}

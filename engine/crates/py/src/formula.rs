//! `Formula` and `Limits`.

use crate::errors;
use crate::guard::released;
use pxl_formula::{NameError, Syntax, Valuation};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::collections::HashMap;

/// What a formula's text may hold.
#[allow(clippy::struct_field_names)]
#[pyclass(module = "logos_pxl_engine", get_all, set_all)]
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    max_bytes: usize,
    max_depth: usize,
    max_atoms: usize,
    max_nodes: usize,
}

#[pymethods]
impl Limits {
    #[new]
    #[pyo3(signature = (*, max_bytes=1_048_576, max_depth=10_000, max_atoms=20_000, max_nodes=400_000))]
    fn new(max_bytes: usize, max_depth: usize, max_atoms: usize, max_nodes: usize) -> Self {
        Self { max_bytes, max_depth, max_atoms, max_nodes }
    }

    fn __repr__(&self) -> String {
        let Self { max_bytes, max_depth, max_atoms, max_nodes } = self;
        format!("Limits(max_bytes={max_bytes}, max_depth={max_depth}, max_atoms={max_atoms}, max_nodes={max_nodes})")
    }
}

impl From<&Limits> for pxl_formula::Limits {
    fn from(limits: &Limits) -> Self {
        let Limits { max_bytes, max_depth, max_atoms, max_nodes } = *limits;
        Self { max_bytes, max_depth, max_atoms, max_nodes }
    }
}

/// An immutable formula.
#[pyclass(module = "logos_pxl_engine", frozen, eq, hash)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Formula(pub(crate) pxl_formula::Formula);

pub(crate) fn name_error(error: &NameError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

#[pymethods]
impl Formula {
    #[staticmethod]
    #[pyo3(signature = (text, *, limits=None, syntax="pxl"))]
    fn parse(py: Python<'_>, text: &str, limits: Option<&Bound<'_, Limits>>, syntax: &str) -> PyResult<Self> {
        let limits = limits.map_or_else(pxl_formula::Limits::default, |limits| (&*limits.borrow()).into());
        let syntax = match syntax {
            "pxl" => Syntax::Pxl,
            "intohylo" => Syntax::InToHyLo,
            other => return Err(PyValueError::new_err(format!("syntax must be 'pxl' or 'intohylo', not {other:?}"))),
        };
        released(py, || pxl_formula::Formula::parse(text, syntax, &limits))?
            .map(Self)
            .map_err(|error| errors::parse(py, *error))
    }

    fn ascii(&self, py: Python<'_>) -> PyResult<String> {
        released(py, || self.0.ascii())
    }

    fn unicode(&self, py: Python<'_>) -> PyResult<String> {
        released(py, || self.0.unicode())
    }

    fn latex(&self, py: Python<'_>) -> PyResult<String> {
        released(py, || self.0.latex())
    }

    fn manual(&self, py: Python<'_>) -> PyResult<String> {
        released(py, || self.0.manual())
    }

    fn coq(&self, py: Python<'_>) -> PyResult<String> {
        released(py, || self.0.coq())
    }

    fn json(&self, py: Python<'_>) -> PyResult<String> {
        released(py, || self.0.json())
    }

    fn negation(&self, py: Python<'_>) -> PyResult<Self> {
        released(py, || Self(self.0.negation()))
    }

    fn atoms(&self) -> Vec<&str> {
        self.0.atoms().iter().map(|name| &**name).collect()
    }

    #[getter]
    fn nodes(&self) -> u64 {
        self.0.tree_size()
    }

    #[getter]
    fn depth(&self) -> u32 {
        self.0.depth()
    }

    #[getter]
    fn modal_depth(&self) -> u32 {
        self.0.modal_depth()
    }

    fn canonical(&self, py: Python<'_>) -> PyResult<(Self, Vec<&str>)> {
        Ok((Self(released(py, || self.0.canonical())?), self.atoms()))
    }

    #[allow(clippy::needless_pass_by_value)]
    fn rename(&self, py: Python<'_>, names: HashMap<String, String>) -> PyResult<Self> {
        released(py, || self.0.rename(|name| names.get(name).map(String::as_str)))?
            .map(Self)
            .map_err(|error| name_error(&error))
    }

    fn wire<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &released(py, || self.0.wire())?))
    }

    #[allow(clippy::needless_pass_by_value)]
    fn evaluate(&self, py: Python<'_>, worlds: Vec<Vec<String>>) -> PyResult<Vec<bool>> {
        released(py, || {
            let atoms = self.0.atoms();
            let places: HashMap<&str, usize> = atoms.iter().enumerate().map(|(place, name)| (&**name, place)).collect();
            let mut valuation = Valuation { worlds: worlds.len(), truth: vec![Vec::new(); atoms.len()] };
            for (world, names) in worlds.iter().enumerate() {
                for place in names.iter().filter_map(|name| places.get(name.as_str())) {
                    valuation.set(*place, world);
                }
            }
            let truth = self.0.evaluate(&valuation);
            (0..worlds.len()).map(|world| truth[world / 64] >> (world % 64) & 1 == 1).collect()
        })
    }

    fn __str__(&self, py: Python<'_>) -> PyResult<String> {
        self.ascii(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        const SHOWN: usize = 200;
        let text = self.ascii(py)?;
        match text.char_indices().nth(SHOWN) {
            None => Ok(format!("Formula({text:?})")),
            Some((end, _)) => Ok(format!("Formula({:?}...)", &text[..end])),
        }
    }
}

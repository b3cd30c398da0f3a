//! The Python binding: conversions and nothing else. The interface is told in `logos_pxl_engine.pyi`.
//!
//! Invariant: no function works for longer than a few microseconds while it holds the GIL, and no panic crosses the boundary; see [`guard::released`].

mod certificates;
mod confine;
mod description;
mod errors;
mod files;
mod formula;
mod guard;
mod searching;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod logos_pxl_engine {
    #[pymodule_export]
    use super::certificates::{
        CheckResult, check_model, check_proof, coq_model, coq_proof, describe_model, describe_proof, encode_model,
        encode_proof,
    };
    #[pymodule_export]
    use super::confine::confine;
    #[pymodule_export]
    use super::errors::{CertificateError, ConfinementError, ParseError};
    #[pymodule_export]
    use super::files::{remove_files, write_files};
    #[pymodule_export]
    use super::formula::{Formula, Limits};
    #[pymodule_export]
    use super::searching::{CancelToken, Countermodel, Proof, Unknown, search};

    use super::{Bound, PyModule, PyModuleMethods, PyResult};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

//! Many small files at once, away from the GIL.
//!
//! Python gives the GIL back and asks for it again at each call of the system, and under load it waits milliseconds
//! each time: writing one small file took as long as ten proofs.

use crate::guard::released;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use std::fs;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};

type Failure = Option<Py<PyAny>>;

/// Each file is written under a name of its own first, `.{name}{suffix}`, and renamed; what fails leaves nothing there.
#[pyfunction]
pub(crate) fn write_files(
    py: Python<'_>,
    folder: PathBuf,
    suffix: &str,
    files: Vec<(String, PyBackedBytes)>,
) -> PyResult<Vec<Failure>> {
    let written: Vec<Result<()>> = {
        let files = &files;
        released(py, move || {
            let whole = |name: &String, data: &[u8]| {
                write_whole(&folder.join(format!(".{name}{suffix}")), &folder.join(name), data)
            };
            files.iter().map(|(name, data)| whole(name, data)).collect()
        })?
    };
    // Python's bytes are given back while Python's lock is held.
    drop(files);
    Ok(written.into_iter().map(|one| failure(py, one)).collect())
}

/// A file that is not there counts as removed.
#[pyfunction]
pub(crate) fn remove_files(py: Python<'_>, folder: PathBuf, names: Vec<String>) -> PyResult<Vec<Failure>> {
    let removed: Vec<Result<()>> = released(py, move || {
        names
            .into_iter()
            .map(|name| match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
                outcome => outcome,
            })
            .collect()
    })?;
    Ok(removed.into_iter().map(|one| failure(py, one)).collect())
}

fn write_whole(temporary: &Path, target: &Path, data: &[u8]) -> Result<()> {
    let written = fs::File::create(temporary)
        .and_then(|mut file| file.write_all(data))
        .and_then(|()| fs::rename(temporary, target));
    if written.is_err() {
        // What cannot be removed either is found at the next opening of the folder.
        let _ = fs::remove_file(temporary);
    }
    written
}

fn failure(py: Python<'_>, outcome: Result<()>) -> Failure {
    outcome.err().map(|error: Error| PyErr::from(error).into_value(py).into_any())
}

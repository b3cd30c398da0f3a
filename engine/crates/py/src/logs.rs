//! Log lines, written by a thread that never asks for the GIL but to tell of a disk that fails.

use crate::guard::released;
use pxl_logs::{Change, Form, LogFile, Request, StandardError, Times, Told};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

#[pyclass(frozen, module = "logos_pxl_engine")]
pub(crate) struct LineWriter {
    #[pyo3(get)]
    name: String,
    inner: pxl_logs::LineWriter,
}

#[pymethods]
impl LineWriter {
    #[new]
    #[pyo3(signature = (name, path, lost_line, changed, *, max_pending_bytes))]
    fn new(
        py: Python<'_>,
        name: String,
        path: Option<PathBuf>,
        lost_line: Py<PyAny>,
        changed: Py<PyAny>,
        max_pending_bytes: usize,
    ) -> PyResult<LineWriter> {
        let told = Callables { lost_line, changed };
        let thread = format!("log-{name}");
        let started = match path {
            Some(path) => {
                LogFile::open(path).and_then(|file| pxl_logs::LineWriter::start(thread, file, told, max_pending_bytes))
            }
            None => StandardError::open()
                .and_then(|stderr| pxl_logs::LineWriter::start(thread, stderr, told, max_pending_bytes)),
        };
        match started {
            Ok(inner) => Ok(LineWriter { name, inner }),
            Err(error) => Err(os_error(py, &error)?),
        }
    }

    #[pyo3(signature = (line, *, urgent = false))]
    fn write(&self, line: &[u8], urgent: bool) {
        self.inner.write(line, urgent);
    }

    #[getter]
    fn lost(&self) -> u64 {
        self.inner.lost()
    }

    fn reopen(&self) {
        self.inner.reopen();
    }

    #[pyo3(signature = (*, timeout_s))]
    fn close(&self, py: Python<'_>, timeout_s: f64) -> PyResult<()> {
        let limit = Duration::try_from_secs_f64(timeout_s).unwrap_or(Duration::ZERO);
        released(py, || self.inner.close(limit))
    }
}

/// Lines of requests. One thread tells them, so that the lock is free.
#[pyclass(frozen, module = "logos_pxl_engine")]
pub(crate) struct RequestLog {
    form: Form,
    access: Py<LineWriter>,
    server: Vec<Py<LineWriter>>,
    level: AtomicI32,
    at_hand: Mutex<AtHand>,
}

#[derive(Default)]
struct AtHand {
    times: Times,
    line: Vec<u8>,
}

#[pymethods]
impl RequestLog {
    #[new]
    #[pyo3(signature = (form, access, server, *, level))]
    fn new(form: &str, access: Py<LineWriter>, server: Vec<Py<LineWriter>>, level: i32) -> PyResult<RequestLog> {
        let form = match form {
            "text" => Form::Text,
            "json" => Form::Json,
            other => return Err(PyValueError::new_err(format!("there is no form {other:?}; take 'text' or 'json'"))),
        };
        Ok(RequestLog { form, access, server, level: AtomicI32::new(level), at_hand: Mutex::default() })
    }

    #[getter]
    fn level(&self) -> i32 {
        self.level.load(Ordering::Relaxed)
    }

    #[setter]
    fn set_level(&self, level: i32) {
        self.level.store(level, Ordering::Relaxed);
    }

    #[expect(clippy::too_many_arguments, reason = "an object of Python's for them would cost more than the line")]
    #[pyo3(signature = (
        client, method, path, endpoint, http_version, request_id, user_agent, status, body_bytes, duration_s, key, remark, now_s, /
    ))]
    fn tell(
        &self,
        client: &str,
        method: &str,
        path: &[u8],
        endpoint: &str,
        http_version: &str,
        request_id: &str,
        user_agent: &[u8],
        status: u16,
        body_bytes: u64,
        duration_s: f64,
        key: Option<&str>,
        remark: &str,
        now_s: f64,
    ) {
        let request = Request {
            client,
            method,
            path,
            endpoint,
            http_version,
            request_id,
            user_agent,
            status,
            body_bytes,
            duration_s,
            key: key.unwrap_or_default(),
            remark,
        };
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let AtHand { times, line } = &mut *at_hand;
        times.set(now_s);
        line.clear();
        request.access_line(self.form, times, line);
        self.access.get().inner.write(line, false);
        if let Some(level) = request.level().filter(|level| level.number >= self.level()) {
            line.clear();
            request.server_line(self.form, times, level, line);
            for writer in &self.server {
                writer.get().inner.write(line, false);
            }
        }
    }
}

struct Callables {
    lost_line: Py<PyAny>,
    changed: Py<PyAny>,
}

impl Told for Callables {
    fn changed(&self, change: Change) {
        // An interpreter that ends has nobody left to tell.
        Python::try_attach(|py| {
            let why = match change {
                Change::Failing(error) => Some(reason(py, &error)),
                Change::Recovered => None,
            };
            if let Err(error) = self.changed.call1(py, (why,)) {
                error.write_unraisable(py, None);
            }
        });
    }

    fn lost_line(&self, lost: u64) -> Vec<u8> {
        let line = Python::try_attach(|py| {
            let line = self.lost_line.call1(py, (lost,)).and_then(|line| line.extract(py));
            line.unwrap_or_else(|error| {
                error.write_unraisable(py, None);
                Vec::new()
            })
        });
        line.unwrap_or_default()
    }
}

/// As Python says it: `No space left on device`.
fn reason(py: Python<'_>, error: &io::Error) -> String {
    let number = error.raw_os_error();
    let said = number.and_then(|number| py.import("os").ok()?.call_method1("strerror", (number,)).ok()?.extract().ok());
    said.unwrap_or_else(|| error.to_string())
}

fn os_error(py: Python<'_>, error: &io::Error) -> PyResult<PyErr> {
    // Made by calling it, for OSError chooses the class by the number.
    let made = py.get_type::<PyOSError>().call1((error.raw_os_error().unwrap_or_default(), reason(py, error)))?;
    Ok(PyErr::from_value(made))
}

//! Signatures of requests, and the nonces in them.

use crate::guard::released;
use pxl_signing::{Claim, Keys, Signed};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Longer bodies are hashed without the GIL; for shorter ones giving it up takes longer than hashing.
const LONG_BODY_BYTES: usize = 1 << 14;

#[pyclass(frozen, module = "logos_pxl_engine")]
pub(crate) struct SignatureKeys(Keys);

#[pymethods]
impl SignatureKeys {
    #[new]
    #[expect(clippy::needless_pass_by_value, reason = "what Python gives is taken so")]
    fn new(keys: Vec<Vec<u8>>) -> SignatureKeys {
        SignatureKeys(Keys::new(&keys.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    #[expect(clippy::too_many_arguments, reason = "an object of Python's for them would cost more than the check")]
    #[pyo3(signature = (method, target, timestamp, nonce, body, signature, /))]
    fn key_of(
        &self,
        py: Python<'_>,
        method: &str,
        target: &[u8],
        timestamp: &[u8],
        nonce: &[u8],
        body: &[u8],
        signature: &[u8],
    ) -> PyResult<Option<usize>> {
        let signed = Signed { method: method.as_bytes(), target, timestamp, nonce, body };
        let found = if body.len() > LONG_BODY_BYTES {
            released(py, || self.0.key_of(&signed, signature))?
        } else {
            self.0.key_of(&signed, signature)
        };
        found.map_err(|part| PyValueError::new_err(part.to_string()))
    }
}

#[pyclass(frozen, module = "logos_pxl_engine")]
pub(crate) struct Nonces(Mutex<pxl_signing::Nonces>);

#[pymethods]
impl Nonces {
    #[new]
    fn new(most: usize) -> Nonces {
        Nonces(Mutex::new(pxl_signing::Nonces::new(most)))
    }

    #[pyo3(signature = (nonce, ends_s, now_s, /))]
    fn claim(&self, nonce: &str, ends_s: f64, now_s: f64) -> Option<bool> {
        match self.inner().claim(nonce, ends_s, now_s) {
            Claim::Claimed => Some(true),
            Claim::Reused => Some(false),
            Claim::Full => None,
        }
    }

    #[pyo3(signature = (now_s, /))]
    fn live(&self, now_s: f64) -> Vec<(String, f64)> {
        self.inner().live(now_s).map(|(nonce, left_s)| (nonce.to_owned(), left_s)).collect()
    }
}

impl Nonces {
    fn inner(&self) -> MutexGuard<'_, pxl_signing::Nonces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

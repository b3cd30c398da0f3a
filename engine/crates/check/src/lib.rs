//! Replay of certificates, exactly as docs/certificate-format.md tells it; knows nothing of the search.
//!
//! Invariant: a certificate is accepted here exactly when `check_proof` or `check_model` in Coq accepts it. This checker
//! is not trusted: it finds a defect before Coq's kernel does, and says where.

mod derive;
mod model;
mod proof;
mod propagate;
mod table;

pub use derive::{clauses, definitional};
pub use model::check_model;
pub use proof::{Refusal, check_decoded, check_proof};

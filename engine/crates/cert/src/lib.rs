//! Certificates as data, as bytes and as Coq terms; the formats are those of docs/certificate-format.md.
//!
//! Invariant: whatever the decoder returns has the meaning that the format gives the bytes. A reference to a node or
//! clause that does not exist is not a decoding error: it stays in the data as a number that names nothing, and the
//! checker refuses it where the format says so. No announced count is believed: memory grows with the input alone.

mod coq;
mod model;
mod proof;
mod read;

pub use coq::CoqError;
pub use model::Model;
pub use proof::{Lit, Proof, Step};
pub use read::DecodeError;

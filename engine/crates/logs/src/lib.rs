//! Log lines on their way: taken at once, written by a thread to a file that may be rotated at any time.
//!
//! A thread of Python's would ask for the GIL at each call of the system; while it waits, every call of the thread that
//! answers requests wakes it for nothing. Under load that cost more than all else of the logs.

mod escaping;
mod readers;
mod request;
mod target;
mod times;
mod writer;

pub use request::{Form, Level, Request};
pub use target::{LogFile, StandardError, Target};
pub use times::Times;
pub use writer::{Change, LineWriter, Told};

#[cfg(test)]
mod tests;

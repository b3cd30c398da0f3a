//! When to stop: deadline, cancellation, memory.
//!
//! Invariant: once `stopped` holds a reason it keeps it, so that the reason reported is the first one met.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Why a search stopped before it knew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The deadline passed.
    Timeout,
    /// The memory bound was reached.
    Memory {
        /// The bound in bytes.
        bound: u64,
    },
    /// The search was cancelled.
    Cancelled,
    /// The search contradicted itself: a defect of the engine, reported rather than hidden.
    Defect(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the deadline passed"),
            Self::Memory { bound } => write!(f, "the search would need more than its {bound} bytes of memory"),
            Self::Cancelled => f.write_str("the search was cancelled"),
            Self::Defect(what) => write!(f, "defect of the engine: {what}"),
        }
    }
}

impl std::error::Error for Stop {}

/// What may stop a search from outside.
pub struct Control<'c> {
    /// When to give up.
    pub deadline: Instant,
    /// How much memory the search may use, by its own estimate.
    pub memory_bytes: u64,
    /// Set by another thread to cancel.
    pub cancel: Option<&'c AtomicBool>,
    /// Asked about every 50 ms whether to go on; must not panic.
    pub go_on: &'c mut dyn FnMut() -> bool,
}

impl fmt::Debug for Control<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("deadline", &self.deadline).field("memory_bytes", &self.memory_bytes).finish()
    }
}

const POLL: Duration = Duration::from_millis(50);

pub(crate) struct Monitor<'c> {
    control: RefCell<Control<'c>>,
    /// The memory in use, kept up to date by whoever uses it.
    pub(crate) memory: Rc<Cell<u64>>,
    polled: Cell<Instant>,
    stopped: OnceCell<Stop>,
}

impl<'c> Monitor<'c> {
    pub(crate) fn new(control: Control<'c>) -> Self {
        let polled = Cell::new(Instant::now());
        Self { control: RefCell::new(control), memory: Rc::default(), polled, stopped: OnceCell::new() }
    }

    /// Whether the search may go on.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if let Some(stop) = self.stopped.get() {
            return Err(stop.clone());
        }
        match self.reason() {
            None => Ok(()),
            Some(stop) => Err(self.stopped.get_or_init(|| stop).clone()),
        }
    }

    fn reason(&self) -> Option<Stop> {
        let mut control = self.control.borrow_mut();
        let now = Instant::now();
        if control.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed)) {
            return Some(Stop::Cancelled);
        }
        if now >= control.deadline {
            return Some(Stop::Timeout);
        }
        if self.memory.get() > control.memory_bytes {
            return Some(Stop::Memory { bound: control.memory_bytes });
        }
        if now - self.polled.get() >= POLL {
            self.polled.set(now);
            if !(control.go_on)() {
                return Some(Stop::Cancelled);
            }
        }
        None
    }
}

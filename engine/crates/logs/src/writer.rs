//! Lines taken at once and written by a thread.
//!
//! Invariant: [`LineWriter::write`] never waits for a disk and never fails. Lines are written whole, in order, each
//! once; one that finds no room in memory is counted, and the log tells how many were lost.

use crate::target::Target;
use std::io;
use std::mem::{replace, take};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long lines are gathered before they are written together: what a process that is killed outright may lose.
const GATHER: Duration = Duration::from_millis(50);
const RETRY: Duration = Duration::from_millis(500);
const PIECE_BYTES: usize = 1 << 18;
const MAX_SPARE_BYTES: usize = 1 << 20;

/// What the writing thread has to say.
pub enum Change {
    /// The target cannot be written; its lines wait in memory.
    Failing(io::Error),
    /// It is written again.
    Recovered,
}

/// Whoever hears of changes, and words the loss of lines. Called by the writing thread, which holds no lock.
pub trait Told: Send {
    /// Something changed.
    fn changed(&self, change: Change);

    /// The line, with its line feed, that tells how many were lost.
    fn lost_line(&self, lost: u64) -> Vec<u8>;
}

/// Writes to one target.
pub struct LineWriter {
    shared: Arc<Shared>,
    max_pending_bytes: usize,
}

struct Shared {
    state: Mutex<State>,
    /// Told when there is a first line, an urgent one, or the end; and when the thread has ended.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    /// Of the lines that wait and of those that are being written.
    pending_bytes: usize,
    lost: u64,
    lost_and_told: u64,
    urgent: bool,
    reopen: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    Closing,
    Ended,
}

impl LineWriter {
    /// Starts the thread that writes, with the thread's name.
    ///
    /// # Errors
    ///
    /// When there can be no more threads.
    pub fn start(
        name: String,
        target: impl Target + 'static,
        told: impl Told + 'static,
        max_pending_bytes: usize,
    ) -> io::Result<LineWriter> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let mut writing = Writing {
            shared: Arc::clone(&shared),
            target,
            told,
            failing: false,
            half_bytes: max_pending_bytes / 2,
            spare: Vec::new(),
        };
        thread::Builder::new().name(name).spawn(move || writing.run())?;
        Ok(LineWriter { shared, max_pending_bytes })
    }

    /// Takes a line, which ends in a line feed; an urgent one is not gathered with others first.
    pub fn write(&self, line: &[u8], urgent: bool) {
        let mut state = self.shared.lock();
        if state.pending_bytes + line.len() > self.max_pending_bytes {
            state.lost += 1;
            return;
        }
        let first = state.lines.is_empty();
        state.lines.extend_from_slice(line);
        state.pending_bytes += line.len();
        state.urgent |= urgent;
        drop(state);
        // The thread waits for a first line, and while it gathers for an urgent one only.
        if first || urgent {
            self.shared.changed.notify_all();
        }
    }

    /// How many lines found no room since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        let state = self.shared.lock();
        state.lost_and_told + state.lost
    }

    /// Opens the target anew before the next line.
    pub fn reopen(&self) {
        self.shared.lock().reopen = true;
    }

    /// Writes what was taken, and ends the thread; waits for it for `limit` at most.
    pub fn close(&self, limit: Duration) {
        self.shared.begin_end();
        let waited =
            self.shared.changed.wait_timeout_while(self.shared.lock(), limit, |state| state.phase != Phase::Ended);
        drop(waited);
    }
}

impl Drop for LineWriter {
    fn drop(&mut self) {
        self.shared.begin_end();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_end(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = Phase::Closing;
        }
        drop(state);
        self.changed.notify_all();
    }

    fn wait(&self, limit: Option<Duration>, waiting: impl Fn(&State) -> bool) {
        let held = self.lock();
        match limit {
            None => drop(self.changed.wait_while(held, |state| waiting(state))),
            Some(limit) => drop(self.changed.wait_timeout_while(held, limit, |state| waiting(state))),
        }
    }
}

struct Writing<T, V> {
    shared: Arc<Shared>,
    target: T,
    told: V,
    failing: bool,
    half_bytes: usize,
    spare: Vec<u8>,
}

impl<T: Target, V: Told> Writing<T, V> {
    fn run(&mut self) {
        while !self.closing() {
            self.shared.wait(None, |state| state.lines.is_empty() && state.phase == Phase::Open);
            self.shared.wait(Some(GATHER), |state| !state.urgent && state.phase == Phase::Open);
            self.write_all();
        }
        self.write_all();
        self.shared.lock().phase = Phase::Ended;
        self.shared.changed.notify_all();
    }

    fn write_all(&mut self) {
        loop {
            let data = self.take();
            if data.is_empty() {
                return;
            }
            let mut rest = &data[..];
            while !rest.is_empty() {
                self.hold();
                let written = self.append(&rest[..piece_length(rest)]);
                rest = &rest[written..];
                if written == 0 && self.closing() {
                    return;
                }
            }
            self.shared.lock().pending_bytes -= data.len();
            self.keep(data);
        }
    }

    /// The next lines need about as much room as these did.
    fn keep(&mut self, mut written: Vec<u8>) {
        if written.capacity() <= MAX_SPARE_BYTES {
            written.clear();
            self.spare = written;
        }
    }

    fn take(&mut self) -> Vec<u8> {
        let mut state = self.shared.lock();
        let mut lines = replace(&mut state.lines, take(&mut self.spare));
        state.urgent = false;
        let lost = take(&mut state.lost);
        state.lost_and_told += lost;
        if take(&mut state.reopen) {
            self.target.reopen();
        }
        drop(state);
        if lost > 0 {
            let line = self.told.lost_line(lost);
            lines.extend_from_slice(&line);
            self.shared.lock().pending_bytes += line.len();
        }
        lines
    }

    fn hold(&mut self) {
        while let Some(wait) = self.target.hold() {
            let state = self.shared.lock();
            if state.phase != Phase::Open || state.pending_bytes >= self.half_bytes {
                return;
            }
            drop(state);
            thread::sleep(wait);
        }
    }

    /// How many bytes were written; 0 after a pause when the target cannot be written now.
    fn append(&mut self, piece: &[u8]) -> usize {
        match self.target.append(piece) {
            Ok(written) => {
                if take(&mut self.failing) {
                    self.told.changed(Change::Recovered);
                }
                written
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            Err(error) => {
                if !self.failing {
                    self.failing = true;
                    self.told.changed(Change::Failing(error));
                }
                self.pause();
                0
            }
        }
    }

    fn pause(&self) {
        self.shared.wait(Some(RETRY), |state| state.phase == Phase::Open);
    }

    fn closing(&self) -> bool {
        self.shared.lock().phase != Phase::Open
    }
}

/// As much as is written at once: whole lines, for the target may be rotated between two pieces.
fn piece_length(rest: &[u8]) -> usize {
    if rest.len() <= PIECE_BYTES {
        return rest.len();
    }
    let end = rest[..PIECE_BYTES].iter().rposition(|&byte| byte == b'\n');
    let end = end.or_else(|| rest.iter().position(|&byte| byte == b'\n'));
    end.map_or(rest.len(), |at| at + 1)
}

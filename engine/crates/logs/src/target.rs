//! Where log lines go: a file that may be rotated at any time, or standard error.
//!
//! Rotation by renaming: the file is opened anew when its name leads elsewhere, or when that is asked for. Rotation by
//! copying and truncating: a line written after the copy was read and before the file is truncated would be lost. So
//! nothing is written while somebody else reads the file and for a moment afterwards, or until the file is seen
//! truncated; the wait is bounded, for `tail -f` reads for ever.
//!
//! Invariant: every write is one append (`O_APPEND`), so that it lands at the end of the file whoever truncated it.

use crate::readers::Readers;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long nobody may have touched the file before it is written again.
const QUIET: Duration = Duration::from_millis(500);
/// How long writing is held back at most.
const MAX_HOLD: Duration = Duration::from_millis(2_500);
const POLL: Duration = Duration::from_millis(10);
const MODE: u32 = 0o640;

/// What a [`crate::LineWriter`] writes to. All calls come from one thread.
pub trait Target: Send {
    /// How long to wait before asking again; `None` when [`Target::append`] may be called.
    fn hold(&mut self) -> Option<Duration>;

    /// Writes some of `data`; how many bytes it was.
    ///
    /// # Errors
    ///
    /// What the system said.
    fn append(&mut self, data: &[u8]) -> io::Result<usize>;

    /// From the next line on, go to where the name leads then.
    fn reopen(&mut self);
}

/// A file, made when missing.
pub struct LogFile {
    path: PathBuf,
    file: File,
    readers: Readers,
    end: u64,
    reopen: bool,
    held: Option<Held>,
}

struct Held {
    since: Instant,
    quiet_from: Instant,
}

impl LogFile {
    /// Opens the file.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn open(path: PathBuf) -> io::Result<LogFile> {
        let file = opened(&path)?;
        let end = file.metadata()?.len();
        Ok(LogFile { readers: Readers::of(&file), path, file, end, reopen: false, held: None })
    }

    fn open_again(&mut self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        // When this fails the old file stays in use, and the next line tries again.
        let file = opened(&self.path)?;
        self.end = file.metadata()?.len();
        self.readers = Readers::of(&file);
        self.file = file;
        self.reopen = false;
        Ok(())
    }

    fn moved(&self) -> io::Result<bool> {
        let named = match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            named => named?,
        };
        let held = self.file.metadata()?;
        Ok((named.dev(), named.ino()) != (held.dev(), held.ino()))
    }

    fn truncated(&self) -> bool {
        self.file.metadata().is_ok_and(|held| held.len() < self.end)
    }
}

impl Target for LogFile {
    fn hold(&mut self) -> Option<Duration> {
        let now = Instant::now();
        if self.readers.seen() {
            let since = self.held.as_ref().map_or(now, |held| held.since);
            self.held = Some(Held { since, quiet_from: now + QUIET });
        }
        let held = self.held.as_ref()?;
        if now >= held.quiet_from || now >= held.since + MAX_HOLD || self.truncated() {
            self.held = None;
            return None;
        }
        Some(POLL)
    }

    fn append(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.reopen || self.moved()? {
            self.open_again()?;
        }
        let written = self.file.write(data)?;
        self.end = self.file.stream_position()?;
        Ok(written)
    }

    fn reopen(&mut self) {
        self.reopen = true;
    }
}

/// The process's standard error, which may block for as long as its reader likes.
pub struct StandardError(File);

impl StandardError {
    /// Standard error as it is now.
    ///
    /// # Errors
    ///
    /// What the system said, such as that it is closed.
    pub fn open() -> io::Result<StandardError> {
        // A descriptor of our own: whoever waits for this process's lock on standard error must not wait for its reader.
        let own: OwnedFd = io::stderr().as_fd().try_clone_to_owned()?;
        Ok(StandardError(own.into()))
    }
}

impl Target for StandardError {
    fn hold(&mut self) -> Option<Duration> {
        None
    }

    fn append(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0.write(data)
    }

    fn reopen(&mut self) {}
}

fn opened(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(MODE).open(path)
}

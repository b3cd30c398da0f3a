//! Who else has a file open: the kernel's inotify tells, so that a log is not written between its copy and its truncation.
//!
//! Invariant: where inotify cannot be had (too many watches), nobody is ever seen, and nothing fails.

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};

const EVENTS_BYTES: usize = 4_096;

/// Watches one open file.
pub(crate) struct Readers(Option<OwnedFd>);

impl Readers {
    /// The file's own reads and writes are not seen, for it is open for writing only.
    pub(crate) fn of(file: &File) -> Readers {
        let watch = || {
            let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
            // By its descriptor: the name may be another file's by now.
            let name = format!("/proc/self/fd/{}", file.as_raw_fd());
            inotify::add_watch(&events, name, WatchFlags::ACCESS | WatchFlags::OPEN | WatchFlags::CLOSE_NOWRITE)?;
            rustix::io::Result::Ok(events)
        };
        Readers(watch().ok())
    }

    /// Whether anybody opened the file, read it, or closed it after reading, since this was last asked.
    pub(crate) fn seen(&self) -> bool {
        let Some(events) = &self.0 else { return false };
        let mut buffer = [0; EVENTS_BYTES];
        let mut seen = false;
        // An error says that there are no more events.
        while rustix::io::read(events, &mut buffer).is_ok_and(|length| length > 0) {
            seen = true;
        }
        seen
    }
}

//! A disk that fails costs nobody anything but memory, within bounds.

use crate::{Change, LineWriter, LogFile, Target, Told};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(10);

struct Words(Sender<&'static str>);

impl Told for Words {
    fn changed(&self, change: Change) {
        let said = match change {
            Change::Failing(_) => "failing",
            Change::Recovered => "recovered",
        };
        self.0.send(said).unwrap();
    }

    fn lost_line(&self, lost: u64) -> Vec<u8> {
        format!("{lost} lines were lost\n").into_bytes()
    }
}

/// A disk that is full as long as `full` says; then it takes seven bytes at a time.
struct FullDisk {
    full: Arc<AtomicBool>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Target for FullDisk {
    fn hold(&mut self) -> Option<Duration> {
        None
    }

    fn append(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.full.load(Ordering::SeqCst) {
            return Err(ErrorKind::StorageFull.into());
        }
        let some = &data[..data.len().min(7)];
        self.written.lock().unwrap().extend_from_slice(some);
        Ok(some.len())
    }

    fn reopen(&mut self) {}
}

fn wait_until(holds: impl Fn() -> bool) {
    let ends = Instant::now() + LONG;
    while !holds() {
        assert!(Instant::now() < ends);
        sleep(Duration::from_millis(5));
    }
}

#[test]
fn lines_wait_while_the_disk_is_full() {
    let (full, written) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
    let (sender, said) = channel();
    let disk = FullDisk { full: Arc::clone(&full), written: Arc::clone(&written) };
    let writer = LineWriter::start("log".to_owned(), disk, Words(sender), 1_000).unwrap();
    let lines: Vec<String> = (0..300).map(|number| format!("line {number:03}\n")).collect();
    for line in &lines {
        writer.write(line.as_bytes(), false);
    }
    let kept = 1_000 / lines[0].len();
    assert_eq!(writer.lost(), (300 - kept) as u64);
    assert_eq!(said.recv_timeout(LONG), Ok("failing"));
    full.store(false, Ordering::SeqCst);
    assert_eq!(said.recv_timeout(LONG), Ok("recovered"));
    let expected = lines[..kept].concat() + &format!("{} lines were lost\n", 300 - kept);
    wait_until(|| *written.lock().unwrap() == expected.as_bytes());
    writer.close(LONG);
    assert_eq!(writer.lost(), (300 - kept) as u64, "what was told is not forgotten");
}

#[test]
fn there_is_room_again_after_lines_were_written() {
    let (full, written) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let disk = FullDisk { full, written: Arc::clone(&written) };
    let writer = LineWriter::start("log".to_owned(), disk, Words(channel().0), 100).unwrap();
    for number in 1..=5 {
        writer.write(&[b'x'; 99], true);
        wait_until(|| written.lock().unwrap().len() == number * 99);
        // The bytes are given free after they were written.
        sleep(Duration::from_millis(20));
    }
    assert_eq!(writer.lost(), 0);
}

#[test]
fn the_end_does_not_wait_for_a_disk_that_stays_full() {
    let disk = FullDisk { full: Arc::new(AtomicBool::new(true)), written: Arc::default() };
    let (sender, said) = channel();
    let writer = LineWriter::start("log".to_owned(), disk, Words(sender), 1_000).unwrap();
    writer.write(b"line\n", true);
    assert_eq!(said.recv_timeout(LONG), Ok("failing"));
    let started = Instant::now();
    writer.close(LONG);
    assert!(started.elapsed() < LONG / 2, "closing ends the pause");
}

#[test]
fn a_renamed_file_is_left_at_a_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("logs").join("log");
    fs::create_dir(path.parent().unwrap()).unwrap();
    let target = LogFile::open(path.clone()).unwrap();
    let writer = LineWriter::start("log".to_owned(), target, Words(channel().0), 1 << 24).unwrap();
    writer.write(b"before\n", true);
    wait_until(|| fs::read(&path).is_ok_and(|data| data == b"before\n"));
    fs::rename(&path, path.with_extension("1")).unwrap();
    writer.write(b"after\n", true);
    writer.close(LONG);
    assert_eq!(fs::read(path.with_extension("1")).unwrap(), b"before\n");
    assert_eq!(fs::read(&path).unwrap(), b"after\n");
}

#[test]
fn a_file_that_is_being_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut target = LogFile::open(path.clone()).unwrap();
    assert_eq!(target.hold(), None);
    assert_eq!(target.append(b"line\n").unwrap(), 5);
    assert_eq!(target.hold(), None, "its own writing is no reading");
    assert_eq!(fs::read(&path).unwrap(), b"line\n");
    assert!(target.hold().is_some());
    assert!(target.hold().is_some(), "until it has been quiet for a while");
    fs::File::create(&path).unwrap();
    assert_eq!(target.hold(), None, "or is truncated");
}

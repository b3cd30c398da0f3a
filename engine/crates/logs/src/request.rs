//! One line for each request: in access.log for all, in pxl-server.log for those that ask for proofs, were refused or
//! failed.
//!
//! Lines in access.log are of the combined log format: they begin with the client's address. So do request lines in
//! pxl-server.log, for the operations manual counts them by their first word. Sizes and durations are in access.log
//! alone, for the manual counts refused signatures in pxl-server.log by `grep -c 401`.
//!
//! Invariant: nothing that a client chose is more than its own line, and of the target only the path is told, cut off
//! where it is long; pxl-server.log tells the endpoint's name instead.

use crate::escaping;
use crate::times::Times;
use serde::Serialize;
use std::fmt;
use std::io::{self, Write};

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For eyes and `grep`.
    Text,
    /// An object a line.
    Json,
}

/// What is told of one request. `path` and `user_agent` are as the client sent them; all else is ours, and of one line.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The client's address, or `-`.
    pub client: &'a str,
    /// The method.
    pub method: &'a str,
    /// The raw path of the target.
    pub path: &'a [u8],
    /// A name from a fixed set.
    pub endpoint: &'a str,
    /// Such as `1.1`.
    pub http_version: &'a str,
    /// The request's id.
    pub request_id: &'a str,
    /// What the client says that it is; may be empty.
    pub user_agent: &'a [u8],
    /// The status of the answer.
    pub status: u16,
    /// Bytes of the answer's body.
    pub body_bytes: u64,
    /// The time until the answer's last byte was handed to the connection, in seconds.
    pub duration_s: f64,
    /// The name of the key that signed the request; empty when none did.
    pub key: &'a str,
    /// What the operator should know, such as why it was refused; may be empty.
    pub remark: &'a str,
}

const UNAUTHORIZED: u16 = 401;
const TOO_MANY_REQUESTS: u16 = 429;
const DEFECT: u16 = 500;
const UNAVAILABLE: u16 = 503;

/// A level, with the number that Python's `logging` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Python's number.
    pub number: i32,
    /// The word in the line.
    pub name: &'static str,
}

const INFO: Level = Level { number: 20, name: "INFO" };
const WARNING: Level = Level { number: 30, name: "WARNING" };
const ERROR: Level = Level { number: 40, name: "ERROR" };

impl Request<'_> {
    /// Its level in pxl-server.log; `None` when it is told in access.log alone.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        match self.status {
            UNAUTHORIZED | TOO_MANY_REQUESTS | UNAVAILABLE => Some(WARNING),
            DEFECT.. => Some(ERROR),
            _ if self.method == "POST" => Some(INFO),
            _ => None,
        }
    }

    /// Appends its line in access.log.
    pub fn access_line(&self, form: Form, times: &Times, line: &mut Vec<u8>) {
        let written = match form {
            Form::Text => self.access_text(times, line),
            Form::Json => json_line(
                line,
                &AccessObject {
                    client: self.client,
                    timestamp: format_args!("{}", times.iso()),
                    event: "request",
                    method: self.method,
                    path: &escaping::plain_path(self.path),
                    http_version: self.http_version,
                    status: self.status,
                    body_bytes: self.body_bytes,
                    duration_ms: (self.duration_s * 1e6).round() / 1e3,
                    user_agent: &escaping::plain_agent(self.user_agent),
                    key: some(self.key),
                    request_id: self.request_id,
                },
            ),
        };
        debug_assert!(written.is_ok(), "memory can be written");
    }

    fn access_text(&self, times: &Times, line: &mut Vec<u8>) -> io::Result<()> {
        let key = some(self.key).unwrap_or("-");
        write!(line, "{} - {key} [{}] \"{} ", self.client, times.common(), self.method)?;
        escaping::path(line, self.path)?;
        write!(line, " HTTP/{}\" {} {} \"-\" ", self.http_version, self.status, self.body_bytes)?;
        escaping::agent(line, self.user_agent)?;
        writeln!(line, " {:.2}ms {}", self.duration_s * 1_000.0, self.request_id)
    }

    /// Appends its line in pxl-server.log.
    pub fn server_line(&self, form: Form, times: &Times, level: Level, line: &mut Vec<u8>) {
        let written = match form {
            Form::Text => {
                let (before_key, before_remark) = (some(self.key), some(self.remark));
                writeln!(
                    line,
                    "{} {} {} {} {} {} request_id={}{}{}{}{}",
                    self.client,
                    times.iso(),
                    level.name,
                    self.method,
                    self.endpoint,
                    self.status,
                    self.request_id,
                    before_key.map_or("", |_| " HMAC key="),
                    self.key,
                    before_remark.map_or("", |_| ": "),
                    self.remark,
                )
            }
            Form::Json => json_line(
                line,
                &ServerObject {
                    client: self.client,
                    timestamp: format_args!("{}", times.iso()),
                    level: level.name,
                    event: format_args!("{} {}", self.method, self.endpoint),
                    status: self.status,
                    key: some(self.key),
                    remark: some(self.remark),
                    request_id: self.request_id,
                },
            ),
        };
        debug_assert!(written.is_ok(), "memory can be written");
    }
}

#[derive(Serialize)]
struct AccessObject<'a> {
    client: &'a str,
    timestamp: fmt::Arguments<'a>,
    event: &'a str,
    method: &'a str,
    path: &'a str,
    http_version: &'a str,
    status: u16,
    body_bytes: u64,
    duration_ms: f64,
    user_agent: &'a str,
    key: Option<&'a str>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct ServerObject<'a> {
    client: &'a str,
    timestamp: fmt::Arguments<'a>,
    level: &'a str,
    event: fmt::Arguments<'a>,
    status: u16,
    key: Option<&'a str>,
    remark: Option<&'a str>,
    request_id: &'a str,
}

fn json_line(line: &mut Vec<u8>, object: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *line, object)?;
    line.write_all(b"\n")
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

//! What a client chose, as part of one log line.
//!
//! Invariant: what is written holds no line break and no control character, and is UTF-8; its length is bounded.

use std::io::{self, Write};

const PATH_BYTES: usize = 256;
const AGENT_BYTES: usize = 160;

/// The raw path of a target, for text: a reader splits the line at spaces, and the request at double quotes.
pub(crate) fn path(out: &mut Vec<u8>, raw: &[u8]) -> io::Result<()> {
    each(out, cut(raw, PATH_BYTES), |out, byte| match byte {
        b'"' => out.write_all(b"%22"),
        b' ' => out.write_all(b"%20"),
        _ => out.write_all(&[byte]),
    })
}

/// A user agent between double quotes, for text.
pub(crate) fn agent(out: &mut Vec<u8>, raw: &[u8]) -> io::Result<()> {
    out.push(b'"');
    if raw.is_empty() {
        out.push(b'-');
    }
    each(out, cut(raw, AGENT_BYTES), |out, byte| match byte {
        b'"' | b'\\' => out.write_all(&[b'\\', byte]),
        _ => out.write_all(&[byte]),
    })?;
    out.push(b'"');
    Ok(())
}

/// A raw path for JSON.
pub(crate) fn plain_path(raw: &[u8]) -> String {
    plain(cut(raw, PATH_BYTES))
}

/// A user agent for JSON.
pub(crate) fn plain_agent(raw: &[u8]) -> String {
    plain(cut(raw, AGENT_BYTES))
}

fn plain(raw: &[u8]) -> String {
    let mut out = Vec::with_capacity(raw.len());
    // Memory takes all that is written to it, and all of it is UTF-8.
    let _ = each(&mut out, raw, |out, byte| out.write_all(&[byte]));
    String::from_utf8_lossy(&out).into_owned()
}

/// Writes text in Latin-1, as HTTP's fields are read; `ascii` writes what is printable ASCII.
fn each(out: &mut Vec<u8>, raw: &[u8], ascii: impl Fn(&mut Vec<u8>, u8) -> io::Result<()>) -> io::Result<()> {
    for &byte in raw {
        match byte {
            b' '..=b'~' => ascii(out, byte)?,
            // As Python writes them.
            b'\t' => out.write_all(b"\\t")?,
            b'\n' => out.write_all(b"\\n")?,
            b'\r' => out.write_all(b"\\r")?,
            0xa0.. => write!(out, "{}", char::from(byte))?,
            _ => write!(out, "\\x{byte:02x}")?,
        }
    }
    Ok(())
}

fn cut(raw: &[u8], most: usize) -> &[u8] {
    &raw[..raw.len().min(most)]
}

//! Reading numbers of any length (LEB128).

use std::fmt;

/// Why bytes are not a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Where in the bytes.
    pub offset: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed certificate at byte {}: {}", self.offset, self.reason)
    }
}

impl std::error::Error for DecodeError {}

/// A number as it stands in the bytes: groups of seven bits, the least significant first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number<'b>(&'b [u8]);

impl Number<'_> {
    /// The value; one that does not fit is the largest that does, which names nothing either.
    pub(crate) fn value(self) -> u64 {
        let mut value = 0_u64;
        for (place, group) in self.groups().enumerate() {
            let group = u64::from(group);
            let shift = 7 * u32::try_from(place).unwrap_or(u32::MAX).min(9);
            let shifted = group << shift;
            if group != 0 && (place > 9 || shifted >> shift != group) {
                return u64::MAX;
            }
            value |= shifted;
        }
        value
    }

    pub(crate) fn groups(self) -> impl Iterator<Item = u8> {
        self.0.iter().map(|byte| byte & 0x7f)
    }
}

pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// Longer certificates are refused, so that every count and reference that can be meant fits 32 bits.
const MAX_BYTES: usize = 1 << 29;

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_BYTES {
            return Err(DecodeError { offset: MAX_BYTES, reason: "the certificate is longer than 512 MiB" });
        }
        if bytes.last().is_some_and(|byte| byte & 0x80 != 0) {
            return Err(DecodeError { offset: bytes.len(), reason: "the last number is not complete" });
        }
        Ok(Self { bytes, at: 0 })
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(crate) fn error(&self, reason: &'static str) -> DecodeError {
        DecodeError { offset: self.at, reason }
    }

    pub(crate) fn number(&mut self) -> Result<Number<'b>, DecodeError> {
        let rest = &self.bytes[self.at..];
        let length =
            rest.iter().position(|byte| byte & 0x80 == 0).ok_or_else(|| self.error("a number is missing"))? + 1;
        self.at += length;
        Ok(Number(&rest[..length]))
    }

    pub(crate) fn value(&mut self) -> Result<u64, DecodeError> {
        self.number().map(Number::value)
    }

    /// A count of things that take at least one byte each.
    pub(crate) fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.value()?;
        let left = self.bytes.len() - self.at;
        usize::try_from(count)
            .ok()
            .filter(|&count| count <= left)
            .ok_or_else(|| self.error("a count announces more than is left"))
    }

    /// A reference, which must not be zero; one too large for any table is kept as `u32::MAX`.
    pub(crate) fn reference(&mut self) -> Result<u32, DecodeError> {
        match self.value()? {
            0 => Err(self.error("nodes and clauses are numbered from 1")),
            value => Ok(u32::try_from(value).unwrap_or(u32::MAX)),
        }
    }

    pub(crate) fn name(&mut self) -> Result<Box<[u8]>, DecodeError> {
        let length = self.count()?;
        (0..length)
            .map(|_| {
                let value = self.value()?;
                u8::try_from(value).map_err(|_| self.error("a byte of a name is not below 256"))
            })
            .collect()
    }
}

//! The check of signed requests: HMAC-SHA256 over method, target, timestamp, nonce and the body's hash.
//!
//! The format is told in `docs/signed-requests.md`; clients make the same string in Python (`logos_pxl/signing.py`), and
//! the tests hold the two against each other.
//!
//! Invariant: the time of a check depends on the lengths of what was signed and on the number of keys, and not on where
//! a wrong signature differs, nor on which key fits.

mod nonces;

pub use nonces::{Claim, Nonces};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::RangeInclusive;
use subtle::ConstantTimeEq;

const DIGEST_BYTES: usize = 32;

/// The parts of a request that are signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// 1 to 20 capital letters.
    pub method: &'a [u8],
    /// The path with the query, exactly as the request line has it.
    pub target: &'a [u8],
    /// Seconds since 1970 in 9 to 12 decimal digits.
    pub timestamp: &'a [u8],
    /// 16 to 64 letters, digits, `-` or `_`.
    pub nonce: &'a [u8],
    /// All of the body.
    pub body: &'a [u8],
}

/// A part has a form that cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSignable {
    /// The method.
    Method,
    /// The target.
    Target,
    /// The timestamp.
    Timestamp,
    /// The nonce.
    Nonce,
}

impl fmt::Display for NotSignable {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            NotSignable::Method => "the method is not 1 to 20 capital letters",
            NotSignable::Target => "the target does not begin with /, or holds something else than printable ASCII",
            NotSignable::Timestamp => "the timestamp is not 9 to 12 decimal digits, or begins with 0",
            NotSignable::Nonce => "the nonce is not 16 to 64 letters, digits, - or _",
        })
    }
}

/// Keys, in order. What depends on a key alone is computed once (RFC 2104, section 4).
pub struct Keys(Vec<Hmac<Sha256>>);

impl Keys {
    /// Takes keys of any length.
    #[must_use]
    pub fn new(keys: &[&[u8]]) -> Keys {
        // HMAC takes keys of any length, and those of a wrong one are none.
        Keys(keys.iter().filter_map(|key| Hmac::new_from_slice(key).ok()).collect())
    }

    /// The first key that `signature` (64 lower-case hexadecimal digits) was made with; all are tried.
    ///
    /// # Errors
    ///
    /// When a part cannot be signed.
    pub fn key_of(&self, signed: &Signed<'_>, signature: &[u8]) -> Result<Option<usize>, NotSignable> {
        signed.check()?;
        let mut body = [0; 2 * DIGEST_BYTES];
        encode(&Sha256::digest(signed.body).into(), &mut body);
        let mut found = None;
        for (index, key) in self.0.iter().enumerate() {
            let mut mac = key.clone();
            for part in [signed.method, signed.target, signed.timestamp, signed.nonce] {
                mac.update(part);
                mac.update(b"\n");
            }
            mac.update(&body);
            let mut expected = [0; 2 * DIGEST_BYTES];
            encode(&mac.finalize().into_bytes().into(), &mut expected);
            if bool::from(expected.ct_eq(signature)) && found.is_none() {
                found = Some(index);
            }
        }
        Ok(found)
    }
}

impl Signed<'_> {
    /// Different requests have different strings, for no part can hold the line feed that separates the parts.
    fn check(&self) -> Result<(), NotSignable> {
        let has = |form: bool, or: NotSignable| if form { Ok(()) } else { Err(or) };
        has(is_of(self.method, 1..=20, u8::is_ascii_uppercase), NotSignable::Method)?;
        has(self.target.first() == Some(&b'/') && self.target.iter().all(u8::is_ascii_graphic), NotSignable::Target)?;
        has(is_of(self.timestamp, 9..=12, u8::is_ascii_digit) && self.timestamp[0] != b'0', NotSignable::Timestamp)?;
        has(
            is_of(self.nonce, 16..=64, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')),
            NotSignable::Nonce,
        )
    }
}

fn is_of(part: &[u8], lengths: RangeInclusive<usize>, fits: impl Fn(&u8) -> bool) -> bool {
    lengths.contains(&part.len()) && part.iter().all(fits)
}

fn encode(digest: &[u8; DIGEST_BYTES], digits: &mut [u8; 2 * DIGEST_BYTES]) {
    // The digits have twice the digest's length, so that there is always room.
    let _ = base16ct::lower::encode(digest, digits);
}

#[cfg(test)]
mod tests {
    use super::{Keys, NotSignable, Signed};

    const SIGNED: Signed<'_> = Signed {
        method: b"POST",
        target: b"/prove",
        timestamp: b"1700000000",
        nonce: b"0123456789abcdef",
        body: b"{\"goal\": \"BOX(A -> A)\"}",
    };

    #[test]
    fn the_first_key_that_fits_is_found() {
        let (one, other) = ([7; 32], [9; 80]);
        // Made by: printf 'POST\n/prove\n1700000000\n0123456789abcdef\n%s' "$(printf '{"goal": "BOX(A -> A)"}' |
        // sha256sum | cut -d' ' -f1)" | openssl dgst -sha256 -mac HMAC -macopt hexkey:$(printf '07%.0s' {1..32})
        let signature = b"15b3da91b1d939d0a326a9742858da93567b7c02200845d750c2b574973f0417";
        assert_eq!(Keys::new(&[&one]).key_of(&SIGNED, signature), Ok(Some(0)));
        assert_eq!(Keys::new(&[&other, &one, &one]).key_of(&SIGNED, signature), Ok(Some(1)));
        assert_eq!(Keys::new(&[&other]).key_of(&SIGNED, signature), Ok(None));
        assert_eq!(Keys::new(&[]).key_of(&SIGNED, signature), Ok(None));
        assert_eq!(Keys::new(&[&one]).key_of(&SIGNED, &signature[..63]), Ok(None));
        assert_eq!(Keys::new(&[&one]).key_of(&SIGNED, &signature.to_ascii_uppercase()), Ok(None));
    }

    #[test]
    fn forms_are_exact() {
        let keys = Keys::new(&[&[7; 32]]);
        let refused = |signed: Signed<'_>| keys.key_of(&signed, b"").err();
        assert_eq!(refused(SIGNED), None);
        for method in [&b"post"[..], b"", b"POST\n", &[b'A'; 21]] {
            assert_eq!(refused(Signed { method, ..SIGNED }), Some(NotSignable::Method));
        }
        for target in [&b"prove"[..], b"", b"/a b", b"/a\nb", b"/\xc3\xa9"] {
            assert_eq!(refused(Signed { target, ..SIGNED }), Some(NotSignable::Target));
        }
        for timestamp in [&b"0170000000"[..], b"", b"17e9000000", b"12345678", b"1234567890123"] {
            assert_eq!(refused(Signed { timestamp, ..SIGNED }), Some(NotSignable::Timestamp));
        }
        for nonce in [&b"short"[..], &[b'a'; 65], b"aaaaaaaaaaaaaaaa\n", b"aaaaaaaaaaaaaaaa,"] {
            assert_eq!(refused(Signed { nonce, ..SIGNED }), Some(NotSignable::Nonce));
        }
    }
}

//! Nonces that were used, until their time has come.
//!
//! Invariant: a nonce is claimed once until its end. None is dropped before its end; the room of one is free for others
//! a second later.

use std::collections::{BTreeMap, HashMap};

/// Whether a nonce was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the caller's.
    Claimed,
    /// Somebody had it before.
    Reused,
    /// More are alive than can be kept.
    Full,
}

/// Times are seconds of the caller's clock, which never goes back.
pub struct Nonces {
    most: usize,
    ends: HashMap<Box<str>, f64>,
    /// By the whole second after their end.
    by_second: BTreeMap<u64, Vec<Box<str>>>,
}

impl Nonces {
    /// Keeps `most` at a time.
    #[must_use]
    pub fn new(most: usize) -> Nonces {
        Nonces { most, ends: HashMap::new(), by_second: BTreeMap::new() }
    }

    /// Claims `nonce` until `ends_s`.
    pub fn claim(&mut self, nonce: &str, ends_s: f64, now_s: f64) -> Claim {
        self.drop_ended(now_s);
        if let Some(end) = self.ends.get_mut(nonce) {
            if now_s < *end {
                return Claim::Reused;
            }
            // Its old place in `by_second` finds a later end there, and leaves it.
            *end = ends_s;
        } else if self.ends.len() >= self.most {
            return Claim::Full;
        } else {
            self.ends.insert(nonce.into(), ends_s);
        }
        self.by_second.entry(second_after(ends_s)).or_default().push(nonce.into());
        Claim::Claimed
    }

    /// Those that are alive, with the seconds that each has left.
    pub fn live(&self, now_s: f64) -> impl Iterator<Item = (&str, f64)> {
        self.ends.iter().filter(move |(_, end)| now_s < **end).map(move |(nonce, end)| (&**nonce, end - now_s))
    }

    fn drop_ended(&mut self, now_s: f64) {
        while let Some(first) = self.by_second.first_entry() {
            let second = *first.key();
            if second > whole(now_s) {
                return;
            }
            for nonce in first.remove() {
                if self.ends.get(&nonce).is_some_and(|end| second_after(*end) <= second) {
                    self.ends.remove(&nonce);
                }
            }
        }
    }
}

fn second_after(time_s: f64) -> u64 {
    whole(time_s.ceil())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and no clock comes that far")]
fn whole(time_s: f64) -> u64 {
    time_s as u64
}

#[cfg(test)]
mod tests {
    use super::{Claim, Nonces};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        /// Held against a plain map that looks at each entry each time.
        #[test]
        fn claimed_once_until_its_end(steps in vec((0_u8..6, 0_u32..20, 0_u32..6), 0..80), most in 1_usize..8) {
            let mut tried = Nonces::new(most);
            let mut plain: HashMap<String, f64> = HashMap::new();
            let mut now = 1_000.25;
            for (nonce, lasts, waits) in steps {
                now += f64::from(waits) / 4.0;
                let (nonce, ends) = (nonce.to_string(), now + f64::from(lasts + 1) / 4.0);
                plain.retain(|_, end| now < *end);
                let claim = tried.claim(&nonce, ends, now);
                match claim {
                    Claim::Reused => prop_assert!(plain.contains_key(&nonce)),
                    Claim::Claimed => {
                        prop_assert!(plain.insert(nonce, ends).is_none());
                        prop_assert!(plain.len() <= most);
                    }
                    // Those that ended within this second may still take up room.
                    Claim::Full => prop_assert!(!plain.contains_key(&nonce) && tried.ends.len() >= most),
                }
                let live: HashMap<String, f64> = tried.live(now).map(|(nonce, left)| (nonce.to_owned(), now + left)).collect();
                prop_assert_eq!(live.len(), plain.len());
                for (nonce, end) in &plain {
                    prop_assert!((live[nonce] - end).abs() < 1e-9);
                }
            }
            tried.claim("another", now + 9.0, now + 7.0);
            prop_assert_eq!(tried.ends.len(), 1, "the room of those that ended is free");
            prop_assert_eq!(tried.by_second.len(), 1);
        }
    }
}

//! Countermodels.

use crate::proof::write_name;
use crate::read::{DecodeError, Number, Reader};
use pxl_formula::write_number;

/// A countermodel: worlds that all see each other, and where each atom is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// The number of worlds, from 1 to `MAX_WORLDS`.
    pub worlds: usize,
    /// Atoms and the worlds where they are true: bit `i % 64` of word `i / 64`, without zero words at the end.
    pub valuations: Vec<(Box<[u8]>, Vec<u64>)>,
}

/// The kernel's decoder refuses more, so that a few bytes cannot ask for an enormous frame.
const MAX_WORLDS: u64 = (1 << 16) - 1;

impl Model {
    /// Whether an atom is true in a world; of two valuations for one name the first counts.
    #[must_use]
    pub fn holds(&self, name: &[u8], world: usize) -> bool {
        self.valuations
            .iter()
            .find(|(known, _)| **known == *name)
            .is_some_and(|(_, words)| words.get(world / 64).is_some_and(|word| word >> (world % 64) & 1 == 1))
    }

    /// A number of worlds that is enough: all worlds from this number on are alike, for no atom is true there.
    #[must_use]
    pub fn distinct_worlds(&self) -> usize {
        let used = self.valuations.iter().map(|(_, words)| bit_length(words)).max().unwrap_or(0);
        self.worlds.min(used + 1)
    }

    /// Gives every atom the name that `new_name` says.
    pub fn rename(&mut self, mut new_name: impl FnMut(&[u8]) -> Option<Box<[u8]>>) {
        for (name, _) in &mut self.valuations {
            if let Some(new) = new_name(name) {
                *name = new;
            }
        }
    }

    /// The certificate's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_number(self.worlds as u64, &mut out);
        write_number(self.valuations.len() as u64, &mut out);
        for (name, words) in &self.valuations {
            write_name(name, &mut out);
            write_bits(words, &mut out);
        }
        out
    }

    /// Reads a certificate's bytes.
    ///
    /// # Errors
    /// When the bytes are not of the form that the format gives.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes)?;
        let worlds = reader.value()?;
        if !(1..=MAX_WORLDS).contains(&worlds) {
            return Err(reader.error("the number of worlds is not between 1 and 65535"));
        }
        let worlds = usize::try_from(worlds).map_err(|_| reader.error("too many worlds"))?;
        let mut valuations = Vec::new();
        for _ in 0..reader.count()? {
            let name = reader.name()?;
            let truth = read_bits(reader.number()?);
            if bit_length(&truth) > worlds {
                return Err(reader.error("an atom is true in a world that does not exist"));
            }
            valuations.push((name, truth));
        }
        if !reader.is_at_end() {
            return Err(reader.error("something follows the countermodel"));
        }
        Ok(Self { worlds, valuations })
    }
}

fn bit_length(words: &[u64]) -> usize {
    words.iter().rposition(|&word| word != 0).map_or(0, |last| last * 64 + 64 - words[last].leading_zeros() as usize)
}

fn read_bits(number: Number<'_>) -> Vec<u64> {
    let mut words = Vec::new();
    let mut set = |word: usize, bits: u64| {
        if bits != 0 {
            words.resize(words.len().max(word + 1), 0);
            words[word] |= bits;
        }
    };
    for (place, group) in number.groups().enumerate() {
        let (word, shift) = (place * 7 / 64, place * 7 % 64);
        set(word, u64::from(group) << shift);
        if shift > 57 {
            set(word + 1, u64::from(group) >> (64 - shift));
        }
    }
    words
}

fn write_bits(words: &[u64], out: &mut Vec<u8>) {
    let groups = bit_length(words).div_ceil(7).max(1);
    for place in 0..groups {
        let (word, shift) = (place * 7 / 64, place * 7 % 64);
        let low = words.get(word).copied().unwrap_or(0) >> shift;
        let high = if shift > 57 { words.get(word + 1).copied().unwrap_or(0) << (64 - shift) } else { 0 };
        let group = (low | high).to_le_bytes()[0] & 0x7f;
        out.push(if place + 1 < groups { group | 0x80 } else { group });
    }
}

//! Truth in every world of a universal frame.
//!
//! Worlds are bits, 64 to a word. A small evaluation walks the nodes once, all worlds at a time. A large one would need
//! memory in proportion to nodes times worlds; it goes through the worlds word by word instead, once per modal level, and
//! keeps only the (rigid) truth of the modal nodes between rounds.

use crate::arena::{Connective, Formula, Modality, Node};

/// Worlds, and in which of them each atom of a formula is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Valuation {
    /// The number of worlds.
    pub worlds: usize,
    /// For each atom of the formula, in its order, the worlds where it is true: bit `i % 64` of word `i / 64`. Words left out are zero.
    pub truth: Vec<Vec<u64>>,
}

const SMALL_WORDS: usize = 1 << 23;

impl Valuation {
    fn words(&self) -> usize {
        self.worlds.div_ceil(64)
    }

    /// The worlds that exist in a word.
    fn mask(&self, word: usize) -> u64 {
        match self.worlds - word * 64 {
            0 => 0,
            rest if rest >= 64 => u64::MAX,
            rest => (1 << rest) - 1,
        }
    }

    fn atom(&self, atom: u32, word: usize) -> u64 {
        self.truth[atom as usize].get(word).copied().unwrap_or(0) & self.mask(word)
    }

    /// Makes an atom true in a world.
    pub fn set(&mut self, atom: usize, world: usize) {
        let words = &mut self.truth[atom];
        if words.len() <= world / 64 {
            words.resize(world / 64 + 1, 0);
        }
        words[world / 64] |= 1 << (world % 64);
    }

    /// Whether an atom is true in a world.
    #[must_use]
    pub fn holds(&self, atom: usize, world: usize) -> bool {
        self.truth[atom].get(world / 64).is_some_and(|word| word >> (world % 64) & 1 == 1)
    }
}

impl Formula {
    /// The worlds where the formula is true, as bits, when every world sees every world.
    ///
    /// # Panics
    /// When the valuation has fewer atoms than the formula.
    #[must_use]
    pub fn evaluate(&self, valuation: &Valuation) -> Vec<u64> {
        assert!(valuation.truth.len() >= self.atoms().len(), "a valuation has every atom of the formula");
        let words = valuation.words();
        if words.saturating_mul(self.nodes().len()) <= SMALL_WORDS {
            self.evaluate_at_once(valuation, words)
        } else {
            self.evaluate_by_levels(valuation, words)
        }
    }

    fn evaluate_at_once(&self, valuation: &Valuation, words: usize) -> Vec<u64> {
        let mut values: Vec<u64> = Vec::with_capacity(self.nodes().len() * words);
        for &node in self.nodes() {
            if let Node::Modal(modality, a) = node {
                let at = a as usize * words;
                let argument = &values[at..at + words];
                let holds = match modality {
                    Modality::Box => (0..words).all(|word| argument[word] == valuation.mask(word)),
                    Modality::Dia => argument.iter().any(|&word| word != 0),
                };
                values.extend((0..words).map(|word| if holds { valuation.mask(word) } else { 0 }));
            } else {
                for word in 0..words {
                    let value = local(node, valuation, word, |child| values[child as usize * words + word]);
                    values.push(value);
                }
            }
        }
        values.split_off(self.root() as usize * words)
    }

    fn evaluate_by_levels(&self, valuation: &Valuation, words: usize) -> Vec<u64> {
        let mut level = vec![0_u32; self.nodes().len()];
        for (id, node) in self.nodes().iter().enumerate() {
            let below = node.children().into_iter().flatten().map(|child| level[child as usize]).max();
            level[id] = below.unwrap_or(0) + u32::from(matches!(node, Node::Modal(..)));
        }
        let mut rigid: Vec<bool> =
            self.nodes().iter().map(|node| matches!(node, Node::Modal(Modality::Box, _))).collect();
        let mut values = vec![0_u64; self.nodes().len()];
        for round in 1..=self.modal_depth() {
            for word in 0..words {
                self.evaluate_word(valuation, word, &rigid, &mut values);
                for (id, &node) in self.nodes().iter().enumerate() {
                    match node {
                        Node::Modal(Modality::Box, a) if level[id] == round => {
                            rigid[id] &= values[a as usize] == valuation.mask(word);
                        }
                        Node::Modal(Modality::Dia, a) if level[id] == round => rigid[id] |= values[a as usize] != 0,
                        _ => {}
                    }
                }
            }
        }
        (0..words)
            .map(|word| {
                self.evaluate_word(valuation, word, &rigid, &mut values);
                values[self.root() as usize]
            })
            .collect()
    }

    fn evaluate_word(&self, valuation: &Valuation, word: usize, rigid: &[bool], values: &mut [u64]) {
        for (id, &node) in self.nodes().iter().enumerate() {
            values[id] = match node {
                Node::Modal(..) if rigid[id] => valuation.mask(word),
                Node::Modal(..) => 0,
                _ => local(node, valuation, word, |child| values[child as usize]),
            };
        }
    }
}

/// The truth of a node that is no modal operator, in the worlds of one word.
fn local(node: Node, valuation: &Valuation, word: usize, value: impl Fn(u32) -> u64) -> u64 {
    let mask = valuation.mask(word);
    mask & match node {
        Node::Atom(atom) => valuation.atom(atom, word),
        Node::Bot | Node::Modal(..) => 0,
        Node::Top => mask,
        Node::Not(a) => !value(a),
        Node::Binary(Connective::And, a, b) => value(a) & value(b),
        Node::Binary(Connective::Or, a, b) => value(a) | value(b),
        Node::Binary(Connective::Imp, a, b) => !value(a) | value(b),
        Node::Binary(Connective::Iff, a, b) => !(value(a) ^ value(b)),
    }
}

//! Hashed pieces of a text: runs of 3 to 5 characters, words and pairs of words.
//!
//! Each kind is a set (a piece counts once) scaled to length one, so a long text weighs no more
//! than a short one. Hashing into buckets: Weinberger et al., "Feature hashing for large scale
//! multitask learning", ICML 2009. Case is ignored, all white space is alike.

use super::head;

/// Buckets of character runs.
pub(crate) const N_CHAR_BUCKETS: usize = 1 << 15;
/// Buckets of words and pairs of words.
const N_WORD_BUCKETS: usize = 1 << 14;
/// All buckets.
pub(crate) const N_HASH: usize = N_CHAR_BUCKETS + N_WORD_BUCKETS;

const MAX_WORDS: usize = 2_000;

/// The buckets of one text, each once, in order of appearance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hashed {
    /// Buckets of character runs, below [`N_CHAR_BUCKETS`].
    pub(crate) chars: Vec<u32>,
    /// Buckets of words, from [`N_CHAR_BUCKETS`] on.
    pub(crate) words: Vec<u32>,
}

impl Hashed {
    /// Takes a text apart.
    pub(crate) fn of(text: &str) -> Self {
        let mut seen = vec![0_u64; N_HASH.div_ceil(64)];
        Self {
            chars: char_runs(text, &mut seen),
            words: word_runs(text, &mut seen),
        }
    }

    /// The value that each bucket of a kind has: one over the root of their number.
    pub(crate) fn scales(&self) -> (f32, f32) {
        let scale = |n: usize| 1.0 / (n.max(1) as f32).sqrt();
        (scale(self.chars.len()), scale(self.words.len()))
    }
}

fn char_runs(text: &str, seen: &mut [u64]) -> Vec<u32> {
    let edge = std::iter::once(u32::from(' '));
    let inner = head(text).chars().map(folded);
    let codes: Vec<u32> = edge.clone().chain(inner).chain(edge).collect();
    let mut found = Vec::with_capacity(3 * codes.len());
    // Runs of all lengths begin at each but the last four.
    for window in codes.windows(5) {
        let [a, b, c, d, e] = window else { continue };
        let three = mixed(mixed(mixed(17, *a), *b), *c);
        let four = mixed(three, *d);
        let five = mixed(four, *e);
        for (hash, length) in [(three, 2), (four, 3), (five, 4)] {
            note(mixed(hash, length) >> 17, seen, &mut found);
        }
    }
    for start in codes.len().saturating_sub(4)..codes.len() {
        let mut hash = 17;
        for (length, code) in codes.iter().skip(start).enumerate() {
            hash = mixed(hash, *code);
            if length >= 2 {
                note(mixed(hash, length as u32) >> 17, seen, &mut found);
            }
        }
    }
    found
}

fn word_runs(text: &str, seen: &mut [u64]) -> Vec<u32> {
    let words = head(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MAX_WORDS);
    let mut found = Vec::new();
    let mut previous = 0;
    for word in words {
        let hash = word.chars().fold(99, |hash, c| mixed(hash, folded(c)));
        for piece in [hash, mixed(hash, previous)] {
            let bucket = N_CHAR_BUCKETS as u32 + (mixed(piece, 7) >> 18);
            note(bucket, seen, &mut found);
        }
        previous = hash;
    }
    found
}

/// Notes a bucket the first time that it comes up.
fn note(bucket: u32, seen: &mut [u64], found: &mut Vec<u32>) {
    let Some(word) = seen.get_mut(bucket as usize / 64) else {
        return;
    };
    let bit = 1_u64 << (bucket % 64);
    if *word & bit == 0 {
        *word |= bit;
        found.push(bucket);
    }
}

fn folded(c: char) -> u32 {
    if c.is_whitespace() {
        u32::from(' ')
    } else if c.is_ascii() {
        u32::from(c.to_ascii_lowercase())
    } else {
        u32::from(c.to_lowercase().next().unwrap_or(c))
    }
}

/// Mixes one code into a hash; the upper bits are the good ones.
fn mixed(hash: u32, code: u32) -> u32 {
    (hash ^ code)
        .wrapping_mul(0x9E37_79B1)
        .rotate_left(13)
        .wrapping_mul(0x85EB_CA6B)
}

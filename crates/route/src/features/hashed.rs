//! Hashed pieces of a text: runs of 3 to 5 characters, words and pairs of words.
//!
//! Each kind is a set (a piece counts once) scaled to length one, so a long text weighs no more
//! than a short one. Hashing into buckets: Weinberger et al., "Feature hashing for large scale
//! multitask learning", ICML 2009. Case is ignored, all white space is alike.

use super::head;
use super::letters::{folded, folded_ascii, is_of_word};

/// Buckets of character runs.
pub(crate) const N_CHAR_BUCKETS: usize = 1 << 15;
/// Buckets of words and pairs of words.
const N_WORD_BUCKETS: usize = 1 << 14;
/// All buckets.
pub(crate) const N_HASH: usize = N_CHAR_BUCKETS + N_WORD_BUCKETS;

const MAX_WORDS: usize = 2_000;

/// What the hash of a word begins with.
const WORD_START: u32 = 99;

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
        let head = head(text);
        let mut codes = Vec::with_capacity(head.len() + 2);
        codes.push(u32::from(' '));
        if head.is_ascii() {
            codes.extend(head.bytes().map(|byte| u32::from(folded_ascii(byte))));
        } else {
            codes.extend(head.chars().map(folded));
        }
        codes.push(u32::from(' '));
        Self {
            chars: char_runs(&codes),
            words: word_runs(&codes),
        }
    }

    /// The value that each bucket of a kind has: one over the root of their number.
    pub(crate) fn scales(&self) -> (f32, f32) {
        let scale = |n: usize| 1.0 / (n.max(1) as f32).sqrt();
        (scale(self.chars.len()), scale(self.words.len()))
    }
}

fn char_runs(codes: &[u32]) -> Vec<u32> {
    let mut buckets = vec![0; 3 * codes.len()];
    let mut found = Found {
        seen: &mut [0; N_CHAR_BUCKETS / 64],
        buckets: &mut buckets,
        n: 0,
    };
    // Runs of all lengths begin at each but the last four.
    for window in codes.windows(5) {
        let [a, b, c, d, e] = window else { continue };
        let three = mixed(mixed(mixed(17, *a), *b), *c);
        let four = mixed(three, *d);
        let five = mixed(four, *e);
        for (hash, length) in [(three, 2), (four, 3), (five, 4)] {
            found.note(mixed(hash, length) >> 17, 0);
        }
    }
    for start in codes.len().saturating_sub(4)..codes.len() {
        let mut hash = 17;
        for (length, code) in codes.iter().skip(start).enumerate() {
            hash = mixed(hash, *code);
            if length >= 2 {
                found.note(mixed(hash, length as u32) >> 17, 0);
            }
        }
    }
    let n = found.n;
    buckets.truncate(n);
    buckets
}

fn word_runs(codes: &[u32]) -> Vec<u32> {
    let most = codes.len().div_ceil(2).min(MAX_WORDS);
    let mut buckets = vec![0; 2 * most];
    let mut found = Found {
        seen: &mut [0; N_WORD_BUCKETS / 64],
        buckets: &mut buckets,
        n: 0,
    };
    let (mut n, mut previous) = (0, 0);
    let mut codes = codes.iter();
    while let Some(first) = codes.find(|code| is_of_word(**code)) {
        let mut hash = mixed(WORD_START, *first);
        // The last code is no part of a word, so every word ends.
        for code in codes.by_ref().take_while(|code| is_of_word(**code)) {
            hash = mixed(hash, *code);
        }
        for piece in [hash, mixed(hash, previous)] {
            found.note(mixed(piece, 7) >> 18, N_CHAR_BUCKETS as u32);
        }
        previous = hash;
        n += 1;
        if n == MAX_WORDS {
            break;
        }
    }
    let n = found.n;
    buckets.truncate(n);
    buckets
}

/// Buckets in order of appearance, each once, out of 64 times as many as there are words of bits.
struct Found<'a, const N_WORDS: usize> {
    seen: &'a mut [u64; N_WORDS],
    buckets: &'a mut [u32],
    n: usize,
}

impl<const N_WORDS: usize> Found<'_, N_WORDS> {
    /// Notes a bucket the first time that it comes up, as one that lies so much higher. Without a branch: whether a
    /// bucket is new is hard to predict.
    #[inline]
    fn note(&mut self, bucket: u32, above: u32) {
        let Some(word) = self.seen.get_mut(bucket as usize / 64) else {
            return;
        };
        let before = *word;
        *word |= 1 << (bucket % 64);
        let is_new = *word != before;
        if let Some(place) = self.buckets.get_mut(self.n) {
            *place = above + bucket;
        }
        self.n += usize::from(is_new);
    }
}

/// Mixes one code into a hash; the upper bits are the good ones.
fn mixed(hash: u32, code: u32) -> u32 {
    (hash ^ code)
        .wrapping_mul(0x9E37_79B1)
        .rotate_left(13)
        .wrapping_mul(0x85EB_CA6B)
}

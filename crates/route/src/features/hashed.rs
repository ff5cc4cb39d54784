//! Hashed pieces of a text: runs of 3 to 5 characters, words and pairs of words.
//!
//! Each kind is a set (a piece counts once) scaled to length one, so a long text weighs no more
//! than a short one. Hashing into buckets: Weinberger et al., "Feature hashing for large scale
//! multitask learning", ICML 2009. The bucket of a run is the upper bits of its bytes, read as a number, times an odd
//! constant (Dietzfelbinger et al., "A reliable randomized algorithm for the closest-pair problem", 1997).
//! Case is ignored, all white space is alike.

use super::head;
use super::letters::{folded, folded_ascii, is_of_word};

/// Buckets of character runs.
pub(crate) const N_CHAR_BUCKETS: usize = 1 << 15;
/// Buckets of words and pairs of words.
const N_WORD_BUCKETS: usize = 1 << 14;
/// All buckets.
pub(crate) const N_HASH: usize = N_CHAR_BUCKETS + N_WORD_BUCKETS;

const MAX_WORDS: usize = 2_000;

/// Each length of a run: which bytes of eight belong to it, and its constant.
const RUNS: [(u64, u64); 3] = [
    (0x00ff_ffff, 0x9E37_79B9_7F4A_7C15),
    (0xffff_ffff, 0xD6E8_FEB8_6659_FD93),
    (0x00ff_ffff_ffff, 0xBF58_476D_1CE4_E5B9),
];
/// Constants of words and of pairs.
const OF_WORDS: [u64; 2] = [0x94D0_49BB_1331_11EB, 0xC2B2_AE3D_27D4_EB4F];

/// What stands behind a text: runs that begin near its end reach into it, and the last that begins holds two characters of
/// the text and the space behind it.
const PADDING: [u8; 5] = [0; 5];

/// The buckets of one text: a bit for each, set where a piece of the text falls into it.
#[derive(Debug, Clone)]
pub(crate) struct Hashed {
    /// Of character runs.
    pub(crate) chars: [u64; N_CHAR_BUCKETS / 64],
    /// Of words.
    pub(crate) words: [u64; N_WORD_BUCKETS / 64],
}

impl Hashed {
    /// Takes a text apart.
    pub(crate) fn of(text: &str) -> Self {
        let head = head(text);
        let mut codes = Vec::with_capacity(head.len() + 2 + PADDING.len());
        codes.push(b' ');
        if head.is_ascii() {
            codes.extend(head.bytes().map(folded_ascii));
        } else {
            codes.extend(head.chars().map(folded));
        }
        codes.push(b' ');
        codes.extend(PADDING);
        let mut found = Self {
            chars: [0; N_CHAR_BUCKETS / 64],
            words: [0; N_WORD_BUCKETS / 64],
        };
        found.note_runs(&codes);
        found.note_words(&codes);
        found
    }

    fn note_runs(&mut self, codes: &[u8]) {
        for window in codes.windows(8) {
            let Ok(bytes) = window.try_into() else {
                continue;
            };
            let bytes = u64::from_le_bytes(bytes);
            for (own, odd) in RUNS {
                note(&mut self.chars, (bytes & own).wrapping_mul(odd) >> 49);
            }
        }
    }

    fn note_words(&mut self, codes: &[u8]) {
        let (mut n, mut previous) = (0, 0);
        let mut codes = codes.iter();
        while let Some(first) = codes.find(|code| is_of_word(**code)) {
            let mut hash = mixed(0, *first);
            // The last code is no part of a word, so every word ends.
            for code in codes.by_ref().take_while(|code| is_of_word(**code)) {
                hash = mixed(hash, *code);
            }
            let pair = hash.rotate_left(29) ^ previous;
            for (piece, odd) in [hash, pair].into_iter().zip(OF_WORDS) {
                note(&mut self.words, piece.wrapping_mul(odd) >> 50);
            }
            previous = hash;
            n += 1;
            if n == MAX_WORDS {
                break;
            }
        }
    }

    /// The buckets of character runs, then those of words from [`N_CHAR_BUCKETS`] on, in ascending order, each with its value:
    /// one over the root of the number of its kind.
    pub(crate) fn columns(&self) -> Vec<(u32, f32)> {
        let (char_scale, word_scale) = self.scales();
        let chars = places(&self.chars).map(|at| (at, char_scale));
        let words = places(&self.words).map(|at| (N_CHAR_BUCKETS as u32 + at, word_scale));
        chars.chain(words).collect()
    }

    /// The value that each bucket of a kind has: one over the root of their number.
    pub(crate) fn scales(&self) -> (f32, f32) {
        let scale = |bits: &[u64]| {
            let n: u32 = bits.iter().map(|word| word.count_ones()).sum();
            1.0 / (n.max(1) as f32).sqrt()
        };
        (scale(&self.chars), scale(&self.words))
    }
}

/// Sets the bit of a bucket.
#[inline]
fn note(bits: &mut [u64], bucket: u64) {
    if let Some(word) = bits.get_mut((bucket / 64) as usize) {
        *word |= 1 << (bucket % 64);
    }
}

/// Where bits are set, in ascending order.
fn places(bits: &[u64]) -> impl Iterator<Item = u32> {
    let of_word = |(at, word): (usize, &u64)| {
        let word = *word;
        let is_set = move |bit: &u32| word >> bit & 1 == 1;
        (0..64_u32)
            .filter(is_set)
            .map(move |bit| 64 * at as u32 + bit)
    };
    bits.iter().enumerate().flat_map(of_word)
}

/// Mixes one byte into the hash of a word; every bit moves, so that two bytes that change places make a difference.
#[inline]
fn mixed(hash: u64, code: u8) -> u64 {
    (hash.rotate_left(5) ^ u64::from(code)).wrapping_mul(RUNS[0].1)
}

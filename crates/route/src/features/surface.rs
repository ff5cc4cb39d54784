//! Counts that say how long, how numeric, how formal and how nested a query is.
//!
//! Most are logarithms of one plus a count, so they stay small and finite for any text.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::cues::{N_GROUPS, Word, groups_of};
use super::head;
use super::letters::{
    APOSTROPHE, CAPITAL, END, LETTER, N_KINDS, N_MARKS, QUESTION, QUOTE, WHITE, kind, kind_of_ascii,
};

/// Features of a text.
pub(crate) const N_SURFACE: usize = 16 + 8 + 6 + 4 + N_GROUPS;

/// Marks of code.
static CODE: LazyLock<[Finder<'static>; 10]> = LazyLock::new(|| {
    [
        "```", "def ", "class ", "function", "return", "import ", "{", "}", " = ", "()",
    ]
    .map(Finder::new)
});

/// Counts a text.
pub(crate) fn surface(text: &str) -> Vec<f64> {
    let head = head(text);
    let counts = if head.is_ascii() {
        // Masked, so that it is known to be ASCII where it is looked at.
        let known = |byte: u8| (char::from(byte & 0x7f), kind_of_ascii(byte & 0x7f));
        Counts::of(head.bytes().map(known))
    } else {
        Counts::of(head.chars().map(|c| (c, kind(c))))
    };
    let n_words = if head.len() == text.len() {
        counts.words
    } else {
        text.split_whitespace().count()
    };
    let mut features = Vec::with_capacity(N_SURFACE);
    features.push(log(text.chars().count()));
    features.push(log(n_words));
    counts.push_characters(&mut features);
    features.push(log(head.lines().count()));
    let is_in = |mark: &&Finder<'_>| mark.find(head.as_bytes()).is_some();
    features.push(log(CODE.iter().filter(is_in).count()));
    numbers(head, &mut features);
    counts.push_words(&mut features);
    options(head, &mut features);
    features
}

fn log(count: usize) -> f64 {
    (count as f64).ln_1p()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// What is counted of the characters and words of a text.
#[derive(Default)]
struct Counts {
    /// By kind.
    kinds: [usize; N_KINDS],
    foreign: usize,
    /// White space behind what ends a sentence.
    ends: usize,
    words: usize,
    letters: usize,
    long: usize,
    longest: usize,
    names: usize,
    groups: [usize; N_GROUPS],
    /// Hash of each word.
    hashes: Vec<u64>,
}

impl Counts {
    /// Counts characters, each with its kind.
    fn of(mut characters: impl Iterator<Item = (char, u8)>) -> Self {
        let mut counts = Self::default();
        while let Some((mut c, mut kind)) = characters.next() {
            counts.character(c, kind);
            if kind == WHITE {
                continue;
            }
            let is_name = kind == CAPITAL && counts.words > 0;
            let mut word = Word::default();
            let mut last = kind;
            while kind != WHITE {
                word.push(c, kind);
                last = kind;
                let Some(next) = characters.next() else {
                    // Nothing stands behind it.
                    last = WHITE;
                    break;
                };
                (c, kind) = next;
                counts.character(c, kind);
            }
            counts.ends += usize::from(matches!(last, END | QUESTION));
            counts.names += usize::from(is_name);
            counts.word(&word);
        }
        counts
    }

    #[inline]
    fn character(&mut self, c: char, kind: u8) {
        if let Some(count) = self.kinds.get_mut(usize::from(kind)) {
            *count += 1;
        }
        self.foreign += usize::from(!c.is_ascii());
    }

    fn word(&mut self, word: &Word) {
        self.words += 1;
        self.letters += word.length();
        self.long += usize::from(word.length() > 7);
        self.longest = self.longest.max(word.length());
        let mut left = groups_of(word);
        while left != 0 {
            if let Some(count) = self.groups.get_mut(left.trailing_zeros() as usize) {
                *count += 1;
            }
            left &= left - 1;
        }
        self.hashes.push(word.hash());
    }

    /// 12 features.
    fn push_characters(&self, features: &mut Vec<f64>) {
        let of = |kind: u8| self.kinds.get(usize::from(kind)).copied().unwrap_or(0);
        for mark in 0..N_MARKS {
            let apostrophes = if mark == QUOTE { of(APOSTROPHE) } else { 0 };
            features.push(log(of(mark) + apostrophes));
        }
        features.push(share(of(CAPITAL), of(CAPITAL) + of(LETTER)));
        features.push(share(self.foreign, self.kinds.iter().sum()));
        features.push(log(self.ends));
    }

    /// 6 features and the groups of cues.
    fn push_words(self, features: &mut Vec<f64>) {
        features.extend([
            share(self.letters, self.words),
            share(self.long, self.words),
            share(n_different(&self.hashes), self.words),
            self.longest.min(40) as f64,
            share(self.names, self.words),
            log(self.names),
        ]);
        features.extend(self.groups.map(log));
    }
}

/// How many are different, by a table with room for twice as many.
fn n_different(hashes: &[u64]) -> usize {
    let n_slots = (2 * hashes.len()).next_power_of_two();
    // No place is left for a zero, so it counts apart.
    let mut slots = vec![0_u64; n_slots];
    let mut n = usize::from(hashes.contains(&0));
    for hash in hashes.iter().filter(|hash| **hash != 0) {
        let mut at = *hash as usize;
        while let Some(slot) = slots.get_mut(at % n_slots) {
            if *slot == 0 {
                *slot = *hash;
                n += 1;
                break;
            }
            if *slot == *hash {
                break;
            }
            at += 1;
        }
    }
    n
}

/// 8 features.
fn numbers(text: &str, features: &mut Vec<f64>) {
    let bytes = text.as_bytes();
    let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut found, mut digits, mut fractions, mut ratios): (Vec<f64>, _, _, _) =
        (Vec::new(), 0, 0, 0);
    let mut at = 0;
    while at < bytes.len() {
        let Some(start) = next_digit(bytes, at) else {
            break;
        };
        at = start;
        let mut has_point = false;
        while digit_at(at) || (matches!(bytes.get(at), Some(b'.' | b',')) && digit_at(at + 1)) {
            has_point |= bytes.get(at) == Some(&b'.');
            digits += usize::from(digit_at(at));
            at += 1;
        }
        let written = text.get(start..at).unwrap_or_default().replace(',', "");
        // A version such as 1.2.3 is no number; more than 15 digits are as good as 15.
        if let Ok(number) = written.parse::<f64>() {
            found.push(number.min(1e15));
        }
        fractions += usize::from(has_point);
        ratios += usize::from(bytes.get(at) == Some(&b'/') && digit_at(at + 1));
    }
    let n = found.len();
    let mean_log = found.iter().map(|x| x.ln_1p()).sum::<f64>() / n.max(1) as f64;
    found.sort_by(f64::total_cmp);
    let largest = found.last().copied().unwrap_or(0.0);
    let smallest = found.first().copied().unwrap_or(0.0);
    found.dedup();
    features.extend([
        log(digits),
        log(n),
        log(found.len()),
        largest.ln_1p(),
        smallest.ln_1p(),
        mean_log,
        log(fractions),
        log(ratios),
    ]);
}

/// Where the next digit is, from some place on. Looks at many bytes at once, for most texts have few digits.
fn next_digit(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    for part in bytes.get(from..)?.chunks(32) {
        let has_digit = part
            .iter()
            .fold(false, |found, byte| found | byte.is_ascii_digit());
        if has_digit {
            let ahead = part.iter().position(u8::is_ascii_digit);
            return ahead.map(|ahead| at + ahead);
        }
        at += part.len();
    }
    None
}

/// 4 features: lines such as `A. yes` and what stands before them.
fn options(text: &str, features: &mut Vec<f64>) {
    let is_option = |line: &&str| {
        let mut bytes = line.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_uppercase())
            && matches!(bytes.next(), Some(b'.' | b')' | b':'))
    };
    let options: Vec<&str> = text.lines().map(str::trim).filter(is_option).collect();
    let length: usize = options.iter().map(|line| line.len()).sum();
    let has_digit = |line: &&&str| line.bytes().any(|b| b.is_ascii_digit());
    let numeric = options.iter().filter(has_digit).count();
    let bytes = text.as_bytes();
    let stem = memmem::find(bytes, b"\nA.")
        .or_else(|| memmem::find(bytes, b"\nA)"))
        .unwrap_or(bytes.len());
    features.extend([
        options.len().min(8) as f64,
        share(length, options.len()).ln_1p(),
        share(numeric, options.len()),
        log(stem),
    ]);
}

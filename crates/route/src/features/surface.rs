//! Counts that say how long, how numeric, how formal and how nested a query is.
//!
//! Most are logarithms of one plus a count, so they stay small and finite for any text.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::cues::{N_GROUPS, Word, groups_of};
use super::head;
use super::letters::{
    APOSTROPHE, CAPITAL, END, LETTER, N_KINDS, N_MARKS, QUESTION, QUOTE, WHITE, kind,
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
    let words = Words::of(head);
    let n_words = if head.len() == text.len() {
        words.n
    } else {
        text.split_whitespace().count()
    };
    let mut features = Vec::with_capacity(N_SURFACE);
    features.push(log(text.chars().count()));
    features.push(log(n_words));
    characters(head, &mut features);
    numbers(head, &mut features);
    words.push(&mut features);
    options(head, &mut features);
    features
}

fn log(count: usize) -> f64 {
    (count as f64).ln_1p()
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// 14 features.
fn characters(text: &str, features: &mut Vec<f64>) {
    let mut counts = [0_usize; N_KINDS];
    let (mut n, mut foreign, mut ends) = (0, 0, 0);
    let mut previous = WHITE;
    for c in text.chars() {
        n += 1;
        foreign += usize::from(!c.is_ascii());
        let kind = kind(c);
        if let Some(count) = counts.get_mut(usize::from(kind)) {
            *count += 1;
        }
        ends += usize::from(kind == WHITE && matches!(previous, END | QUESTION));
        previous = kind;
    }
    let of = |kind: u8| counts.get(usize::from(kind)).copied().unwrap_or(0);
    for mark in 0..N_MARKS {
        let apostrophes = if mark == QUOTE { of(APOSTROPHE) } else { 0 };
        features.push(log(of(mark) + apostrophes));
    }
    features.push(share(of(CAPITAL), of(CAPITAL) + of(LETTER)));
    features.push(share(foreign, n));
    features.push(log(ends));
    features.push(log(text.lines().count()));
    let marks = CODE
        .iter()
        .filter(|mark| mark.find(text.as_bytes()).is_some());
    features.push(log(marks.count()));
}

/// 8 features.
fn numbers(text: &str, features: &mut Vec<f64>) {
    let bytes = text.as_bytes();
    let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut found, mut digits, mut fractions, mut ratios): (Vec<f64>, _, _, _) =
        (Vec::new(), 0, 0, 0);
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(ahead) = rest.iter().position(u8::is_ascii_digit) else {
            break;
        };
        let start = at + ahead;
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

/// Counts of words.
#[derive(Default)]
struct Words {
    n: usize,
    letters: usize,
    long: usize,
    longest: usize,
    names: usize,
    groups: [usize; N_GROUPS],
    /// Hash of each word.
    hashes: Vec<u64>,
}

impl Words {
    fn of(text: &str) -> Self {
        let mut words = Self::default();
        let mut word = Word::default();
        for c in text.chars() {
            let kind = kind(c);
            if kind != WHITE {
                word.push(c, kind);
            } else if word.is_begun() {
                words.take(&word);
                word = Word::default();
            }
        }
        if word.is_begun() {
            words.take(&word);
        }
        words
    }

    fn take(&mut self, word: &Word) {
        self.names += usize::from(self.n > 0 && word.has_capital());
        self.n += 1;
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

    /// 6 features and the groups of cues.
    fn push(mut self, features: &mut Vec<f64>) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        features.extend([
            share(self.letters, self.n),
            share(self.long, self.n),
            share(self.hashes.len(), self.n),
            self.longest.min(40) as f64,
            share(self.names, self.n),
            log(self.names),
        ]);
        features.extend(self.groups.map(log));
    }
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

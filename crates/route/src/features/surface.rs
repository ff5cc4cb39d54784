//! Counts that say how long, how numeric, how formal and how nested a query is.
//!
//! Most are logarithms of one plus a count, so they stay small and finite for any text.

use memchr::memmem;

use super::cues::{N_GROUPS, Word, groups_of};
use super::head;

/// Features of a text.
pub(crate) const N_SURFACE: usize = 16 + 8 + 6 + 4 + N_GROUPS;

const CODE: [&str; 10] = [
    "```", "def ", "class ", "function", "return", "import ", "{", "}", " = ", "()",
];

/// Counts a text.
pub(crate) fn surface(text: &str) -> Vec<f64> {
    let head = head(text);
    let mut features = Vec::with_capacity(N_SURFACE);
    features.push(log(text.chars().count()));
    features.push(log(text.split_whitespace().count()));
    characters(head, &mut features);
    numbers(head, &mut features);
    words(head, &mut features);
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
    let mut counts = [0_usize; 9];
    let (mut n, mut upper, mut letters, mut foreign, mut ends) = (0, 0, 0, 0, 0);
    let mut previous = ' ';
    for c in text.chars() {
        n += 1;
        foreign += usize::from(!c.is_ascii());
        if c.is_alphabetic() {
            letters += 1;
            upper += usize::from(c.is_uppercase());
        } else if c.is_whitespace() {
            ends += usize::from(matches!(previous, '.' | '?' | '!'));
        } else {
            let kind = match c {
                '+' | '*' | '=' | '<' | '>' | '/' | '^' => Some(0),
                '(' | ')' | '[' | ']' | '{' | '}' => Some(1),
                ',' => Some(2),
                '?' => Some(3),
                '"' | '\'' | '`' => Some(4),
                '$' | '€' | '£' => Some(5),
                '%' => Some(6),
                '\\' | '_' => Some(7),
                ':' | ';' => Some(8),
                _ => None,
            };
            if let Some(count) = kind.and_then(|kind: usize| counts.get_mut(kind)) {
                *count += 1;
            }
        }
        previous = c;
    }
    features.extend(counts.map(log));
    features.push(share(upper, letters));
    features.push(share(foreign, n));
    features.push(log(ends));
    features.push(log(text.lines().count()));
    features.push(log(CODE
        .iter()
        .filter(|mark| memmem::find(text.as_bytes(), mark.as_bytes()).is_some())
        .count()));
}

/// 8 features.
fn numbers(text: &str, features: &mut Vec<f64>) {
    let bytes = text.as_bytes();
    let digit_at = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut found, mut digits, mut fractions, mut ratios): (Vec<f64>, _, _, _) =
        (Vec::new(), 0, 0, 0);
    let mut at = 0;
    while at < bytes.len() {
        if !digit_at(at) {
            at += 1;
            continue;
        }
        let start = at;
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

/// 6 features and the groups of cues.
fn words(text: &str, features: &mut Vec<f64>) {
    let mut groups = [0_usize; N_GROUPS];
    let mut different: Vec<u64> = Vec::new();
    let mut word = Word::default();
    let (mut n, mut letters, mut long, mut longest, mut names) = (0, 0, 0, 0, 0);
    for written in text.split_whitespace() {
        let length = word.take(written);
        names += usize::from(n > 0 && written.starts_with(char::is_uppercase));
        n += 1;
        letters += length;
        long += usize::from(length > 7);
        longest = longest.max(length);
        let mut left = groups_of(&word);
        while left != 0 {
            if let Some(count) = groups.get_mut(left.trailing_zeros() as usize) {
                *count += 1;
            }
            left &= left - 1;
        }
        different.push(word.hash());
    }
    different.sort_unstable();
    different.dedup();
    features.extend([
        share(letters, n),
        share(long, n),
        share(different.len(), n),
        longest.min(40) as f64,
        share(names, n),
        log(names),
    ]);
    features.extend(groups.map(log));
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
    let stem = text
        .find("\nA.")
        .or_else(|| text.find("\nA)"))
        .unwrap_or(text.len());
    features.extend([
        options.len().min(8) as f64,
        share(length, options.len()).ln_1p(),
        share(numeric, options.len()),
        log(stem),
    ]);
}

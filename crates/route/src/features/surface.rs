//! Counts that say how long, how numeric, how formal and how nested a query is.
//!
//! Most are logarithms of one plus a count, so they stay small and finite for any text.

use std::collections::HashSet;

use super::MAX_CHARS;
use super::cues::{GROUPS, N_GROUPS, NEGATION};

/// Features of a text.
pub(crate) const N_SURFACE: usize = 16 + 8 + 6 + 4 + N_GROUPS;

const CODE: [&str; 10] = [
    "```", "def ", "class ", "function", "return", "import ", "{", "}", " = ", "()",
];

/// Counts a text.
pub(crate) fn surface(text: &str) -> Vec<f64> {
    let end = text
        .char_indices()
        .nth(MAX_CHARS)
        .map_or(text.len(), |(end, _)| end);
    let head = text.get(..end).unwrap_or(text);
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
    const KINDS: [&[char]; 9] = [
        &['+', '*', '=', '<', '>', '/', '^'],
        &['(', ')', '[', ']', '{', '}'],
        &[','],
        &['?'],
        &['"', '\'', '`'],
        &['$', '€', '£'],
        &['%'],
        &['\\', '_'],
        &[':', ';'],
    ];
    let mut counts = [0_usize; KINDS.len()];
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
            for (count, kind) in counts.iter_mut().zip(KINDS) {
                *count += usize::from(kind.contains(&c));
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
        .filter(|mark| text.contains(**mark))
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
    let mut different = HashSet::new();
    let (mut n, mut letters, mut long, mut longest, mut names) = (0, 0, 0, 0, 0);
    for written in text.split_whitespace() {
        let word: String = written
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == '\'')
            .flat_map(char::to_lowercase)
            .collect();
        let length = word.chars().count();
        names += usize::from(n > 0 && written.starts_with(char::is_uppercase));
        n += 1;
        letters += length;
        long += usize::from(length > 7);
        longest = longest.max(length);
        for (idx, (count, group)) in groups.iter_mut().zip(GROUPS).enumerate() {
            let negates = idx == NEGATION && word.ends_with("n't");
            *count += usize::from(negates || group.contains(&word.as_str()));
        }
        different.insert(word);
    }
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

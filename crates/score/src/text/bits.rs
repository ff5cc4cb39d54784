//! Bit-parallel sequence comparison.
//!
//! In: two sequences. Out: Levenshtein distance (Myers 1999 in the block form of Hyyrö 2003) and
//! length of the longest common subsequence (Hyyrö 2004). Time is ⌈m/64⌉·n word steps for lengths
//! m and n, so linear in the answer for a given expected text; more than [`MAX_STEPS`] are refused.

use std::collections::HashMap;
use std::hash::Hash;

/// Most word steps of one comparison: some seconds.
const MAX_STEPS: usize = 1 << 31;

/// For each symbol of a pattern, the positions where it stands.
struct Masks<T> {
    words: usize,
    of: HashMap<T, Vec<u64>>,
    none: Vec<u64>,
}

impl<T: Copy + Eq + Hash> Masks<T> {
    fn new(pattern: &[T]) -> Self {
        let words = pattern.len().div_ceil(64);
        let mut of: HashMap<T, Vec<u64>> = HashMap::new();
        for (at, symbol) in pattern.iter().enumerate() {
            let mask = of.entry(*symbol).or_insert_with(|| vec![0; words]);
            if let Some(word) = mask.get_mut(at / 64) {
                *word |= 1 << (at % 64);
            }
        }
        Self {
            words,
            of,
            none: vec![0; words],
        }
    }

    fn get(&self, symbol: T) -> &[u64] {
        self.of.get(&symbol).unwrap_or(&self.none)
    }
}

fn affordable(pattern: usize, text: usize) -> bool {
    pattern.div_ceil(64).saturating_mul(text) <= MAX_STEPS
}

/// Levenshtein distance; `None` = too long to compare.
pub(crate) fn levenshtein<T: Copy + Eq + Hash>(a: &[T], b: &[T]) -> Option<usize> {
    let (pattern, text) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if pattern.is_empty() {
        return Some(text.len());
    }
    if !affordable(pattern.len(), text.len()) {
        return None;
    }
    let masks = Masks::new(pattern);
    let mut columns = vec![(u64::MAX, 0_u64); masks.words];
    let last_bit = (pattern.len() - 1) % 64;
    let mut distance = pattern.len();
    for symbol in text {
        let (mut up_carry, mut down_carry) = (1_u64, 0_u64);
        let (mut up_last, mut down_last) = (0, 0);
        for ((plus, minus), mask) in columns.iter_mut().zip(masks.get(*symbol)) {
            let equal = mask | down_carry;
            let diagonal = ((equal & *plus).wrapping_add(*plus) ^ *plus) | equal | *minus;
            let up = *minus | !(diagonal | *plus);
            let down = diagonal & *plus;
            (up_last, down_last) = (up, down);
            let shifted_up = (up << 1) | up_carry;
            let shifted_down = (down << 1) | down_carry;
            (up_carry, down_carry) = (up >> 63, down >> 63);
            *plus = shifted_down | !(diagonal | shifted_up);
            *minus = shifted_up & diagonal;
        }
        distance += usize::from((up_last >> last_bit) & 1 == 1);
        distance -= usize::from((down_last >> last_bit) & 1 == 1);
    }
    Some(distance)
}

/// Length of the longest common subsequence; `None` = too long to compare.
pub(crate) fn common_subsequence<T: Copy + Eq + Hash>(a: &[T], b: &[T]) -> Option<usize> {
    let (pattern, text) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if !affordable(pattern.len(), text.len()) {
        return None;
    }
    let masks = Masks::new(pattern);
    let mut row = vec![u64::MAX; masks.words];
    for symbol in text {
        let mut carry = false;
        for (word, mask) in row.iter_mut().zip(masks.get(*symbol)) {
            let matched = *word & mask;
            let (sum, first) = word.overflowing_add(matched);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *word = sum | (*word & !mask);
        }
    }
    let zeros: u32 = row.iter().map(|word| word.count_zeros()).sum();
    Some(zeros as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quadratic_lcs(a: &[u8], b: &[u8]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y {
                    diagonal + 1
                } else {
                    row[j].max(above)
                };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn equal_to_the_quadratic_algorithms() {
        use proptest::prelude::*;
        let text = || proptest::collection::vec(0_u8..4, 0..200);
        proptest!(|(a in text(), b in text())| {
            prop_assert_eq!(
                levenshtein(&a, &b),
                Some(strsim::generic_levenshtein(&a, &b))
            );
            prop_assert_eq!(common_subsequence(&a, &b), Some(quadratic_lcs(&a, &b)));
        });
    }

    #[test]
    fn refuses_what_would_take_minutes() {
        let long = vec![0_u8; 1 << 19];
        assert_eq!(levenshtein(&long, &long), None);
        assert_eq!(common_subsequence(&long, &long), None);
    }
}

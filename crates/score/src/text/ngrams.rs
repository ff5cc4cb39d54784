//! Counting n-grams of one text that occur in others.
//!
//! In: symbols (characters or word numbers). Out: clipped match counts. Only n-grams of the
//! reference are kept, so memory does not grow with the answer.

use std::collections::HashMap;
use std::hash::Hash;

/// n-grams of one order in a reference, with their counts.
#[derive(Debug, Default)]
pub(crate) struct Counts<'t, T> {
    of: HashMap<&'t [T], u64>,
    total: u64,
}

impl<'t, T: Eq + Hash> Counts<'t, T> {
    /// Counts the n-grams of `order`, at least 1.
    pub(crate) fn new(symbols: &'t [T], order: usize) -> Self {
        let mut counts = Self {
            of: HashMap::new(),
            total: 0,
        };
        for gram in symbols.windows(order.max(1)) {
            *counts.of.entry(gram).or_insert(0) += 1;
            counts.total += 1;
        }
        counts
    }

    /// Takes for each n-gram the greater of both counts, as BLEU does for several references.
    pub(crate) fn unite(&mut self, other: Self) {
        for (gram, count) in other.of {
            let own = self.of.entry(gram).or_insert(0);
            *own = (*own).max(count);
        }
    }

    /// How many n-grams there are, repetitions included.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How many n-grams of `symbols` occur here, each at most as often as here.
    pub(crate) fn clipped_matches(&self, symbols: &[T], order: usize) -> u64 {
        let mut found: HashMap<&[T], u64> = HashMap::new();
        for gram in symbols.windows(order.max(1)) {
            if let Some((own, _)) = self.of.get_key_value(gram) {
                *found.entry(own).or_insert(0) += 1;
            }
        }
        found
            .iter()
            .map(|(gram, count)| self.of.get(gram).map_or(0, |limit| (*count).min(*limit)))
            .sum()
    }
}

/// Numbers for words; words that no reference has share one number that never matches.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    numbers: HashMap<String, u32>,
}

impl Vocabulary {
    /// Numbers a reference's words, adding them.
    pub(crate) fn learn<'w>(&mut self, words: impl Iterator<Item = &'w str>) -> Vec<u32> {
        words
            .map(|word| {
                let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX - 1);
                match self.numbers.get(word) {
                    Some(number) => *number,
                    None => *self.numbers.entry(word.to_owned()).or_insert(next),
                }
            })
            .collect()
    }

    /// Numbers an answer's words.
    pub(crate) fn number<'w>(&self, words: impl Iterator<Item = &'w str>) -> Vec<u32> {
        words
            .map(|word| self.numbers.get(word).copied().unwrap_or(u32::MAX))
            .collect()
    }
}

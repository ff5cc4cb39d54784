//! The golden set: items that were read and found well-formed, with their hashes.
//!
//! In: items from a reader or from code. Out: [`GoldenSet`], whose ids are unique and whose
//! fingerprint belongs to its items. It does not judge whether the items are good; `lint` does. It
//! keeps nothing else of each item, because a set of 100,000 stays in memory for a whole run.

use std::collections::HashMap;

use trilemma_domain::{Fingerprint, Item, ItemId};

use crate::fingerprint::{item_fingerprint, set_fingerprint};
use crate::problem::{Collector, GoldenErrors, Problem, quote};

/// A validated golden set.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldenSet {
    items: Vec<Item>,
    source: String,
    fingerprint: Fingerprint,
    warnings: Vec<Problem>,
}

impl GoldenSet {
    /// Makes a set of items that did not come from a file; their lines are their positions from 1.
    ///
    /// # Errors
    /// Lists every id that two items share.
    pub fn from_items(source: impl Into<String>, items: Vec<Item>) -> Result<Self, GoldenErrors> {
        let source = source.into();
        let mut problems = Collector::default();
        let mut first_lines: HashMap<ItemId, u64> = HashMap::with_capacity(items.len());
        for (item, line) in items.iter().zip(1..) {
            if let Some(&first) = first_lines.get(&item.id) {
                problems.push(duplicate_id(item.id.as_str(), first, line));
            } else {
                first_lines.insert(item.id.clone(), line);
            }
        }
        if problems.is_empty() {
            Ok(Self::assemble(source, items, Vec::new()))
        } else {
            Err(problems.into_errors(&source))
        }
    }

    /// Puts a set together whose ids are known to be unique.
    pub(crate) fn assemble(source: String, items: Vec<Item>, warnings: Vec<Problem>) -> Self {
        let item_fingerprints: Vec<_> = items.iter().map(item_fingerprint).collect();
        let fingerprint = set_fingerprint(&item_fingerprints);
        Self {
            items,
            source,
            fingerprint,
            warnings,
        }
    }

    /// The items, in the order of the file.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The items, without the rest.
    #[must_use]
    pub fn into_items(self) -> Vec<Item> {
        self.items
    }

    /// Keeps the items that `keep` wants; the fingerprint becomes theirs.
    pub fn retain(&mut self, keep: impl FnMut(&Item) -> bool) {
        let n_items = self.items.len();
        self.items.retain(keep);
        if self.items.len() != n_items {
            let prints: Vec<_> = self.items.iter().map(item_fingerprint).collect();
            self.fingerprint = set_fingerprint(&prints);
        }
    }

    /// How many items there are; at least 1 in a set that was read from a file.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Where the items came from, as it was named.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The hash of the whole set; the order of the items does not count.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// What looked wrong while reading but did not prevent it, such as a misspelt field.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

/// Words the problem of two items with one id.
pub(crate) fn duplicate_id(id: &str, first_line: u64, line: u64) -> Problem {
    Problem::new(format!(
        "id {} is used on line {first_line} and again here",
        quote(id)
    ))
    .at(line)
    .field("id")
    .hint("give each item its own id, or remove one of the two")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::item;

    #[test]
    fn order_of_items_does_not_count_but_content_does() {
        let (a, b) = (item("a", "one", "1"), item("b", "two", "2"));
        let print = |items: Vec<Item>| GoldenSet::from_items("t", items).unwrap().fingerprint();
        let ab = print(vec![a.clone(), b.clone()]);
        assert_eq!(ab, print(vec![b.clone(), a.clone()]));
        assert_ne!(ab, print(vec![a.clone()]));
        let mut changed = b.clone();
        changed.extras.tags.push("x".into());
        assert_ne!(ab, print(vec![a.clone(), changed]));
        let mut same = b;
        same.extras
            .metadata
            .insert("k".into(), serde_json::json!({"y": 1, "x": 2}));
        let mut swapped = same.clone();
        swapped
            .extras
            .metadata
            .insert("k".into(), serde_json::json!({"x": 2, "y": 1}));
        assert_eq!(print(vec![same]), print(vec![swapped.clone()]));
        assert_ne!(print(vec![]), print(vec![a]));
        let mut part =
            GoldenSet::from_items("t", vec![swapped.clone(), item("c", "z", "3")]).unwrap();
        part.retain(|item| item.id.as_str() != "c");
        assert_eq!(part.fingerprint(), print(vec![swapped]));
    }

    #[test]
    fn two_items_with_one_id_are_an_error() {
        let errors =
            GoldenSet::from_items("t", vec![item("a", "x", "1"), item("a", "y", "2")]).unwrap_err();
        assert_eq!(errors.total, 1);
        assert!(
            errors
                .to_string()
                .contains("line 2: `id`: id `a` is used on line 1")
        );
    }
}

//! Groups of near-duplicates among many texts.
//!
//! In: the texts of each item. Out: groups of at least two positions, each ascending, ordered by their
//! first. A text belongs to a group when it is similar to some member, not necessarily to all.

use std::collections::BTreeMap;

use super::sketch::{Boilerplate, Sketch, Sketcher};

/// From this similarity on, two texts are near-duplicates.
pub(crate) const NEAR: f64 = 0.8;

/// In a crowded band each text is compared with this many before it.
const MAX_COMPARED: usize = 24;

/// Hands out the texts of the item at a position, each by one call of the second argument.
pub(crate) type TextsOf<'a> = &'a dyn Fn(usize, &mut dyn FnMut(&str));

/// Finds groups among `count` items, whose texts `texts` hands out.
pub(crate) fn near_duplicate_groups(count: usize, texts: TextsOf<'_>) -> Vec<Vec<usize>> {
    let mut boilerplate = Boilerplate::new();
    for idx in 0..count {
        boilerplate.count(&|take| texts(idx, take));
    }
    let sketcher = Sketcher {
        boilerplate: Some(&boilerplate),
    };
    let mut sketches: Vec<Option<Sketch>> = Vec::with_capacity(count);
    let mut keyed: Vec<(u64, u32)> = Vec::new();
    for idx in 0..count {
        let sketch = sketcher.sketch(&|take| texts(idx, take));
        sketches.push(sketch.map(|(sketch, bands)| {
            keyed.extend(bands.into_iter().map(|band| (band, idx as u32)));
            sketch
        }));
    }
    keyed.sort_unstable();
    let mut groups = Groups((0..count).collect());
    for (position, &(key, idx)) in keyed.iter().enumerate() {
        let start = position.saturating_sub(MAX_COMPARED);
        let before = keyed.get(start..position).unwrap_or_default();
        for &(other_key, other) in before.iter().rev() {
            if other_key != key {
                break;
            }
            let (idx, other) = (idx as usize, other as usize);
            if groups.root(idx) == groups.root(other) {
                continue;
            }
            if let (Some(Some(a)), Some(Some(b))) = (sketches.get(idx), sketches.get(other))
                && a.similarity(b) >= NEAR
            {
                groups.join(idx, other);
            }
        }
    }
    groups.into_groups()
}

/// Disjoint sets; the smallest position of a group is its root.
struct Groups(Vec<usize>);

impl Groups {
    fn root(&mut self, idx: usize) -> usize {
        let mut root = idx;
        while let Some(&parent) = self.0.get(root)
            && parent != root
        {
            let grandparent = self.0.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.0.get_mut(root) {
                *slot = grandparent;
            }
            root = grandparent;
        }
        root
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.0.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }

    fn into_groups(mut self) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for idx in 0..self.0.len() {
            let root = self.root(idx);
            groups.entry(root).or_default().push(idx);
        }
        groups
            .into_values()
            .filter(|members| members.len() > 1)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(texts: &[String]) -> Vec<Vec<usize>> {
        near_duplicate_groups(texts.len(), &|idx, take| take(&texts[idx]))
    }

    fn words(seed: u64, count: usize) -> String {
        (0..count as u64)
            .map(|idx| {
                format!(
                    "{:06x} ",
                    super::super::shingle::mix(seed * 1000 + idx) & 0xff_ffff
                )
            })
            .collect()
    }

    /// The similarity by its definition, over sets of runs of five characters.
    fn exact(a: &str, b: &str) -> f64 {
        let set = |text: &str| {
            let mut runs = std::collections::HashSet::new();
            super::super::shingle::runs(text, &mut |run| {
                runs.insert(run);
            });
            runs
        };
        let (a, b) = (set(a), set(b));
        a.intersection(&b).count() as f64 / a.union(&b).count() as f64
    }

    #[test]
    fn small_changes_are_found_and_other_texts_are_not() {
        let base = words(1, 60);
        let texts = vec![
            base.clone(),
            words(2, 60),
            base.to_uppercase().replace(' ', "\n\n"),
            words(3, 60),
            format!("{base} and one more"),
            words(2, 30),
        ];
        assert_eq!(groups(&texts), [vec![0, 2, 4]]);
    }

    #[test]
    fn similarity_is_near_its_definition() {
        let sketcher = Sketcher { boilerplate: None };
        let sketch = |text: &str| sketcher.sketch(&|take| take(text)).unwrap().0;
        for (kept, words_in_all) in [(10, 12), (100, 120), (300, 600), (500, 520)] {
            let a = words(7, words_in_all);
            let b = format!("{}{}", words(7, kept), words(8, words_in_all - kept));
            let (estimate, truth) = (sketch(&a).similarity(&sketch(&b)), exact(&a, &b));
            // Four standard errors of a share of 128 draws.
            let tolerance = 4.0 * (truth * (1.0 - truth) / 128.0).sqrt();
            assert!((estimate - truth).abs() <= tolerance, "{estimate} {truth}");
        }
    }

    #[test]
    fn boilerplate_does_not_make_items_alike() {
        let rules = words(99, 200);
        let texts: Vec<_> = (0..50)
            .map(|idx| format!("{rules} {}", words(idx, 12)))
            .collect();
        assert!(groups(&texts).is_empty());
        let mut with_copy = texts;
        with_copy.push(format!("{rules} {} now", words(7, 12)));
        assert_eq!(groups(&with_copy), [vec![7, 50]]);
    }

    #[test]
    fn ten_thousand_items_take_no_time() {
        // All words are shared by many texts, as in texts of one field, and one in ten is a copy.
        let texts: Vec<String> = (0..10_000_u64)
            .map(|idx| {
                let seed = if idx % 10 == 0 { idx / 20 * 20 } else { idx };
                (0..40_u64)
                    .map(|word| {
                        format!(
                            "{:04x} ",
                            super::super::shingle::mix(seed * 100 + word) % 5000
                        )
                    })
                    .collect()
            })
            .collect();
        let found = groups(&texts);
        assert_eq!(found.len(), 500);
        assert!(found.iter().all(|group| group.len() == 2));
    }

    #[test]
    fn odd_texts_do_not_disturb() {
        let texts: Vec<String> = ["", " ", "a", "a", "\u{130}\u{130}", "\0"]
            .map(String::from)
            .into();
        assert_eq!(groups(&texts), [vec![2, 3]]);
        assert!(groups(&[]).is_empty());
    }
}

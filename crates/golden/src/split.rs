//! `dev` and `holdout`: which items prompts may be tuned on, and which only measure.
//!
//! In: items. Out: their positions, parted. Method: an item's side is decided by SHA-256 of a salt and
//! its cluster (or, without one, its id) alone. So the split is the same on every machine, does not
//! move when items are added, removed or reordered, and never parts a cluster.

use trilemma_domain::{Fingerprint, Item, ItemId};

/// Which side of the split an item is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Prompts and routers may be tuned on it.
    Dev,
    /// Only measures.
    Holdout,
}

/// How to part a golden set.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitOptions {
    /// The share of clusters that goes to `holdout`, in [0, 1]; values outside are taken as the nearer
    /// end, and not-a-number as 0. With few clusters the share of items can differ much from it.
    pub holdout_share: f64,
    /// Sets with different salts are parted independently; usually the task's name.
    pub salt: String,
}

impl Default for SplitOptions {
    fn default() -> Self {
        Self {
            holdout_share: 0.5,
            salt: String::new(),
        }
    }
}

/// Positions of items, parted; both in ascending order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Split {
    /// Items on which prompts and routers may be tuned.
    pub dev: Vec<usize>,
    /// Items that only measure.
    pub holdout: Vec<usize>,
}

/// Parts items into `dev` and `holdout`.
#[must_use]
pub fn split(items: &[Item], options: &SplitOptions) -> Split {
    let mut split = Split::default();
    for (item_idx, item) in items.iter().enumerate() {
        match side(item, options) {
            Side::Dev => split.dev.push(item_idx),
            Side::Holdout => split.holdout.push(item_idx),
        }
    }
    split
}

/// Tells on which side an item is, without looking at any other item.
#[must_use]
pub fn side(item: &Item, options: &SplitOptions) -> Side {
    side_of(&item.id, item.extras.cluster.as_deref(), options)
}

/// As [`side`], by the item's id and cluster.
#[must_use]
pub fn side_of(id: &ItemId, cluster: Option<&str>, options: &SplitOptions) -> Side {
    let (kind, key) = match cluster {
        Some(cluster) => ("cluster", cluster),
        None => ("id", id.as_str()),
    };
    let draw = Fingerprint::builder()
        .field("trilemma-split-v1")
        .field(&options.salt)
        .field(kind)
        .field(key)
        .finish()
        .leading_u64();
    // The upper 53 bits as a number in [0, 1): exact in a double, so equal on every machine.
    let draw = (draw >> 11) as f64 / (1_u64 << 53) as f64;
    if draw < options.holdout_share {
        Side::Holdout
    } else {
        Side::Dev
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::item;

    fn items(count: usize) -> Vec<Item> {
        (0..count)
            .map(|idx| item(&format!("item-{idx}"), "x", "1"))
            .collect()
    }

    fn options(holdout_share: f64, salt: &str) -> SplitOptions {
        SplitOptions {
            holdout_share,
            salt: salt.to_owned(),
        }
    }

    #[test]
    fn the_share_is_met_and_the_ends_are_exact() {
        let items = items(2000);
        for share in [0.1, 0.5, 0.8] {
            let found = split(&items, &options(share, "t")).holdout.len() as f64 / 2000.0;
            // Four standard errors of a share of 2,000 draws.
            assert!((found - share).abs() < 4.0 * (share * (1.0 - share) / 2000.0).sqrt());
        }
        assert_eq!(split(&items, &options(0.0, "t")).holdout.len(), 0);
        assert_eq!(split(&items, &options(1.0, "t")).dev.len(), 0);
        assert_eq!(split(&items, &options(f64::NAN, "t")).holdout.len(), 0);
    }

    #[test]
    fn added_items_do_not_move_others() {
        let all = items(300);
        let half = split(&all[..150], &options(0.4, "t"));
        let whole = split(&all, &options(0.4, "t"));
        assert_eq!(whole.dev[..half.dev.len()], half.dev);
        assert_eq!(whole.holdout[..half.holdout.len()], half.holdout);
        // A larger share only moves items from dev to holdout.
        let more = split(&all, &options(0.6, "t"));
        assert!(whole.holdout.iter().all(|idx| more.holdout.contains(idx)));
        assert_ne!(whole, split(&all, &options(0.4, "other")));
    }

    #[test]
    fn clusters_stay_together() {
        let mut items = items(200);
        for (idx, item) in items.iter_mut().enumerate() {
            item.extras.cluster = Some(format!("c{}", idx / 5));
        }
        let split = split(&items, &SplitOptions::default());
        assert!(!split.dev.is_empty() && !split.holdout.is_empty());
        for idx in &split.dev {
            assert!(!split.holdout.iter().any(|other| other / 5 == idx / 5));
        }
    }

    #[test]
    fn the_split_of_a_known_id_is_fixed() {
        // Guards against a change of the method: prompts were tuned on the old split.
        let sides: Vec<_> = items(8)
            .iter()
            .map(|item| side(item, &options(0.5, "t")) == Side::Holdout)
            .collect();
        // Computed apart from this code, with Python's hashlib.
        let python = [true, true, true, false, true, false, true, true];
        assert_eq!(sides, python);
    }
}

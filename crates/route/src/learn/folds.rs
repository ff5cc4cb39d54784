//! Which fold each row belongs to: a seeded shuffle of equal shares, groups of rows kept together.

use std::collections::HashMap;

/// Gives each row a fold below `n_folds`; `groups` holds any number that rows of one group share. They share
/// a fold.
///
/// Without groups of several rows, shares differ by at most one row; else the largest groups are placed
/// first, each into the fold that is smallest by then.
pub(crate) fn folds(groups: &[usize], n_folds: usize, seed: u64) -> Vec<usize> {
    let groups = numbered(groups);
    let n_groups = groups.iter().max().map_or(0, |most| most + 1);
    let order = shuffled(n_groups, n_folds, seed);
    if n_groups == groups.len() {
        return groups
            .iter()
            .map(|group| order.get(*group).copied().unwrap_or(0))
            .collect();
    }
    let mut sizes = vec![0_usize; n_groups];
    for group in &groups {
        if let Some(size) = sizes.get_mut(*group) {
            *size += 1;
        }
    }
    let mut by_size: Vec<usize> = (0..n_groups).collect();
    let size = |group: usize| sizes.get(group).copied().unwrap_or(0);
    // Among equal sizes the shuffle decides.
    by_size.sort_by_key(|group| {
        (
            std::cmp::Reverse(size(*group)),
            order.get(*group).copied(),
            *group,
        )
    });
    let mut filled = vec![0_usize; n_folds.max(1)];
    let mut fold_of = vec![0_usize; n_groups];
    for group in by_size {
        let smallest = (0..filled.len()).min_by_key(|fold| filled.get(*fold).copied());
        let fold = smallest.unwrap_or(0);
        if let (Some(count), Some(slot)) = (filled.get_mut(fold), fold_of.get_mut(group)) {
            *count += size(group);
            *slot = fold;
        }
    }
    groups
        .iter()
        .map(|group| fold_of.get(*group).copied().unwrap_or(0))
        .collect()
}

/// Numbers groups from 0 in order of appearance.
fn numbered(groups: &[usize]) -> Vec<usize> {
    let mut known: HashMap<usize, usize> = HashMap::with_capacity(groups.len());
    let number = |group: &usize| {
        let next = known.len();
        *known.entry(*group).or_insert(next)
    };
    groups.iter().map(number).collect()
}

/// Equal shares in a seeded order.
fn shuffled(n: usize, n_folds: usize, seed: u64) -> Vec<usize> {
    let mut folds: Vec<usize> = (0..n).map(|idx| idx % n_folds.max(1)).collect();
    let mut state = seed;
    for idx in (1..n).rev() {
        let other = (split_mix(&mut state) % (idx as u64 + 1)) as usize;
        folds.swap(idx, other);
    }
    folds
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub(crate) fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_equal_and_groups_stay_together() {
        let count = |folds: &[usize], fold| folds.iter().filter(|one| **one == fold).count();
        let alone: Vec<usize> = (0..13).collect();
        let plain = folds(&alone, 5, 7);
        assert!(
            (0..5).all(|fold| (2..=3).contains(&count(&plain, fold))),
            "{plain:?}"
        );
        assert_ne!(plain, folds(&alone, 5, 8));
        // 40 rows in groups of one and of several.
        let groups: Vec<usize> = (0..40).map(|row| [row, row / 8][row % 2] + 100).collect();
        let found = folds(&groups, 5, 7);
        for (a, b) in (0..40).flat_map(|a| (0..40).map(move |b| (a, b))) {
            assert!(groups[a] != groups[b] || found[a] == found[b], "{a} {b}");
        }
        assert!(
            (0..5).all(|fold| (6..=10).contains(&count(&found, fold))),
            "{found:?}"
        );
    }
}

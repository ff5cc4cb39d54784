//! Which checks are looked at together, and how strictly, so that many ways of looking share one chance.
//!
//! In: the number of a check, and within how many checks the chance holds. Out: the ways that are due. A look at nearly
//! the same answers again is nearly for nothing, but costs as much of the chance as any other: so all checks since the
//! baseline are looked at whenever they are a fifth more, and the latest 4, 8, 16, … whenever a quarter of them is new.
//! Chosen by simulation, on other histories than those it is reported on (`docs/methods.md`).

/// Largest weights of an item: one for items that break for good, one for a loss that all items share.
const WEIGHTS: [u32; 2] = [1, 3];
/// Checks of the shortest window; the evidence of single checks is gathered otherwise.
const SHORTEST: usize = 4;

/// One way of looking at several checks together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PooledWay {
    /// The latest checks that are compared with everything before; at least 1.
    pub n_checks: usize,
    /// Largest weight of an item; see [`super::pooled_p_value`].
    pub largest_weight: u32,
    /// What its p value is multiplied with; above 0. May be below 1 for what is rarely looked at.
    pub factor: f64,
}

/// Returns the ways that are due at a check, counted from 1; empty for 0.
///
/// If a p value times its factor of `1 / A` or less gives alarm, the number of alarms within `looks` checks has a mean
/// of at most `looks / A` while nothing changes (union bound), one half for all checks since the baseline and one
/// for windows: there are fewer than two looks at windows per check and weight, as the one of s checks is looked at every
/// `s / 4` checks. Checked by `ways_of_pooling_share_the_chance`.
#[must_use]
pub fn pooled_ways(check: usize, looks: u32) -> Vec<PooledWay> {
    let n_weights = WEIGHTS.len() as f64;
    let looks = looks.max(1);
    let windows = std::iter::successors(Some(SHORTEST), |n| n.checked_mul(2))
        .take_while(|n| *n < check && *n < looks as usize)
        .filter(|n| check.is_multiple_of(*n / SHORTEST))
        .map(|n| (n, 2.0));
    let n_full = full_looks().take_while(|n| *n <= looks as usize).count();
    let full = full_looks()
        .take_while(|n| *n <= check)
        .filter(|n| *n == check)
        .map(|n| (n, n_full as f64 / f64::from(looks)));
    let due = windows.chain(full);
    due.flat_map(|(n_checks, looks_per_check)| {
        WEIGHTS.map(|largest_weight| PooledWay {
            n_checks,
            largest_weight,
            factor: 2.0 * n_weights * looks_per_check,
        })
    })
    .collect()
}

/// Checks at which all since the baseline are looked at: 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, …
fn full_looks() -> impl Iterator<Item = usize> {
    std::iter::successors(Some(1_usize), |n| n.checked_add(n.div_ceil(5)))
}

//! Which fold each row belongs to: a seeded shuffle of equal shares.

/// Gives each of `n` rows a fold below `n_folds`; shares differ by at most one row.
pub(crate) fn folds(n: usize, n_folds: usize, seed: u64) -> Vec<usize> {
    let mut folds: Vec<usize> = (0..n).map(|idx| idx % n_folds.max(1)).collect();
    let mut state = seed;
    for idx in (1..n).rev() {
        let other = (split_mix(&mut state) % (idx as u64 + 1)) as usize;
        folds.swap(idx, other);
    }
    folds
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

//! Statistics that depend on items only through sums, such as an area between means.
//!
//! In: a row of numbers per item, or per group of dependent items. Out: a [`Bootstrap`] of any function of
//! the sums over rows; the jackknife takes each row off the total instead of adding all others.
//! Source and conditions as `bootstrap`; with one row per group it is the bootstrap over groups
//! (A. C. Cameron, D. L. Miller, Journal of Human Resources 50 (2015), section VI).

use super::bootstrap::{Bootstrap, MIN_VALUES};
use super::{IndexStream, Resampling};
use crate::StatsError;
use crate::error::{TooFew, check_finite, check_same_length};

/// Bootstraps a statistic of column sums.
///
/// `rows` all have the same length; the statistic gets the sums over the rows drawn (as many as there are
/// rows). Checked by `sums_are_drawn_as_the_general_bootstrap_draws_them`.
///
/// # Errors
/// [`StatsError::TooFew`] below [`MIN_VALUES`] rows, [`StatsError::NoSpread`] when all rows are equal,
/// [`StatsError::LengthMismatch`], [`StatsError::NotFinite`] for values or statistics that are not finite.
pub fn bootstrap_sums(
    rows: &[Vec<f64>],
    resampling: &Resampling,
    statistic: impl Fn(&[f64]) -> f64,
) -> Result<Bootstrap, StatsError> {
    let n = rows.len();
    TooFew::check(n, MIN_VALUES)?;
    let width = rows.first().map_or(0, Vec::len);
    for row in rows {
        check_same_length(width, row.len())?;
        check_finite(row)?;
    }
    if rows.windows(2).all(|pair| pair.first() == pair.last()) {
        return Err(StatsError::NoSpread { n });
    }
    let mut totals = vec![0.0; width];
    for row in rows {
        add(&mut totals, row, 1.0);
    }
    let point = statistic(&totals);
    let mut stream = resampling.stream();
    let mut sums = vec![0.0; width];
    let replicates: Vec<f64> = (0..resampling.count())
        .map(|_| {
            sums.fill(0.0);
            for _ in 0..n {
                if let Some(row) = rows.get(stream.next_index(n)) {
                    add(&mut sums, row, 1.0);
                }
            }
            statistic(&sums)
        })
        .collect();
    let jackknife: Vec<f64> = (rows.iter())
        .map(|row| {
            sums.copy_from_slice(&totals);
            add(&mut sums, row, -1.0);
            statistic(&sums)
        })
        .collect();
    check_finite(&[point])?;
    check_finite(&replicates)?;
    check_finite(&jackknife)?;
    Ok(Bootstrap::new(point, replicates, &jackknife))
}

fn add(sums: &mut [f64], row: &[f64], sign: f64) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += sign * value;
    }
}

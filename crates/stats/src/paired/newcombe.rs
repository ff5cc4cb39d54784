//! Newcombe's square-and-add interval for a paired difference of rates.
//!
//! In: the cells. Out: a two-sided interval from the Wilson limits of both rates and their correlation.
//! Close to Tango's; given because published comparisons use it. Conditions: independent items.
//! Source: R. G. Newcombe, Statistics in Medicine 17 (1998) 2635, method 10.

use super::Cells;
use crate::proportion::{Count, wilson};
use crate::{Confidence, Estimate, Method, StatsError};

/// Returns the Newcombe interval of (rate of the first) - (rate of the second).
///
/// With Wilson limits (l, u) of each rate and phi the correlation of the cells (0 where a margin is empty;
/// its numerator `ad - bc` reduced by n/2 towards 0 where positive):
/// `low = d - sqrt((p1-l1)² - 2 phi (p1-l1)(u2-p2) + (u2-p2)²)`, `high` likewise with `u1-p1` and `p2-l2`.
/// Checked by `data_paired_cells` and `published_example`.
///
/// # Errors
/// [`StatsError::TooFew`] without items.
pub fn newcombe(cells: Cells, confidence: Confidence) -> Result<Estimate, StatsError> {
    cells.check()?;
    let n = cells.n();
    let first = wilson(Count::new(cells.both + cells.only_first, n)?, confidence);
    let second = wilson(Count::new(cells.both + cells.only_second, n)?, confidence);
    let phi = correlation(cells);
    let combine = |x: f64, y: f64| (x * x - 2.0 * phi * x * y + y * y).max(0.0).sqrt();
    let point = cells.difference();
    Ok(Estimate {
        point,
        low: (point - combine(first.point - first.low, second.high - second.point)).max(-1.0),
        high: (point + combine(first.high - first.point, second.point - second.low)).min(1.0),
        confidence,
        n,
        method: Method::Newcombe,
        standard_error: None,
    })
}

fn correlation(cells: Cells) -> f64 {
    let Cells {
        both,
        only_first,
        only_second,
        neither,
    } = cells;
    let margins = [
        both + only_first,
        only_second + neither,
        both + only_second,
        only_first + neither,
    ];
    let product: f64 = margins.iter().map(|m| *m as f64).product();
    if product <= 0.0 {
        return 0.0;
    }
    let numerator = both as f64 * neither as f64 - only_first as f64 * only_second as f64;
    let corrected = if numerator > 0.0 {
        (numerator - cells.n() as f64 / 2.0).max(0.0)
    } else {
        numerator
    };
    corrected / product.sqrt()
}

//! Bonett and Price's adjusted Wald interval for a paired difference of rates.
//!
//! In: the cells. Out: a two-sided interval after adding one item to each discordant cell; simple and
//! close to nominal, its centre pulled a little towards 0. Conditions: independent items.
//! Source: D. G. Bonett, R. M. Price, Journal of Educational and Behavioral Statistics 37 (2012).

use super::Cells;
use crate::{Confidence, Estimate, Method, StatsError};

/// Returns the Bonett-Price interval of (rate of the first) - (rate of the second).
///
/// `p12 = (b+1)/(n+2)`, `p21 = (c+1)/(n+2)`: `p12 - p21 ± z sqrt((p12 + p21 - (p12 - p21)²) / (n+2))`, cut
/// to [-1, 1]; the point is the raw difference. Checked by `data_paired_cells` and `published_example`.
///
/// # Errors
/// [`StatsError::TooFew`] without items.
pub fn bonett_price(cells: Cells, confidence: Confidence) -> Result<Estimate, StatsError> {
    cells.check()?;
    let n = cells.n() as f64 + 2.0;
    let only_first = (cells.only_first as f64 + 1.0) / n;
    let only_second = (cells.only_second as f64 + 1.0) / n;
    let centre = only_first - only_second;
    let error = ((only_first + only_second - centre * centre) / n).sqrt();
    let half = confidence.z_two_sided() * error;
    Ok(Estimate {
        point: cells.difference(),
        low: (centre - half).max(-1.0),
        high: (centre + half).min(1.0),
        confidence,
        n: cells.n(),
        method: Method::BonettPrice,
        standard_error: Some(error),
    })
}

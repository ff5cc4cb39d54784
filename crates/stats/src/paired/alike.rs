//! The difference of two alternatives that is the same on every item, most often none at all.
//!
//! In: that difference and the number of items. Out: an interval for the mean difference, where no resample would show
//! any spread. Conditions: independent items; each difference in [-1, 1].
//! Source: the exact upper bound of a share of which none was seen, C. J. Clopper, E. S. Pearson, Biometrika 26 (1934);
//! near `3/n` ("rule of three": J. A. Hanley, A. Lippman-Hand, JAMA 249 (1983)).

use crate::error::{TooFew, check_finite};
use crate::proportion::{Count, clopper_pearson_bound};
use crate::{Confidence, Estimate, Method, Side, StatsError};

/// Returns the interval of the mean difference of which each of `n` items showed the same.
///
/// With confidence `1-α` at most `u = 1 - α^(1/n)` of all items show another difference, which lies between -1 and 1:
/// `[d - u (1 + d), d + u (1 - d)]`, ±u where no item differs. Checked by `nothing_seen_bounds_what_there_can_be`
/// and `an_interval_of_alike_items_covers`.
///
/// # Errors
/// [`StatsError::TooFew`] without items, [`StatsError::NotFinite`], [`StatsError::OutOfRange`] beyond -1 and 1.
pub fn alike(difference: f64, n: usize, confidence: Confidence) -> Result<Estimate, StatsError> {
    TooFew::check(n, 1)?;
    check_finite(&[difference])?;
    if difference.abs() > 1.0 {
        return Err(StatsError::OutOfRange {
            parameter: "difference",
            value: difference,
            range: "from -1 to 1",
        });
    }
    let others = clopper_pearson_bound(Count::new(0, n)?, confidence, Side::Upper).value;
    Ok(Estimate {
        point: difference,
        low: difference - others * (1.0 + difference),
        high: difference + others * (1.0 - difference),
        confidence,
        n,
        method: Method::ClopperPearson,
        standard_error: None,
    })
}

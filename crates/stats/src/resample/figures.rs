//! Several figures from the same resamples, of which a resample may lack some, such as a share of a gap that
//! it does not have.
//!
//! In: the number of independent observations (items, or groups of dependent ones), and what figures come to
//! when each counts as often as it was drawn. Out: for each figure its percentile interval, or why it has none.
//! Source and conditions as `bootstrap`. A figure that more resamples lack than lie beyond an end of the
//! interval has none: where that end is would depend on what the missing ones are.

use super::bootstrap::MIN_VALUES;
use super::{IndexStream, Resampling};
use crate::error::TooFew;
use crate::quantile::interpolated_of;
use crate::{Confidence, Estimate, Method};

/// Why a figure has no interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoInterval {
    /// There are too few independent observations to draw from.
    TooFew(TooFew),
    /// It is the same in every resample.
    Same,
    /// Too many resamples lack the figure.
    Lacking {
        /// Share of resamples that lack it.
        share: f64,
    },
}

impl std::fmt::Display for NoInterval {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooFew(TooFew { n, needed }) => {
                write!(f, "{n} independent items are too few, {needed} are needed")
            }
            Self::Same => write!(f, "it is the same in every resample"),
            Self::Lacking { share } => {
                write!(f, "{:.0} % of the resamples lack it", 100.0 * share)
            }
        }
    }
}

/// A figure with its interval, or why it has none.
pub type Interval = Result<Estimate, NoInterval>;

/// Bootstraps figures of `n` observations.
///
/// `figures` is told how often each observation counts: once each for the points, as often as drawn for a
/// resample; `None` = the figure does not exist there. The same seed and `n` draw what the other bootstraps of
/// this module draw. Checked by `figures_are_drawn_as_the_other_bootstraps_draw_them`.
pub fn bootstrap_figures<const N: usize>(
    n: usize,
    confidence: Confidence,
    resampling: &Resampling,
    figures: impl Fn(&[u32]) -> [Option<f64>; N],
) -> [Interval; N] {
    if let Err(few) = TooFew::check(n, MIN_VALUES) {
        return std::array::from_fn(|_| Err(NoInterval::TooFew(few)));
    }
    let mut counts = vec![1; n];
    let points = figures(&counts);
    let mut stream = resampling.stream();
    let mut found: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..resampling.count() {
        counts.fill(0);
        for _ in 0..n {
            if let Some(count) = counts.get_mut(stream.next_index(n)) {
                *count += 1;
            }
        }
        for (found, figure) in found.iter_mut().zip(figures(&counts)) {
            found.extend(figure.filter(|one| one.is_finite()));
        }
    }
    let mut both = points.into_iter().zip(found);
    std::array::from_fn(|_| {
        let (point, replicates) = both.next().unwrap_or_default();
        interval(point, replicates, (n, confidence), resampling.count())
    })
}

fn interval(
    point: Option<f64>,
    mut replicates: Vec<f64>,
    (n, confidence): (usize, Confidence),
    n_drawn: usize,
) -> Interval {
    let tail = confidence.alpha() / 2.0;
    let share = 1.0 - replicates.len() as f64 / n_drawn as f64;
    let Some(point) = point.filter(|point| point.is_finite() && share <= tail) else {
        return Err(NoInterval::Lacking { share });
    };
    replicates.sort_unstable_by(f64::total_cmp);
    let centre = crate::mean::mean(&replicates);
    let squares: f64 = replicates.iter().map(|r| (r - centre) * (r - centre)).sum();
    let found = Estimate {
        point,
        low: interpolated_of(&replicates, tail),
        high: interpolated_of(&replicates, 1.0 - tail),
        confidence,
        n,
        method: Method::BootstrapPercentile,
        standard_error: Some((squares / (replicates.len() as f64 - 1.0).max(1.0)).sqrt()),
    };
    match replicates.first() == replicates.last() {
        true => Err(NoInterval::Same),
        false => Ok(found),
    }
}

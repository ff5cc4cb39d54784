//! How much came per second, over the measured window.
//!
//! In: points. Out: rates with a t interval over 20 blocks of time (W. D. Kelton, A. M. Law, "batch means"). What
//! counts is what *ended* in the window, whenever it began: the answers under way at its start make up for
//! those under way at its end.

use trilemma_domain::LoadRate;
use trilemma_stats::Confidence;
use trilemma_stats::mean::mean_t;

use super::point::Point;
use super::times::BLOCKS;

/// A stretch of a stage, in seconds from its start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) from_s: f64,
    pub(crate) to_s: f64,
}

impl Window {
    pub(crate) fn length_s(self) -> f64 {
        (self.to_s - self.from_s).max(0.0)
    }

    fn has(self, at_s: f64) -> bool {
        self.from_s <= at_s && at_s < self.to_s
    }

    /// Which of the blocks a moment falls into.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a block of 20"
    )]
    fn block(self, at_s: f64) -> usize {
        let share = (at_s - self.from_s) / self.length_s();
        ((share * BLOCKS as f64) as usize).min(BLOCKS - 1)
    }
}

/// What the answers that ended in the window weigh together, per second; `None` = the window has no length, or
/// one of them has no weight.
#[expect(clippy::cast_precision_loss, reason = "a number of blocks")]
pub(crate) fn rate(
    points: &[Point],
    window: Window,
    weight: impl Fn(&Point) -> Option<f64>,
) -> Option<LoadRate> {
    let length = window.length_s();
    if length <= 0.0 {
        return None;
    }
    let mut per_block = vec![0.0; BLOCKS];
    let mut total = 0.0;
    for point in points {
        if !point.is_answered || !window.has(point.ended_s) {
            continue;
        }
        let weight = weight(point)?;
        total += weight;
        if let Some(block) = per_block.get_mut(window.block(point.ended_s)) {
            *block += weight * BLOCKS as f64 / length;
        }
    }
    let interval = mean_t(&per_block, Confidence::P95).ok();
    Some(LoadRate {
        per_s: total / length,
        low: interval.as_ref().map(|found| found.low.max(0.0)),
        high: interval.as_ref().map(|found| found.high),
    })
}

/// Mean requests in flight over the window; `None` = it has no length.
pub(crate) fn in_flight(points: &[Point], window: Window) -> Option<f64> {
    let length = window.length_s();
    let overlap = |point: &Point| {
        let from = point.begun_s.max(window.from_s);
        (point.ended_s.min(window.to_s) - from).max(0.0)
    };
    (length > 0.0).then(|| points.iter().map(overlap).sum::<f64>() / length)
}

//! A margin that a golden set can decide.

use trilemma_golden::SizeGuide;

/// Margins beyond this are no "not worse" any more.
const WIDEST: f64 = 0.20;

/// Proposes a margin in whole points: the smallest at which equal candidates are shown to be "not worse"
/// with a chance of 80 % even where they often disagree. `None` = not below 20 points.
#[must_use]
pub fn propose_margin(size: &SizeGuide) -> Option<f64> {
    // Nudged, so that exactly 5 points stay 5.
    let points = (size.decidable_margin.high * 100.0 - 1e-9).ceil().max(1.0);
    let margin = points / 100.0;
    (margin <= WIDEST).then_some(margin)
}

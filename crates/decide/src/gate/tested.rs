//! What every gate on a sample can say of one candidate.

use trilemma_stats::Confidence;

use super::family::Level;
use crate::evidence::Case;
use crate::result::GateResult;

/// One requirement and one candidate's sample for it.
///
/// A higher confidence never turns a "no" of [`Tested::meets_at`] or [`Tested::fails_at`] into a "yes".
pub(crate) trait Tested {
    /// The one-sided confidence that the requirement asks for.
    fn confidence(&self) -> Confidence;

    /// Whether it is shown to be met, whatever is missing.
    fn meets_at(&self, confidence: Confidence) -> bool;

    /// Whether it is shown to be missed, whatever is missing.
    fn fails_at(&self, confidence: Confidence) -> bool;

    /// The verdict, "meets" at the given level, "fails" at the plain one.
    fn result(&self, case: &Case<'_>, level: Level) -> GateResult;
}

//! The steps of a scorer for which the project names none.
//!
//! In: nothing. Out: short forms, which `pipeline` builds.

use serde::Serialize;

/// Extraction steps in their short form, applied when a project names none.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct DefaultSteps {
    /// For the answer.
    pub answer: &'static [&'static str],
    /// For the expected value.
    pub expected: &'static [&'static str],
}

impl DefaultSteps {
    /// White space at both ends is cut from both sides.
    pub(crate) const TRIM: Self = Self {
        answer: &["trim"],
        expected: &["trim"],
    };
    /// Both sides are taken as they are.
    pub(crate) const AS_IS: Self = Self {
        answer: &[],
        expected: &[],
    };
}

//! Short forms for what scorers return.
//!
//! In: a score or a reason. Out: `ScoredOutcome`. A rule returns `Err` for outcomes that end it
//! early, so that `?` reads well; both arms are outcomes.

use trilemma_domain::{Score, ScoredOutcome};

/// What a rule returns; either arm is its outcome.
pub(crate) type Ruling = Result<ScoredOutcome, ScoredOutcome>;

/// A score that speaks for itself.
pub(crate) fn plain(score: f64) -> ScoredOutcome {
    ScoredOutcome::Scored {
        score: Score::clamped(score),
        explanation: None,
    }
}

/// A score and why.
pub(crate) fn because(score: f64, explanation: impl Into<String>) -> ScoredOutcome {
    ScoredOutcome::Scored {
        score: Score::clamped(score),
        explanation: Some(explanation.into()),
    }
}

/// The best score where `matches`, else the worst and why.
pub(crate) fn matched(matches: bool, otherwise: impl FnOnce() -> String) -> ScoredOutcome {
    if matches {
        plain(1.0)
    } else {
        because(0.0, otherwise())
    }
}

/// The scorer does not apply to the item.
pub(crate) fn not_applicable(reason: impl Into<String>) -> ScoredOutcome {
    ScoredOutcome::NotApplicable {
        reason: reason.into(),
    }
}

/// The opposite score, for the same reason.
pub(crate) fn turned(outcome: ScoredOutcome) -> ScoredOutcome {
    match outcome {
        ScoredOutcome::Scored { score, explanation } => ScoredOutcome::Scored {
            score: Score::clamped(1.0 - score.value()),
            explanation,
        },
        other => other,
    }
}

/// The scorer could not run: missing, never 0.
pub(crate) fn failed(reason: impl Into<String>) -> ScoredOutcome {
    ScoredOutcome::Failed {
        reason: reason.into(),
    }
}

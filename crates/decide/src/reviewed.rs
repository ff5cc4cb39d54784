//! Every candidate's pass rate by scorers and by people, side by side.
//!
//! In: what was measured, with the labels. Out: one entry per labelled candidate. It judges nothing.

use trilemma_stats::Confidence;

use crate::evidence::Case;
use crate::figure::{Figure, Method, tidy};
use crate::review::{CandidateReview, corrected, missing_labels};

/// One entry per candidate with labels.
pub(crate) fn summary(case: &Case<'_>) -> Vec<CandidateReview> {
    (0..case.candidates.len())
        .filter_map(|idx| one(case, idx))
        .collect()
}

fn one(case: &Case<'_>, idx: usize) -> Option<CandidateReview> {
    let own = case.candidates.get(idx)?;
    let n_labels = case.reviews.of(idx).count();
    if n_labels == 0 {
        return None;
    }
    let made = corrected(&case.design, case.reviews, &[(idx, &own.column, 1.0)]);
    let n_strata = |weights: &[f64]| weights.len().max(1) as f64;
    Some(CandidateReview {
        candidate: idx,
        n_labels,
        by_scorers: own.pass_rate,
        corrected: made.as_ref().ok().and_then(|made| {
            let figure = Figure::of(&made.estimate(Confidence::P95), Method::PredictionPowered)?;
            Some(figure.within(0.0, 1.0))
        }),
        n_labels_missing: made.as_ref().err().and_then(missing_labels),
        weight_of_scorers: made
            .as_ref()
            .ok()
            .and_then(|made| tidy(made.lambdas.iter().sum::<f64>() / n_strata(&made.lambdas))),
    })
}

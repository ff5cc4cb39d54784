//! Every candidate's pass rate by scorers and by people, side by side.
//!
//! In: what was measured, with the labels. Out: one entry per labelled candidate, and the corrected rates that
//! candidates are ranked by. It judges nothing.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use trilemma_domain::{Usd, Verdict};
use trilemma_stats::Confidence;

use crate::evidence::Case;
use crate::figure::{Figure, Method, tidy};
use crate::review::{CandidateReview, agreement, corrected, missing_labels};

/// Pass rates as people would have them, in the order of the candidates; `None` = too few labels.
pub(crate) fn corrected_rates(case: &Case<'_>) -> Vec<Option<f64>> {
    let candidates = case.candidates.iter().enumerate();
    candidates
        .map(|(idx, own)| {
            let made = corrected(&case.design, case.reviews, &[(idx, &own.column, 1.0)]).ok()?;
            Some(made.point.clamp(0.0, 1.0))
        })
        .collect()
}

/// Whether candidates can be ranked by corrected rates: all that may be chosen have one, so that none gains by
/// being labelled less.
pub(crate) fn can_rank(case: &Case<'_>, rates: &[Option<f64>], verdicts: &[Verdict]) -> bool {
    let in_play = |idx: usize| verdicts.get(idx) != Some(&Verdict::Fails);
    let mut candidates = case.candidates.iter().enumerate();
    rates.iter().any(Option::is_some)
        && candidates.all(|(idx, own)| {
            !in_play(idx) || own.pass_rate.is_none() || rates.get(idx).is_some_and(Option::is_some)
        })
}

/// One entry per candidate with labels.
pub(crate) fn summary(case: &Case<'_>, verdicts: &[Verdict]) -> Vec<CandidateReview> {
    if case.reviews.is_empty() {
        return Vec::new();
    }
    let ranks = can_rank(case, &corrected_rates(case), verdicts);
    (0..case.candidates.len())
        .filter_map(|idx| one(case, idx, ranks))
        .collect()
}

fn one(case: &Case<'_>, idx: usize, ranks: bool) -> Option<CandidateReview> {
    let own = case.candidates.get(idx)?;
    let n_labels = case.reviews.of(idx).count();
    if n_labels == 0 {
        return None;
    }
    let made = corrected(&case.design, case.reviews, &[(idx, &own.column, 1.0)]);
    let n_strata = |weights: &[f64]| weights.len().max(1) as f64;
    let rate = |made: &trilemma_stats::humans::Corrected| {
        let figure = Figure::of(&made.estimate(Confidence::P95), Method::PredictionPowered)?;
        Some(figure.within(0.0, 1.0))
    };
    let agreed = agreement(&case.design, case.reviews, (idx, &own.column, 1.0));
    let per_query = own.cost.as_ref().and_then(|cost| cost.mean());
    Some(CandidateReview {
        agreement: agreed.as_ref().ok().and_then(rate),
        cost_per_accepted: made
            .as_ref()
            .ok()
            .zip(per_query)
            .and_then(|(made, cost)| per_accepted(cost, made.point)),
        ranks,
        candidate: idx,
        n_labels,
        by_scorers: own.pass_rate,
        corrected: made.as_ref().ok().and_then(rate),
        n_labels_missing: made.as_ref().err().and_then(missing_labels),
        weight_of_scorers: made
            .as_ref()
            .ok()
            .and_then(|made| tidy(made.lambdas.iter().sum::<f64>() / n_strata(&made.lambdas))),
    })
}

/// What an accepted answer costs when this share is accepted; `None` = none is.
fn per_accepted(per_query: Usd, rate: f64) -> Option<Usd> {
    let rate = Decimal::from_f64(rate.clamp(0.0, 1.0)).filter(|rate| !rate.is_zero())?;
    let cost = per_query.decimal().checked_div(rate)?;
    Some(Usd::new(cost.round_dp(12).normalize()))
}

//! "At least this share of answers must pass."
//!
//! Met when the one-sided Clopper-Pearson bound reaches the bar; over several candidates by Holm's
//! step-down, so that the chance of any false "meets" stays below `1 - confidence`: the surest candidate
//! is held to `α / m`, the next to `α / (m - 1)`, until one does not reach it. Failed when the upper
//! bound at the plain level is below the bar.

use trilemma_domain::PassRateRequirement;
use trilemma_stats::Confidence;

use super::settle::{advice, items_for_share, more_items};
use super::verdict::{Finding, Measured, open};
use crate::evidence::{AT_LEAST, Case, LESS_THAN};
use crate::figure::tidy;
use crate::measure::pass_rate as share_of;
use crate::rate::{Share, p_value_above};
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::sample::Scenario;
use crate::wording;

/// One candidate's shares with missing results counted each way.
struct Shares {
    observed: Option<Share>,
    worst: Share,
    best: Share,
}

/// Judges all candidates together.
pub(crate) fn pass_rate(case: &Case<'_>, bar: &PassRateRequirement) -> Vec<GateResult> {
    let shares: Vec<Option<Shares>> = case
        .candidates
        .iter()
        .map(|candidate| {
            let share = |scenario| share_of(&case.design, &candidate.column, scenario);
            Some(Shares {
                observed: share(Scenario::Observed),
                worst: share(Scenario::Worst)?,
                best: share(Scenario::Best)?,
            })
        })
        .collect();
    let levels = holm_levels(&shares, bar);
    shares
        .iter()
        .zip(levels)
        .enumerate()
        .map(|(candidate, (shares, level))| match (shares, level) {
            (Some(shares), Some(level)) => judge(case, candidate, shares, bar, level),
            _ => open(
                GateKind::PassRate,
                Cause::NotMeasured,
                "no trial of it ran".to_owned(),
                "run it on the golden set",
            ),
        })
        .collect()
}

/// The level that a candidate is held to, and whether Holm's procedure got that far.
#[derive(Clone, Copy)]
struct Level {
    confidence: Confidence,
    reached: bool,
    n_candidates: usize,
}

fn holm_levels(shares: &[Option<Shares>], bar: &PassRateRequirement) -> Vec<Option<Level>> {
    let mut order: Vec<(usize, f64)> = shares
        .iter()
        .enumerate()
        .filter_map(|(idx, shares)| Some((idx, p_value_above(&shares.as_ref()?.worst, bar.min))))
        .collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let n_candidates = order.len();
    let mut levels = vec![None; shares.len()];
    let mut reached = true;
    for (rank, (idx, _)) in order.into_iter().enumerate() {
        let confidence = Confidence::new(bar.confidence)
            .unwrap_or(Confidence::P95)
            .shared_over(n_candidates - rank);
        let shows = shares
            .get(idx)
            .and_then(Option::as_ref)
            .is_some_and(|shares| shares.worst.bound(confidence, AT_LEAST).value >= bar.min);
        reached = reached && shows;
        if let Some(slot) = levels.get_mut(idx) {
            *slot = Some(Level {
                confidence,
                reached,
                n_candidates,
            });
        }
    }
    levels
}

fn judge(
    case: &Case<'_>,
    candidate: usize,
    shares: &Shares,
    bar: &PassRateRequirement,
    level: Level,
) -> GateResult {
    let plain = Confidence::new(bar.confidence).unwrap_or(Confidence::P95);
    let fails = |share: &Share| share.bound(plain, LESS_THAN).value < bar.min;
    let observed_decides = shares.observed.is_some_and(|share| {
        share.bound(level.confidence, AT_LEAST).value >= bar.min || fails(&share)
    });
    let n_missing = case
        .candidates
        .get(candidate)
        .map_or(0, |candidate| candidate.n_missing());
    let finding = Finding::of(
        level.reached,
        fails(&shares.best),
        n_missing > 0 && (observed_decides || shares.observed.is_none()),
    );
    let bound = match finding {
        Finding::Meets | Finding::Open { .. } => {
            shares.worst.bound(level.confidence, AT_LEAST).value
        }
        Finding::Fails => shares.best.bound(plain, LESS_THAN).value,
    };
    let shown = shares.observed.unwrap_or(shares.worst);
    let needed = items_for_share(shown.rate, bar.min, level.confidence);
    let more = more_items(needed, shown.n, shown.n_effective);
    Measured {
        gate: GateKind::PassRate,
        finding,
        n: shares.observed.map_or(0, |share| share.n),
        estimate: shares
            .observed
            .and_then(|share| share.figure(Confidence::P95))
            .map(GateEstimate::Rate),
        bound: tidy(bound).map(Amount::Rate),
        threshold: Amount::Rate(bar.min),
        confidence: match finding {
            Finding::Fails => plain.level(),
            Finding::Meets | Finding::Open { .. } => {
                tidy(level.confidence.level()).unwrap_or(bar.confidence)
            }
        },
        method: shown.method(),
        reason: reason(shares, bar, finding, bound, (n_missing, level)),
        settle: advice(case, finding.cause(), n_missing, more, &[candidate]),
    }
    .result()
}

fn reason(
    shares: &Shares,
    bar: &PassRateRequirement,
    finding: Finding,
    bound: f64,
    (n_missing, level): (usize, Level),
) -> String {
    let passes = shares
        .observed
        .and_then(|share| share.figure(Confidence::P95))
        .map_or_else(
            || "no answer was scored".to_owned(),
            |figure| format!("{} pass", wording::rate(&figure)),
        );
    let sure = wording::percent(bar.confidence);
    let family = if level.n_candidates > 1 {
        format!(" over {} candidates together", level.n_candidates)
    } else {
        String::new()
    };
    let bar = wording::percent(bar.min);
    match finding {
        Finding::Meets => format!(
            "{passes}; at {sure} confidence{family} at least {}, required {bar}",
            wording::percent(bound)
        ),
        Finding::Fails => format!(
            "{passes}; at {sure} confidence at most {}, required {bar}",
            wording::percent(bound)
        ),
        Finding::Open { .. } if finding.cause() == Some(Cause::MissingResults) => format!(
            "{passes}, but {} without result could tip it; required {bar}",
            wording::count(n_missing, "trial")
        ),
        Finding::Open { .. } => format!(
            "{passes}; only {} is certain at {sure} confidence{family}, required {bar}",
            wording::percent(bound)
        ),
    }
}

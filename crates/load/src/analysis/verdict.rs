//! Budgets held against what was measured: meets, fails, or undecided.
//!
//! "p95 at most 800 ms" says that at least 95 % of requests keep to 800 ms, so the test is the exact one of a
//! share (Clopper-Pearson, one-sided, 5 % error each). A budget is met only if that is shown with every failed
//! request counted as slow, and missed only if it is shown with every one counted as fast; requests that never
//! began or ran out of time are slow in both. Where requests depend on each other in time, blocks of
//! consecutive requests take their place (Korn-Graubard).

use trilemma_domain::{LatencyClass, LoadMetric, Slo, SloVerdict, Verdict};
use trilemma_stats::mean::design_effect;
use trilemma_stats::proportion::{Count, clopper_pearson_bound, korn_graubard_bound};
use trilemma_stats::{Confidence, Side};

use super::point::{Point, Value};
use super::times::blocks;

/// From this variance ratio between 20 blocks on requests count as dependent; see `times`.
const DEPENDENT_FROM: f64 = 1.9;
const LEAST_FOR_DEPENDENCE: usize = 200;
/// No forecast goes further than this.
const MOST_REQUESTS: usize = 1_000_000;

/// The budgets that the latency classes stand for: p95 of what people wait, streamed and whole.
#[must_use]
pub fn class_slos(is_streamed: bool) -> Vec<(LatencyClass, Slo)> {
    let classes = [
        LatencyClass::RealTime,
        LatencyClass::Interactive,
        LatencyClass::Batch,
    ];
    let metrics: &[LoadMetric] = if is_streamed {
        &[LoadMetric::Perceived, LoadMetric::E2e]
    } else {
        &[LoadMetric::E2e]
    };
    let of = |class: LatencyClass| {
        metrics.iter().map(move |metric| {
            let slo = Slo {
                metric: *metric,
                p: 0.95,
                limit: class.budget(),
            };
            (class, slo)
        })
    };
    classes.into_iter().flat_map(of).collect()
}

/// How one request stands to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Within,
    Over,
    /// Neither can be said: it failed otherwise.
    Unknown,
}

/// Holds an SLO against the measured requests in order; `n_unstarted` more were due and never began.
#[must_use]
pub fn verdict(points: &[&Point], n_unstarted: u64, slo: Slo) -> SloVerdict {
    let limit_ms = slo.limit.as_secs_f64() * 1e3;
    let stands = points
        .iter()
        .filter_map(|point| match point.value(slo.metric) {
            Value::Known(ms) if ms <= limit_ms => Some(Stand::Within),
            Value::Known(_) | Value::Beyond => Some(Stand::Over),
            Value::Absent if point.is_answered => None,
            Value::Absent => Some(Stand::Unknown),
        });
    let never = usize::try_from(n_unstarted).unwrap_or(usize::MAX);
    let stands: Vec<Stand> = stands
        .chain(std::iter::repeat_n(Stand::Over, never))
        .collect();
    let seen = stands
        .iter()
        .filter(|stand| **stand != Stand::Unknown)
        .count();
    let within = stands
        .iter()
        .filter(|stand| **stand == Stand::Within)
        .count();
    let share_low = bound(&stands, Side::Lower);
    let share_high = bound(&stands, Side::Upper);
    let is_measured = seen > 0;
    let verdict = match (share_low, share_high) {
        (Some(low), _) if is_measured && low >= slo.p => Verdict::Meets,
        (_, Some(high)) if is_measured && high < slo.p => Verdict::Fails,
        _ => Verdict::Undecided,
    };
    let share = is_measured.then(|| ratio(within, seen));
    SloVerdict {
        class: None,
        required: false,
        slo,
        text: slo.to_string(),
        verdict,
        share,
        share_low: share_low.filter(|_| is_measured),
        share_high: share_high.filter(|_| is_measured),
        n: stands.len() as u64,
        more_requests: if verdict == Verdict::Undecided && is_measured {
            let n = stands.len();
            let failed = n - seen;
            more_requests((ratio(within, n), ratio(within + failed, n)), slo.p, n)
        } else {
            None
        },
    }
}

/// One-sided 95 % bound of the share within the limit; failed requests count against the side.
fn bound(stands: &[Stand], side: Side) -> Option<f64> {
    let failed_is_within = side == Side::Upper;
    let outcomes: Vec<bool> = stands
        .iter()
        .map(|stand| match stand {
            Stand::Within => true,
            Stand::Over => false,
            Stand::Unknown => failed_is_within,
        })
        .collect();
    let n = outcomes.len();
    let blocks = blocks(n);
    if n >= LEAST_FOR_DEPENDENCE {
        let values: Vec<f64> = outcomes
            .iter()
            .map(|within| f64::from(u8::from(*within)))
            .collect();
        let effect = design_effect(&values, &blocks).unwrap_or(1.0);
        if effect >= DEPENDENT_FROM {
            let found = korn_graubard_bound(&outcomes, &blocks, Confidence::P95, side);
            return found.ok().map(|found| found.value);
        }
    }
    let count = Count::of(&outcomes).ok()?;
    Some(clopper_pearson_bound(count, Confidence::P95, side).value)
}

/// About how many more requests settle it, if the shares with failed ones as slow and as fast stay as they
/// are; `None` = not foreseeable, as where it hangs on the failed ones.
fn more_requests((worst, best): (f64, f64), p: f64, n: usize) -> Option<u64> {
    let mut wanted = n.max(8);
    while wanted <= MOST_REQUESTS {
        let at = |share, side| {
            let count = Count::new(portion(share, wanted), wanted).ok()?;
            Some(clopper_pearson_bound(count, Confidence::P95, side).value)
        };
        if at(worst, Side::Lower)? >= p || at(best, Side::Upper)? < p {
            return Some((wanted - n.min(wanted)) as u64);
        }
        wanted += (wanted / 64).max(1);
    }
    None
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of requests"
)]
fn portion(share: f64, n: usize) -> usize {
    ((share * n as f64).round() as usize).min(n)
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

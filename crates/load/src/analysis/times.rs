//! How one time was distributed, with what n supports.
//!
//! In: values in the order in which their requests were meant to start. Out: percentiles. Where n is too small
//! for a 95 % interval there is no point either: 368 requests for p99, 72 for p95, 6 for the median.
//!
//! Requests that never ended count as longer than any value: points and upper ends that would lie among them
//! are left open. Requests close in time wait in the same queues, so they may be worth fewer than their
//! number: 20 blocks of consecutive requests are compared, and where the share above a percentile differs
//! between them by more than chance allows (a variance ratio of 1.9, the 99 % point of F(19, ∞)), n is
//! divided by that ratio (the design effect of L. Kish, Survey Sampling, 1965) before ranks are taken.

use trilemma_domain::{LoadQuantile, LoadTimes};
use trilemma_stats::mean::design_effect;
use trilemma_stats::quantile::{
    Sorted, interpolated, needed_for_interval, quantile, quantile_bound, quantile_of_dependent,
};
use trilemma_stats::{Confidence, Side};

use super::point::Value;

/// The percentiles that are reported.
pub(crate) const LEVELS: [f64; 5] = [0.5, 0.9, 0.95, 0.99, 0.999];
/// Blocks of consecutive requests that dependence is looked for between.
pub(crate) const BLOCKS: usize = 20;
/// Fewer requests than this show no dependence that could be told from chance.
const LEAST_FOR_DEPENDENCE: usize = 200;
/// The 99 % point of chi-squared with 19 degrees of freedom, divided by 19.
const DEPENDENT_FROM: f64 = 1.9;
/// Stands for requests that never ended.
const BEYOND_MS: f64 = 1e12;

/// Works out the distribution of values in the order of their intended starts, with a curve to draw.
pub(crate) fn drawn(values: impl IntoIterator<Item = Value> + Clone) -> LoadTimes {
    let known = values.clone().into_iter().filter_map(Value::known);
    LoadTimes {
        curve_ms: curve(known.collect()),
        ..times(values)
    }
}

/// Works out the distribution of values in the order of their intended starts.
pub(crate) fn times(values: impl IntoIterator<Item = Value>) -> LoadTimes {
    let mut n = 0_u64;
    let mut in_order = Vec::new();
    for value in values {
        match value {
            Value::Known(ms) => {
                n += 1;
                in_order.push(ms);
            }
            Value::Beyond => in_order.push(BEYOND_MS),
            Value::Absent => {}
        }
    }
    let n_beyond = in_order.len() as u64 - n;
    let Ok(sorted) = Sorted::new(in_order.clone()) else {
        return LoadTimes::default();
    };
    let mut n_effective: Option<f64> = None;
    let quantiles = LEVELS
        .iter()
        .map(|p| {
            let worth = worth(&in_order, &sorted, *p);
            if let Some(worth) = worth {
                n_effective = Some(n_effective.map_or(worth, |least| least.min(worth)));
            }
            level(&sorted, *p, n_beyond, worth)
        })
        .collect();
    LoadTimes {
        n,
        n_beyond,
        n_effective,
        quantiles,
        curve_ms: Vec::new(),
    }
}

/// To the nanosecond: sums of weights leave noise below it.
fn clean(ms: f64) -> f64 {
    (ms * 1e6).round() / 1e6
}

fn level(sorted: &Sorted, p: f64, n_beyond: u64, worth: Option<f64>) -> LoadQuantile {
    let needed = needed_for_interval(p, Confidence::P95).unwrap_or(usize::MAX);
    let absent = |needs: usize| LoadQuantile {
        p,
        ms: None,
        low_ms: None,
        high_ms: None,
        needs: Some(needs as u64),
    };
    if sorted.n() < needed {
        return absent(needed);
    }
    if n_beyond > 0 {
        return open_ended(sorted, p);
    }
    let found = match worth {
        Some(worth) => quantile_of_dependent(sorted, worth, p, Confidence::P95),
        None => quantile(sorted, p, Confidence::P95),
    };
    match found {
        Ok(found) => LoadQuantile {
            p,
            ms: Some(clean(found.point)),
            low_ms: Some(clean(found.low)),
            high_ms: Some(clean(found.high)),
            needs: None,
        },
        Err(_) => absent(scaled(needed, sorted.n(), worth)),
    }
}

/// Requests that it takes where each is worth less than one.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of requests"
)]
fn scaled(needed: usize, n: usize, worth: Option<f64>) -> usize {
    let share = worth.map_or(1.0, |worth| n as f64 / worth.max(1.0));
    (needed as f64 * share).ceil() as usize
}

/// Percentiles of which some values are only known to be large.
fn open_ended(sorted: &Sorted, p: f64) -> LoadQuantile {
    let seen = |ms: f64| (ms < BEYOND_MS / 2.0).then(|| clean(ms));
    let end = |side| {
        let each = Confidence::new(1.0 - Confidence::P95.alpha() / 2.0).ok()?;
        quantile_bound(sorted, p, each, side)
            .ok()
            .map(|one| one.value)
    };
    LoadQuantile {
        p,
        ms: interpolated(sorted, p).ok().and_then(seen),
        low_ms: end(Side::Lower).and_then(seen),
        high_ms: end(Side::Upper).and_then(seen),
        needs: None,
    }
}

/// As many independent requests as these are worth for a percentile; `None` = they show no dependence.
#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn worth(in_order: &[f64], sorted: &Sorted, p: f64) -> Option<f64> {
    let n = in_order.len();
    if n < LEAST_FOR_DEPENDENCE {
        return None;
    }
    let at = interpolated(sorted, p).ok()?;
    let above: Vec<f64> = in_order
        .iter()
        .map(|ms| f64::from(u8::from(*ms > at)))
        .collect();
    let effect = design_effect(&above, &blocks(n)).ok()?;
    (effect >= DEPENDENT_FROM).then(|| n as f64 / effect)
}

/// The block of each of n requests in order.
pub(crate) fn blocks(n: usize) -> Vec<usize> {
    (0..n).map(|idx| idx * BLOCKS / n.max(1)).collect()
}

/// Sample quantiles at 0, 1, …, 100 %.
fn curve(known: Vec<f64>) -> Vec<f64> {
    let Ok(sorted) = Sorted::new(known) else {
        return Vec::new();
    };
    let ends = (sorted.values().first(), sorted.values().last());
    let inner = (1..100).filter_map(|percent| {
        let p = f64::from(percent) / 100.0;
        interpolated(&sorted, p).ok()
    });
    let first = ends.0.copied().into_iter();
    first
        .chain(inner)
        .chain(ends.1.copied())
        .map(clean)
        .collect()
}

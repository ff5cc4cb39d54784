//! Response times: mean, median and 95th percentile over answers that were not replayed.
//!
//! Weights do not enter: they say how much an item's quality counts. With repeats or clusters the
//! interval of a quantile is that of as many evenly spaced values as the share below the quantile has
//! effective items (R. S. Woodruff, JASA 47, 1952).

use trilemma_stats::Confidence;
use trilemma_stats::quantile::{Sorted, harrell_davis, quantile};

use super::interval;
use crate::collect::{Observed, State, Table};
use crate::figure::{Figure, Method};
use crate::rate::Share;
use crate::result::{LatencyFigures, TimeFigures};
use crate::sample::{Design, Entry, Values};

const MS_PER_US: f64 = 1e-3;

/// Times of one candidate in microseconds, by item, with the trials that gave none.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Timed {
    /// Per item: times of its answers, and trials that ran but failed.
    items: Vec<(Vec<u32>, u32)>,
}

/// Gathers one kind of time of a candidate.
pub(crate) fn timed(
    table: &Table,
    candidate: usize,
    time_us: impl Fn(&Observed) -> Option<u32>,
) -> Timed {
    let items = table
        .items_of(candidate)
        .map(|repeats| {
            let mut times = Vec::new();
            let mut n_failed = 0;
            for trial in repeats.iter().flatten() {
                match trial.state {
                    State::Failed(_) => n_failed += 1,
                    State::Scored { .. } | State::Unscored if !trial.replayed => {
                        times.extend(time_us(trial));
                    }
                    State::Scored { .. } | State::Unscored | State::NotRun => {}
                }
            }
            (times, n_failed)
        })
        .collect();
    Timed { items }
}

impl Timed {
    /// Number of times.
    pub(crate) fn n(&self) -> usize {
        self.items.iter().map(|(times, _)| times.len()).sum()
    }

    /// Failed trials, which have no time.
    pub(crate) fn n_failed(&self) -> usize {
        self.items.iter().map(|(_, failed)| *failed as usize).sum()
    }

    fn all(&self) -> Vec<f64> {
        let times = self.items.iter().flat_map(|(times, _)| times);
        times.map(|us| f64::from(*us)).collect()
    }

    fn by_item(&self, design: &Design, value: impl Fn(&[u32]) -> f64) -> Values {
        let entries = self
            .items
            .iter()
            .enumerate()
            .filter(|(_, (times, _))| !times.is_empty())
            .map(|(item, (times, _))| Entry {
                item,
                value: value(times),
                n_trials: times.len() as u32,
            });
        Values::new(design, entries)
    }

    /// Share of trials within a budget, failed ones counted as `failed_within`.
    pub(crate) fn share_within(
        &self,
        design: &Design,
        budget_us: f64,
        failed: Option<Failed>,
    ) -> Option<Share> {
        let entries = self
            .items
            .iter()
            .enumerate()
            .filter_map(|(item, (times, n_failed))| {
                let within = times
                    .iter()
                    .filter(|us| f64::from(**us) <= budget_us)
                    .count() as f64;
                let n = times.len() as f64;
                let (within, n) = match failed {
                    None => (within, n),
                    Some(Failed::Slow) => (within, n + f64::from(*n_failed)),
                    Some(Failed::Fast) => (within + f64::from(*n_failed), n + f64::from(*n_failed)),
                };
                (n > 0.0).then(|| Entry {
                    item,
                    value: within / n,
                    n_trials: n as u32,
                })
            });
        Share::of(&Values::new(&design.unweighted(), entries))
    }

    /// A quantile in milliseconds with its interval; `None` without times.
    pub(crate) fn quantile_ms(
        &self,
        design: &Design,
        p: f64,
        confidence: Confidence,
    ) -> Option<Figure> {
        let sorted = Sorted::new(self.all()).ok()?;
        let point = harrell_davis(&sorted, p).ok()?;
        let n = self.by_item(design, |_| 0.0).n();
        let thinned = if design.clusters.is_none() && n == sorted.n() {
            None
        } else {
            let share = self.share_within(design, point, None)?;
            Some(thin(&sorted, share.n_effective)?)
        };
        match quantile(thinned.as_ref().unwrap_or(&sorted), p, confidence) {
            Ok(mut estimate) => {
                estimate.point = point;
                estimate.low = estimate.low.min(point);
                estimate.high = estimate.high.max(point);
                estimate.n = n;
                Figure::scaled(&estimate, MS_PER_US, Method::OrderStatistics)
            }
            Err(_) => Figure::plain(point * MS_PER_US, n),
        }
    }
}

/// What a trial that failed counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Over budget.
    Slow,
    /// Within budget.
    Fast,
}

/// Evenly spaced values, as many as the sample is worth.
fn thin(sorted: &Sorted, n_effective: f64) -> Option<Sorted> {
    let n = sorted.n();
    let kept = (n_effective.floor() as usize).clamp(1, n);
    let values = (0..kept)
        .filter_map(|idx| {
            let position = (idx as f64 + 0.5) * n as f64 / kept as f64;
            sorted.values().get(position as usize).copied()
        })
        .collect();
    Sorted::new(values).ok()
}

/// Times of one candidate as figures in milliseconds.
pub(crate) fn latency_figures(
    table: &Table,
    candidate: usize,
    design: &Design,
    seed: u64,
) -> LatencyFigures {
    let figures = |time_us: fn(&Observed) -> Option<u32>| {
        time_figures(&timed(table, candidate, time_us), design, seed)
    };
    LatencyFigures {
        ttft_ms: figures(|trial| trial.ttft_us),
        tpot_ms: figures(|trial| trial.tpot_us),
        e2e_ms: figures(|trial| trial.e2e_us),
    }
}

fn time_figures(timed: &Timed, design: &Design, seed: u64) -> Option<TimeFigures> {
    let means = timed.by_item(&design.unweighted(), |times| {
        times.iter().map(|us| f64::from(*us)).sum::<f64>() / times.len() as f64
    });
    let mean = match interval::mean(&means, Confidence::P95, seed) {
        Ok((estimate, method)) => Figure::scaled(&estimate, MS_PER_US, method),
        Err(_) => Figure::plain(means.mean()? * MS_PER_US, means.n()),
    };
    Some(TimeFigures {
        n_trials: timed.n(),
        mean: mean?,
        p50: timed.quantile_ms(design, 0.5, Confidence::P95)?,
        p95: timed.quantile_ms(design, 0.95, Confidence::P95)?,
    })
}

//! Response times: mean, median and 95th percentile over answers that were not replayed.
//!
//! Weights do not enter: they say how much an item's quality counts. With repeats or clusters the
//! interval of a quantile is that of as many evenly spaced values as the share below the quantile has
//! effective items (R. S. Woodruff, JASA 47, 1952).

use trilemma_stats::quantile::{Sorted, harrell_davis, quantile, quantile_bound};
use trilemma_stats::{Confidence, Side};

use super::interval;
use crate::collect::{Observed, State, Table};
use crate::figure::{Figure, Method, tidy};
use crate::rate::Share;
use crate::result::{TimeFigures, TimeSpread};
use crate::sample::{Design, Entry, Values};

const MS_PER_US: f64 = 1e-3;

/// Times of one candidate in microseconds, by item, with the trials that gave none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timed {
    items: Vec<ItemTimes>,
    sorted: Option<Sorted>,
    design: Design,
}

/// Times of one item.
#[derive(Debug, Clone, PartialEq, Default)]
struct ItemTimes {
    us: Vec<u32>,
    n_failed: u32,
}

/// What a trial that failed counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Nothing.
    Ignored,
    /// Over budget.
    Slow,
    /// Within budget.
    Fast,
}

/// Gathers one kind of time of a candidate.
pub(crate) fn timed(
    table: &Table,
    candidate: usize,
    design: &Design,
    time_us: fn(&Observed) -> Option<u32>,
) -> Timed {
    let items: Vec<ItemTimes> = table
        .items_of(candidate)
        .map(|repeats| {
            let mut times = ItemTimes::default();
            for trial in repeats.iter().flatten() {
                match trial.state {
                    State::Failed(_) => times.n_failed += 1,
                    State::Scored { .. } | State::Unscored if !trial.replayed => {
                        times.us.extend(time_us(trial));
                    }
                    State::Scored { .. } | State::Unscored | State::NotRun => {}
                }
            }
            times
        })
        .collect();
    let all = items.iter().flat_map(|item| &item.us);
    let sorted = Sorted::new(all.map(|us| f64::from(*us)).collect()).ok();
    Timed {
        items,
        sorted,
        design: design.unweighted(),
    }
}

impl Timed {
    /// Number of times.
    pub(crate) fn n(&self) -> usize {
        self.sorted.as_ref().map_or(0, Sorted::n)
    }

    /// Failed trials, which have no time.
    pub(crate) fn n_failed(&self) -> usize {
        self.items.iter().map(|item| item.n_failed as usize).sum()
    }

    /// Items with a time.
    fn n_items(&self) -> usize {
        self.items.iter().filter(|item| !item.us.is_empty()).count()
    }

    /// Share of trials within a budget; `None` without times.
    pub(crate) fn share_within(&self, budget_us: f64, failed: Failed) -> Option<Share> {
        let entries = self.items.iter().enumerate().filter_map(|(item, times)| {
            let within = times.us.iter().filter(|us| f64::from(**us) <= budget_us);
            let within = within.count() as f64;
            let (n, n_failed) = (times.us.len() as f64, f64::from(times.n_failed));
            let (within, n) = match failed {
                Failed::Ignored => (within, n),
                Failed::Slow => (within, n + n_failed),
                Failed::Fast => (within + n_failed, n + n_failed),
            };
            let entry = Entry {
                item,
                value: within / n,
                n_trials: n as u32,
            };
            (n > 0.0).then_some(entry)
        });
        Share::of(&Values::new(&self.design, entries))
    }

    /// A quantile in milliseconds with its interval; `None` without times.
    pub(crate) fn quantile_ms(&self, p: f64, confidence: Confidence) -> Option<Figure> {
        let sorted = self.sorted.as_ref()?;
        let n_items = self.n_items();
        let Some(thinned) = self.thinned(p) else {
            return match quantile(sorted, p, confidence) {
                Ok(estimate) => Figure::scaled(&estimate, MS_PER_US, Method::OrderStatistics),
                Err(_) => Figure::plain(harrell_davis(sorted, p).ok()? * MS_PER_US, n_items),
            };
        };
        let point = harrell_davis(sorted, p).ok()?;
        match quantile(&thinned, p, confidence) {
            Ok(mut estimate) => {
                estimate.point = point;
                estimate.low = estimate.low.min(point);
                estimate.high = estimate.high.max(point);
                estimate.n = n_items;
                Figure::scaled(&estimate, MS_PER_US, Method::OrderStatistics)
            }
            Err(_) => Figure::plain(point * MS_PER_US, n_items),
        }
    }

    /// One-sided bound of a quantile in milliseconds; `None` = `n` cannot support one.
    pub(crate) fn bound_ms(&self, p: f64, confidence: Confidence, side: Side) -> Option<f64> {
        let thinned = self.thinned(p);
        let sorted = thinned.as_ref().or(self.sorted.as_ref())?;
        let bound = quantile_bound(sorted, p, confidence, side).ok()?;
        tidy(bound.value * MS_PER_US)
    }

    /// Evenly spaced values, as many as the sample is worth; `None` = it is worth all of them.
    fn thinned(&self, p: f64) -> Option<Sorted> {
        let sorted = self.sorted.as_ref()?;
        let n = sorted.n();
        if self.design.clusters.is_none() && self.n_items() == n {
            return None;
        }
        let cut = sorted.values().get(((n as f64 * p) as usize).min(n - 1))?;
        let worth = self.share_within(*cut, Failed::Ignored)?.n_effective;
        let kept = (worth.floor() as usize).clamp(1, n);
        let values = (0..kept).filter_map(|idx| {
            let position = (idx as f64 + 0.5) * n as f64 / kept as f64;
            sorted.values().get(position as usize).copied()
        });
        Sorted::new(values.collect()).ok()
    }

    /// Mean, median and 95th percentile; `None` without times.
    pub(crate) fn figures(&self) -> Option<TimeFigures> {
        let entries = self.items.iter().enumerate();
        let entries = entries
            .filter(|(_, times)| !times.us.is_empty())
            .map(|(item, times)| Entry {
                item,
                value: times.us.iter().map(|us| f64::from(*us)).sum::<f64>()
                    / times.us.len() as f64,
                n_trials: times.us.len() as u32,
            });
        let means = Values::new(&self.design, entries);
        let mean = match interval::mean_t(&means, Confidence::P95) {
            Ok((estimate, method)) => Figure::scaled(&estimate, MS_PER_US, method),
            Err(_) => Figure::plain(means.mean()? * MS_PER_US, means.n()),
        };
        Some(TimeFigures {
            n_trials: self.n(),
            mean: mean?,
            p50: self.quantile_ms(0.5, Confidence::P95)?,
            p95: self.quantile_ms(0.95, Confidence::P95)?,
            spread: self.spread(),
        })
    }

    /// How the times themselves lie; `None` without times.
    fn spread(&self) -> Option<TimeSpread> {
        let values = self.sorted.as_ref()?.values();
        let n = values.len();
        let at = |p: f64| {
            let rank = (p * n as f64).ceil() as usize;
            let us = values.get(rank.clamp(1, n) - 1)?;
            tidy(us * MS_PER_US)
        };
        Some(TimeSpread {
            least: at(0.0)?,
            p5: at(0.05)?,
            p25: at(0.25)?,
            p75: at(0.75)?,
            p95: at(0.95)?,
            most: at(1.0)?,
        })
    }
}

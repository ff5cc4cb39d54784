//! A stochastic canary: item i is right with probability p_i, the same every day until a change.
//!
//! In: what changes, and when. Out: the day on which a quality channel of the product gives alarm, and
//! the day on which a daily McNemar test would. 80 % of items are nearly always right (1 - Beta(1, 60)),
//! 10 % could go either way (Beta(2, 2)), 10 % are nearly always wrong (Beta(1, 20)).

use trilemma_domain::DriftChannel;
use trilemma_stats::change::{BinaryItem, Detector, binary_p_value, pooled_p_value, pooled_ways};
use trilemma_stats::paired::{Cells, mcnemar_exact};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::{ALARMS, BASELINE_RUNS, DAYS, ITEMS, share, simulated};

/// Points lost.
const DROP: f64 = 0.05;
/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Every item loses the same share of its right answers.
    Everywhere,
    /// Some items are never right again.
    SomeItems,
    /// As everywhere, a thirtieth more each day.
    Creeping,
}

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Canary {
    pub(crate) change: Change,
    /// First day of the change, from 0.
    pub(crate) from_day: u32,
}

/// What came of one history; days from 0.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Watched {
    pub(crate) found_on: Option<u32>,
    pub(crate) mcnemar_on: Option<u32>,
}

/// Simulates histories; history h draws from seed `first + h`.
pub(crate) fn histories((first, n): (u64, usize), canary: Canary) -> Vec<Watched> {
    simulated(n, |history| watch(first + history, canary))
}

struct Draw(ChaChaStream);

impl Draw {
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Beta(1, b), by inversion.
    fn beta_one(&mut self, b: f64) -> f64 {
        1.0 - self.uniform().powf(1.0 / b)
    }

    /// Beta(2, 2): the middle one of three.
    fn beta_two(&mut self) -> f64 {
        let mut three = [self.uniform(), self.uniform(), self.uniform()];
        three.sort_by(f64::total_cmp);
        three[1]
    }
}

fn watch(seed: u64, canary: Canary) -> Watched {
    let mut draw = Draw(ChaChaStream::new(seed));
    let rates: Vec<f64> = (0..ITEMS)
        .map(|idx| match idx * 10 / ITEMS {
            8 => draw.beta_two(),
            9 => draw.beta_one(20.0),
            _ => 1.0 - draw.beta_one(60.0),
        })
        .collect();
    let broken = broken(&rates, &mut draw);
    let mut before: Vec<(u32, u32)> = vec![(0, 0); ITEMS];
    let mut frozen = vec![false; ITEMS];
    for run in 0..BASELINE_RUNS {
        for ((rate, (n, fails)), stored) in rates.iter().zip(&mut before).zip(&mut frozen) {
            let right = draw.uniform() < *rate;
            (*n, *fails) = (*n + 1, *fails + u32::from(!right));
            if run == 0 {
                *stored = right;
            }
        }
    }
    let mut detector = Detector::new();
    let mut watched = Watched::default();
    // Failures by day, item by item; the baseline is day 0.
    let mut totals: Vec<Vec<(u32, u32)>> = vec![before.clone()];
    for day in 0..DAYS {
        let today = changed(&rates, &broken, canary, day);
        let right: Vec<bool> = today.iter().map(|rate| draw.uniform() < *rate).collect();
        let items: Vec<BinaryItem> = before
            .iter()
            .zip(&right)
            .map(|((n, fails), right)| BinaryItem {
                n_before: *n,
                yes_before: *fails,
                n_now: 1,
                yes_now: u32::from(!right),
            })
            .collect();
        let tie = draw.uniform();
        totals.push(
            before
                .iter()
                .zip(&right)
                .map(|((n, fails), right)| (n + 1, fails + u32::from(!right)))
                .collect(),
        );
        if watched.found_on.is_none() {
            // Every item has answers before and now.
            let p_value = binary_p_value(&items, tie).unwrap_or(1.0);
            let threshold = ALARMS.log_threshold(share(DriftChannel::Quality));
            let is_found = detector.observe(p_value) >= threshold;
            watched.found_on = (is_found || pooled_alarm(&totals)).then_some(day);
        }
        if watched.mcnemar_on.is_none() && mcnemar_exact(cells(&frozen, &right)) < 1.0 - 0.95 {
            watched.mcnemar_on = Some(day);
        }
        if watched.found_on.is_some() && watched.mcnemar_on.is_some() {
            break;
        }
        if let Some(newest) = totals.last() {
            before.clone_from(newest);
        }
    }
    watched
}

/// Whether several days together are worse than what was before, as the product looks at it; `totals` are
/// answers and failures so far, day by day.
fn pooled_alarm(totals: &[Vec<(u32, u32)>]) -> bool {
    let n_days = totals.len() - 1;
    let level = (-ALARMS.log_threshold(share(DriftChannel::Pooled))).exp();
    let Some(now) = totals.last() else {
        return false;
    };
    pooled_ways(n_days, ALARMS.looks).iter().any(|way| {
        let Some(then) = totals.get(n_days - way.n_checks) else {
            return false;
        };
        let items: Vec<BinaryItem> = then
            .iter()
            .zip(now)
            .map(|((n_then, fails_then), (n, fails))| BinaryItem {
                n_before: *n_then,
                yes_before: *fails_then,
                n_now: n - n_then,
                yes_now: fails - fails_then,
            })
            .collect();
        // Nothing near the mean reaches the level: only then is the exact value worked out.
        is_far(&items, way.largest_weight)
            && pooled_p_value(&items, way.largest_weight)
                .is_ok_and(|p_value| p_value * way.factor <= level)
    })
}

/// Whether the weighted number of failures now is two standard deviations above its mean.
fn is_far(items: &[BinaryItem], largest_weight: u32) -> bool {
    let (mut excess, mut variance) = (0.0, 0.0);
    for one in items {
        let (n, now) = (f64::from(one.n_before + one.n_now), f64::from(one.n_now));
        let yes = f64::from(one.yes_before + one.yes_now);
        let weight = ((n + 1.0) / (yes + 0.5) / 2.0).round();
        let weight = weight.clamp(1.0, f64::from(largest_weight));
        excess += weight * (f64::from(one.yes_now) - now * yes / n);
        variance += weight * weight * now * (yes / n) * (1.0 - yes / n) * (n - now) / (n - 1.0);
    }
    variance > 0.0 && excess > 2.0 * f64::sqrt(variance)
}

/// Items that are never right again: drawn at random until five points are lost.
fn broken(rates: &[f64], draw: &mut Draw) -> Vec<bool> {
    let mut is_broken = vec![false; rates.len()];
    let mut lost = 0.0;
    while lost < DROP * rates.len() as f64 - 0.5 {
        let idx = draw.0.next_index(rates.len());
        if let (Some(flag), Some(rate)) = (is_broken.get_mut(idx), rates.get(idx))
            && !*flag
        {
            *flag = true;
            lost += rate;
        }
    }
    is_broken
}

fn changed(rates: &[f64], broken: &[bool], canary: Canary, day: u32) -> Vec<f64> {
    let Some(since) = day.checked_sub(canary.from_day) else {
        return rates.to_vec();
    };
    let mean = rates.iter().sum::<f64>() / rates.len() as f64;
    let part = match canary.change {
        Change::None => 0.0,
        Change::Everywhere => 1.0,
        Change::Creeping => (f64::from(since) + 1.0).min(30.0) / 30.0,
        Change::SomeItems => {
            let kept = rates.iter().zip(broken);
            return kept
                .map(|(rate, is)| if *is { 0.0 } else { *rate })
                .collect();
        }
    };
    rates
        .iter()
        .map(|rate| rate * (1.0 - part * DROP / mean))
        .collect()
}

fn cells(frozen: &[bool], today: &[bool]) -> Cells {
    let mut cells = Cells::default();
    for (then, now) in frozen.iter().zip(today) {
        match (then, now) {
            (true, true) => cells.both += 1,
            (true, false) => cells.only_first += 1,
            (false, true) => cells.only_second += 1,
            (false, false) => cells.neither += 1,
        }
    }
    cells
}

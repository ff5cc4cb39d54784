//! Two candidates on the same items.

use trilemma_stats::paired::{
    Cells, mcnemar_mid_p, noninferiority_exact, tango, tango_bound, tango_z,
};
use trilemma_stats::{Confidence, Estimate, Side};

use super::ratio::{ratio_bound, ratio_z};
use super::share::{Kind, effective_n};
use crate::figure::{Figure, Method};
use crate::sample::{Column, Design, Entry, Scenario, Values};

/// A paired comparison, ready for Tango's statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Paired {
    /// Rate of the first minus rate of the second.
    pub(crate) difference: f64,
    /// Items that both have.
    pub(crate) n: usize,
    /// Items that the comparison is worth; `n` for plain samples.
    pub(crate) n_effective: f64,
    /// Share of items on which exactly one is right.
    pub(crate) discordant: f64,
    /// Rates of both on these items.
    pub(crate) rates: (f64, f64),
    /// For claims that the first is better: rounded against it.
    low: Cells,
    /// For claims that it is worse: rounded for it.
    high: Cells,
    /// Whether the cells are counts of items.
    whole: bool,
    kind: Kind,
}

/// This far above the limit, the true level of the score test is far below the claimed one.
const CLEARLY: f64 = 0.5;
/// Differences of shares closer than this are rounding.
const ROUNDING: f64 = 1e-12;

impl Paired {
    /// Pairs two columns item by item; `scenario` is what missing outcomes of the first count as,
    /// those of the second count as the opposite. `None` without items that both have.
    pub(crate) fn of(
        design: &Design,
        first: &Column,
        second: &Column,
        scenario: Scenario,
    ) -> Option<Self> {
        let pairs: Vec<(Entry, f64)> = first
            .items
            .iter()
            .zip(&second.items)
            .enumerate()
            .filter_map(|(item, (a, b))| {
                let other = b.share(scenario.opposite())?;
                let entry = Entry {
                    item,
                    value: a.share(scenario)?,
                    n_trials: match scenario {
                        Scenario::Observed => a.n_scored.min(b.n_scored),
                        Scenario::Worst | Scenario::Best => a.n_run.min(b.n_run),
                    },
                };
                Some((entry, other))
            })
            .collect();
        let values = Values::new(design, pairs.iter().map(|(entry, _)| *entry));
        let others: Vec<f64> = pairs.iter().map(|(_, other)| *other).collect();
        Self::of_values(&values, &others)
    }

    fn of_values(values: &Values, others: &[f64]) -> Option<Self> {
        let rates = (values.mean()?, values.with_values(others.to_vec()).mean()?);
        let kind = Kind::of(values);
        if values.plain {
            let right = |x: &[f64]| x.iter().map(|x| *x > 0.5).collect::<Vec<bool>>();
            let cells = Cells::of(&right(&values.x), &right(others)).ok()?;
            let n = cells.n();
            return Some(Self {
                difference: rates.0 - rates.1,
                n,
                n_effective: n as f64,
                discordant: cells.discordant() as f64 / n as f64,
                rates,
                low: cells,
                high: cells,
                whole: true,
                kind,
            });
        }
        let part = |f: fn(f64, f64) -> f64| {
            let x = values.x.iter().zip(others).map(|(a, b)| f(*a, *b));
            values.with_values(x.collect()).mean()
        };
        let difference = values.with_values(
            values
                .x
                .iter()
                .zip(others)
                .map(|(first, second)| first - second)
                .collect(),
        );
        let shares = CellShares {
            both: part(|a, b| a * b)?,
            only_first: part(|a, b| a * (1.0 - b))?,
            only_second: part(|a, b| b * (1.0 - a))?,
        };
        let d = rates.0 - rates.1;
        let discordant = shares.only_first + shares.only_second;
        let n_effective = effective_n(&difference, discordant - d * d);
        Some(Self {
            difference: d,
            n: values.n(),
            n_effective,
            discordant,
            rates,
            low: shares.cells(n_effective, Rounding::AgainstFirst),
            high: shares.cells(n_effective, Rounding::ForFirst),
            whole: false,
            kind,
        })
    }

    /// z of "the first is worse by `margin` or more": large speaks against it.
    pub(crate) fn z_not_worse(&self, margin: f64) -> f64 {
        if self.kind == Kind::Census {
            return certain(self.difference + margin);
        }
        tango_z(self.low, -margin).unwrap_or(0.0)
    }

    /// Whether "not worse by `margin` or more" is shown at a level, which is not exceeded in plain
    /// samples: a z near the limit is checked by exact sums.
    pub(crate) fn shows_not_worse(&self, margin: f64, confidence: Confidence) -> bool {
        let (z, limit) = (self.z_not_worse(margin), confidence.z_one_sided());
        if z < limit || z >= limit + CLEARLY || self.kind != Kind::Plain {
            return z >= limit;
        }
        noninferiority_exact(self.low, margin).is_ok_and(|test| test.p_value <= confidence.alpha())
    }

    /// z of "the first is worse by less than `margin`", negated: large shows it worse.
    pub(crate) fn z_worse(&self, margin: f64) -> f64 {
        if self.kind == Kind::Census {
            return -certain(self.difference + margin);
        }
        -tango_z(self.high, -margin).unwrap_or(0.0)
    }

    /// z of "the first reaches less than `ratio` of the second's rate".
    pub(crate) fn z_ratio_reached(&self, ratio: f64) -> f64 {
        if self.kind == Kind::Census {
            return certain(self.rates.0 - ratio * self.rates.1);
        }
        ratio_z(self.low, ratio)
    }

    /// z of "the first reaches `ratio` of the second's rate", negated.
    pub(crate) fn z_ratio_missed(&self, ratio: f64) -> f64 {
        if self.kind == Kind::Census {
            return -certain(self.rates.0 - ratio * self.rates.1);
        }
        -ratio_z(self.high, ratio)
    }

    /// One-sided lower bound of the ratio of rates.
    pub(crate) fn ratio_low(&self, confidence: Confidence) -> f64 {
        if self.kind == Kind::Census {
            return self.rates.0 / self.rates.1;
        }
        ratio_bound(self.low, confidence)
    }

    /// One-sided bound of the difference.
    pub(crate) fn bound(&self, confidence: Confidence, side: Side) -> Option<f64> {
        if self.kind == Kind::Census {
            return Some(self.difference);
        }
        let cells = match side {
            Side::Lower => self.low,
            Side::Upper => self.high,
        };
        Some(tango_bound(cells, confidence, side).ok()?.value)
    }

    /// One-sided upper bound of the ratio of rates; infinite where the first may never be right less.
    pub(crate) fn ratio_high(&self, confidence: Confidence) -> f64 {
        if self.kind == Kind::Census {
            return self.rates.0 / self.rates.1;
        }
        1.0 / ratio_bound(self.high.swapped(), confidence)
    }

    /// Interval of the ratio of rates; `None` where the second is never right.
    pub(crate) fn ratio_figure(&self, confidence: Confidence) -> Option<Figure> {
        let one_sided = Confidence::new(1.0 - confidence.alpha() / 2.0).ok()?;
        let ratio = self.rates.0 / self.rates.1;
        if self.kind == Kind::Census {
            return Figure::exact(ratio, self.n, confidence);
        }
        let estimate = Estimate {
            point: ratio,
            low: ratio_bound(self.low, one_sided).min(ratio),
            high: self.ratio_high(one_sided).max(ratio),
            confidence,
            n: self.n,
            method: trilemma_stats::Method::Tango,
            standard_error: None,
        };
        Figure::of(&estimate, self.ratio_method()).or_else(|| Figure::plain(ratio, self.n))
    }

    /// Mean and variance per item of `first − ratio · second`, for planning.
    pub(crate) fn ratio_room(&self, ratio: f64) -> (f64, f64) {
        let room = self.rates.0 - ratio * self.rates.1;
        let first_only = (self.discordant + self.difference) / 2.0;
        let second_only = (self.discordant - self.difference) / 2.0;
        let both = (self.rates.0 - first_only).max(0.0);
        let squares = both * (1.0 - ratio).powi(2) + first_only + second_only * ratio * ratio;
        (room, (squares - room * room).max(0.0))
    }

    /// Interval of the difference.
    pub(crate) fn interval(&self, confidence: Confidence) -> Option<Estimate> {
        let mut estimate = tango(self.low, confidence).ok()?;
        if self.kind == Kind::Effective {
            estimate.high = tango(self.high, confidence).ok()?.high;
            estimate.low = estimate.low.min(self.difference);
            estimate.high = estimate.high.max(self.difference);
            estimate.point = self.difference;
            estimate.n = self.n;
        }
        Some(estimate)
    }

    /// Interval to show.
    pub(crate) fn figure(&self, confidence: Confidence) -> Option<Figure> {
        if self.kind == Kind::Census {
            return Figure::exact(self.difference, self.n, confidence);
        }
        Figure::of(&self.interval(confidence)?, self.method())
    }

    /// Whether nothing but missing results is left open.
    pub(crate) fn is_census(&self) -> bool {
        self.kind == Kind::Census
    }

    /// Name of the method.
    pub(crate) fn method(&self) -> Method {
        match self.kind {
            Kind::Census => Method::Census,
            Kind::Plain => Method::Tango,
            Kind::Effective => Method::TangoEffective,
        }
    }

    /// Name of the method for ratios.
    pub(crate) fn ratio_method(&self) -> Method {
        match self.kind {
            Kind::Census => Method::Census,
            Kind::Plain => Method::PairedRatioScore,
            Kind::Effective => Method::PairedRatioScoreEffective,
        }
    }

    /// The cells themselves; `None` where they are scaled.
    pub(crate) fn cells(&self) -> Option<Cells> {
        self.whole.then_some(self.low)
    }

    /// McNemar's mid-p; `None` where cells are scaled, and where nothing is left to chance.
    pub(crate) fn mcnemar(&self) -> Option<f64> {
        let cells = self.cells().filter(|_| self.kind != Kind::Census)?;
        Some(mcnemar_mid_p(cells))
    }
}

/// z of a claim that is known to be true (the excess is at least 0) or false.
fn certain(excess: f64) -> f64 {
    if excess >= -ROUNDING {
        f64::INFINITY
    } else {
        f64::NEG_INFINITY
    }
}

/// Shares of items by who is right.
struct CellShares {
    both: f64,
    only_first: f64,
    only_second: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rounding {
    AgainstFirst,
    ForFirst,
}

impl CellShares {
    fn cells(&self, n_effective: f64, rounding: Rounding) -> Cells {
        let n = n_effective.floor().max(1.0) as usize;
        let down = |share: f64| (share * n as f64 + 1e-9).floor().max(0.0) as usize;
        let up = |share: f64| (share * n as f64 - 1e-9).ceil().max(0.0) as usize;
        let (only_first, only_second) = match rounding {
            Rounding::AgainstFirst => (down(self.only_first), up(self.only_second)),
            Rounding::ForFirst => (up(self.only_first), down(self.only_second)),
        };
        let both = down(self.both).min(n.saturating_sub(only_first + only_second));
        Cells {
            both,
            only_first,
            only_second,
            neither: n.saturating_sub(both + only_first + only_second),
        }
    }
}

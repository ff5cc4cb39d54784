//! One proportion.

use trilemma_stats::proportion::{Count, clopper_pearson, clopper_pearson_bound, wilson};
use trilemma_stats::{Confidence, Side};

use crate::figure::{Figure, Method};
use crate::sample::Values;

/// A share of items, ready for exact bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// The share itself.
    pub(crate) rate: f64,
    /// Items.
    pub(crate) n: usize,
    /// Items that the count is worth; `n` for plain samples.
    pub(crate) n_effective: f64,
    /// For lower bounds: rounded down.
    low: Count,
    /// For upper bounds: rounded up.
    high: Count,
    kind: Kind,
}

/// What counts stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything there is: nothing is left open.
    Census,
    /// Independent, equal items, tried once.
    Plain,
    /// As many items as the sample is worth.
    Effective,
}

impl Kind {
    pub(super) fn of(values: &Values) -> Self {
        if values.census {
            Self::Census
        } else if values.plain {
            Self::Plain
        } else {
            Self::Effective
        }
    }
}

impl Share {
    /// Counts values in [0, 1]; `None` without values.
    pub(crate) fn of(values: &Values) -> Option<Self> {
        let rate = values.mean()?.clamp(0.0, 1.0);
        let n = values.n();
        let kind = Kind::of(values);
        if values.plain {
            let passes = values.x.iter().filter(|x| **x > 0.5).count();
            let count = Count::new(passes, n).ok()?;
            return Some(Self {
                rate: count.rate(),
                n,
                n_effective: n as f64,
                low: count,
                high: count,
                kind,
            });
        }
        let n_effective = effective_n(values, rate * (1.0 - rate));
        let whole = n_effective.floor().max(1.0);
        let count = |successes: f64| Count::new(successes as usize, whole as usize).ok();
        Some(Self {
            rate,
            n,
            n_effective,
            // Nudged, so that 0.3 x 10 is 3.
            low: count((rate * whole + 1e-9).floor())?,
            high: count((rate * whole - 1e-9).ceil().clamp(0.0, whole))?,
            kind,
        })
    }

    /// One-sided bound, for gates.
    pub(crate) fn bound(&self, confidence: Confidence, side: Side) -> f64 {
        if self.kind == Kind::Census {
            return self.rate;
        }
        let count = match side {
            Side::Lower => self.low,
            Side::Upper => self.high,
        };
        clopper_pearson_bound(count, confidence, side).value
    }

    /// Interval to show.
    pub(crate) fn figure(&self, confidence: Confidence) -> Option<Figure> {
        match self.kind {
            Kind::Census => return Figure::exact(self.rate, self.n, confidence),
            Kind::Plain => return Figure::of(&wilson(self.low, confidence), Method::Wilson),
            Kind::Effective => {}
        }
        self.exact_figure(confidence)
    }

    /// Clopper-Pearson interval to show, where it must cover at least as claimed.
    pub(crate) fn exact_figure(&self, confidence: Confidence) -> Option<Figure> {
        if self.kind == Kind::Census {
            return Figure::exact(self.rate, self.n, confidence);
        }
        let mut estimate = clopper_pearson(self.low, confidence);
        estimate.high = clopper_pearson(self.high, confidence).high;
        estimate.point = self.rate;
        estimate.n = self.n;
        Figure::of(&estimate, self.method())
    }

    /// Whether nothing but missing results is left open.
    pub(crate) fn is_census(&self) -> bool {
        self.kind == Kind::Census
    }

    /// Name of the method behind bounds.
    pub(crate) fn method(&self) -> Method {
        match self.kind {
            Kind::Census => Method::Census,
            Kind::Plain => Method::ClopperPearson,
            Kind::Effective => Method::ClopperPearsonEffective,
        }
    }
}

/// Number of independent items that would give the measured standard error, allowing for the
/// uncertainty of that error: `variance / SE² · (z / t)²`. Where nothing varies, what the design allows.
pub(crate) fn effective_n(values: &Values, variance: f64) -> f64 {
    let most = values.n_trials.max(1) as f64;
    let estimate = match values.t_interval(Confidence::P95) {
        Ok(estimate) if variance > 0.0 => estimate,
        _ => return values.n_independent().clamp(1.0, most),
    };
    // The half width is t · SE.
    let z = Confidence::P95.z_two_sided();
    let half = estimate.width() / 2.0;
    (variance * z * z / (half * half)).clamp(1.0, most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::ItemFacts;
    use crate::sample::{Design, Entry};

    fn design(n: usize, repeats: u32, cluster_size: usize) -> Design {
        let items: Vec<ItemFacts> = (0..n)
            .map(|idx| ItemFacts {
                id: idx.to_string().into(),
                weight: 1.0,
                cluster: (cluster_size > 1).then(|| (idx / cluster_size).to_string()),
                tags: Vec::new(),
            })
            .collect();
        Design::of(&items, repeats, 1)
    }

    fn share(design: &Design, n_trials: u32, x: impl Fn(usize) -> f64) -> Share {
        let entries = (0..design.n_items()).map(|item| Entry {
            item,
            value: x(item),
            n_trials,
        });
        Share::of(&Values::new(design, entries)).unwrap()
    }

    #[test]
    fn items_that_agree_within_clusters_count_once() {
        let alone = share(&design(50, 1, 1), 1, |item| {
            f64::from(u8::from(item % 5 > 0))
        });
        let clustered = share(&design(150, 1, 3), 1, |item| {
            f64::from(u8::from((item / 3) % 5 > 0))
        });
        assert!(clustered.n_effective < 51.0 && clustered.n_effective > 45.0);
        let low = |s: &Share| s.bound(Confidence::P95, Side::Lower);
        assert!(low(&clustered) <= low(&alone));
        assert_eq!(clustered.method(), Method::ClopperPearsonEffective);
    }

    #[test]
    fn repeats_count_as_far_as_they_vary() {
        // All repeats agree: three answers say no more than one.
        let same = share(&design(60, 3, 1), 3, |item| {
            f64::from(u8::from(item % 4 > 0))
        });
        assert!(same.n_effective <= 61.0 && same.n_effective > 55.0);
        // Nothing fails: no more than the items.
        let perfect = share(&design(60, 3, 1), 3, |_| 1.0);
        assert_eq!(perfect.n_effective, 60.0);
    }
}

//! Everything that an evaluation came to, for its three forms.

use trilemma_route::{Appraisal, Evaluation, PairFigures, Target};
use trilemma_stats::quantile::{Sorted, quantile};
use trilemma_stats::resample::{Interval, NoInterval};
use trilemma_stats::{Confidence, Estimate, StatsError};

use super::fit::Fitted;
use super::kind::Kind;
use crate::routing::Material;
use crate::routing::rules::RuleCount;

/// Everything that an evaluation came to.
pub(super) struct Sheet<'a> {
    pub(super) material: &'a Material,
    pub(super) fitted: &'a Fitted,
    /// Curve and baselines.
    pub(super) beside: &'a Evaluation,
    pub(super) pair: Option<NamedPair>,
    /// How many items each rule caught.
    pub(super) rules: Vec<RuleCount>,
    /// How long the decisions of an item take; `None` = no item.
    pub(super) router_us: Option<RouterTime>,
    pub(super) target: Target,
    pub(super) kind: Kind,
    /// Whether a policy file was judged, and not a way of training.
    pub(super) is_file: bool,
    /// Whether the policy file was fitted on these very items.
    pub(super) fitted_on_these: bool,
}

impl Sheet<'_> {
    /// What was judged, by name: parity, -1, -2 and the target, or the one policy.
    pub(super) fn judged(&self) -> Vec<(String, &Appraisal)> {
        match &self.fitted.evaluation {
            Some(evaluation) => (evaluation.held.iter())
                .map(|held| (held.target.to_string(), &held.found))
                .collect(),
            None => vec![(self.fitted.policy.name.clone(), &self.fitted.unseen)],
        }
    }

    /// Name of the best single candidate.
    pub(super) fn best(&self) -> &str {
        &self.beside.best
    }

    /// A candidate's name by its place.
    pub(super) fn member(&self, place: Option<usize>) -> &str {
        let member = place.and_then(|place| self.material.gathered.examples.members.get(place));
        member.map_or("nobody", |one| one.id.as_str())
    }
}

/// Microseconds of all decisions for an item on this machine.
pub(super) struct RouterTime {
    /// Items that were timed.
    pub(super) n: usize,
    /// The median, with its interval over items.
    pub(super) p50: (f64, Interval),
    /// The 99th percentile, with its interval over items.
    pub(super) p99: (f64, Interval),
}

impl RouterTime {
    /// Of one time per item; `None` = there is none. The intervals lie between order statistics, so that of the 99th
    /// percentile needs some hundred items.
    pub(super) fn of(times: Vec<f64>) -> Option<Self> {
        let sorted = Sorted::new(times).ok()?;
        let at = |share: f64| {
            let place = share * sorted.n().saturating_sub(1) as f64;
            let point = *sorted.values().get(place.round() as usize)?;
            let found = quantile(&sorted, share, Confidence::P95).map_err(|error| match error {
                StatsError::TooFew(few) => NoInterval::TooFew(few),
                _ => NoInterval::Same,
            });
            let found = found.map(|one| Estimate {
                point,
                low: one.low.min(point),
                high: one.high.max(point),
                ..one
            });
            Some((point, found))
        };
        Some(Self {
            n: sorted.n(),
            p50: at(0.5)?,
            p99: at(0.99)?,
        })
    }
}

/// A pair with its names.
pub(super) struct NamedPair {
    pub(super) weak: String,
    pub(super) strong: String,
    pub(super) figures: PairFigures,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_intervals_where_there_are_items_enough() {
        let of = |n: u32| RouterTime::of((1..=n).rev().map(f64::from).collect());
        assert!(of(0).is_none());
        let few = of(20).unwrap();
        assert_eq!((few.n, few.p50.0, few.p99.0), (20, 11.0, 20.0));
        // Order statistics 6 and 15 of 20 hold the median with 95.9 %.
        let median = few.p50.1.unwrap();
        assert_eq!((median.low, median.high), (6.0, 15.0));
        assert!(matches!(few.p99.1, Err(NoInterval::TooFew(few)) if few.needed == 368));
        let many = of(1_000).unwrap();
        let tail = many.p99.1.unwrap();
        assert!(tail.low < many.p99.0 && many.p99.0 < tail.high, "{tail:?}");
    }
}

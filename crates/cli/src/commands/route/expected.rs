//! What is expected of a decision, and on what that rests.
//!
//! In: an explanation and the policy's own record. Out: quality and cost with n and intervals, or why there is none. Nothing
//! is estimated anew.

use serde_json::{Value, json};
use trilemma_route::{Alone, Explanation, Measured, Policy, Step, Use};

use super::plan::sig;

/// Why the estimate of one query stands alone.
pub(super) const NO_INTERVAL: &str = "an estimate for one query has no interval: penalised weights and trees give none that \
                                      holds, and `route eval` says what choices by them came to";

/// A figure with its 95 % interval; `None` = it has none.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figure {
    point: f64,
    ends: Option<[f64; 2]>,
}

impl Figure {
    fn of([point, low, high]: [f64; 3]) -> Self {
        Self {
            point,
            ends: Some([low, high]),
        }
    }

    fn bare(point: f64) -> Self {
        Self { point, ends: None }
    }

    /// The point, then the interval in brackets; both ends alike = nothing varies.
    fn words(self, written: impl Fn(f64) -> String, unit: &str) -> String {
        let point = format!("{}{unit}", written(self.point));
        match self.ends {
            Some([low, high]) if low < high => {
                format!("{point} ({} to {}{unit})", written(low), written(high))
            }
            Some(_) => format!("{point} (the same on every item)"),
            None => point,
        }
    }
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected {
    quality: Figure,
    cost_usd: Figure,
    /// Items that it rests on; `None` = the file does not say.
    n: Option<usize>,
    basis: &'static str,
    /// Why quality has no interval; `None` = it has one.
    no_interval: Option<&'static str>,
}

impl Expected {
    /// Of a first decision; `None` = nobody measured it.
    pub(super) fn of(policy: &Policy, found: &Explanation) -> Option<Self> {
        let Step::Call(calls) = &found.decision.step else {
            return None;
        };
        let asked = calls.first()?;
        if calls.iter().any(|call| call.purpose != Use::Given) {
            return Self::of_policy(policy.measured.as_ref()?);
        }
        let mut own = found.estimates.iter();
        if let Some(one) = own.find(|one| one.candidate == asked.candidate) {
            return Some(Self {
                quality: Figure::bare(one.quality),
                cost_usd: Figure::bare(one.cost_usd),
                n: found.n_fitted,
                basis: "estimated for this query, cut at 0 and 100 %",
                no_interval: Some(NO_INTERVAL),
            });
        }
        let mut members = policy.candidates.iter();
        let member = members.find(|one| one.id == asked.candidate)?;
        Some(Self::of_candidate(member.alone.as_ref()?))
    }

    fn of_policy(measured: &Measured) -> Option<Self> {
        let figure = |name: &str| measured.figures.get(name).copied().map(Figure::of);
        Some(Self {
            quality: figure("quality")?,
            cost_usd: figure("cost_usd")?,
            n: Some(measured.n),
            basis: "the policy's mean over items that it was not fitted on",
            no_interval: None,
        })
    }

    fn of_candidate(alone: &Alone) -> Self {
        Self {
            quality: Figure::of(alone.quality),
            cost_usd: Figure {
                point: alone.cost_usd,
                ends: alone.cost_usd_interval,
            },
            n: Some(alone.n),
            basis: "the candidate's mean over all items",
            no_interval: None,
        }
    }

    /// As a sentence.
    pub(super) fn words(&self) -> String {
        let n = match self.n {
            Some(n) => format!("n = {n}"),
            None => "the file does not say of how many items".to_owned(),
        };
        format!(
            "expected: {} right, {}; {}, {n}",
            (self.quality).words(|share| format!("{:.1}", 100.0 * share), " %"),
            self.cost_usd.words(sig, " USD"),
            self.basis
        )
    }

    /// As JSON.
    pub(super) fn json(&self) -> Value {
        json!({
            "quality": self.quality.point,
            "quality_interval": self.quality.ends,
            "cost_usd": self.cost_usd.point,
            "cost_usd_interval": self.cost_usd.ends,
            "n": self.n,
            "basis": self.basis,
            "no_interval": self.no_interval,
        })
    }
}

#[cfg(test)]
mod tests {
    use trilemma_route::{RequestView, Router};

    use super::*;

    fn words(plan: &Value) -> String {
        let file = json!({
            "schema_version": 1, "name": "p", "plan": plan,
            "candidates": [
                { "id": "old", "alone": { "quality": [0.5, 0.4, 0.6], "cost_usd": 0.001, "n": 90 } },
                { "id": "new", "alone": {
                    "quality": [0.5, 0.4, 0.6], "cost_usd": 0.001, "cost_usd_interval": [0.001, 0.001], "n": 90,
                } },
            ],
            "measured": {
                "figures": { "quality": [0.9, 0.8, 0.95], "cost_usd": [0.002, 0.001, 0.003] },
                "curve": [], "n": 120,
            },
        });
        let router = Router::read(&file.to_string()).unwrap();
        let found = router.explain(&RequestView::of_text("x"));
        Expected::of(router.policy(), &found).unwrap().words()
    }

    #[test]
    fn every_expectation_says_what_it_rests_on() {
        assert_eq!(
            words(&json!({ "single": "old" })),
            "expected: 50.0 % (40.0 to 60.0 %) right, 0.00100 USD; the candidate's mean over all items, n = 90"
        );
        assert_eq!(
            words(&json!({ "single": "new" })),
            "expected: 50.0 % (40.0 to 60.0 %) right, 0.00100 USD (the same on every item); the candidate's mean over \
             all items, n = 90"
        );
        let cascade = json!({ "cascade": {
            "ask": ["old"], "accept": "complete", "escalate": { "single": "new" },
        } });
        assert_eq!(
            words(&cascade),
            "expected: 90.0 % (80.0 to 95.0 %) right, 0.00200 USD (0.00100 to 0.00300 USD); the policy's mean over items \
             that it was not fitted on, n = 120"
        );
    }
}

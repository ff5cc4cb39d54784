//! Gates on quality where people have labelled a sample: they rest on the corrected figures.
//!
//! The share of passes, or the difference to a reference, is what PPI++ makes of scores and labels; "meets" and
//! "fails" need its one-sided bounds. Missing results widen a bound by their share. A ratio r is tested as
//! `own - r · reference >= 0`. With too few labels the gates rest on the scorers alone.

use trilemma_domain::{Margin, NotWorseThan, PassRateRequirement};
use trilemma_stats::Confidence;
use trilemma_stats::humans::Corrected;

use super::family::Level;
use super::settle::items_for_mean;
use super::tested::Tested;
use super::verdict::{Finding, Measured};
use crate::evidence::{AT_LEAST, Case, Evidence, LESS_THAN};
use crate::figure::{Figure, Method, tidy};
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult, Settle};
use crate::review::{Term, corrected};
use crate::wording;

/// One candidate's corrected figures for one requirement; at least one test.
pub(crate) struct Reviewed {
    gate: GateKind,
    confidence: Confidence,
    tests: Vec<Test>,
}

/// One corrected figure and what it has to reach.
struct Test {
    other: Option<usize>,
    corrected: Corrected,
    /// What the scorers alone say.
    by_scorers: Option<f64>,
    threshold: f64,
    /// The threshold as the requirement states it.
    stated: Amount,
    /// Share of results that are missing.
    slack: f64,
    n_missing: usize,
}

impl Reviewed {
    /// The gate on the pass rate; `None` = without enough labels.
    pub(crate) fn pass_rate(
        case: &Case<'_>,
        candidate: usize,
        bar: &PassRateRequirement,
    ) -> Option<Self> {
        let own = case.candidates.get(candidate)?;
        let made = corrected(&case.design, case.reviews, &[(candidate, &own.column, 1.0)]).ok()?;
        Some(Self {
            gate: GateKind::PassRate,
            confidence: level(bar.confidence),
            tests: vec![Test {
                other: None,
                corrected: made,
                by_scorers: own.pass_rate.map(|figure| figure.value),
                threshold: bar.min,
                stated: Amount::Rate(bar.min),
                slack: missing_share(own),
                n_missing: own.n_missing(),
            }],
        })
    }

    /// The gate on the comparison with `others`; `None` = without enough labels of each pair.
    pub(crate) fn not_worse(
        case: &Case<'_>,
        candidate: usize,
        others: &[usize],
        bar: &NotWorseThan,
    ) -> Option<Self> {
        let tests: Option<Vec<Test>> = others
            .iter()
            .map(|other| against(case, candidate, *other, bar))
            .collect();
        Some(Self {
            gate: GateKind::NotWorseThan,
            confidence: level(bar.confidence),
            tests: tests.filter(|tests| !tests.is_empty())?,
        })
    }
}

fn level(confidence: f64) -> Confidence {
    Confidence::new(confidence).unwrap_or(Confidence::P95)
}

fn missing_share(own: &Evidence<'_>) -> f64 {
    let n_run: u32 = own.column.items.iter().map(|cell| cell.n_run).sum();
    own.n_missing() as f64 / f64::from(n_run.max(1))
}

fn against(case: &Case<'_>, candidate: usize, other: usize, bar: &NotWorseThan) -> Option<Test> {
    let (own, reference) = (case.candidates.get(candidate)?, case.candidates.get(other)?);
    let (factor, threshold, stated) = match bar.margin {
        Margin::Absolute(margin) => (1.0, -margin, Amount::Difference(-margin)),
        Margin::Ratio(ratio) => (ratio, 0.0, Amount::Ratio(ratio)),
    };
    let terms: [Term<'_>; 2] = [
        (candidate, &own.column, 1.0),
        (other, &reference.column, -factor),
    ];
    Some(Test {
        other: Some(other),
        corrected: corrected(&case.design, case.reviews, &terms).ok()?,
        by_scorers: own
            .pass_rate
            .zip(reference.pass_rate)
            .map(|(own, reference)| own.value - factor * reference.value),
        threshold,
        stated,
        slack: missing_share(own) + missing_share(reference),
        n_missing: own.n_missing() + reference.n_missing(),
    })
}

impl Test {
    fn low(&self, confidence: Confidence) -> f64 {
        self.corrected.bound(AT_LEAST, confidence).value - self.slack
    }

    fn high(&self, confidence: Confidence) -> f64 {
        self.corrected.bound(LESS_THAN, confidence).value + self.slack
    }

    fn meets(&self, confidence: Confidence) -> bool {
        self.low(confidence) >= self.threshold
    }

    fn fails(&self, confidence: Confidence) -> bool {
        self.high(confidence) < self.threshold
    }
}

impl Tested for Reviewed {
    fn confidence(&self) -> Confidence {
        self.confidence
    }

    fn meets_at(&self, confidence: Confidence) -> bool {
        self.tests.iter().all(|test| test.meets(confidence))
    }

    fn fails_at(&self, confidence: Confidence) -> bool {
        let shared = confidence.shared_over(self.tests.len());
        self.tests.iter().any(|test| test.fails(shared))
    }

    fn result(&self, case: &Case<'_>, level: Level) -> GateResult {
        let shows = level.of(self.confidence);
        let finding = Finding::of(self.meets_at(shows), self.fails_at(self.confidence), false);
        // The test with the least room decides: for "fails" by its upper bound, else by its lower one.
        let room = |test: &Test| match finding {
            Finding::Fails => test.high(self.confidence) - test.threshold,
            Finding::Meets | Finding::Open { .. } => test.low(shows) - test.threshold,
        };
        let deciding = self.tests.iter().min_by(|a, b| room(a).total_cmp(&room(b)));
        match deciding {
            Some(test) => self.told(case, test, finding, level),
            // There is at least one test.
            None => super::verdict::open(
                self.gate,
                Cause::NotMeasured,
                "there is nothing to compare with".to_owned(),
                "run the reference",
            ),
        }
    }
}

impl Reviewed {
    fn told(&self, case: &Case<'_>, test: &Test, finding: Finding, level: Level) -> GateResult {
        let at = match finding {
            Finding::Fails => self.confidence.shared_over(self.tests.len()),
            Finding::Meets | Finding::Open { .. } => level.of(self.confidence),
        };
        let bound = match finding {
            Finding::Fails => test.high(at),
            Finding::Meets | Finding::Open { .. } => test.low(at),
        };
        let figure = Figure::of(
            &test.corrected.estimate(Confidence::P95),
            Method::PredictionPowered,
        );
        let (estimate, bound_amount) = match test.stated {
            Amount::Rate(_) => (
                figure.map(|figure| GateEstimate::Rate(figure.within(0.0, 1.0))),
                tidy(bound.clamp(0.0, 1.0)).map(Amount::Rate),
            ),
            // A ratio is tested as a difference, which has no place in a column of ratios.
            Amount::Ratio(_) => (None, None),
            _ => (
                figure.map(|figure| GateEstimate::Difference(figure.within(-1.0, 1.0))),
                tidy(bound.clamp(-1.0, 1.0)).map(Amount::Difference),
            ),
        };
        let mut result = Measured {
            gate: self.gate,
            finding,
            n: test.corrected.n_labels,
            estimate,
            bound: bound_amount,
            threshold: test.stated,
            confidence: at,
            method: Method::PredictionPowered,
            reason: self.reason(case, test, (finding, bound), level),
            settle: Some(settle(test, at)),
        }
        .result();
        result.reference = test.other;
        result
    }

    fn reason(
        &self,
        case: &Case<'_>,
        test: &Test,
        (finding, bound): (Finding, f64),
        level: Level,
    ) -> String {
        let figure = Figure::of(
            &test.corrected.estimate(Confidence::P95),
            Method::PredictionPowered,
        );
        let (seen, show): (String, fn(f64) -> String) = match (test.other, figure) {
            (None, Some(figure)) => (
                format!(
                    "{} pass, corrected by people",
                    wording::rate(&figure.within(0.0, 1.0))
                ),
                wording::percent,
            ),
            (Some(other), Some(figure)) => {
                let against = match test.stated {
                    Amount::Ratio(ratio) => {
                        format!("{} of `{}`", wording::percent(ratio), case.name(other))
                    }
                    _ => format!("`{}`", case.name(other)),
                };
                (
                    format!(
                        "{} against {against}, corrected by people",
                        wording::difference(&figure)
                    ),
                    wording::points,
                )
            }
            (_, None) => ("corrected by people".to_owned(), wording::percent),
        };
        let scored = test.by_scorers.map_or_else(String::new, |value| {
            format!(" (scorers alone: {})", show(value))
        });
        let sure = wording::percent(self.confidence.level());
        let family = wording::family(level.n_candidates);
        let (bound, limit) = (show(bound), show(test.threshold));
        match finding {
            Finding::Meets => {
                format!(
                    "{seen}{scored}; at {sure} confidence{family} at least {bound}, required {limit}"
                )
            }
            Finding::Fails => {
                format!("{seen}{scored}; at {sure} confidence at most {bound}, required {limit}")
            }
            Finding::Open { .. } => format!(
                "{seen}{scored}; only {bound} is certain at {sure} confidence{family}, required {limit}"
            ),
        }
    }
}

/// About how many more labels would settle it: the error falls with their number, as far as they are what it
/// comes from.
fn settle(test: &Test, confidence: Confidence) -> Settle {
    let made = &test.corrected;
    let n = made.n_labels as f64;
    let room = (made.point - test.threshold).abs() - test.slack;
    let needed = items_for_mean(n * made.standard_error.powi(2), room, confidence)
        .filter(|_| room > 0.0)
        .map(|needed| (needed - n).ceil().max(1.0));
    let n_open = made.n_items.saturating_sub(made.n_labels);
    let action = match needed {
        _ if test.n_missing > 0 && room <= 0.0 => {
            format!(
                "repeat the {} without result",
                wording::count(test.n_missing, "trial")
            )
        }
        Some(more) if more <= n_open as f64 => {
            format!("label about {more:.0} more items (`trilemma review sample`)")
        }
        Some(_) | None => {
            "label the remaining items and add new ones; the estimate is close to the limit"
                .to_owned()
        }
    };
    Settle {
        more_items: None,
        cost_usd: None,
        action,
    }
}

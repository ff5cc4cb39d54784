//! "Not worse than the incumbent by more than …", on the same items.
//!
//! Margin: Tango's score test at the margin, one-sided. Ratio: the score test of a paired ratio. Against
//! the best, a candidate has to hold against every other one (intersection-union, so "meets" needs no
//! correction); to fail it has to be shown worse than one of them at a level shared over all of them.
//! The error of "meets" is per candidate: a warning says where it would not hold for all together.
//! A candidate is not worse than itself by definition.

use trilemma_domain::{Margin, NotWorseThan, Reference};
use trilemma_stats::Confidence;

use super::settle::{advice, items_for_mean, more_items};
use super::verdict::{Finding, Measured, open, stated};
use crate::evidence::{AT_LEAST, Case, LESS_THAN};
use crate::figure::tidy;
use crate::rate::Paired;
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::sample::Scenario;
use crate::wording;

/// Judges all candidates.
pub(crate) fn not_worse(case: &Case<'_>, bar: &NotWorseThan) -> Vec<GateResult> {
    (0..case.candidates.len())
        .map(|candidate| one(case, candidate, bar))
        .collect()
}

/// The candidates that one is compared with; `None` = the reference does not exist.
fn references(case: &Case<'_>, bar: &NotWorseThan) -> Option<Vec<usize>> {
    match &bar.reference {
        Reference::Incumbent => case.input.incumbent.map(|idx| vec![idx]),
        Reference::Best => Some((0..case.candidates.len()).collect()),
        Reference::Candidate(id) => case
            .candidates
            .iter()
            .position(|candidate| candidate.facts.id == *id)
            .map(|idx| vec![idx]),
    }
}

fn one(case: &Case<'_>, candidate: usize, bar: &NotWorseThan) -> GateResult {
    let gate = GateKind::NotWorseThan;
    let Some(references) = references(case, bar) else {
        return open(
            gate,
            Cause::UnknownFact,
            "no incumbent is named".to_owned(),
            "name `incumbent` under [task]",
        );
    };
    let others: Vec<usize> = references
        .into_iter()
        .filter(|idx| *idx != candidate)
        .collect();
    if others.is_empty() {
        let reason = match bar.reference {
            Reference::Best => "there is no other candidate",
            Reference::Incumbent | Reference::Candidate(_) => "it is the reference itself",
        };
        let mut result = stated(gate, trilemma_domain::Verdict::Meets, reason.to_owned());
        result.reference = Some(candidate);
        return result;
    }
    if !case.candidates.get(candidate).is_some_and(|own| own.ran()) {
        let reason = "no trial of it ran".to_owned();
        return open(gate, Cause::NotMeasured, reason, "run it on the golden set");
    }
    let n_others = others.len();
    let tests: Option<Vec<Test>> = others
        .into_iter()
        .map(|other| Test::of(case, candidate, other, bar, n_others))
        .collect();
    let Some(tests) = tests else {
        let reason = "it shares no item with what it is compared with".to_owned();
        return open(
            gate,
            Cause::NotMeasured,
            reason,
            "run both on the same items",
        );
    };
    let decides = deciding(&tests);
    decides.map_or_else(
        || {
            let reason = "there is nothing to compare with".to_owned();
            open(gate, Cause::NotMeasured, reason, "run the reference")
        },
        |test| test.result(case, candidate, bar),
    )
}

/// A shown failure decides; else the open comparison with the least support; else the weakest.
fn deciding(tests: &[Test]) -> Option<&Test> {
    let worst = |tests: Vec<&'_ Test>| -> Option<usize> {
        tests
            .into_iter()
            .min_by(|a, b| a.z.total_cmp(&b.z))
            .map(|test| test.other)
    };
    let of = |verdict| {
        tests
            .iter()
            .filter(|test| test.finding.verdict() == verdict)
            .collect::<Vec<_>>()
    };
    use trilemma_domain::Verdict;
    let chosen = [Verdict::Fails, Verdict::Undecided, Verdict::Meets]
        .into_iter()
        .find_map(|verdict| worst(of(verdict)))?;
    tests.iter().find(|test| test.other == chosen)
}

/// One comparison.
struct Test {
    other: usize,
    observed: Option<Paired>,
    worst: Paired,
    best: Paired,
    finding: Finding,
    /// Support at worst.
    z: f64,
    n_missing: usize,
}

impl Test {
    fn of(
        case: &Case<'_>,
        candidate: usize,
        other: usize,
        bar: &NotWorseThan,
        n_others: usize,
    ) -> Option<Self> {
        let (own, reference) = (case.candidates.get(candidate)?, case.candidates.get(other)?);
        let pair = |scenario| Paired::of(&case.design, &own.column, &reference.column, scenario);
        let n_missing = own.n_missing() + reference.n_missing();
        let worst = pair(Scenario::Worst)?;
        // Without anything missing all scenarios are one.
        let (best, observed) = if n_missing == 0 {
            (worst, Some(worst))
        } else {
            (pair(Scenario::Best)?, pair(Scenario::Observed))
        };
        let confidence = confidence(bar);
        let shows = |paired: &Paired| support(paired, bar) >= confidence.z_one_sided();
        let fails = |paired: &Paired| {
            shortfall(paired, bar) >= confidence.shared_over(n_others).z_one_sided()
        };
        let observed_decides = observed.is_none_or(|observed| shows(&observed) || fails(&observed));
        Some(Self {
            other,
            finding: Finding::of(
                shows(&worst),
                fails(&best),
                n_missing > 0 && observed_decides,
            ),
            z: support(&worst, bar),
            observed,
            worst,
            best,
            n_missing,
        })
    }

    fn result(&self, case: &Case<'_>, candidate: usize, bar: &NotWorseThan) -> GateResult {
        let shown = self.observed.as_ref().unwrap_or(&self.worst);
        let bound = self.bound(bar);
        let (estimate, threshold, method) = match bar.margin {
            Margin::Absolute(margin) => (
                shown.figure(Confidence::P95).map(GateEstimate::Difference),
                Amount::Difference(-margin),
                shown.method(),
            ),
            Margin::Ratio(ratio) => (
                shown.ratio_figure(Confidence::P95).map(GateEstimate::Ratio),
                Amount::Ratio(ratio),
                shown.ratio_method(),
            ),
        };
        let more = more_items(items_needed(shown, bar), shown.n, shown.n_effective);
        let mut result = Measured {
            gate: GateKind::NotWorseThan,
            finding: self.finding,
            n: shown.n,
            reason: self.reason(case, bar, estimate, bound),
            estimate: estimate.filter(|_| self.observed.is_some()),
            bound,
            threshold,
            confidence: bar.confidence,
            method,
            settle: advice(
                case,
                self.finding.cause(),
                self.n_missing,
                more,
                &[candidate, self.other],
            ),
        }
        .result();
        result.reference = Some(self.other);
        result
    }

    /// The one-sided bound that was compared with the margin.
    fn bound(&self, bar: &NotWorseThan) -> Option<Amount> {
        let confidence = confidence(bar);
        let failed = self.finding == Finding::Fails;
        match bar.margin {
            Margin::Absolute(_) => {
                let value = if failed {
                    self.best.bound(confidence, LESS_THAN)
                } else {
                    self.worst.bound(confidence, AT_LEAST)
                };
                value.and_then(tidy).map(Amount::Difference)
            }
            Margin::Ratio(_) => {
                let value = if failed {
                    self.best.ratio_high(confidence)
                } else {
                    self.worst.ratio_low(confidence)
                };
                tidy(value).map(Amount::Ratio)
            }
        }
    }

    fn reason(
        &self,
        case: &Case<'_>,
        bar: &NotWorseThan,
        estimate: Option<GateEstimate>,
        bound: Option<Amount>,
    ) -> String {
        let other = case.name(self.other);
        let seen = match estimate {
            Some(GateEstimate::Difference(figure)) if self.observed.is_some() => {
                format!("{} against `{other}`", wording::difference(&figure))
            }
            Some(GateEstimate::Ratio(figure)) if self.observed.is_some() => {
                format!("{} of the pass rate of `{other}`", wording::rate(&figure))
            }
            _ => format!("no item has results of it and of `{other}`"),
        };
        let (limit, bound) = match (bar.margin, bound) {
            (Margin::Absolute(margin), Some(Amount::Difference(bound))) => {
                (wording::points(-margin), wording::points(bound))
            }
            (Margin::Ratio(ratio), Some(Amount::Ratio(bound))) => {
                (wording::percent(ratio), wording::percent(bound))
            }
            (Margin::Absolute(margin), _) => (wording::points(-margin), "nothing".to_owned()),
            (Margin::Ratio(ratio), _) => (wording::percent(ratio), "nothing".to_owned()),
        };
        let sure = wording::percent(bar.confidence);
        match self.finding {
            Finding::Meets => {
                format!("{seen}; at {sure} confidence at least {bound}, allowed {limit}")
            }
            Finding::Fails => {
                format!("{seen}; at {sure} confidence at most {bound}, allowed {limit}")
            }
            Finding::Open { .. } if self.finding.cause() == Some(Cause::MissingResults) => format!(
                "{seen}, but {} without result could tip it; allowed {limit}",
                wording::count(self.n_missing, "trial")
            ),
            Finding::Open { .. } => {
                format!("{seen}; only {bound} is certain at {sure} confidence, allowed {limit}")
            }
        }
    }
}

fn confidence(bar: &NotWorseThan) -> Confidence {
    Confidence::new(bar.confidence).unwrap_or(Confidence::P95)
}

/// z for "not worse by more than allowed".
fn support(paired: &Paired, bar: &NotWorseThan) -> f64 {
    match bar.margin {
        Margin::Absolute(margin) => paired.z_not_worse(margin),
        Margin::Ratio(ratio) => paired.z_ratio_reached(ratio),
    }
}

/// z for "worse by more than allowed".
fn shortfall(paired: &Paired, bar: &NotWorseThan) -> f64 {
    match bar.margin {
        Margin::Absolute(margin) => paired.z_worse(margin),
        Margin::Ratio(ratio) => paired.z_ratio_missed(ratio),
    }
}

fn items_needed(paired: &Paired, bar: &NotWorseThan) -> Option<f64> {
    let (room, variance) = match bar.margin {
        Margin::Absolute(margin) => (
            paired.difference + margin,
            // Half a discordant item stands for those that were not seen.
            paired.discordant.max(0.5 / paired.n_effective) - paired.difference.powi(2),
        ),
        Margin::Ratio(ratio) => paired.ratio_room(ratio),
    };
    items_for_mean(variance, room, confidence(bar))
}

/// One-sided p values of "worse by more than allowed", for candidates compared with one other; for the
/// warning about all comparisons together.
pub(crate) fn p_values(case: &Case<'_>, bar: &NotWorseThan) -> Vec<(usize, f64)> {
    let Some(references) = references(case, bar) else {
        return Vec::new();
    };
    let [reference] = references.as_slice() else {
        return Vec::new();
    };
    (0..case.candidates.len())
        .filter(|candidate| candidate != reference)
        .filter_map(|candidate| {
            let test = Test::of(case, candidate, *reference, bar, 1)?;
            Some((candidate, trilemma_stats::normal::upper_tail(test.z)))
        })
        .collect()
}

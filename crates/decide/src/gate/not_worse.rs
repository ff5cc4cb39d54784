//! "Not worse than the incumbent by more than …", on the same items.
//!
//! Margin: Tango's score test at the margin, one-sided. Ratio: the score test of a paired ratio. Against
//! the best, a candidate has to hold against every other one (intersection-union, so "meets" needs no
//! correction for that); to fail it has to be shown worse than one of them at a level shared over all of
//! them. After a race these are those that it left: that the best is among them is the race's to see to. "Meets" is held to a level over all candidates (`family`). A candidate is not worse than itself
//! by definition.

use trilemma_domain::{Margin, NotWorseThan, Reference, Verdict};
use trilemma_stats::Confidence;

use super::family::{Level, Part};
use super::reviewed::Reviewed;
use super::settle::{advice, items_for_mean, more_items};
use super::tested::Tested;
use super::verdict::{Finding, Measured, open, stated};
use crate::evidence::{AT_LEAST, Case, LESS_THAN};
use crate::figure::tidy;
use crate::rate::Paired;
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::sample::Scenario;
use crate::wording;

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

/// Gathers what a candidate is compared on.
pub(crate) fn not_worse<'a>(
    case: &'a Case<'_>,
    candidate: usize,
    bar: &'a NotWorseThan,
) -> Part<'a> {
    let open = |cause, reason: &str, action| {
        let gate = open(GateKind::NotWorseThan, cause, reason.to_owned(), action);
        Part::Stated(Box::new(gate))
    };
    let Some(references) = references(case, bar) else {
        let action = "name `incumbent` under [task]";
        return open(Cause::UnknownFact, "no incumbent is named", action);
    };
    let raced = case.input.raced;
    if bar.reference == Reference::Best && raced.lost_the_best {
        let reason = "a race gave up candidates that may be the best";
        let action = "run all of them, or race by `--adaptive=gates`";
        return open(Cause::NotMeasured, reason, action);
    }
    let others: Vec<usize> = references
        .into_iter()
        .filter(|idx| *idx != candidate)
        .collect();
    if others.is_empty() {
        let reason = match bar.reference {
            Reference::Best if raced.n_given_up > 0 => {
                "all others were shown to be worse than one that was kept"
            }
            Reference::Best => "there is no other candidate",
            Reference::Incumbent | Reference::Candidate(_) => "it is the reference itself",
        };
        let mut result = stated(GateKind::NotWorseThan, Verdict::Meets, reason.to_owned());
        result.reference = Some(candidate);
        return Part::Stated(Box::new(result));
    }
    if !case.candidates.get(candidate).is_some_and(|own| own.ran()) {
        let action = "run it on the golden set";
        return open(Cause::NotMeasured, "no trial of it ran", action);
    }
    if let Some(reviewed) = Reviewed::not_worse(case, candidate, &others, bar) {
        return Part::Tested(Box::new(reviewed));
    }
    let tests: Option<Vec<Test>> = others
        .into_iter()
        .map(|other| Test::of(case, candidate, other, bar))
        .collect();
    match tests {
        Some(tests) => Part::Tested(Box::new(Tests {
            candidate,
            bar,
            n_compared: match bar.reference {
                Reference::Best => tests.len() + raced.n_given_up,
                Reference::Incumbent | Reference::Candidate(_) => tests.len(),
            },
            tests,
        })),
        None => open(
            Cause::NotMeasured,
            "it shares no item with what it is compared with",
            "run both on the same items",
        ),
    }
}

/// All comparisons of one candidate; at least one.
struct Tests<'a> {
    candidate: usize,
    bar: &'a NotWorseThan,
    /// Those that it might have been compared with, the ones that a race gave up included.
    n_compared: usize,
    tests: Vec<Test>,
}

impl Tested for Tests<'_> {
    fn confidence(&self) -> Confidence {
        confidence(self.bar)
    }

    fn meets_at(&self, confidence: Confidence) -> bool {
        // First what costs nothing to see.
        let z = confidence.z_one_sided();
        self.tests.iter().all(|test| test.z >= z)
            && self
                .tests
                .iter()
                .all(|test| shows(&test.worst, self.bar, confidence, Check::Exact))
    }

    fn fails_at(&self, confidence: Confidence) -> bool {
        let z = confidence.shared_over(self.n_compared).z_one_sided();
        self.tests.iter().any(|test| test.z_fails >= z)
    }

    fn result(&self, case: &Case<'_>, level: Level) -> GateResult {
        let z = level.of(self.confidence()).z_one_sided();
        // Where one comparison is open by its score alone it decides: exact sums would change nothing.
        let check = if self.tests.iter().all(|test| test.z >= z) {
            Check::Exact
        } else {
            Check::Score
        };
        let judged = self.tests.iter().map(|test| {
            let finding = test.finding(self.bar, (level, check), self.n_compared);
            (test, finding)
        });
        // A shown failure decides; else the open comparison with the least support; else the weakest.
        let rank = |finding: Finding| match finding.verdict() {
            Verdict::Fails => 0,
            Verdict::Undecided => 1,
            Verdict::Meets => 2,
        };
        let deciding = judged.min_by(|(a, left), (b, right)| {
            rank(*left).cmp(&rank(*right)).then(a.z.total_cmp(&b.z))
        });
        match deciding {
            Some((test, finding)) => Shown {
                test,
                finding,
                level,
                bar: self.bar,
            }
            .result(case, self.candidate),
            None => open(
                GateKind::NotWorseThan,
                Cause::NotMeasured,
                "there is nothing to compare with".to_owned(),
                "run the reference",
            ),
        }
    }
}

/// One comparison.
struct Test {
    other: usize,
    observed: Option<Paired>,
    worst: Paired,
    best: Paired,
    /// Support for "not worse" at worst.
    z: f64,
    /// Support for "worse" at best.
    z_fails: f64,
    n_missing: usize,
}

impl Test {
    fn of(case: &Case<'_>, candidate: usize, other: usize, bar: &NotWorseThan) -> Option<Self> {
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
        Some(Self {
            other,
            z: support(&worst, bar),
            z_fails: shortfall(&best, bar),
            observed,
            worst,
            best,
            n_missing,
        })
    }

    fn finding(
        &self,
        bar: &NotWorseThan,
        (level, check): (Level, Check),
        n_others: usize,
    ) -> Finding {
        let plain = confidence(bar);
        let needed = level.of(plain);
        let fails = plain.shared_over(n_others).z_one_sided();
        let observed_decides = self.worst.is_census()
            || self.observed.is_none_or(|observed| {
                shows(&observed, bar, needed, check) || shortfall(&observed, bar) >= fails
            });
        Finding::of(
            shows(&self.worst, bar, needed, check),
            self.z_fails >= fails,
            self.n_missing > 0 && observed_decides,
        )
    }
}

/// The comparison that decides.
struct Shown<'a> {
    test: &'a Test,
    finding: Finding,
    level: Level,
    bar: &'a NotWorseThan,
}

impl Shown<'_> {
    fn result(&self, case: &Case<'_>, candidate: usize) -> GateResult {
        let (test, bar) = (self.test, self.bar);
        let shown = test.observed.as_ref().unwrap_or(&test.worst);
        let bound = self.bound();
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
        let more = more_items(self.items_needed(shown), shown.n, shown.n_effective);
        let mut result = Measured {
            gate: GateKind::NotWorseThan,
            finding: self.finding,
            n: shown.n,
            reason: self.reason(case, estimate, bound),
            estimate: estimate.filter(|_| test.observed.is_some()),
            bound,
            threshold,
            confidence: self.confidence(),
            method,
            settle: advice(
                case,
                self.finding.cause(),
                test.n_missing,
                more,
                &[candidate, test.other],
            ),
        }
        .result();
        result.reference = Some(test.other);
        result
    }

    /// The confidence of the bound.
    fn confidence(&self) -> Confidence {
        let plain = confidence(self.bar);
        match self.finding {
            Finding::Fails => plain,
            Finding::Meets | Finding::Open { .. } => self.level.of(plain),
        }
    }

    /// The one-sided bound that was compared with the margin.
    fn bound(&self) -> Option<Amount> {
        let confidence = self.confidence();
        let failed = self.finding == Finding::Fails;
        match self.bar.margin {
            Margin::Absolute(_) => {
                let value = if failed {
                    self.test.best.bound(confidence, LESS_THAN)
                } else {
                    self.test.worst.bound(confidence, AT_LEAST)
                };
                value.and_then(tidy).map(Amount::Difference)
            }
            Margin::Ratio(_) => {
                let value = if failed {
                    self.test.best.ratio_high(confidence)
                } else {
                    self.test.worst.ratio_low(confidence)
                };
                tidy(value).map(Amount::Ratio)
            }
        }
    }

    fn reason(
        &self,
        case: &Case<'_>,
        estimate: Option<GateEstimate>,
        bound: Option<Amount>,
    ) -> String {
        let (test, bar) = (self.test, self.bar);
        let other = case.name(test.other);
        let seen = match estimate {
            Some(GateEstimate::Difference(figure)) if test.observed.is_some() => {
                format!("{} against `{other}`", wording::difference(&figure))
            }
            Some(GateEstimate::Ratio(figure)) if test.observed.is_some() => {
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
        let family = wording::family(self.level.n_candidates);
        match self.finding {
            Finding::Meets => {
                format!("{seen}; at {sure} confidence{family} at least {bound}, allowed {limit}")
            }
            Finding::Fails => {
                format!("{seen}; at {sure} confidence at most {bound}, allowed {limit}")
            }
            Finding::Open { .. } if self.finding.cause() == Some(Cause::MissingResults) => format!(
                "{seen}, but {} without result could tip it; allowed {limit}",
                wording::count(test.n_missing, "trial")
            ),
            Finding::Open { .. } if self.too_close() => format!(
                "{seen}; {bound} at {sure} confidence{family}, too close to the allowed {limit} for so few items on which they differ"
            ),
            Finding::Open { .. } => {
                format!(
                    "{seen}; only {bound} is certain at {sure} confidence{family}, allowed {limit}"
                )
            }
        }
    }

    /// Whether the bound reaches the margin, but only because the statistic is not quite normal.
    fn too_close(&self) -> bool {
        let z = self.confidence().z_one_sided();
        matches!(self.finding, Finding::Open { .. }) && self.test.z >= z
    }

    fn items_needed(&self, paired: &Paired) -> Option<f64> {
        let (room, variance) = match self.bar.margin {
            Margin::Absolute(margin) => (
                paired.difference + margin,
                // Half a discordant item stands for those that were not seen.
                paired.discordant.max(0.5 / paired.n_effective) - paired.difference.powi(2),
            ),
            Margin::Ratio(ratio) => paired.ratio_room(ratio),
        };
        let needed = items_for_mean(variance, room, self.confidence())?;
        Some(match self.bar.margin {
            // So many items show it when not a single one is lost.
            Margin::Absolute(margin) => {
                let z = self.confidence().z_one_sided();
                needed.max(z * z * (1.0 - margin) / margin)
            }
            Margin::Ratio(_) => needed,
        })
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

/// How a claim is checked.
#[derive(Clone, Copy)]
enum Check {
    /// By its score.
    Score,
    /// By exact sums where the score is near the limit.
    Exact,
}

/// Whether "not worse by more than allowed" is shown.
fn shows(paired: &Paired, bar: &NotWorseThan, confidence: Confidence, check: Check) -> bool {
    match (bar.margin, check) {
        (Margin::Absolute(margin), Check::Exact) => paired.shows_not_worse(margin, confidence),
        _ => support(paired, bar) >= confidence.z_one_sided(),
    }
}

/// z for "worse by more than allowed".
fn shortfall(paired: &Paired, bar: &NotWorseThan) -> f64 {
    match bar.margin {
        Margin::Absolute(margin) => paired.z_worse(margin),
        Margin::Ratio(ratio) => paired.z_ratio_missed(ratio),
    }
}

//! "At least this share of answers must pass."
//!
//! Met when the one-sided Clopper-Pearson bound reaches the bar at the level that the candidate is held
//! to (`family`), failed when the upper bound at the plain level is below the bar.

use trilemma_domain::PassRateRequirement;
use trilemma_stats::Confidence;

use super::family::{Level, Part};
use super::reviewed::Reviewed;
use super::settle::{advice, items_for_share, more_items};
use super::tested::Tested;
use super::verdict::{Finding, Measured, open};
use crate::evidence::{AT_LEAST, Case, LESS_THAN};
use crate::figure::tidy;
use crate::measure::pass_rate as share_of;
use crate::rate::Share;
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::sample::Scenario;
use crate::wording;

/// One candidate's shares with missing results counted each way.
struct Shares<'a> {
    candidate: usize,
    bar: &'a PassRateRequirement,
    observed: Option<Share>,
    worst: Share,
    best: Share,
    n_missing: usize,
}

/// Gathers what the bar is tested on.
pub(crate) fn pass_rate<'a>(
    case: &'a Case<'_>,
    candidate: usize,
    bar: &'a PassRateRequirement,
) -> Part<'a> {
    if let Some(reviewed) = Reviewed::pass_rate(case, candidate, bar) {
        return Part::Tested(Box::new(reviewed));
    }
    let shares = case.candidates.get(candidate).and_then(|own| {
        let share = |scenario| share_of(&case.design, &own.column, scenario);
        Some(Shares {
            candidate,
            bar,
            observed: share(Scenario::Observed),
            worst: share(Scenario::Worst)?,
            best: share(Scenario::Best)?,
            n_missing: own.n_missing(),
        })
    });
    match shares {
        Some(shares) => Part::Tested(Box::new(shares)),
        None => Part::Stated(Box::new(open(
            GateKind::PassRate,
            Cause::NotMeasured,
            "no trial of it ran".to_owned(),
            "run it on the golden set",
        ))),
    }
}

impl Tested for Shares<'_> {
    fn confidence(&self) -> Confidence {
        Confidence::new(self.bar.confidence).unwrap_or(Confidence::P95)
    }

    fn meets_at(&self, confidence: Confidence) -> bool {
        self.shows(&self.worst, confidence)
    }

    fn fails_at(&self, confidence: Confidence) -> bool {
        self.misses(&self.best, confidence)
    }

    fn result(&self, case: &Case<'_>, level: Level) -> GateResult {
        let plain = self.confidence();
        let confidence = level.of(plain);
        let observed_decides = self.worst.is_census()
            || self
                .observed
                .is_none_or(|share| self.shows(&share, confidence) || self.misses(&share, plain));
        let finding = Finding::of(
            self.meets_at(confidence),
            self.fails_at(plain),
            self.n_missing > 0 && observed_decides,
        );
        let (bound, at) = match finding {
            Finding::Meets | Finding::Open { .. } => {
                (self.worst.bound(confidence, AT_LEAST), confidence)
            }
            Finding::Fails => (self.best.bound(plain, LESS_THAN), plain),
        };
        let shown = self.observed.unwrap_or(self.worst);
        let needed = items_for_share(shown.rate, self.bar.min, confidence);
        let more = more_items(needed, shown.n, shown.n_effective);
        Measured {
            gate: GateKind::PassRate,
            finding,
            n: self.observed.map_or(0, |share| share.n),
            estimate: self
                .observed
                .and_then(|share| share.figure(Confidence::P95))
                .map(GateEstimate::Rate),
            bound: tidy(bound).map(Amount::Rate),
            threshold: Amount::Rate(self.bar.min),
            confidence: at,
            method: shown.method(),
            reason: self.reason(finding, bound, level),
            settle: advice(
                case,
                finding.cause(),
                self.n_missing,
                more,
                &[self.candidate],
            ),
        }
        .result()
    }
}

impl Shares<'_> {
    fn shows(&self, share: &Share, confidence: Confidence) -> bool {
        share.bound(confidence, AT_LEAST) >= self.bar.min
    }

    fn misses(&self, share: &Share, confidence: Confidence) -> bool {
        share.bound(confidence, LESS_THAN) < self.bar.min
    }

    fn reason(&self, finding: Finding, bound: f64, level: Level) -> String {
        let passes = self
            .observed
            .and_then(|share| share.figure(Confidence::P95))
            .map_or_else(
                || "no answer was scored".to_owned(),
                |figure| format!("{} pass", wording::rate(&figure)),
            );
        let sure = wording::percent(self.bar.confidence);
        let family = wording::family(level.n_candidates);
        let bar = wording::percent(self.bar.min);
        match finding {
            Finding::Meets => format!(
                "{passes}; at {sure} confidence{family} at least {}, required {bar}",
                wording::percent(bound)
            ),
            Finding::Fails => format!(
                "{passes}; at {sure} confidence at most {}, required {bar}",
                wording::percent(bound)
            ),
            Finding::Open { .. } if finding.cause() == Some(Cause::MissingResults) => format!(
                "{passes}, but {} without result could tip it; required {bar}",
                wording::count(self.n_missing, "trial")
            ),
            Finding::Open { .. } => format!(
                "{passes}; only {} is certain at {sure} confidence{family}, required {bar}",
                wording::percent(bound)
            ),
        }
    }
}

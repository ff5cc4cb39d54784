//! Money against its budgets.
//!
//! Met when the one-sided bound of the mean stays within the budget, failed when it lies above; error of
//! "fails" 5 % per candidate, of "meets" 5 % over all of them (`family`). An unknown price leaves every budget undecided. Calls that failed have no known cost
//! and do not enter.

use rust_decimal::Decimal;
use trilemma_domain::{CostRequirement, Usd};
use trilemma_stats::Confidence;

use super::family::{Level, Part};
use super::settle::{advice, items_for_mean, more_items};
use super::tested::Tested;
use super::verdict::{Decides, Finding, Measured, open};
use crate::evidence::{Case, Evidence};
use crate::figure::MoneyFigure;
use crate::measure::month_factor;
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::wording;

/// Gathers what every budget is tested on.
pub(crate) fn cost<'a>(
    case: &'a Case<'_>,
    candidate: usize,
    wanted: &CostRequirement,
) -> Vec<Part<'a>> {
    let budgets = [
        (GateKind::CostPerQuery, wanted.per_query),
        (GateKind::CostPerMonth, wanted.per_month),
        (GateKind::CostPerAccepted, wanted.per_accepted),
    ];
    budgets
        .into_iter()
        .filter_map(|(gate, budget)| {
            let own = case.candidates.get(candidate)?;
            Some(one(case, (candidate, own), gate, budget?))
        })
        .collect()
}

fn one<'a>(
    case: &'a Case<'_>,
    (candidate, own): (usize, &'a Evidence<'a>),
    gate: GateKind,
    budget: Usd,
) -> Part<'a> {
    let money = |confidence| figure(case, own, gate, confidence);
    match (money(Confidence::P95), money(Confidence::P90)) {
        (Some(shown), Some(sided)) => Part::Tested(Box::new(Money {
            case,
            own,
            candidate,
            gate,
            budget,
            shown,
            sided,
        })),
        _ => {
            let mut result = unmeasured(case, own, gate);
            result.threshold = Some(Amount::Usd(budget));
            Part::Stated(Box::new(result))
        }
    }
}

/// One candidate's money against one budget.
struct Money<'a> {
    case: &'a Case<'a>,
    own: &'a Evidence<'a>,
    candidate: usize,
    gate: GateKind,
    budget: Usd,
    /// With the interval to show.
    shown: MoneyFigure,
    /// With the interval whose ends are one-sided 95 % bounds.
    sided: MoneyFigure,
}

impl Money<'_> {
    /// The figure whose interval has one-sided bounds of a level for its ends.
    fn at(&self, confidence: Confidence) -> Option<MoneyFigure> {
        if confidence == self.confidence() {
            return Some(self.sided);
        }
        let two_sided = Confidence::new(1.0 - 2.0 * confidence.alpha()).ok()?;
        figure(self.case, self.own, self.gate, two_sided)
    }

    fn high_at(&self, confidence: Confidence) -> Option<Usd> {
        self.at(confidence)?.high
    }
}

impl Tested for Money<'_> {
    fn confidence(&self) -> Confidence {
        Confidence::P95
    }

    fn meets_at(&self, confidence: Confidence) -> bool {
        let within = |figure: &MoneyFigure| figure.high.is_some_and(|high| high <= self.budget);
        // What the plain level does not show, no stricter one does: resampling again would be for
        // nothing.
        within(&self.sided) && self.at(confidence).as_ref().is_some_and(within)
    }

    fn fails_at(&self, confidence: Confidence) -> bool {
        let above = |figure: &MoneyFigure| figure.low.is_some_and(|low| low > self.budget);
        above(&self.sided) && self.at(confidence).as_ref().is_some_and(above)
    }

    fn result(&self, case: &Case<'_>, level: Level) -> GateResult {
        let (plain, budget) = (self.confidence(), self.budget);
        let confidence = level.of(plain);
        let finding = if self.meets_at(confidence) {
            Finding::Meets
        } else if self.fails_at(plain) {
            Finding::Fails
        } else {
            Finding::Open {
                without_missing: Decides::No,
            }
        };
        let (bound, at, relation) = match finding {
            Finding::Meets => (self.high_at(confidence), confidence, "surely within"),
            Finding::Fails => (self.sided.low, plain, "surely above"),
            Finding::Open { .. } => (self.high_at(confidence), confidence, "too close to"),
        };
        let shown = &self.shown;
        let more = more_items(needed(shown, budget), shown.n, shown.n as f64);
        Measured {
            gate: self.gate,
            finding,
            n: shown.n,
            reason: format!(
                "{}; {relation} the budget of {}",
                wording::money(shown),
                wording::usd(budget)
            ),
            estimate: Some(GateEstimate::Usd(*shown)),
            bound: bound.map(Amount::Usd),
            threshold: Amount::Usd(budget),
            confidence: at,
            method: self.sided.method,
            settle: advice(case, finding.cause(), 0, more, &[self.candidate]),
        }
        .result()
    }
}

fn figure(
    case: &Case<'_>,
    own: &Evidence<'_>,
    gate: GateKind,
    confidence: Confidence,
) -> Option<MoneyFigure> {
    let sample = own.cost.as_ref()?;
    let seed = case.input.seed;
    match gate {
        GateKind::CostPerAccepted => sample.per_accepted(confidence, seed),
        GateKind::CostPerMonth => {
            let factor: Decimal = month_factor(case.input.traffic.as_ref())?;
            Some(sample.per_query(confidence, seed)?.times(factor))
        }
        _ => sample.per_query(confidence, seed),
    }
}

/// Items that tell the mean from the budget; the standard error is read off the interval.
fn needed(shown: &MoneyFigure, budget: Usd) -> Option<f64> {
    let width = shown.high?.to_f64() - shown.low?.to_f64();
    let error = width / (2.0 * Confidence::P95.z_two_sided());
    let room = shown.value.to_f64() - budget.to_f64();
    items_for_mean(error * error * shown.n as f64, room, Confidence::P95)
}

fn unmeasured(case: &Case<'_>, own: &Evidence<'_>, gate: GateKind) -> GateResult {
    let no_traffic =
        gate == GateKind::CostPerMonth && month_factor(case.input.traffic.as_ref()).is_none();
    let (cause, reason, action) = if no_traffic {
        (
            Cause::UnknownFact,
            "the traffic is not stated",
            "set `queries_per_day` under [traffic]",
        )
    } else if own.facts.pricer.is_none() && own.cost.is_none() {
        (
            Cause::UnknownFact,
            "its price is unknown",
            "give the candidate a `price`, or the catalog a row",
        )
    } else if own.counts.n_answered == 0 && own.counts.n_failed > 0 {
        (
            Cause::MissingResults,
            "no call was answered",
            "repeat the failed calls",
        )
    } else if gate == GateKind::CostPerAccepted && own.counts.n_scored > 0 && own.cost.is_some() {
        (
            Cause::NotMeasured,
            "no answer was accepted, so an accepted one has no cost",
            "nothing: it cannot be bought at any price seen here",
        )
    } else {
        (
            Cause::NotMeasured,
            "no answer has token counts",
            "run it on the golden set",
        )
    };
    open(gate, cause, reason.to_owned(), action)
}

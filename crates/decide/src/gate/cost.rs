//! Money against its budgets.
//!
//! Met when the one-sided 95 % bound of the mean stays within the budget, failed when it lies above,
//! per candidate. An unknown price leaves every budget undecided. Calls that failed have no known cost
//! and do not enter.

use rust_decimal::Decimal;
use trilemma_domain::{CostRequirement, Usd};
use trilemma_stats::Confidence;

use super::settle::{advice, items_for_mean, more_items};
use super::verdict::{Decides, Finding, Measured, open};
use crate::evidence::{Case, Evidence};
use crate::figure::MoneyFigure;
use crate::measure::month_factor;
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::wording;

/// Judges one candidate against every budget.
pub(crate) fn cost(case: &Case<'_>, candidate: usize, wanted: &CostRequirement) -> Vec<GateResult> {
    let budgets = [
        (GateKind::CostPerQuery, wanted.per_query),
        (GateKind::CostPerMonth, wanted.per_month),
        (GateKind::CostPerAccepted, wanted.per_accepted),
    ];
    budgets
        .into_iter()
        .filter_map(|(gate, budget)| Some(one(case, candidate, gate, budget?)))
        .collect()
}

fn one(case: &Case<'_>, candidate: usize, gate: GateKind, budget: Usd) -> GateResult {
    let mut result = match case.candidates.get(candidate) {
        None => open(gate, Cause::NotMeasured, String::new(), ""),
        Some(own) => judge(case, (candidate, own), gate, budget)
            .unwrap_or_else(|| unmeasured(case, own, gate)),
    };
    result.threshold = Some(Amount::Usd(budget));
    result
}

fn judge(
    case: &Case<'_>,
    (candidate, own): (usize, &Evidence<'_>),
    gate: GateKind,
    budget: Usd,
) -> Option<GateResult> {
    let shown = figure(case, own, gate, Confidence::P95)?;
    let sided = figure(case, own, gate, Confidence::P90)?;
    let finding = if sided.high.is_some_and(|high| high <= budget) {
        Finding::Meets
    } else if sided.low.is_some_and(|low| low > budget) {
        Finding::Fails
    } else {
        Finding::Open {
            without_missing: Decides::No,
        }
    };
    let bound = match finding {
        Finding::Fails => sided.low,
        Finding::Meets | Finding::Open { .. } => sided.high,
    };
    let relation = match finding {
        Finding::Meets => "surely within",
        Finding::Fails => "surely above",
        Finding::Open { .. } => "too close to",
    };
    let more = more_items(needed(&shown, budget), shown.n, shown.n as f64);
    Some(
        Measured {
            gate,
            finding,
            n: shown.n,
            reason: format!(
                "{}; {relation} the budget of {}",
                wording::money(&shown),
                wording::usd(budget)
            ),
            estimate: Some(GateEstimate::Usd(shown)),
            bound: bound.map(Amount::Usd),
            threshold: Amount::Usd(budget),
            confidence: Confidence::P95.level(),
            method: sided.method,
            settle: advice(case, finding.cause(), 0, more, &[candidate]),
        }
        .result(),
    )
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

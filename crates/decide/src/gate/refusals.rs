//! Refusals that count as passes, where one candidate has more of them than another.
//!
//! A refusal counts as it was scored. Where a candidate passes by refusing on more items than the one it is compared
//! with (shown by McNemar's exact test at 5 %, one-sided, and by more than 2 points), and its requirements on quality
//! would not be shown if that excess counted as failures, nobody knows yet whether it is good or only
//! careful: it stays open until people have looked. Corrected figures already are what people say. Unequal failures
//! need no rule of their own: what is missing counts both ways in every gate.

use trilemma_domain::{Reference, Verdict};
use trilemma_stats::paired::{Cells, mcnemar_exact};

use super::verdict::open;
use crate::evidence::Case;
use crate::figure::Method;
use crate::result::{Amount, Cause, GateKind, GateResult};
use crate::wording;

/// Level of the test, one-sided.
const ALPHA: f64 = 0.05;
/// Excess that is let pass.
const SMALL: f64 = 0.02;

/// Keeps a candidate open whose passes may be refusals; `None` = nothing to say.
pub(crate) fn refusals(
    case: &Case<'_>,
    candidate: usize,
    gates: &[GateResult],
) -> Option<GateResult> {
    let other = compared_with(case, candidate)?;
    let cells = cells(case, candidate, other)?;
    let n = cells.n() as f64;
    let excess = (cells.only_first as f64 - cells.only_second as f64) / n;
    if excess <= SMALL || mcnemar_exact(cells) > 2.0 * ALPHA {
        return None;
    }
    let rests_on_it = gates.iter().any(|gate| {
        let is_corrected = gate.method == Method::PredictionPowered;
        let room = match (gate.bound, gate.threshold) {
            (Some(Amount::Rate(bound)), Some(Amount::Rate(limit)))
            | (Some(Amount::Difference(bound)), Some(Amount::Difference(limit))) => bound - limit,
            // A ratio of rates falls by the excess over the other's rate, which is at least the excess.
            (Some(Amount::Ratio(bound)), Some(Amount::Ratio(limit))) => bound - limit,
            _ => return false,
        };
        let is_quality = matches!(gate.gate, GateKind::PassRate | GateKind::NotWorseThan);
        is_quality && !is_corrected && gate.verdict == Verdict::Meets && room < excess
    });
    if !rests_on_it {
        return None;
    }
    let reason = format!(
        "it passes by refusing on {} of {} where `{}` does not, and the other way round on {}; counted as failures, \
         these would leave its quality open",
        wording::whole(cells.only_first),
        wording::count(cells.n(), "item"),
        case.name(other),
        wording::whole(cells.only_second)
    );
    let action = "let people label a sample (`trilemma review sample`), or make a scorer fail refusals that are wrong";
    let mut result = open(GateKind::Refusals, Cause::NotMeasured, reason, action);
    result.n = Some(cells.n());
    result.reference = Some(other);
    Some(result)
}

/// The candidate that refusals are compared with.
fn compared_with(case: &Case<'_>, candidate: usize) -> Option<usize> {
    let wanted = case.input.requirements.not_worse_than.as_ref();
    let named = wanted.and_then(|bar| match &bar.reference {
        Reference::Candidate(id) => {
            let mut candidates = case.candidates.iter();
            candidates.position(|other| other.facts.id == *id)
        }
        Reference::Incumbent | Reference::Best => None,
    });
    let others = [named, case.input.incumbent, case.best()];
    others
        .into_iter()
        .flatten()
        .find(|other| *other != candidate)
}

/// Items by who passes by refusing; `None` = no common items.
fn cells(case: &Case<'_>, candidate: usize, other: usize) -> Option<Cells> {
    let (own, other) = (case.candidates.get(candidate)?, case.candidates.get(other)?);
    let both = own.column.items.iter().zip(&other.column.items);
    let (first, second): (Vec<bool>, Vec<bool>) = both
        .filter(|(own, other)| own.n_scored > 0 && other.n_scored > 0)
        .map(|(own, other)| (own.n_refused > 0, other.n_refused > 0))
        .unzip();
    Cells::of(&first, &second)
        .ok()
        .filter(|cells| cells.n() > 0)
}

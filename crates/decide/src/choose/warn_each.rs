//! What to be careful about with one candidate.

use trilemma_domain::{FailureKind, PrivacyRequirement, TrainingUse};

use super::overturn::days_between;
use crate::evidence::{Case, Evidence};
use crate::gate::price_age_days;
use crate::input::{CandidateFacts, Naming};
use crate::result::{Warning, WarningCode};
use crate::wording;

/// Share of answers cut at the token limit that is worth a word.
const MANY_TRUNCATED: f64 = 0.01;

/// Lists the warnings about one candidate.
pub(crate) fn about(case: &Case<'_>, idx: usize, candidate: &Evidence<'_>) -> Vec<Warning> {
    let mut list = trials(idx, candidate);
    list.extend(names(idx, candidate.facts));
    list.extend(money(case, idx, candidate));
    list.extend(ending(case, idx, candidate.facts));
    list.extend(terms(case, idx, candidate.facts));
    list
}

/// Writes a warning down.
pub(crate) fn warning(code: WarningCode, candidate: Option<usize>, text: String) -> Warning {
    Warning {
        code,
        candidate,
        text,
    }
}

fn trials(idx: usize, candidate: &Evidence<'_>) -> Vec<Warning> {
    let (counts, id) = (&candidate.counts, &candidate.facts.id);
    let mut list = Vec::new();
    if counts.n_failed + counts.n_unscored > 0 {
        let mut causes: Vec<(FailureKind, usize)> = counts
            .failed_by
            .iter()
            .map(|(kind, n)| (*kind, *n))
            .collect();
        causes.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut parts: Vec<String> = causes
            .into_iter()
            .map(|(kind, n)| format!("{n} {}", kind.name()))
            .collect();
        if counts.n_unscored > 0 {
            parts.push(format!("{} unscored", counts.n_unscored));
        }
        let text = format!(
            "`{id}` has no result for {} of {} trials ({}); they count neither as right nor as wrong.",
            counts.n_failed + counts.n_unscored,
            counts.n_planned - counts.n_not_run,
            parts.join(", ")
        );
        list.push(warning(WarningCode::MissingResults, Some(idx), text));
    }
    if counts.n_truncated as f64 > MANY_TRUNCATED * counts.n_answered as f64 {
        let text = format!(
            "{} of {} answers of `{id}` were cut at the token limit: raise `max_output_tokens`.",
            counts.n_truncated, counts.n_answered
        );
        list.push(warning(WarningCode::Truncated, Some(idx), text));
    }
    list
}

fn names(idx: usize, facts: &CandidateFacts) -> Vec<Warning> {
    let mut list = Vec::new();
    for served in facts
        .served
        .iter()
        .filter(|served| !facts.is_pinned_to(&served.name))
    {
        let text = format!(
            "`{}` asked for `{}`, but {} came from `{}`.",
            facts.id,
            facts.wire_name,
            wording::count(served.n_trials, "answer"),
            served.name
        );
        list.push(warning(WarningCode::ServedOther, Some(idx), text));
    }
    // Its parts are warned of themselves.
    if facts.naming == Naming::Moving && facts.routed.is_none() {
        let text = format!(
            "`{}` is called as `{}`, a name that its vendor may point at another model: pin a dated \
             snapshot.",
            facts.id, facts.wire_name
        );
        list.push(warning(WarningCode::MovingName, Some(idx), text));
    }
    list
}

fn money(case: &Case<'_>, idx: usize, candidate: &Evidence<'_>) -> Vec<Warning> {
    let id = &candidate.facts.id;
    let mut list = Vec::new();
    let is_known = candidate
        .cost
        .as_ref()
        .is_some_and(|cost| cost.mean().is_some());
    if candidate.facts.pricer.is_none() && !(candidate.facts.routed.is_some() && is_known) {
        let text = if is_known {
            format!("No price of `{id}` is known: its cost is what it states of its calls.")
        } else {
            format!(
                "The price of `{id}` is unknown, so it ranks last by cost and has no cost figures \
                 but what calls were billed."
            )
        };
        list.push(warning(WarningCode::PriceUnknown, Some(idx), text));
    }
    if candidate.counts.n_unpriced_attempts > 0 {
        let text = format!(
            "What {} of `{id}` cost is unknown and in no total.",
            wording::count(
                usize::try_from(candidate.counts.n_unpriced_attempts).unwrap_or(usize::MAX),
                "failed call"
            )
        );
        list.push(warning(WarningCode::UnpricedCalls, Some(idx), text));
    }
    if let Some(days) = price_age_days(case, idx) {
        let code = if days > 90 {
            WarningCode::StalePrice
        } else {
            WarningCode::OldPrice
        };
        let text = format!(
            "The price of `{id}` was last looked at {days} days before {}.",
            case.input.as_of
        );
        list.push(warning(code, Some(idx), text));
    }
    list
}

fn ending(case: &Case<'_>, idx: usize, facts: &CandidateFacts) -> Option<Warning> {
    let end = facts.end.as_ref()?;
    let days = days_between(case.input.as_of, end.by);
    if days > 365 {
        return None;
    }
    let whose = match case.ending_part(facts) {
        Some(part) => format!("`{part}`, a part of `{}`,", facts.id),
        None => format!("`{}`", facts.id),
    };
    let text = match (end.at_endpoint, days <= 0) {
        // A requirement says so.
        (true, true) => return None,
        (true, false) => format!("{whose} is shut down by {}, in {days} days.", end.by),
        (false, true) => format!(
            "The model of {whose} is shut down at its vendor since {}; nothing says whether its endpoint still serves it.",
            end.by
        ),
        (false, false) => format!(
            "The model of {whose} is shut down at its vendor by {}, in {days} days; its endpoint may follow.",
            end.by
        ),
    };
    Some(warning(WarningCode::Ending, Some(idx), text))
}

fn terms(case: &Case<'_>, idx: usize, facts: &CandidateFacts) -> Option<Warning> {
    let conditions = facts.privacy.conditions.as_ref()?;
    let relies = |wanted: &PrivacyRequirement| {
        wanted.training == Some(TrainingUse::Forbidden) || !wanted.regions.is_empty()
    };
    if !case.input.requirements.privacy.as_ref().is_some_and(relies) {
        return None;
    }
    let text = format!("The data terms of `{}` hold if: {conditions}", facts.id);
    Some(warning(WarningCode::TermsCondition, Some(idx), text))
}

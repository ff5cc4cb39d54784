//! What to be careful about.

use trilemma_domain::{FailureKind, PrivacyRequirement};
use trilemma_stats::multiplicity::holm;

use super::overturn::days_between;
use super::rank::Ranking;
use crate::evidence::{Case, Evidence};
use crate::gate::{not_worse_p_values, price_age_days};
use crate::input::{CandidateFacts, Naming};
use crate::result::{Conclusion, Warning, WarningCode};
use crate::wording;

/// Below this many items a verdict is rarely possible: the guidance is 100 to 500.
const FEW_ITEMS: usize = 100;
/// Failure rates that differ by more than this are worth a word.
const UNEQUAL_ERRORS: f64 = 0.02;
/// Share of answers cut at the token limit that is worth a word.
const MANY_TRUNCATED: f64 = 0.01;
/// A pass rate this much below the best is "far worse".
const FAR_WORSE: f64 = 0.02;

/// What has been concluded, for warnings that depend on it.
pub(crate) struct Shown<'a> {
    pub(crate) ranking: &'a Ranking,
    pub(crate) conclusion: &'a Conclusion,
    pub(crate) ratio_pick: Option<usize>,
    pub(crate) best: Option<usize>,
}

/// Token counts that nobody reported.
fn estimated_usage(case: &Case<'_>) -> Option<Warning> {
    let (estimated, answered) =
        case.candidates
            .iter()
            .fold((0, 0), |(estimated, answered), candidate| {
                (
                    estimated + candidate.counts.n_usage_estimated,
                    answered + candidate.counts.n_answered,
                )
            });
    (estimated > 0).then(|| {
        let text = format!(
            "Token counts of {estimated} of {answered} answers are estimates, and so is their cost."
        );
        warning(WarningCode::EstimatedUsage, None, text)
    })
}

/// Lists warnings, those about everything first.
pub(crate) fn warnings(case: &Case<'_>, shown: &Shown<'_>) -> Vec<Warning> {
    let mut list = general(case);
    list.extend(estimated_usage(case));
    list.extend(ratio_misleads(case, shown));
    list.extend(multiplicity(case, shown));
    list.extend(winners_curse(case, shown));
    list.extend(unequal_errors(case));
    list.extend(ties(case, shown));
    for (idx, candidate) in case.candidates.iter().enumerate() {
        list.extend(trials(idx, candidate));
        list.extend(names(idx, candidate.facts));
        list.extend(money(case, idx, candidate));
        list.extend(ending(case, idx, candidate.facts));
        list.extend(terms(case, idx, candidate.facts));
    }
    list
}

fn warning(code: WarningCode, candidate: Option<usize>, text: String) -> Warning {
    Warning {
        code,
        candidate,
        text,
    }
}

fn general(case: &Case<'_>) -> Vec<Warning> {
    let mut list = Vec::new();
    if case.input.simulated {
        let text = "Answers, times and costs come from simulated endpoints: they say nothing of \
                    real models.";
        list.push(warning(WarningCode::Simulated, None, text.to_owned()));
    }
    let wanted = &case.input.requirements;
    if wanted.pass_rate.is_none() && wanted.not_worse_than.is_none() {
        let text = format!(
            "No requirement on quality is set, so the choice is by {} alone.",
            case.input.preference.label()
        );
        list.push(warning(WarningCode::NoQualityGate, None, text));
    }
    let n_items = case.design.n_items();
    if n_items < FEW_ITEMS {
        let text = format!(
            "{} are few: only large differences can be shown. 100 to 500 are usual.",
            wording::count(n_items, "item")
        );
        list.push(warning(WarningCode::FewItems, None, text));
    }
    if case.design.repeats == 1 {
        let text = "Each item was answered once, so how much a candidate's answers vary from call \
                    to call is not known; intervals cover items only.";
        list.push(warning(WarningCode::SingleRepeat, None, text.to_owned()));
    }
    let (not_run, planned) =
        case.candidates
            .iter()
            .fold((0, 0), |(not_run, planned), candidate| {
                (
                    not_run + candidate.counts.n_not_run,
                    planned + candidate.counts.n_planned,
                )
            });
    if not_run > 0 {
        let text = format!(
            "{not_run} of {planned} trials have not run; figures rest on the rest, whose order is \
             random."
        );
        list.push(warning(WarningCode::NotRun, None, text));
    }
    list
}

fn rate(case: &Case<'_>, idx: usize) -> Option<f64> {
    Some(case.candidates.get(idx)?.pass_rate?.value)
}

fn ratio_misleads(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let (pick, best) = (shown.ratio_pick?, shown.best?);
    let lost = rate(case, best)? - rate(case, pick)?;
    if lost <= FAR_WORSE {
        return None;
    }
    let text = format!(
        "The quality/cost ratio would pick `{}`, whose pass rate is {:.1} points below that of `{}`: \
         prices differ so much more than quality that it nearly always picks the cheapest. It is \
         shown, it decides nothing.",
        case.name(pick),
        lost * 100.0,
        case.name(best)
    );
    Some(warning(WarningCode::RatioMisleads, Some(pick), text))
}

/// Whether "not worse" would hold for all comparisons together, too.
fn multiplicity(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let Conclusion::Decided { recommended, .. } = shown.conclusion else {
        return None;
    };
    let bar = case.input.requirements.not_worse_than.as_ref()?;
    let tests = not_worse_p_values(case, bar);
    let raw: Vec<f64> = tests.iter().map(|(_, p)| p.clamp(0.0, 1.0)).collect();
    let adjusted = holm(&raw).ok()?;
    let place = tests.iter().position(|(idx, _)| idx == recommended)?;
    let (raw, adjusted) = (*raw.get(place)?, *adjusted.get(place)?);
    let alpha = 1.0 - bar.confidence;
    if raw > alpha || adjusted <= alpha {
        return None;
    }
    let text = format!(
        "\"Not worse\" is shown for `{}` by itself (p = {raw:.3}); as one of {} comparisons it would \
         not be (Holm: p = {adjusted:.2}). Trying many candidates lets one slip through more often.",
        case.name(*recommended),
        tests.len()
    );
    Some(warning(WarningCode::Multiplicity, Some(*recommended), text))
}

fn winners_curse(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let Conclusion::Decided { recommended, .. } = shown.conclusion else {
        return None;
    };
    let measured = case
        .candidates
        .iter()
        .filter(|candidate| candidate.pass_rate.is_some())
        .count();
    if shown.best != Some(*recommended) || measured < 3 {
        return None;
    }
    let text = format!(
        "`{}` has the highest pass rate of {measured} candidates on these items; the best of several \
         looks better than it is (by about 1 point at 100 items, 0.3 at 500).",
        case.name(*recommended)
    );
    Some(warning(WarningCode::WinnersCurse, Some(*recommended), text))
}

fn error_rate(candidate: &Evidence<'_>) -> Option<f64> {
    let counts = &candidate.counts;
    let ran = counts.n_planned - counts.n_not_run;
    (ran > 0).then(|| (counts.n_failed + counts.n_unscored) as f64 / ran as f64)
}

fn unequal_errors(case: &Case<'_>) -> Option<Warning> {
    let mut rates: Vec<(usize, f64)> = case
        .candidates
        .iter()
        .enumerate()
        .filter_map(|(idx, candidate)| Some((idx, error_rate(candidate)?)))
        .collect();
    rates.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let (least, most) = (rates.first()?, rates.last()?);
    if most.1 - least.1 <= UNEQUAL_ERRORS {
        return None;
    }
    let text = format!(
        "Results are missing unequally: {} of `{}` against {} of `{}`. If harder items fail more \
         often, the first looks better than it is.",
        wording::percent(most.1),
        case.name(most.0),
        wording::percent(least.1),
        case.name(least.0)
    );
    Some(warning(WarningCode::UnequalErrors, Some(most.0), text))
}

fn ties(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let Conclusion::Decided {
        recommended, ties, ..
    } = shown.conclusion
    else {
        return None;
    };
    let ids: Vec<trilemma_domain::CandidateId> =
        ties.iter().map(|idx| case.name(*idx).into()).collect();
    if ids.is_empty() {
        return None;
    }
    let known = shown.ranking.key(*recommended).is_some();
    let text = format!(
        "{} {} `{}` in rank; it was taken for its pass rate, then for its place in the list.",
        wording::list(&ids),
        if known { "equals" } else { "stands beside" },
        case.name(*recommended)
    );
    Some(warning(WarningCode::Tie, Some(*recommended), text))
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
    let expected = |name: &str| {
        let bare = name.rsplit('/').next().unwrap_or(name);
        let own = |wanted: &str| {
            let wanted = wanted.rsplit('/').next().unwrap_or(wanted);
            bare.eq_ignore_ascii_case(wanted)
        };
        own(&facts.wire_name) || facts.identity.as_ref().is_some_and(|id| own(&id.model))
    };
    for served in facts.served.iter().filter(|served| !expected(&served.name)) {
        let text = format!(
            "`{}` asked for `{}`, but {} came from `{}`.",
            facts.id,
            facts.wire_name,
            wording::count(served.n_trials, "answer"),
            served.name
        );
        list.push(warning(WarningCode::ServedOther, Some(idx), text));
    }
    if facts.naming == Naming::Moving {
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
    if candidate.facts.pricer.is_none() {
        let text = format!(
            "The price of `{id}` is unknown, so it ranks last by cost and has no cost figures but \
             what calls were billed."
        );
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
    if let Some(days) = price_age_days(candidate.facts) {
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
    let text = if days <= 0 {
        format!("`{}` is shut down since {}.", facts.id, end.by)
    } else {
        format!("`{}` is shut down by {}, in {days} days.", facts.id, end.by)
    };
    Some(warning(WarningCode::Ending, Some(idx), text))
}

fn terms(case: &Case<'_>, idx: usize, facts: &CandidateFacts) -> Option<Warning> {
    let conditions = facts.privacy.conditions.as_ref()?;
    let relies = |wanted: &PrivacyRequirement| {
        wanted.training == Some(trilemma_domain::TrainingUse::Forbidden)
            || !wanted.regions.is_empty()
    };
    if !case.input.requirements.privacy.as_ref().is_some_and(relies) {
        return None;
    }
    let text = format!("The data terms of `{}` hold if: {conditions}", facts.id);
    Some(warning(WarningCode::TermsCondition, Some(idx), text))
}

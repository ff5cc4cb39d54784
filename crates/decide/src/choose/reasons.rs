//! Why: three to five sentences, each with its evidence.

use trilemma_domain::{CandidateId, Verdict};

use super::rank::Ranking;
use crate::evidence::Case;
use crate::input::Preference;
use crate::result::{Conclusion, GateKind, GateResult};
use crate::wording;

/// Most sentences.
const MOST: usize = 5;

/// Writes the reasons for a conclusion.
pub(crate) fn reasons(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
    conclusion: &Conclusion,
) -> Vec<String> {
    let mut list = match conclusion {
        Conclusion::Decided { recommended, .. } => decided(case, gates, ranking, *recommended),
        Conclusion::NoCandidate { nearest } => nobody(case, gates, *nearest),
        Conclusion::Undecided {
            provisional: Some(provisional),
            probability_right,
            ..
        } => open(case, gates, ranking, (*provisional, *probability_right)),
        Conclusion::Undecided { .. } => Vec::new(),
    };
    list.truncate(MOST);
    list
}

fn decided(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
    recommended: usize,
) -> Vec<String> {
    let n_gates = gates.get(recommended).map_or(0, Vec::len);
    let n_meeting = ranking.having(Verdict::Meets).count();
    let requirements = match n_gates {
        0 => "there is no requirement to fail".to_owned(),
        1 => "meets the one requirement".to_owned(),
        n => format!("meets all {n} requirements"),
    };
    let name = case.name(recommended);
    let value = ranked_value(case, recommended);
    let label = case.input.preference.label();
    let first = if n_meeting == 1 {
        format!("`{name}` {requirements}, the only candidate that is shown to{value}.")
    } else {
        format!("`{name}` {requirements} and has the {label} of the {n_meeting} that do{value}.")
    };
    let mut list = vec![first];
    list.extend(quality(gates, recommended));
    list.extend(runner_up(case, ranking, recommended));
    list.extend(preferred_but_failing(case, gates, ranking, recommended));
    if list.len() < MOST {
        list.extend(time(case, recommended));
    }
    list
}

/// The ranking value in words, after a colon.
fn ranked_value(case: &Case<'_>, idx: usize) -> String {
    let Some(candidate) = case.candidates.get(idx) else {
        return String::new();
    };
    let cost = candidate.cost.as_ref();
    let (level, seed) = (trilemma_stats::Confidence::P95, case.input.seed);
    let text = match case.input.preference {
        Preference::CostPerAccepted => cost
            .and_then(|cost| cost.per_accepted(level, seed))
            .map(|figure| format!("{} per accepted answer", wording::money(&figure))),
        Preference::CostPerQuery => cost
            .and_then(|cost| cost.per_query(level, seed))
            .map(|figure| format!("{} per query", wording::money(&figure))),
        Preference::PassRate => candidate.pass_rate.map(|figure| wording::rate(&figure)),
        Preference::Latency => candidate
            .e2e_p50()
            .map(|figure| format!("median {}", wording::ms(figure.value))),
    };
    text.map_or_else(String::new, |text| format!(": {text}"))
}

/// The gates on quality, each as a sentence.
fn quality(gates: &[Vec<GateResult>], idx: usize) -> Vec<String> {
    gates
        .get(idx)
        .into_iter()
        .flatten()
        .filter(|gate| matches!(gate.gate, GateKind::PassRate | GateKind::NotWorseThan))
        .map(sentence)
        .collect()
}

fn sentence(gate: &GateResult) -> String {
    format!("{}: {}.", capital(&gate.gate.label()), gate.reason)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// What it saves against the next that meets everything, or against the incumbent.
fn runner_up(case: &Case<'_>, ranking: &Ranking, recommended: usize) -> Option<String> {
    if !case.input.preference.needs_prices() {
        return None;
    }
    let own = ranking.key(recommended)?;
    let mut others: Vec<usize> = ranking
        .having(Verdict::Meets)
        .filter(|idx| *idx != recommended)
        .take(1)
        .collect();
    if let Some(incumbent) = case.input.incumbent.filter(|idx| *idx != recommended)
        && !others.contains(&incumbent)
    {
        others.push(incumbent);
    }
    let parts: Vec<String> = others
        .into_iter()
        .filter_map(|other| {
            let saving = 1.0 - own / ranking.key(other)?;
            let relation = if saving >= 0.0 { "less" } else { "more" };
            Some(format!(
                "{} {relation} than `{}`{}",
                wording::percent(saving.abs()),
                case.name(other),
                if case.input.incumbent == Some(other) {
                    ", the incumbent"
                } else {
                    ""
                }
            ))
        })
        .collect();
    let unit = match case.input.preference {
        Preference::CostPerAccepted => "Per accepted answer",
        _ => "Per query",
    };
    (!parts.is_empty()).then(|| format!("{unit} it costs {}.", parts.join(" and ")))
}

/// Candidates that would rank before it, had they not failed.
fn preferred_but_failing(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
    recommended: usize,
) -> Option<String> {
    let failing: Vec<usize> = ranking
        .having(Verdict::Fails)
        .filter(|idx| ranking.before(*idx, recommended))
        .collect();
    let first = *failing.first()?;
    let gate = gates
        .get(first)?
        .iter()
        .find(|gate| gate.verdict == Verdict::Fails)?;
    let why = format!("{}: {}", gate.gate.label(), gate.reason);
    if failing.len() == 1 {
        return Some(format!(
            "`{}` would rank before it but fails on {why}.",
            case.name(first)
        ));
    }
    let ids: Vec<CandidateId> = failing.iter().map(|idx| case.name(*idx).into()).collect();
    Some(format!(
        "{} would rank before it but fail; `{}` on {why}.",
        wording::list(&ids),
        case.name(first)
    ))
}

fn time(case: &Case<'_>, idx: usize) -> Option<String> {
    let candidate = case.candidates.get(idx)?;
    let (p50, p95) = (candidate.e2e_p50()?, candidate.e2e_p95()?);
    Some(format!(
        "Its answers take {} at the median and {} at the 95th percentile (n = {}).",
        wording::ms(p50.value),
        wording::ms(p95.value),
        wording::whole(p95.n)
    ))
}

fn nobody(case: &Case<'_>, gates: &[Vec<GateResult>], nearest: Option<usize>) -> Vec<String> {
    let mut list = vec![format!(
        "Every one of the {} fails at least one requirement.",
        wording::count(case.candidates.len(), "candidate")
    )];
    let mut kinds: Vec<GateKind> = gates
        .iter()
        .flatten()
        .filter(|gate| gate.verdict == Verdict::Fails)
        .map(|gate| gate.gate)
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let parts: Vec<String> = kinds
        .into_iter()
        .map(|kind| {
            let n = gates
                .iter()
                .flatten()
                .filter(|gate| gate.gate == kind && gate.verdict == Verdict::Fails)
                .count();
            format!("{} by {}", kind.label(), wording::count(n, "candidate"))
        })
        .collect();
    list.push(format!("Failed are: {}.", parts.join(", ")));
    if let Some(nearest) = nearest {
        let failed = gates
            .get(nearest)
            .into_iter()
            .flatten()
            .filter(|gate| gate.verdict == Verdict::Fails);
        for gate in failed.take(2) {
            list.push(format!(
                "`{}` comes nearest; {}: {}.",
                case.name(nearest),
                gate.gate.label(),
                gate.reason
            ));
        }
    }
    list
}

fn open(
    case: &Case<'_>,
    gates: &[Vec<GateResult>],
    ranking: &Ranking,
    (provisional, probability): (usize, Option<f64>),
) -> Vec<String> {
    let n_open = ranking.having(Verdict::Undecided).count();
    let chance = probability.map_or_else(String::new, |probability| {
        format!(
            "; if one must be taken now, the chance that `{}` is right is {}",
            case.name(provisional),
            wording::chance(probability)
        )
    });
    let mut list = vec![format!(
        "No candidate is shown to meet every requirement, {} not shown to fail{chance}.",
        match n_open {
            1 => "1 is".to_owned(),
            n => format!("{n} are"),
        }
    )];
    let own = gates.get(provisional).into_iter().flatten();
    list.extend(
        own.clone()
            .filter(|gate| gate.verdict == Verdict::Undecided)
            .map(|gate| format!("Open for `{}`: {}.", case.name(provisional), gate.reason)),
    );
    list.extend(
        own.filter(|gate| {
            gate.verdict == Verdict::Meets
                && matches!(gate.gate, GateKind::PassRate | GateKind::NotWorseThan)
        })
        .map(sentence),
    );
    list
}

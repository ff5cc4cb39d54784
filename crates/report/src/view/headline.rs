//! The verdict in one line, and the few figures that a decider looks at first.

use serde::Serialize;
use trilemma_decide::{CandidateResult, Conclusion, Decision, Status};
use trilemma_domain::Verdict;

use super::cast::Cast;
use crate::number::{Range, count, duration_near, plural, threshold, usd, usd_near, widen};
use crate::text::one_line;

/// The verdict in plain words.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Headline {
    /// `decided`, `no-candidate`, `undecided` or `missing-results`, for the style sheet.
    pub(crate) status: &'static str,
    /// Class of the chosen candidate's mark: `chosen`, `provisional`, or empty without one.
    pub(crate) choice: &'static str,
    /// The status in words, above the headline.
    pub(crate) kicker: String,
    /// One sentence.
    pub(crate) text: String,
    /// What has to be known with it.
    pub(crate) details: Vec<String>,
    /// Figures of the chosen candidate.
    pub(crate) tiles: Vec<Tile>,
}

/// One figure, large.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tile {
    /// What it is.
    pub(crate) label: String,
    /// The figure.
    pub(crate) value: String,
    /// Interval and n, or a comparison.
    pub(crate) note: String,
}

impl Headline {
    /// The outcome as one word: `decided`, `no-candidate`, `undecided` or `missing-results`.
    pub(crate) fn status_of(decision: &Decision) -> &'static str {
        match decision.status() {
            Status::Decided => "decided",
            Status::NoCandidate => "no-candidate",
            Status::Undecided => "undecided",
            Status::MissingResults => "missing-results",
        }
    }

    /// Phrases the verdict.
    pub(crate) fn of(cast: &Cast<'_>) -> Self {
        let decision = cast.decision;
        let status = Self::status_of(decision);
        let kicker = match decision.status() {
            Status::Decided => "Decided",
            Status::NoCandidate => "No candidate",
            Status::Undecided => "Undecided",
            Status::MissingResults => "Results are missing",
        };
        let (text, mut details) = match &decision.conclusion {
            Conclusion::Decided {
                recommended,
                ties,
                probability_right,
                ..
            } => decided(cast, *recommended, ties, *probability_right),
            Conclusion::NoCandidate { nearest } => no_candidate(cast, *nearest),
            Conclusion::Undecided { .. } => undecided(cast, &decision.conclusion),
        };
        if decision.missing_could_change_it {
            details.push(
                "Calls or scorers failed, and the missing results could change this.".to_owned(),
            );
        }
        details.push(format!(
            "Quality is judged for {}.",
            decision.requirements.estimand.label()
        ));
        Self {
            status,
            choice: match (cast.chosen, &decision.conclusion) {
                (None, _) => "",
                (Some(_), Conclusion::Decided { .. }) => "chosen",
                (Some(_), _) => "provisional",
            },
            kicker: kicker.to_owned(),
            text,
            details,
            tiles: cast
                .chosen
                .and_then(|idx| cast.candidate(idx))
                .map_or_else(Vec::new, |one| tiles(cast, one)),
        }
    }
}

fn decided(
    cast: &Cast<'_>,
    recommended: usize,
    ties: &[usize],
    probability: Option<f64>,
) -> (String, Vec<String>) {
    let name = cast.name(recommended);
    let is_incumbent = cast.decision.incumbent == Some(recommended);
    let verb = if is_incumbent { "Stay with" } else { "Use" };
    let preference = cast.decision.preference.label();
    let n_meet = cast
        .listed()
        .filter(|(_, one)| one.verdict == Verdict::Meets)
        .count();
    let text = if n_meet == 1 {
        format!("{verb} `{name}`: the only candidate shown to meet every requirement.")
    } else {
        format!("{verb} `{name}`: it meets every requirement, at the {preference}.")
    };
    let mut details = Vec::new();
    if let Some(probability) = probability {
        details.push(format!(
            "Chance that this is the right choice among those tried: {}.",
            chance(probability)
        ));
    }
    if !ties.is_empty() {
        let names: Vec<String> = ties
            .iter()
            .map(|idx| format!("`{}`", cast.name(*idx)))
            .collect();
        details.push(format!("It ranks the same as {}.", names.join(", ")));
    }
    (text, details)
}

fn no_candidate(cast: &Cast<'_>, nearest: Option<usize>) -> (String, Vec<String>) {
    let text = "No candidate meets the requirements.".to_owned();
    let details = nearest
        .and_then(|idx| Some((idx, cast.candidate(idx)?)))
        .map(|(idx, candidate)| {
            let failed: Vec<String> = candidate
                .gates
                .iter()
                .filter(|gate| gate.verdict == Verdict::Fails)
                .map(|gate| gate.gate.label())
                .collect();
            format!(
                "Nearest is `{}`; it fails: {}.",
                cast.name(idx),
                failed.join(", ")
            )
        });
    (text, details.into_iter().collect())
}

fn undecided(cast: &Cast<'_>, conclusion: &Conclusion) -> (String, Vec<String>) {
    let Conclusion::Undecided {
        provisional,
        probability_right,
        largest_regret,
        more_items,
        cost_usd,
        action,
        ..
    } = conclusion
    else {
        return (String::new(), Vec::new());
    };
    let text = match provisional {
        Some(idx) if cast.decision.incumbent == Some(*idx) => {
            format!(
                "Not settled yet; until it is, stay with `{}`.",
                cast.name(*idx)
            )
        }
        Some(idx) => format!(
            "Not settled yet; if one must be taken now, take `{}`.",
            cast.name(*idx)
        ),
        None => "Not settled yet; nothing speaks for any candidate.".to_owned(),
    };
    let mut details = Vec::new();
    if let Some(probability) = probability_right {
        details.push(format!(
            "Chance that this is the right choice: {}.",
            chance(*probability)
        ));
    }
    details.extend(largest_regret.as_ref().map(|regret| sentence(&regret.text)));
    match (action.is_empty(), more_items) {
        (false, _) => details.push(sentence(&format!("To settle it: {action}"))),
        (true, Some(more)) => {
            let cost = cost_usd.map_or_else(String::new, |cost| {
                format!(", for about {}", usd(cost.to_f64()))
            });
            let items = plural(widen(*more), "more item");
            details.push(format!("About {items} would settle it{cost}."));
        }
        (true, None) => {}
    }
    (text, details)
}

/// A chance in whole percent, never "0 %" or "100 %": it was estimated from a sample.
fn chance(probability: f64) -> String {
    let percent = (probability * 100.0).round();
    if !probability.is_finite() {
        "unknown".to_owned()
    } else if percent >= 100.0 {
        "above 99 %".to_owned()
    } else if percent <= 0.0 {
        "below 1 %".to_owned()
    } else {
        threshold(percent / 100.0)
    }
}

/// A text with a capital first letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let text = one_line(text.trim(), 2_000);
    let mut rest = text.chars();
    let mut sentence: String = rest
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + rest.as_str())
        .unwrap_or_default();
    if !sentence.is_empty() && !sentence.ends_with(['.', '!', '?', '…', ':']) {
        sentence.push('.');
    }
    sentence
}

fn tiles(cast: &Cast<'_>, candidate: &CandidateResult) -> Vec<Tile> {
    let mut tiles = Vec::new();
    if let Some(figure) = &candidate.pass_rate {
        let range = Range::from(figure);
        let interval = range.interval(|rate, _| cast.digits.rate(rate));
        tiles.push(Tile {
            label: "Pass rate".to_owned(),
            value: cast.digits.rate(figure.value),
            note: joined([interval, Some(format!("n = {}", count(widen(figure.n))))]),
        });
    }
    tiles.push(cost_tile(cast.decision, candidate));
    if let Some(figure) = candidate.cost.per_accepted {
        let range = Range::from(&figure).scaled(1000.0);
        tiles.push(Tile {
            label: "Per 1,000 accepted answers".to_owned(),
            value: usd(range.point),
            note: joined([range.interval(usd_near), None]),
        });
    }
    if let Some(time) = &candidate.latency.e2e_ms {
        let p95 = Range::from(&time.p95).scaled(1e-3);
        let p50 = Range::from(&time.p50).scaled(1e-3);
        tiles.push(Tile {
            label: "Response time, p95".to_owned(),
            value: duration_near(p95.point, p95.point),
            note: joined([
                p95.interval(duration_near),
                Some(format!("median {}", duration_near(p50.point, p50.point))),
            ]),
        });
    }
    tiles
}

/// Cost per month where traffic is stated, else per 1,000 queries; with the change from today.
fn cost_tile(decision: &Decision, candidate: &CandidateResult) -> Tile {
    let (label, figure) = match candidate.cost.per_month {
        Some(month) => ("Cost per month", Some(month)),
        None => ("Cost per 1,000 queries", candidate.cost.per_1000),
    };
    let Some(figure) = figure else {
        return Tile {
            label: label.to_owned(),
            value: "unknown".to_owned(),
            note: "price or token counts are not known".to_owned(),
        };
    };
    let range = Range::from(&figure);
    Tile {
        label: label.to_owned(),
        value: usd(range.point),
        note: joined([range.interval(usd_near), saving(decision, candidate)]),
    }
}

/// `94 % less than today`; `None` without a priced incumbent, or for the incumbent itself.
fn saving(decision: &Decision, candidate: &CandidateResult) -> Option<String> {
    let incumbent = decision.candidates.get(decision.incumbent?)?;
    if incumbent.id == candidate.id {
        return None;
    }
    let today = incumbent.cost.per_query?.value.to_f64();
    let then = candidate.cost.per_query?.value.to_f64();
    if today <= 0.0 {
        return None;
    }
    let change = (then / today - 1.0) * 100.0;
    Some(match change.round() {
        0.0 => "about the same as today".to_owned(),
        less if less < 0.0 => format!("{:.0} % less than today", -less),
        more if more < 1000.0 => format!("{more:.0} % more than today"),
        _ => format!("{:.0} times today's", then / today),
    })
}

fn joined(parts: [Option<String>; 2]) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}

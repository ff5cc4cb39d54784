//! How evidence is told.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trilemma_stats::Estimate;

use super::kept::{Kept, Kind, Known, Word};
use super::promise::Promise;
use super::tally::{Tally, Uncalled};
use crate::layout::{Side, Table, bullet, counted, parted, terminal_width, wrap};

/// Most candidates that a remark names.
const MOST_NAMED: usize = 5;

/// One candidate as JSON.
pub(super) fn json(name: &str, tally: &Tally) -> Value {
    let interval = |one: Option<trilemma_stats::Estimate>| {
        one.map(|one| json!({ "point": one.point, "low": one.low, "high": one.high, "n": one.n }))
    };
    json!({
        "candidate": name,
        "requests": tally.n,
        "answered": interval(tally.answered()),
        "failed": interval(tally.failed()),
        "given_up": interval(tally.given_up()),
        "left": interval(tally.left()),
        "given_up_after_p50_ms": interval(tally.waited()),
        "cut": tally.n_cut,
        "abandoned": tally.n_abandoned(),
        "stopped": tally.n_stopped,
        "untold": tally.n_untold,
        "mistaken": tally.n_mistaken,
        "unpaid": tally.n_unpaid,
        "calls": tally.n_calls,
        "label_calls": tally.n_label_calls,
        "vector_calls": tally.n_vector_calls,
        "repeated": tally.n_repeated,
        "labelled": tally.n_labelled,
        "embedded": tally.n_embedded,
        "unmeasured": tally.n_unmeasured,
        "canary_fallbacks": tally.n_fallbacks,
        "cost_usd": tally.total().to_usd().decimal().normalize().to_string(),
        "estimated": tally.n_estimated,
        "unpriced": tally.n_unpriced,
        "first_token_p50_ms": interval(tally.first_token(0.5)),
        "feedback": interval(tally.feedback()),
        "n_feedback": tally.n_feedback(),
    })
}

/// How many requests something is to be said of, and what.
type Remark = (fn(&Tally) -> usize, &'static str);

/// What deserves a word beside the table, each thing once for all candidates.
pub(super) fn remarks(tallies: &BTreeMap<String, Tally>) -> Vec<String> {
    let kinds: [Remark; 12] = [
        (|one| one.n_cut, "got a part of an answer and an error"),
        (
            |one| one.n_stopped,
            "that the gateway's own end cut off, not in the share",
        ),
        (
            |one| one.n_untold,
            "of which only the cost was kept, not in the share",
        ),
        (
            |one| one.n_mistaken,
            "that were wrong themselves, not in the share",
        ),
        (
            |one| one.n_unpaid,
            "that a budget gave no leave for, not in the share",
        ),
        (
            |one| one.n_repeated,
            "took more than one call for an answer",
        ),
        (|one| one.n_labelled, "with a call for a label first"),
        (
            |one| one.n_embedded,
            "with a call for the vector of its text first",
        ),
        (|one| one.n_unmeasured, "unlike what was measured"),
        (
            |one| one.n_fallbacks,
            "that the canary's challenger had failed first",
        ),
        (
            |one| one.n_estimated,
            "whose cost is the most that it can have been",
        ),
        (
            |one| one.n_unpriced,
            "whose price is unknown, not in the sum",
        ),
    ];
    let mut remarks = gone(tallies);
    for (count, what) in kinds {
        let n_all: usize = tallies.values().map(count).sum();
        if n_all > 0 {
            let whose = named(tallies, &|tally| (count(tally), String::new()));
            remarks.push(format!(
                "{} {what}: {whose}",
                counted(n_all as u64, "request")
            ));
        }
    }
    let n_heard: usize = tallies.values().map(Tally::n_feedback).sum();
    if n_heard > 0 {
        let whose = named(tallies, &|tally| (tally.n_feedback(), heard(tally)));
        let n_heard = counted(n_heard as u64, "answer");
        remarks.push(format!("{n_heard} judged by their clients: {whose}"));
    }
    remarks
}

/// Those whose client went away: how many, what share, and after how long.
fn gone(tallies: &BTreeMap<String, Tally>) -> Vec<String> {
    let share = |one: Option<Estimate>| {
        one.map_or_else(String::new, |one| {
            format!(" ({}, n = {})", percent(&one), parted(one.n as u64))
        })
    };
    let mut remarks = Vec::new();
    let n_all = |count: fn(&Tally) -> usize| tallies.values().map(count).sum::<usize>();
    let n_given_up = n_all(|one| one.n_given_up);
    if n_given_up > 0 {
        let whose = named(tallies, &|tally| {
            let after = tally.waited().map_or_else(String::new, |one| {
                let [point, low, high] = [one.point, one.low, one.high].map(|ms| ms / 1e3);
                format!(" after {point:.1} s ({low:.1}-{high:.1}) in the median")
            });
            (tally.n_given_up, share(tally.given_up()) + &after)
        });
        let n = counted(n_given_up as u64, "request");
        remarks.push(format!(
            "{n} given up by their client before anything was to be seen, in the share as not answered: {whose}"
        ));
    }
    let n_left = n_all(|one| one.n_left);
    if n_left > 0 {
        let whose = named(tallies, &|tally| (tally.n_left, share(tally.left())));
        let n = counted(n_left as u64, "request");
        remarks.push(format!(
            "{n} left by their client in the middle of the answer, which may have come to its end or not, as the \
             interval of the share allows: {whose}"
        ));
    }
    remarks
}

/// A share with its interval.
fn percent(one: &Estimate) -> String {
    format!(
        "{:.1} % ({:.1}-{:.1})",
        100.0 * one.point,
        100.0 * one.low,
        100.0 * one.high
    )
}

/// What clients say of a candidate's answers.
fn heard(tally: &Tally) -> String {
    match tally.feedback() {
        Some(one) => format!(
            " who say {:.1} % ({:.1}-{:.1}, at any time)",
            100.0 * one.point,
            100.0 * one.low,
            100.0 * one.high
        ),
        None => " too few for a mean".to_owned(),
    }
}

/// Candidates with their counts, the largest first; the rest in one word.
fn named(tallies: &BTreeMap<String, Tally>, count: &dyn Fn(&Tally) -> (usize, String)) -> String {
    let mut all: Vec<(&str, usize, String)> = tallies
        .iter()
        .map(|(name, tally)| {
            let (n, more) = count(tally);
            (name.as_str(), n, more)
        })
        .filter(|(_, n, _)| *n > 0)
        .collect();
    // Sorting is stable: equal counts stay in the order of names.
    all.sort_by_key(|(_, n, _)| std::cmp::Reverse(*n));
    let n_more = all.len().saturating_sub(MOST_NAMED);
    let mut words: Vec<String> = all
        .iter()
        .take(MOST_NAMED)
        .map(|(name, n, more)| format!("{name} {}{more}", parted(*n as u64)))
        .collect();
    if n_more > 0 {
        words.push(format!(
            "{} more (--json)",
            counted(n_more as u64, "candidate")
        ));
    }
    words.join(", ")
}

/// Requests for which nobody was called; empty = none.
pub(super) fn uncalled(uncalled: &Uncalled) -> Option<String> {
    let counts = [
        (uncalled.unpaid, "without leave of a budget"),
        (uncalled.mistaken, "wrong themselves"),
        (uncalled.abandoned, "given up by their client"),
    ];
    let counts = counts.iter().filter(|(n, _)| *n > 0);
    let why: Vec<String> = counts.map(|(n, what)| format!("{n} {what}")).collect();
    (uncalled.requests > 0).then(|| {
        let why = if why.is_empty() {
            String::new()
        } else {
            format!(": {}", why.join(", "))
        };
        let n = counted(uncalled.requests as u64, "request");
        format!("{n} ended before anybody was called{why}")
    })
}

/// All requests by the candidate that answered.
pub(super) fn candidates(tallies: &BTreeMap<String, Tally>) -> String {
    let mut table = Table::new(&[
        ("candidate", Side::Left),
        ("requests", Side::Right),
        ("answered (95 %)", Side::Right),
        ("USD", Side::Right),
        ("first token p50 ms", Side::Right),
    ]);
    let unknown = || "-".to_owned();
    for (name, tally) in tallies {
        let answered = tally.answered().as_ref().map_or_else(unknown, percent);
        let first = tally.first_token(0.5).map_or_else(unknown, |one| {
            format!("{:.0} ({:.0}-{:.0})", one.point, one.low, one.high)
        });
        table.push([
            name.clone(),
            parted(tally.n as u64),
            answered,
            tally.total().to_usd().brief(),
            first,
        ]);
    }
    table.draw(0, terminal_width())
}

/// What was promised beside what traffic got; empty = nothing was promised.
pub(super) fn promises(promises: &[Promise]) -> String {
    let mut text = String::new();
    for promise in promises {
        let like = counted(promise.n_requests as u64, "request");
        let title = format!(
            "{}: promised by {}, got in {like} like what was measured",
            promise.name, promise.source
        );
        text.push('\n');
        text.push_str(&wrap(&title, 0, terminal_width().unwrap_or(usize::MAX)));
        text.push('\n');
        let mut table = Table::new(&[
            ("figure", Side::Left),
            ("promised (95 %, n)", Side::Right),
            ("got (95 %, n)", Side::Right),
            ("shown", Side::Left),
        ]);
        for kept in &promise.figures {
            table.push([
                kept.words(),
                cell(kept.figure, kept.promised),
                cell(kept.figure, kept.realised),
                so(kept),
            ]);
        }
        text.push_str(&table.draw(0, terminal_width()));
        if let Some(replayed) = &promise.replayed {
            let words = replayed.words();
            text.push_str(&bullet(&words, 0, terminal_width()));
        }
        if promise.n_abandoned > 0 {
            let n = counted(promise.n_abandoned as u64, "client");
            let words = format!(
                "{n} went away before the end of the answer: costs, tokens, scores and whatever else is told of answers \
                 leave these requests out, and the slow and long ones may be among them."
            );
            text.push_str(&bullet(&words, 0, terminal_width()));
        }
    }
    if promises
        .iter()
        .any(|promise| promise.figures.iter().any(Kept::is_broken))
    {
        let words = "Traffic does not get what was promised: it is not like the golden set, or what serves it \
                     has changed. `trilemma golden sample` draws a new set, `trilemma drift check` looks at the models.";
        text.push('\n');
        text.push_str(&bullet(words, 0, terminal_width()));
    }
    text
}

fn cell(kind: Kind, known: Option<Known>) -> String {
    let Some(Known {
        point,
        low,
        high,
        n,
    }) = known
    else {
        return "-".to_owned();
    };
    let n = parted(n as u64);
    match kind {
        Kind::CostUsd | Kind::ExpectedCostUsd => {
            // Three significant digits of the point; its ends look like it.
            let digits = if point > 0.0 {
                (-1.0 - point.log10().floor()).clamp(0.0, 9.0) as usize
            } else {
                0
            };
            let per_1000 = |usd: f64| format!("{:.digits$}", 1e3 * usd);
            format!(
                "{} ({}-{}, {n})",
                per_1000(point),
                per_1000(low),
                per_1000(high)
            )
        }
        Kind::Answered
        | Kind::Failed
        | Kind::GivenUp
        | Kind::Left
        | Kind::Quality
        | Kind::Declined
        | Kind::Escalated
        | Kind::JudgedEnough
        | Kind::Agreed
        | Kind::ExpectedQuality
        | Kind::Gain
        | Kind::Score
        | Kind::Feedback => format!(
            "{:.1} ({:.1}-{:.1}, {n})",
            100.0 * point,
            100.0 * low,
            100.0 * high
        ),
        Kind::FirstTokenP50Ms | Kind::FirstTokenP95Ms | Kind::OutputTokens => {
            format!("{point:.0} ({low:.0}-{high:.0}, {n})")
        }
    }
}

fn so(kept: &Kept) -> String {
    let words = match kept.verdict {
        Word::Higher if kept.is_broken() => "not kept: above",
        Word::Lower if kept.is_broken() => "not kept: below",
        Word::Higher => "better: above",
        Word::Lower => "better: below",
        Word::Within => "within",
        Word::Unknown if kept.figure == Kind::Quality => "not scored",
        Word::Unknown if matches!(kept.figure, Kind::Feedback | Kind::GivenUp | Kind::Left) => "",
        Word::Unknown if kept.figure == Kind::Score && kept.promised.is_none() => "not measured",
        Word::Unknown => "not known",
        Word::NoDifferenceShown => "undecided",
    };
    words.to_owned()
}

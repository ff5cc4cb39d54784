//! An explanation on a terminal.

use trilemma_domain::CandidateId;
use trilemma_route::{Step, Use};

use super::expected::NO_INTERVAL;
use super::explain::Told;
use super::plan::{names, sig};
use super::words::paragraph;
use crate::layout::{Side, Table, bullet, counted, terminal_width};

/// Most ways to another outcome that are told; `--json` tells all.
const MAX_FLIPS: usize = 8;

/// Writes it.
pub(super) fn text(told: &Told<'_>) -> String {
    let width = terminal_width();
    let mut text = paragraph(&first(told), 0, width);
    for why in &told.found.decision.why {
        text.push_str(&paragraph(&format!("because {why}"), 2, width));
    }
    if let Some(expected) = told.expected() {
        text.push_str(&paragraph(&expected.words(), 2, width));
    }
    text.push_str(&cases(told, width));
    text.push_str(&estimates(told, width));
    text.push_str(&flips(told, width));
    for warning in told.warnings() {
        text.push_str(&paragraph(&format!("Note: {warning}."), 0, width));
    }
    text.push_str(&item(told, width));
    text
}

fn first(told: &Told<'_>) -> String {
    let policy = &told.policy.name;
    match &told.found.decision.step {
        Step::Call(calls) => {
            let ids: Vec<CandidateId> = calls.iter().map(|call| call.candidate.clone()).collect();
            if calls.iter().any(|call| call.purpose == Use::Embedded) {
                return format!(
                    "Policy `{policy}` asks {} for the vector of the query, which takes part in the choice.",
                    names(&ids)
                );
            }
            if calls.iter().any(|call| call.purpose == Use::Labelled) {
                let figures = told.policy.measured.as_ref().map(|one| &one.figures);
                let usd = figures.and_then(|figures| figures.get("labels_usd"));
                let price = usd.map_or_else(String::new, |usd| {
                    format!(" (labels cost {} USD per query on average)", sig(usd[0]))
                });
                return format!(
                    "Policy `{policy}` asks {} for a label, by its own prompt{price}; its answer is never given.",
                    names(&ids)
                );
            }
            let is_judged = calls.iter().any(|call| call.purpose == Use::Judged);
            let how = match (is_judged, ids.len()) {
                (false, _) => "",
                (true, 1) => ", and judges the answer before it is given",
                (true, _) => " at the same time, and judges the answers before one is given",
            };
            format!("Policy `{policy}` asks {}{how}.", names(&ids))
        }
        Step::Answer { .. } | Step::Exhausted => format!("Policy `{policy}` asks nobody."),
    }
}

/// What follows the answers, labels or vectors that are still to come.
fn cases(told: &Told<'_>, width: Option<usize>) -> String {
    let mut text = String::new();
    for case in &told.found.cases {
        let worth = case
            .weighing
            .map_or_else(String::new, |weighing| format!(", {weighing}"));
        let then = match case.given {
            Some(given) => given.to_owned(),
            None if case.then.len() == 1 => format!("{} is asked", names(&case.then)),
            None => format!("{} are asked", names(&case.then)),
        };
        let line = format!("where {}{worth}: {then}", case.when);
        text.push_str(&paragraph(&line, 2, width));
    }
    let weighed: Vec<_> = (told.found.cases.iter())
        .filter_map(|case| case.weighing)
        .collect();
    if weighed.is_empty() {
        return text;
    }
    let n = match told.found.n_fitted {
        Some(n) => format!("fitted on {}", counted(n as u64, "item")),
        None => "fitted on items whose number the file does not say".to_owned(),
    };
    let sd = match weighed.iter().any(|one| one.sd.is_some()) {
        true => "a posterior SD is that of the mean gain over such answers, not of one answer",
        false => "its file holds no posterior SD of gains",
    };
    text.push_str(&paragraph(&format!("The judge was {n}; {sd}."), 2, width));
    text
}

fn estimates(told: &Told<'_>, width: Option<usize>) -> String {
    if told.found.estimates.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("expected of", Side::Left),
        ("quality", Side::Right),
        ("USD", Side::Right),
    ]);
    for one in &told.found.estimates {
        table.push([
            one.candidate.to_string(),
            format!("{:.1} %", 100.0 * one.quality),
            sig(one.cost_usd),
        ]);
    }
    let n = match told.found.n_fitted {
        Some(n) => format!("Fitted on {}", counted(n as u64, "item")),
        None => "Fitted on items whose number the file does not say".to_owned(),
    };
    let vector = match told.found.without_vector {
        true => ", here without the vector of the query, as by the mean one",
        false => "",
    };
    let note = format!("{n}{vector}; {NO_INTERVAL}.");
    format!("\n{}{}", table.draw(0, width), paragraph(&note, 0, width))
}

fn flips(told: &Told<'_>, width: Option<usize>) -> String {
    let flips = &told.found.flips;
    if flips.is_empty() {
        return String::new();
    }
    let now: Vec<&CandidateId> = match &told.found.decision.step {
        Step::Call(calls) => calls.iter().map(|call| &call.candidate).collect(),
        Step::Answer { .. } | Step::Exhausted => Vec::new(),
    };
    let mut text = "\nIt would be decided otherwise if\n".to_owned();
    for flip in flips.iter().take(MAX_FLIPS) {
        let as_now = match flip.then.iter().eq(now.iter().copied()) {
            true => ", as now",
            false => "",
        };
        let line = format!("{}: {}{as_now}", flip.change, names(&flip.then));
        text.push_str(&bullet(&line, 0, width));
        text.push('\n');
    }
    if flips.len() > MAX_FLIPS {
        let rest = (flips.len() - MAX_FLIPS) as u64;
        text.push_str(&format!(
            "{}: --json tells all\n",
            counted(rest, "more way")
        ));
    }
    text
}

fn item(told: &Told<'_>, width: Option<usize>) -> String {
    let Some(one) = &told.served else {
        return String::new();
    };
    let who = one
        .answered_by
        .as_ref()
        .map_or_else(|| "nobody".to_owned(), |id| format!("`{id}`"));
    let head = format!(
        "Item `{}`, served from recorded answers: {who} answers after {}; quality {:.2}, {} USD",
        one.item,
        counted(one.served.n_calls as u64, "call"),
        one.served.quality,
        sig(one.served.cost_usd)
    );
    let mut text = format!("\n{}", paragraph(&head, 0, width));
    for said in &one.labels {
        let label = format!(
            "`{}` says {:?}, for {} USD",
            said.candidate,
            said.says,
            sig(said.cost_usd)
        );
        text.push_str(&paragraph(&label, 2, width));
    }
    for why in &one.served.why {
        text.push_str(&paragraph(&format!("because {why}"), 2, width));
    }
    text
}

/// What becomes of an answer, as the gateway calls it.
pub(super) fn use_name(purpose: Use) -> &'static str {
    match purpose {
        Use::Given => "given",
        Use::Judged => "judged",
        Use::Embedded => "embedded",
        Use::Labelled => "labelled",
    }
}

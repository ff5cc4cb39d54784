//! What a supposition changes: the decision as it stands and the one under it, side by side.

use std::fmt::Write as _;

use serde::Serialize;
use trilemma_decide::{CandidateResult, Decision, GateKind, GateResult, MoneyFigure};
use trilemma_domain::{CandidateId, Verdict};

use super::what_if::Supposition;
use crate::holding::Holding;
use crate::layout::{self, Side, Table, bullet, terminal_width, wrap};
use crate::printer::Printer;

/// Version of the JSON.
const SCHEMA_VERSION: u32 = 1;

/// What `decide --what-if` prints as JSON.
#[derive(Serialize)]
struct Changes<'a> {
    schema_version: u32,
    /// What is supposed, as typed.
    what_if: Vec<&'a str>,
    /// Both outcomes, and whether the recommendation holds.
    recommendation: Holding,
    /// Requirements whose verdict differs.
    gates: Vec<GateChange<'a>>,
    /// The decision as it stands.
    now: &'a Decision,
    /// The decision under the suppositions.
    then: &'a Decision,
}

/// A requirement whose verdict differs.
#[derive(Serialize)]
struct GateChange<'a> {
    candidate: &'a CandidateId,
    gate: GateKind,
    /// `None` = it was not asked for.
    now: Option<Verdict>,
    /// `None` = it is not asked for.
    then: Option<Verdict>,
    reason: &'a str,
}

/// Shows both decisions.
pub(super) fn show(
    supposed: &[Supposition],
    (now, then): (&Decision, &Decision),
    printer: Printer,
) -> anyhow::Result<()> {
    let changes = Changes {
        schema_version: SCHEMA_VERSION,
        what_if: supposed.iter().map(|one| one.typed.as_str()).collect(),
        recommendation: Holding::of(now, then),
        gates: gates(now, then),
        now,
        then,
    };
    if printer.json() {
        return printer.value(&changes);
    }
    printer.data(&text(&changes));
    Ok(())
}

/// The same candidate in both decisions.
fn both<'a>(
    now: &'a Decision,
    then: &'a Decision,
) -> impl Iterator<Item = (&'a CandidateResult, &'a CandidateResult)> {
    now.candidates.iter().filter_map(|one| {
        let other = then.candidates.iter().find(|other| other.id == one.id)?;
        Some((one, other))
    })
}

fn gates<'a>(now: &'a Decision, then: &'a Decision) -> Vec<GateChange<'a>> {
    let mut changes = Vec::new();
    for (one, other) in both(now, then) {
        let mut kinds: Vec<GateKind> = one
            .gates
            .iter()
            .chain(&other.gates)
            .map(|g| g.gate)
            .collect();
        kinds.sort();
        kinds.dedup();
        for gate in kinds {
            let of = |list: &'a [GateResult]| list.iter().find(|result| result.gate == gate);
            let (before, after) = (of(&one.gates), of(&other.gates));
            let verdict = |result: Option<&GateResult>| result.map(|result| result.verdict);
            let reason = after.or(before).map_or("", |result| result.reason.as_str());
            if verdict(before) != verdict(after) {
                changes.push(GateChange {
                    candidate: &one.id,
                    gate,
                    now: verdict(before),
                    then: verdict(after),
                    reason,
                });
            }
        }
    }
    changes
}

fn text(changes: &Changes<'_>) -> String {
    let width = terminal_width();
    let outcome = &changes.recommendation;
    let (now, then) = (outcome.now.words(), outcome.then.words());
    let supposed = changes.what_if.join(", ");
    let head = [
        ("what if", supposed.as_str()),
        ("as it is", &now),
        ("then", &then),
    ];
    let mut text = layout::pairs(head, 0, width);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\n{}\n", wrap(&outcome.text, 0, width.unwrap_or(100)));
    text.push_str(&table(changes.now, changes.then).draw(0, width));
    if let Some(line) = mix(changes.now, changes.then) {
        let _ = writeln!(text, "\n{}", wrap(&line, 0, width.unwrap_or(100)));
    }
    if !changes.gates.is_empty() {
        text.push_str("\nRequirements that come out otherwise\n");
    }
    for change in &changes.gates {
        let word = |verdict: Option<Verdict>| verdict.map_or("not asked for", Verdict::word);
        let line = format!(
            "{}: {}: {}: {}",
            change.candidate,
            change.gate.label(),
            arrow(word(change.now), word(change.then)),
            change.reason
        );
        let _ = writeln!(text, "{}", bullet(&line, 2, width));
    }
    let note = "Nobody was called: answers are those of the recorded run. Costs are means over its \
                items; `decide --json` has n and interval of each.";
    let _ = write!(text, "\n{}", wrap(note, 0, width.unwrap_or(100)));
    text
}

/// Where a routed mix is a candidate in one of the decisions only: which, and why not in the other.
fn mix(now: &Decision, then: &Decision) -> Option<String> {
    let is_there = |decision: &Decision| {
        let routing = decision.routing.as_ref();
        routing.is_some_and(|one| one.candidate.is_some())
    };
    let (without, when) = match (is_there(now), is_there(then)) {
        (true, false) => (then, "as it is, but not then"),
        (false, true) => (now, "then, but not as it is"),
        (true, true) | (false, false) => return None,
    };
    let why = without.routing.as_ref().and_then(|one| one.reason.as_ref());
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    Some(format!("A routed mix is one more candidate {when}{why}"))
}

fn table(now: &Decision, then: &Decision) -> Table {
    let mut table = Table::new(&[
        ("candidate", Side::Left),
        ("requirements", Side::Left),
        ("$ per query", Side::Right),
        ("$ per month", Side::Right),
        ("place", Side::Right),
    ]);
    for (one, other) in both(now, then) {
        table.push([
            one.id.to_string(),
            arrow(one.verdict.word(), other.verdict.word()),
            arrow(
                &usd(one.cost.per_query.as_ref()),
                &usd(other.cost.per_query.as_ref()),
            ),
            arrow(
                &usd(one.cost.per_month.as_ref()),
                &usd(other.cost.per_month.as_ref()),
            ),
            arrow(&place(now, &one.id), &place(then, &other.id)),
        ]);
    }
    table
}

/// One text where both are the same.
fn arrow(before: &str, after: &str) -> String {
    if before == after {
        before.to_owned()
    } else {
        format!("{before} → {after}")
    }
}

fn usd(figure: Option<&MoneyFigure>) -> String {
    figure.map_or_else(|| "unknown".to_owned(), |figure| figure.value.brief())
}

/// The place in the order of preference, gates aside.
fn place(decision: &Decision, id: &CandidateId) -> String {
    let idx = decision.candidates.iter().position(|one| one.id == *id);
    let rank = decision
        .ranking
        .iter()
        .find(|rank| Some(rank.candidate) == idx);
    rank.and_then(|rank| rank.place)
        .map_or_else(|| "unknown".to_owned(), |place| place.to_string())
}

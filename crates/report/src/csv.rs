//! One row per candidate, plain numbers with a point, for spreadsheets and scripts.
//!
//! Columns depend on nothing but the requirements: figures that are unknown are empty cells. Texts
//! that a spreadsheet would take for a formula get an apostrophe; numbers never do.

use trilemma_decide::{CandidateResult, Decision, Figure, GateKind, MoneyFigure, TimeFigures};

use crate::error::ReportError;
use crate::exporter::{Exporter, Report};
use crate::text::csv_cell;

/// CSV.
pub(crate) struct Csv;

impl Exporter for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn extension(&self) -> &'static str {
        "csv"
    }

    fn media_type(&self) -> &'static str {
        "text/csv; charset=utf-8"
    }

    fn export(&self, report: &Report<'_>) -> Result<Vec<u8>, ReportError> {
        let decision = report.decision;
        let mut gates: Vec<GateKind> = decision
            .candidates
            .iter()
            .flat_map(|one| one.gates.iter().map(|gate| gate.gate))
            .collect();
        gates.sort();
        gates.dedup();
        let rows: Vec<Vec<(String, String)>> = decision
            .candidates
            .iter()
            .enumerate()
            .map(|(idx, one)| row(decision, &gates, (idx, one)))
            .collect();
        let mut text = String::new();
        if let Some(first) = rows.first() {
            let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
            text.push_str(&names.join(","));
            text.push('\n');
        }
        for row in &rows {
            let cells: Vec<&str> = row.iter().map(|(_, cell)| cell.as_str()).collect();
            text.push_str(&cells.join(","));
            text.push('\n');
        }
        Ok(text.into_bytes())
    }
}

/// Cells of a row under construction, each with its column's name.
#[derive(Default)]
struct Cells(Vec<(String, String)>);

impl Cells {
    fn text(&mut self, name: &str, text: &str) {
        self.0.push((name.to_owned(), csv_cell(text)));
    }

    fn number(&mut self, name: &str, number: impl ToString) {
        self.0.push((name.to_owned(), number.to_string()));
    }

    fn optional(&mut self, name: &str, number: Option<impl ToString>) {
        self.0.push((
            name.to_owned(),
            number.map_or_else(String::new, |number| number.to_string()),
        ));
    }

    fn figure(&mut self, name: &str, figure: Option<&Figure>) {
        self.optional(name, figure.map(|figure| figure.value));
        self.optional(&format!("{name}_low"), figure.and_then(|figure| figure.low));
        self.optional(
            &format!("{name}_high"),
            figure.and_then(|figure| figure.high),
        );
    }

    fn money(&mut self, name: &str, figure: Option<&MoneyFigure>) {
        self.optional(name, figure.map(|figure| figure.value));
        self.optional(&format!("{name}_low"), figure.and_then(|figure| figure.low));
        self.optional(
            &format!("{name}_high"),
            figure.and_then(|figure| figure.high),
        );
    }

    fn times(&mut self, name: &str, figures: Option<&TimeFigures>) {
        self.optional(
            &format!("{name}_mean_ms"),
            figures.map(|times| times.mean.value),
        );
        self.figure(&format!("{name}_p50_ms"), figures.map(|times| &times.p50));
        self.figure(&format!("{name}_p95_ms"), figures.map(|times| &times.p95));
    }
}

fn row(
    decision: &Decision,
    gates: &[GateKind],
    (idx, one): (usize, &CandidateResult),
) -> Vec<(String, String)> {
    let mut cells = Cells::default();
    cells.text("candidate", one.id.as_str());
    cells.text("model", &one.model);
    cells.text("verdict", one.verdict.word());
    cells.text("recommended", yes_no(is_recommended(decision, idx)));
    cells.text("incumbent", yes_no(decision.incumbent == Some(idx)));
    cells.text("simulated", yes_no(decision.simulated));
    let place = decision.ranking.iter().find(|rank| rank.candidate == idx);
    cells.optional("place", place.and_then(|rank| rank.place));
    cells.optional("probability_right", one.probability_right);
    cells.number("n_items", one.n_items);
    cells.figure("pass_rate", one.pass_rate.as_ref());
    cells.figure("score", one.score.as_ref());
    let differences = [
        ("difference_to_best", one.versus_best.as_ref()),
        ("difference_to_incumbent", one.versus_incumbent.as_ref()),
    ];
    for (name, comparison) in differences {
        cells.figure(name, comparison.map(|comparison| &comparison.difference));
        cells.optional(
            &format!("{name}_p"),
            comparison.and_then(|comparison| comparison.p_value),
        );
    }
    money_and_time(&mut cells, one);
    counts(&mut cells, one);
    for kind in gates {
        let verdict = one.gates.iter().find(|gate| gate.gate == *kind);
        cells.text(
            &format!("gate_{}", gate_name(*kind)),
            verdict.map_or("", |gate| gate.verdict.word()),
        );
    }
    cells.0
}

fn money_and_time(cells: &mut Cells, one: &CandidateResult) {
    let cost = &one.cost;
    cells.money("usd_per_query", cost.per_query.as_ref());
    cells.money("usd_per_1000_queries", cost.per_1000.as_ref());
    cells.money("usd_per_month", cost.per_month.as_ref());
    cells.money("usd_per_accepted_answer", cost.per_accepted.as_ref());
    cells.optional("usd_billed_total", cost.billed_total);
    cells.optional("usd_judges_total", cost.scoring_total);
    cells.optional("quality_cost_ratio", one.quality_cost_ratio);
    cells.times("ttft", one.latency.ttft_ms.as_ref());
    cells.times("tpot", one.latency.tpot_ms.as_ref());
    cells.times("e2e", one.latency.e2e_ms.as_ref());
    let sides = [
        ("input_tokens", one.tokens.input.as_ref()),
        ("output_tokens", one.tokens.output.as_ref()),
    ];
    for (name, side) in sides {
        cells.optional(&format!("{name}_mean"), side.map(|side| side.mean.value));
        cells.optional(&format!("{name}_p95"), side.map(|side| side.p95.value));
    }
}

fn counts(cells: &mut Cells, one: &CandidateResult) {
    let counts = &one.counts;
    let named = [
        ("n_planned", counts.n_planned),
        ("n_answered", counts.n_answered),
        ("n_scored", counts.n_scored),
        ("n_passed", counts.n_passed),
        ("n_unscored", counts.n_unscored),
        ("n_failed", counts.n_failed),
        ("n_not_run", counts.n_not_run),
        ("n_refused", counts.n_refused),
        ("n_truncated", counts.n_truncated),
        ("n_replayed", counts.n_replayed),
    ];
    for (name, number) in named {
        cells.number(name, number);
    }
    cells.number("n_http_calls", counts.n_attempts);
}

fn is_recommended(decision: &Decision, idx: usize) -> bool {
    matches!(
        decision.conclusion,
        trilemma_decide::Conclusion::Decided { recommended, .. } if recommended == idx
    )
}

fn yes_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// The name that the gate has in the JSON of a decision.
fn gate_name(kind: GateKind) -> String {
    match kind {
        GateKind::Capability(capability) => format!("capability_{}", capability.name()),
        other => serde_json::to_value(other)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default(),
    }
}

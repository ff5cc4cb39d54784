//! `trilemma check`: validation, and what a run would cost and could decide.

use std::fmt::Write as _;

use trilemma_decide::preflight::{Preflight, RacePlan, preflight, races};
use trilemma_golden::{Severity, Side};
use trilemma_project::Adaptive;

use crate::adaptive;
use crate::args::Common;
use crate::commands::select::with_shortlist;
use crate::commands::words::split_side;
use crate::context::Context;
use crate::exit::Exit;
use crate::gates;
use crate::golden;
use crate::inspection::{Inspection, inspect};
use crate::layout::{self, terminal_width};
use crate::lineup::{self, UNPRICED_HINT, unbounded_text};
use crate::pins;
use crate::plan;
use crate::printer::Printer;
use crate::routing::rules;
use crate::split::{Part, with_split};

/// What is looked at.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Plan a run on a part of the golden set only (default: all of it).
    #[arg(long, value_name = "SIDE", value_parser = split_side())]
    split: Option<Side>,
    /// Fail where the model that last answered is not the one that is pinned: exit code 5.
    #[arg(long)]
    strict: bool,
}

/// Runs the command.
pub(crate) fn run(args: &CheckArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut context = Context::open(common)?;
    let part = args.split.map(|side| Part::of(&context.project, side));
    let golden = golden::read(&context, part.as_ref())?;
    if let Some(wider) = with_shortlist(&context, common, &golden, printer)? {
        context = wider;
    }
    let inspection = inspect(&context, &golden);
    let input = plan::input(&context, &golden, &inspection.requests)?;
    let plan = preflight(&input);
    let no_gates = gates::fault(&context, &golden);
    let mut races = races(&input, &plan);
    races
        .retain(|race| adaptive::refuse(&context, Adaptive::from_name(race.mode), &golden).is_ok());
    let pins = pins::pins(&context)?;
    if printer.json() {
        printer.value(&serde_json::json!({
            "ok": !inspection.has_errors(),
            "inspection": inspection,
            "plan": plan,
            "races": races,
            "pins": pins,
        }))?;
    } else {
        let mut text = text(&context, &inspection, (&plan, &races));
        if let (Some(fault), false) = (no_gates, races.is_empty()) {
            let words = format!("--adaptive=gates is out: {fault}");
            let width = terminal_width().unwrap_or(layout::DEFAULT_WIDTH);
            let _ = writeln!(text, "{}", layout::wrap(&words, 4, width));
        }
        text.push_str("\nModels\n");
        let table = pins::table(&pins, context.as_of);
        text.push_str(&table.draw(2, terminal_width()));
        printer.data(&text);
    }
    let complaints = pins::complaints(&pins);
    for complaint in &complaints {
        printer.tell(&format!("warning: {complaint}"));
    }
    if inspection.has_errors() {
        printer.next(&format!(
            "put the errors right, then `{}` again",
            common.command(&with_split("check", args.split))
        ));
        return Ok(Exit::Usage);
    }
    if args.strict && !complaints.is_empty() {
        printer.tell("refused (--strict): another model answers than the one that is pinned");
        printer.next(&common.command("runs list"));
        return Ok(Exit::Drift);
    }
    let select = if lineup::runs_code(&context.project) {
        "select --allow-code"
    } else {
        "select"
    };
    printer.next(&common.command(&with_split(select, args.split)));
    Ok(Exit::Ok)
}

fn text(
    context: &Context,
    inspection: &Inspection,
    (plan, races): (&Preflight, &[RacePlan]),
) -> String {
    let mut text = findings_text(inspection);
    if text.is_empty() {
        let _ = writeln!(
            text,
            "{}: nothing to complain about",
            context.file.display()
        );
    }
    let _ = write!(text, "\n{}", plan::text(plan));
    text.push_str(&plan::races_text(races, plan));
    text
}

/// All findings, gravest kinds first: one per line, wrapped on a terminal.
pub(crate) fn findings_text(inspection: &Inspection) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for key in &inspection.keys {
        rows.push(("error", format!("key of {}: {}", key.provider, key.reason)));
    }
    let unsendable = inspection.unsendable.iter();
    rows.extend(unsendable.map(|problem| ("error", problem.clone())));
    for finding in &inspection.golden {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let text = format!("golden set: {}; hint: {}", finding.message, finding.hint);
        rows.push((word, text));
    }
    for warning in &inspection.golden_warnings {
        rows.push(("warning", format!("golden set: {warning}")));
    }
    if !inspection.unbounded.is_empty() {
        let text = format!(
            "budget: {}: a run is refused; hint: {UNPRICED_HINT}",
            unbounded_text(&inspection.unbounded)
        );
        rows.push(("warning", text));
    }
    let project = inspection.project.iter();
    rows.extend(project.map(|problem| ("warning", problem.to_string())));
    let policy = inspection.policy.iter();
    rows.extend(policy.map(|text| ("warning", format!("policy: {text}"))));
    rows.extend(rules::findings(&inspection.rules, inspection.n_items));
    let expected = inspection.expectations.iter();
    rows.extend(expected.map(|text| ("note", text.clone())));
    let rows = rows.iter().map(|(word, text)| (*word, text.as_str()));
    layout::pairs(rows, 0, Some(terminal_width().unwrap_or(usize::MAX)))
}

//! `trilemma scorers`: the table of scorers and extraction steps.

use std::fmt::Write as _;

use anyhow::anyhow;
use trilemma_score::{COMMON_OPTIONS, EXTRACTION_OPTIONS, OptionDoc, SCORERS, STEPS, ScorerKind};

use crate::context::InputError;
use crate::exit::Exit;
use crate::printer::Printer;

/// What to list.
#[derive(Debug, clap::Args)]
pub(crate) struct ScorersArgs {
    /// Show one scorer in full.
    pub(crate) name: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &ScorersArgs, printer: Printer) -> anyhow::Result<Exit> {
    let Some(name) = &args.name else {
        return list(printer);
    };
    let kind = SCORERS
        .iter()
        .find(|kind| kind.name == name)
        .ok_or_else(|| {
            anyhow!(InputError(format!(
                "there is no scorer `{name}`; hint: `trilemma scorers` lists them"
            )))
        })?;
    if printer.json() {
        printer.value(kind)?;
    } else {
        printer.data(&in_full(kind));
    }
    Ok(Exit::Ok)
}

fn list(printer: Printer) -> anyhow::Result<Exit> {
    if printer.json() {
        printer.value(&serde_json::json!({
            "scorers": SCORERS,
            "common_options": COMMON_OPTIONS,
            "extraction_options": EXTRACTION_OPTIONS,
            "steps": STEPS,
        }))?;
        return Ok(Exit::Ok);
    }
    let mut text = String::from("Scorers\n");
    for kind in SCORERS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {:<18} {}", kind.name, kind.doc);
    }
    text.push_str("\nExtraction steps\n");
    for step in STEPS {
        let _ = writeln!(text, "  {:<18} {}", step.name, step.doc);
    }
    printer.data(&text);
    printer.next("trilemma scorers NAME");
    Ok(Exit::Ok)
}

fn in_full(kind: &ScorerKind) -> String {
    let mut text = format!("{}: {}\n", kind.name, kind.doc);
    let mut options = |title: &str, rows: &[OptionDoc]| {
        if rows.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{title}");
        for row in rows {
            let default = row
                .default
                .map_or_else(String::new, |default| format!(" (default {default})"));
            let _ = writeln!(text, "  {:<18} {}{default}", row.name, row.doc);
        }
    };
    options("Options", kind.options);
    options("Common options", COMMON_OPTIONS);
    if kind.extraction.is_some() {
        options("Extraction options", EXTRACTION_OPTIONS);
    }
    let _ = write!(text, "\nExample\n{}", kind.example);
    text
}

//! `trilemma review export`: the drawn answers as a sheet to be filled in elsewhere.

use std::path::PathBuf;

use trilemma_domain::{HumanLabel, HumanWord};

use super::cards::{Card, cards};
use super::sheet::{self, Cells, Format};
use crate::args::Common;
use crate::exit::Exit;
use crate::hint;
use crate::printer::Printer;

/// What to write where.
#[derive(Debug, clap::Args)]
pub(crate) struct SheetOutArgs {
    /// The file: .csv, .jsonl or .xlsx.
    file: PathBuf,
    /// The format (default: as the file's name says).
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Leave out what this reviewer has labelled.
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    desk: super::Desk,
}

/// Runs the command.
pub(crate) fn run(args: &SheetOutArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let format = Format::of(&args.file, args.format)?;
    let bench = super::open(common, args.desk.run.as_deref())?;
    let reviewer = args.desk.reviewer();
    let labels: Vec<HumanLabel> = bench
        .store
        .labels(&bench.run)?
        .into_iter()
        .filter(|label| label.reviewer == reviewer)
        .collect();
    let rows: Vec<Cells> = cards(&bench, &args.desk.candidates)?
        .iter()
        .filter_map(|card| {
            let label = labels.iter().find(|label| card.keys.contains(&label.key));
            (label.is_none() || !args.open).then(|| row(card, label, args.desk.reviewer.as_deref()))
        })
        .collect();
    sheet::write(format, &args.file, &rows)?;
    if printer.json() {
        printer.value(&serde_json::json!({
            "run": bench.run, "file": args.file, "n_answers": rows.len(),
        }))?;
    } else {
        printer.data(&format!(
            "wrote {} answers to {}; fill in `verdict` with {}, {} or {}",
            rows.len(),
            args.file.display(),
            HumanWord::Pass.name(),
            HumanWord::Fail.name(),
            HumanWord::Skipped.name()
        ));
    }
    let words = format!("review import {} --reviewer NAME", hint::path(&args.file));
    printer.next(&common.command(&words));
    Ok(Exit::Ok)
}

/// Without a name given the column `reviewer` stays empty: who fills the sheet in is told on import.
fn row(card: &Card, label: Option<&HumanLabel>, named: Option<&str>) -> Cells {
    let reviewer = label.map(|label| label.reviewer.as_str()).or(named);
    [
        card.id.clone(),
        card.item.to_string(),
        card.input.clone(),
        card.expected.clone().unwrap_or_default(),
        card.criteria.join("\n"),
        card.answer.clone(),
        label.map_or_else(String::new, |label| label.word.name().to_owned()),
        label
            .and_then(|label| label.note.clone())
            .unwrap_or_default(),
        reviewer.unwrap_or_default().to_owned(),
    ]
}

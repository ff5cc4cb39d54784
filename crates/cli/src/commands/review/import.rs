//! `trilemma review import`: a filled-in sheet becomes labels, all of them or, with every flaw told, none.

use std::collections::BTreeMap;
use std::path::PathBuf;

use trilemma_domain::{HumanLabel, HumanWord};

use super::cards::{Card, cards};
use super::desk::labels;
use super::sheet::{self, Filled, Flaw, Format};
use crate::args::Common;
use crate::context::InputError;
use crate::exit::Exit;
use crate::hint;
use crate::layout::counted;
use crate::printer::Printer;

/// Most flaws that are shown; the rest is counted.
const MAX_FLAWS: usize = 200;

/// What to read.
#[derive(Debug, clap::Args)]
pub(crate) struct SheetInArgs {
    /// The filled-in sheet.
    file: PathBuf,
    /// The format (default: as the file's name says).
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The run (default: the latest).
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Name of the reviewer where a row has none (default: the user of this machine).
    #[arg(long, value_name = "NAME")]
    reviewer: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &SheetInArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let format = Format::of(&args.file, args.format)?;
    let bench = super::open(common, args.run.as_deref())?;
    let cards = cards(&bench, &[])?;
    let desk = super::Desk {
        run: None,
        reviewer: args.reviewer.clone(),
        candidates: Vec::new(),
    };
    let default = desk.reviewer();
    let read = sheet::read(format, &args.file)?.and_then(|rows| accept(&rows, &cards, &default));
    let accepted = match read {
        Ok(accepted) => accepted,
        Err(flaws) => anyhow::bail!(InputError(told(&args.file, &flaws))),
    };
    let all: Vec<HumanLabel> = accepted
        .iter()
        .flat_map(|one| labels(&one.card.keys, &one.reviewer, one.word, one.note.as_deref()))
        .collect();
    bench.store.put_labels(&bench.run, &all)?;
    let mut by_reviewer: BTreeMap<&str, usize> = BTreeMap::new();
    for one in &accepted {
        *by_reviewer.entry(&one.reviewer).or_default() += 1;
    }
    if printer.json() {
        printer.value(&serde_json::json!({
            "run": bench.run, "n_answers": accepted.len(), "reviewers": by_reviewer,
        }))?;
    } else {
        printer.data(&format!(
            "run {}: {} answers labelled",
            bench.run,
            accepted.len()
        ));
        for (reviewer, n) in &by_reviewer {
            printer.data(&format!("  {n:>5}  {reviewer}"));
        }
    }
    let named = args.run.as_deref().map(hint::word).unwrap_or_default();
    printer.next(&common.command(format!("review status {named}").trim_end()));
    Ok(Exit::Ok)
}

/// One row that says something.
struct Accepted<'a> {
    card: &'a Card,
    reviewer: String,
    word: HumanWord,
    note: Option<String>,
}

/// Checks every row. Rows without a verdict say nothing.
fn accept<'a>(
    rows: &[Filled],
    cards: &'a [Card],
    default: &str,
) -> Result<Vec<Accepted<'a>>, Vec<Flaw>> {
    let known: BTreeMap<&str, &Card> = cards.iter().map(|card| (card.id.as_str(), card)).collect();
    let mut seen: BTreeMap<(String, String), (u64, HumanWord)> = BTreeMap::new();
    let (mut accepted, mut flaws) = (Vec::new(), Vec::new());
    for row in rows {
        let Some(card) = known.get(row.id.as_str()) else {
            flaws.push(Flaw::at(row.line, unknown(&row.id)));
            continue;
        };
        if row.verdict.is_empty() {
            continue;
        }
        let Some(word) = HumanWord::read(&row.verdict) else {
            let text = format!(
                "verdict `{}` is none; hint: write pass, fail or skip, or leave it empty",
                short(&row.verdict)
            );
            flaws.push(Flaw::at(row.line, text));
            continue;
        };
        let reviewer = row.reviewer.clone().unwrap_or_else(|| default.to_owned());
        let place = (row.id.clone(), reviewer.clone());
        match seen.get(&place) {
            Some((line, earlier)) if *earlier != word => {
                let text = format!(
                    "verdict `{}` of {reviewer} contradicts `{}` in line {line}; hint: keep one",
                    word.name(),
                    earlier.name()
                );
                flaws.push(Flaw::at(row.line, text));
            }
            Some(_) => {}
            None => {
                seen.insert(place, (row.line, word));
                accepted.push(Accepted {
                    card,
                    reviewer,
                    word,
                    note: row.note.clone(),
                });
            }
        }
    }
    if flaws.is_empty() {
        Ok(accepted)
    } else {
        Err(flaws)
    }
}

fn unknown(id: &str) -> String {
    if id.is_empty() {
        "the row has a verdict and no id; hint: restore the column `id` of the exported sheet"
            .to_owned()
    } else {
        format!(
            "id `{}` is not in the queue; hint: is the sheet of another run? `--run` names it",
            short(id)
        )
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn told(file: &std::path::Path, flaws: &[Flaw]) -> String {
    let mut lines: Vec<String> = flaws
        .iter()
        .take(MAX_FLAWS)
        .map(|flaw| match flaw.line {
            Some(line) => format!("  line {line}: {}", flaw.text),
            None => format!("  {}", flaw.text),
        })
        .collect();
    if let Some(n_more) = flaws.len().checked_sub(MAX_FLAWS + 1) {
        lines.push(format!("  and {} more", n_more + 1));
    }
    format!(
        "failed to import {}: {} without sense, nothing was imported\n{}",
        file.display(),
        counted(flaws.len() as u64, "row"),
        lines.join("\n")
    )
}

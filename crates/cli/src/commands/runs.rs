//! `trilemma runs`: what was measured.

mod diff;
mod pairs;
mod settings;
mod words;

use std::fmt::Write as _;

use clap::Subcommand;
use trilemma_domain::RunId;
use trilemma_store::{RunInfo, RunPurpose, Store};

use diff::DiffArgs;

use crate::args::Common;
use crate::context::Context;
use crate::exit::Exit;
use crate::hint;
use crate::layout::counted;
use crate::pins;
use crate::places;
use crate::printer::Printer;

/// What to do with runs.
#[derive(Debug, clap::Args)]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    command: RunsCommand,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// List all runs, latest last.
    List,
    /// Show one run.
    Show {
        /// Its name.
        run: String,
    },
    /// Compare two runs: what was asked, what came out, which items changed sides.
    Diff(DiffArgs),
    /// Remove one run for good.
    Rm {
        /// Its name.
        run: String,
    },
}

/// Runs the command.
pub(crate) fn run(args: &RunsArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    match &args.command {
        RunsCommand::List => list(&store, common, printer),
        RunsCommand::Show { run } => {
            let run = RunId::from(run.as_str());
            show((&context, &store), &run, common, printer)
        }
        RunsCommand::Diff(args) => diff::run(args, (&context, &store), common, printer),
        RunsCommand::Rm { run } => {
            store.delete_run(&RunId::from(run.as_str()))?;
            printer.say(&format!("removed {run}"));
            Ok(Exit::Ok)
        }
    }
}

fn list(store: &Store, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut runs = store.runs()?;
    runs.sort_by_key(|info| info.created_us);
    if printer.json() {
        let rows: Vec<_> = runs.iter().map(row).collect();
        printer.value(&rows)?;
        return Ok(Exit::Ok);
    }
    let mut text = format!(
        "{:<24} {:>10} {:>7} {:>10}  state\n",
        "run", "candidates", "items", "answered"
    );
    for info in &runs {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<24} {:>10} {:>7} {:>10}  {}",
            info.run.as_str(),
            info.n_candidates,
            info.n_items,
            info.n_answered,
            state(info)
        );
    }
    printer.data(&text);
    if let Some(last) = runs.last() {
        let words = format!("runs show {}", hint::word(last.run.as_str()));
        printer.next(&common.command(&words));
    }
    Ok(Exit::Ok)
}

fn show(
    (context, store): (&Context, &Store),
    run: &RunId,
    common: &Common,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let pins = pins::of_run(context, store, run)?;
    let info = store.run(run)?;
    let manifest = store.manifest(run)?;
    let spent = store.spent(run)?;
    if printer.json() {
        printer.value(&serde_json::json!({
            "run": row(&info),
            "manifest": manifest,
            "spent_nano_usd": { "trials": spent.trials, "scoring": spent.scoring },
            "pins": pins,
        }))?;
        return Ok(Exit::Ok);
    }
    let names: Vec<&str> = manifest
        .candidates
        .iter()
        .map(|one| one.candidate.id.as_str())
        .collect();
    printer.data(&format!(
        "run        {}\nproject    {}\nstate      {}\nas of      {}\nseed       {}\ncandidates {}\nitems      {} x {}, golden set {}\nanswered   {} of {}, {} failed\nspent      ${:.4} on candidates, ${:.4} on scoring",
        info.run,
        info.project,
        state(&info),
        manifest.as_of,
        manifest.seed,
        names.join(", "),
        info.n_items,
        counted(info.repeats, "repeat"),
        info.golden.short(),
        info.n_answered,
        info.n_trials(),
        info.n_failed,
        spent.trials.to_f64_usd(),
        spent.scoring.to_f64_usd(),
    ));
    for complaint in pins::complaints(&pins) {
        printer.tell(&format!("not the model that was asked for: {complaint}"));
    }
    let words = format!("export {} --out run.jsonl", hint::word(run.as_str()));
    printer.next(&common.command(&words));
    Ok(Exit::Ok)
}

fn row(info: &RunInfo) -> serde_json::Value {
    serde_json::json!({
        "run": info.run,
        "project": info.project,
        "created_us": info.created_us,
        "completed_us": info.completed_us,
        "golden": info.golden,
        "n_candidates": info.n_candidates,
        "n_items": info.n_items,
        "repeats": info.repeats,
        "n_answered": info.n_answered,
        "n_failed": info.n_failed,
    })
}

fn state(info: &RunInfo) -> String {
    let of = match info.purpose {
        RunPurpose::Benchmark => "",
        RunPurpose::Baseline => ", drift baseline",
        RunPurpose::Check => ", drift check",
    };
    format!("{}{of}", progress(info))
}

fn progress(info: &RunInfo) -> &'static str {
    if info.completed_us.is_some() {
        "complete"
    } else if info.n_failed > 0 {
        "open, some trials failed"
    } else {
        "open"
    }
}

//! `trilemma review`: people say of some answers whether they will do, and all scores are corrected by it.

mod cards;
mod desk;
mod export;
mod import;
mod keyboard;
mod label;
mod sample;
mod sheet;
mod sheet_csv;
mod sheet_jsonl;
mod sheet_xlsx;
mod signals;
mod status;

use clap::Subcommand;
use trilemma_domain::RunId;
use trilemma_store::Store;

use crate::args::Common;
use crate::commands::export::choose;
use crate::context::Context;
use crate::env;
use crate::exit::Exit;
use crate::places;
use crate::printer::Printer;

/// What to do with labels of people.
#[derive(Debug, clap::Args)]
pub(crate) struct ReviewArgs {
    #[command(subcommand)]
    command: ReviewCommand,
}

#[derive(Debug, Subcommand)]
enum ReviewCommand {
    /// Draw the items whose labels buy most precision.
    Sample(sample::SampleArgs),
    /// Label answers in the terminal, one key each, without seeing whose they are.
    Label(label::LabelArgs),
    /// Write the drawn answers to a CSV, JSONL or XLSX sheet to be filled in elsewhere.
    Export(export::SheetOutArgs),
    /// Read a filled-in sheet.
    Import(import::SheetInArgs),
    /// How far labelling has come, and what it shows so far.
    Status(status::StatusArgs),
}

/// Runs the command.
pub(crate) fn run(args: &ReviewArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    match &args.command {
        ReviewCommand::Sample(args) => sample::run(args, common, printer),
        ReviewCommand::Label(args) => label::run(args, common, printer),
        ReviewCommand::Export(args) => export::run(args, common, printer),
        ReviewCommand::Import(args) => import::run(args, common, printer),
        ReviewCommand::Status(args) => status::run(args, common, printer),
    }
}

/// The store and the run that a review command is about.
struct Bench {
    context: Context,
    store: Store,
    run: RunId,
}

fn open(common: &Common, run: Option<&str>) -> anyhow::Result<Bench> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, run)?;
    Ok(Bench {
        context,
        store,
        run,
    })
}

/// Who labels, and whose answers.
#[derive(Debug, clap::Args)]
pub(crate) struct Desk {
    /// The run (default: the latest).
    run: Option<String>,
    /// Name of the reviewer (default: the user of this machine).
    #[arg(long, value_name = "NAME")]
    reviewer: Option<String>,
    /// Only answers of these candidates, separated by commas (default: of all).
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    candidates: Vec<String>,
}

impl Desk {
    /// The reviewer's name, without what would break a line of a report.
    fn reviewer(&self) -> String {
        let name = self
            .reviewer
            .clone()
            .or_else(|| env::first(&["USER", "USERNAME", "LOGNAME"]))
            .unwrap_or_else(|| "reviewer".to_owned());
        let clean: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        clean.trim().to_owned()
    }
}

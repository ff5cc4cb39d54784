//! `trilemma catalog`: what is known about models, with source and date.

mod compare;
mod diff;
mod doctor;
mod facts;
mod json;
mod list;
mod money;
mod show;
mod update;

use std::path::PathBuf;

use clap::Subcommand;
use trilemma_domain::TaskKind;

use crate::args::Common;
use crate::commands::words::task_kind;
use crate::exit::Exit;
use crate::printer::Printer;

/// What to do with the catalog.
#[derive(Debug, clap::Args)]
pub(crate) struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// List models with price, context and lifecycle on a day.
    List(ListArgs),
    /// Show everything that is known about a model.
    Show {
        /// `provider/model`, or a name that only one provider uses; aliases are resolved.
        model: String,
    },
    /// Compare a catalog file of your own with the built-in one.
    Diff {
        /// The file.
        file: PathBuf,
    },
    /// Say what is stale, ending or moving among the models that are used.
    Doctor(doctor::DoctorArgs),
    /// Compare a downloaded price list with the catalog, ask, and write a file to lay over it.
    Update(update::UpdateArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Only models of this provider.
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only models whose size class usually suffices for this kind of task.
    #[arg(long, value_name = "KIND", value_parser = task_kind())]
    task: Option<TaskKind>,
    /// Also models that are shut down or not yet released.
    #[arg(long)]
    all: bool,
}

/// Runs the command.
pub(crate) fn run(args: &CatalogArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    match &args.command {
        CatalogCommand::List(args) => list::run(args, common, printer),
        CatalogCommand::Show { model } => show::run(model, common, printer),
        CatalogCommand::Doctor(args) => doctor::run(args, common, printer),
        CatalogCommand::Update(args) => update::run(args, common, printer),
        CatalogCommand::Diff { file } => diff::run(file, common, printer),
    }
}

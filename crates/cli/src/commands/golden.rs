//! `trilemma golden`: check, sample and split the golden set.

mod columns;
mod lint;
mod sample;
mod split;

use clap::Subcommand;

pub(crate) use columns::column_map;
pub(crate) use sample::{SampleArgs, run as draw_sample};

use crate::args::Common;
use crate::exit::Exit;
use crate::printer::Printer;

/// What to do with a golden set.
#[derive(Debug, clap::Args)]
pub(crate) struct GoldenArgs {
    #[command(subcommand)]
    command: GoldenCommand,
}

#[derive(Debug, Subcommand)]
enum GoldenCommand {
    /// Look for everything that makes a golden set unfit to decide by.
    Lint(lint::LintArgs),
    /// Draw items to label from a log of real requests.
    Sample(sample::SampleArgs),
    /// Part the items into dev (to tune prompts on) and holdout (to measure on).
    Split(split::SplitArgs),
}

/// Runs the command.
pub(crate) fn run(args: &GoldenArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    match &args.command {
        GoldenCommand::Lint(args) => lint::run(args, common, printer),
        GoldenCommand::Sample(args) => sample::run(args, printer),
        GoldenCommand::Split(args) => split::run(args, common, printer),
    }
}

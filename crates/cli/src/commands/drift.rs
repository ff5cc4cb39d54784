//! `trilemma drift`: whether pinned models are still what was measured.

mod asking;
mod baseline;
mod check;
mod logprobs;
mod look;
mod notify;
mod show;
mod watch;

use clap::Subcommand;

use crate::args::Common;
use crate::exit::Exit;
use crate::printer::Printer;

/// What to do about drift.
#[derive(Debug, clap::Args)]
pub(crate) struct DriftArgs {
    #[command(subcommand)]
    command: DriftCommand,
}

#[derive(Debug, Subcommand)]
enum DriftCommand {
    /// Record what later checks are compared with: several shuffled runs of a part of the golden set.
    Baseline(baseline::BaselineArgs),
    /// Ask the canary once, and compare with the baseline; exit code 5 when a model changed.
    Check(check::CheckArgs),
    /// Check on a schedule, tell alarms, and end with exit code 5 at the first one.
    Watch(watch::WatchArgs),
    /// Show what the latest check found, without a call.
    Show(show::ShowArgs),
}

/// Runs the command.
pub(crate) fn run(args: &DriftArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    match &args.command {
        DriftCommand::Baseline(args) => baseline::run(args, common, printer),
        DriftCommand::Check(args) => check::run(args, common, printer),
        DriftCommand::Watch(args) => watch::run(args, common, printer),
        DriftCommand::Show(args) => show::run(args, common, printer),
    }
}

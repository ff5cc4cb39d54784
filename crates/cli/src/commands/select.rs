//! `trilemma select`: the main job.

use crate::args::Common;
use crate::commands::bench::{self, BenchArgs};
use crate::exit::Exit;
use crate::printer::Printer;

/// How a selection is made.
#[derive(Debug, clap::Args)]
pub(crate) struct SelectArgs {
    #[command(flatten)]
    pub(crate) bench: BenchArgs,
}

/// Runs the command.
pub(crate) fn run(args: &SelectArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    bench::run(&args.bench, common, printer)
}

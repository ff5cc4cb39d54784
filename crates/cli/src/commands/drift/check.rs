//! `trilemma drift check`: ask the canary once, and compare with the baseline.

use std::path::PathBuf;

use trilemma_store::Store;

use super::look::{self, CheckHow, Checked};
use super::show::{self, ShowOptions};
use crate::args::Common;
use crate::context::Context;
use crate::exit::Exit;
use crate::places;
use crate::printer::Printer;

/// What is compared, and how it is shown.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// The baseline (default: the latest complete one).
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Write the report to a file; its name says the format: `.html`, `.md`, `.json`, `.txt`.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    show: ShowOptions,
    #[command(flatten)]
    how: CheckHow,
}

/// Runs the command.
pub(super) fn run(args: &CheckArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let baseline = look::baseline(&store, args.baseline.as_deref())?;
    drop(store);
    match look::check(common, &baseline, &args.how, printer)? {
        Checked::Planned => {
            printer.next(&common.command("drift check"));
            Ok(Exit::Ok)
        }
        Checked::Stopped => {
            printer.tell("stopped; the same command goes on with this check");
            Ok(Exit::Provider)
        }
        Checked::Unanswered {
            n_answers,
            n_trials,
        } => {
            printer.tell(&unanswered(n_answers, n_trials));
            Ok(Exit::Provider)
        }
        Checked::Judged(report) => {
            let shown = (args.out.as_deref(), args.show);
            show::tell(&report, shown, common, printer)
        }
    }
}

/// Why a check was not judged.
pub(super) fn unanswered(n_answers: u64, n_trials: u64) -> String {
    format!(
        "not judged: {n_answers} of {n_trials} calls had an answer, fewer than half; the next check tries \
         the others again"
    )
}

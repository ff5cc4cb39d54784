//! `trilemma decide`: the verdict on a recorded run, without calling anyone.

use trilemma_domain::RunId;
use trilemma_store::Store;

use crate::args::Common;
use crate::commands::export::choose;
use crate::context::Context;
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::hint;
use crate::places;
use crate::printer::Printer;
use crate::show;

/// On what to decide.
#[derive(Debug, clap::Args)]
pub(crate) struct DecideArgs {
    /// The run (default: the latest).
    run: Option<String>,
    #[command(flatten)]
    options: DecideOptions,
}

/// Runs the command.
pub(crate) fn run(args: &DecideArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run: RunId = choose(&store, args.run.as_deref())?;
    let decision = decision::decide(&context, &store, &run, args.options)?;
    show::verdict(&decision, printer)?;
    let named = args.run.as_deref().map(hint::word).unwrap_or_default();
    printer.next(&common.command(format!("report {named}").trim_end()));
    Ok(decision::exit_of(&decision, args.options))
}

//! `trilemma decide`: the verdict on a recorded run, without calling anyone.

mod changes;
mod what_if;

use trilemma_domain::RunId;
use trilemma_golden::Side;
use trilemma_store::Store;

use crate::args::Common;
use crate::commands::export::choose;
use crate::commands::money::look_ahead;
use crate::commands::words::split_side;
use crate::context::Context;
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::hint;
use crate::places;
use crate::printer::Printer;
use crate::show;
use crate::split::with_split;

use what_if::Supposition;

/// On what to decide.
#[derive(Debug, clap::Args)]
pub(crate) struct DecideArgs {
    /// The run (default: the latest).
    run: Option<String>,
    /// Decide on a part of the golden set only (default: all items of the run).
    #[arg(long, value_name = "SIDE", value_parser = split_side())]
    split: Option<Side>,
    /// Decide as if something were otherwise, and say what changes; again for more than one. One of
    /// `price.ID=IN/OUT` (USD per million tokens) or `price.ID=-20%`, `without=ID`, `date=DATE`, or a
    /// key of the project such as `traffic.queries_per_day=50000` or
    /// `requirements.not_worse_than.margin=0.03`.
    #[arg(long, value_name = "KEY=VALUE", value_parser = Supposition::read)]
    what_if: Vec<Supposition>,
    #[command(flatten)]
    options: DecideOptions,
}

/// Runs the command.
pub(crate) fn run(args: &DecideArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run: RunId = choose(&store, args.run.as_deref())?;
    let options = args.options.on(args.split);
    if !args.what_if.is_empty() {
        let now = decision::decide_routed(&context, (&store, &run), options)?;
        let then = what_if::decide(&context, common, (&store, &run), (options, &args.what_if))?;
        changes::show(&args.what_if, (&now, &then), printer)?;
        let named = args.run.as_deref().map(hint::word).unwrap_or_default();
        let words = format!("decide {named}");
        printer.next(&common.command(&with_split(words.trim_end(), args.split)));
        return Ok(decision::exit_of(&then, args.options, printer));
    }
    let mut decision = decision::decide_routed(&context, (&store, &run), options)?;
    look_ahead(&context, &mut decision)?;
    show::verdict(&decision, printer)?;
    let named = args.run.as_deref().map(hint::word).unwrap_or_default();
    let exit = decision::exit_of(&decision, args.options, printer);
    let words = match exit {
        // The same plan goes on with what is missing.
        Exit::Provider if named.is_empty() => "bench".to_owned(),
        _ => format!("report {named}"),
    };
    let words = match decision::routed_next(&decision) {
        Some(words) => named_run(words, &named),
        None => with_split(words.trim_end(), args.split),
    };
    printer.next(&common.command(&words));
    Ok(exit)
}

/// A command on a run, where one was named.
fn named_run(words: &str, named: &str) -> String {
    if named.is_empty() {
        words.to_owned()
    } else {
        format!("{words} --run {named}")
    }
}

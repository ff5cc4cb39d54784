//! `trilemma report`: the verdict on a recorded run, in every format.

use std::path::{Path, PathBuf};

use trilemma_golden::Side;
use trilemma_report::{FORMATS, Settings, UndecidedAs};
use trilemma_store::Store;

use crate::args::Common;
use crate::commands::export::choose;
use crate::commands::money::look_ahead;
use crate::commands::words::split_side;
use crate::content;
use crate::context::Context;
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::hint;
use crate::places;
use crate::printer::Printer;
use crate::sample::Sample;
use crate::show;
use crate::split::with_split;

/// What to write, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// The run (default: the latest).
    run: Option<String>,
    /// The format (default: by the file's name, else text for the terminal).
    #[arg(long, short, value_name = "FORMAT", value_parser = format_names())]
    format: Option<String>,
    /// The file to write (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Embed items and outputs (HTML only): not for forwarding.
    #[arg(long)]
    with_content: bool,
    /// Decide on a part of the golden set only (default: all items of the run).
    #[arg(long, value_name = "SIDE", value_parser = split_side())]
    split: Option<Side>,
    #[command(flatten)]
    decide: DecideOptions,
}

fn format_names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.name()).collect()
}

/// Runs the command. The report itself is the outcome, so the exit code is 0 whatever the verdict.
pub(crate) fn run(args: &ReportArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    let options = args.decide.on(args.split);
    let mut decision = decision::decide_routed(&context, (&store, &run), options)?;
    look_ahead(&context, &mut decision)?;
    let content = if args.with_content {
        let manifest = store.manifest(&run)?;
        let sample = Sample::of(&context, &store, &manifest, args.split)?;
        Some(content::collect(
            &context,
            (&store, &run),
            (&decision, &sample),
        )?)
    } else {
        None
    };
    let settings = Settings {
        undecided: if args.decide.undecided_fails() {
            UndecidedAs::Failure
        } else {
            UndecidedAs::Skipped
        },
        ..show::settings(printer)
    };
    let format = args
        .format
        .clone()
        .unwrap_or_else(|| default_format(args, printer));
    let bytes = show::render(&decision, &format, content.as_ref(), settings)?;
    match &args.out {
        Some(path) => {
            places::write_file(path, bytes)?;
            printer.say(&format!("wrote {}", path.display()));
        }
        None => {
            printer.document(&String::from_utf8_lossy(&bytes));
            let named = args.run.as_deref().map(hint::word).unwrap_or_default();
            let words = ["report", &named, "--out report.html"];
            let words: Vec<&str> = words.into_iter().filter(|one| !one.is_empty()).collect();
            printer.next(&common.command(&with_split(&words.join(" "), args.split)));
        }
    }
    Ok(Exit::Ok)
}

fn default_format(args: &ReportArgs, printer: Printer) -> String {
    let extension = args.out.as_deref().and_then(Path::extension);
    let by_name = extension
        .and_then(|extension| trilemma_report::format(&extension.to_string_lossy()))
        .map(|format| format.name().to_owned());
    let plain = if printer.json() { "json" } else { "terminal" };
    by_name.unwrap_or_else(|| plain.to_owned())
}

//! `trilemma export`: everything measured in a run, as JSON lines.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use trilemma_domain::RunId;
use trilemma_store::Store;

use crate::args::Common;
use crate::context::Context;
use crate::exit::Exit;
use crate::places;
use crate::printer::{JsonOutlet, Printer};

/// What to write, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The run (default: the latest).
    pub(crate) run: Option<String>,
    /// The file to write (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &ExportArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    match &args.out {
        Some(path) => {
            write(&store, &run, fs_err::File::create(path)?)?;
            printer.say(&format!("wrote {}", path.display()));
        }
        None => {
            write(&store, &run, std::io::stdout().lock()).context("write to standard output")?
        }
    }
    Ok(Exit::Ok)
}

fn write(store: &Store, run: &RunId, out: impl Write) -> anyhow::Result<()> {
    let mut outlet = JsonOutlet::new(BufWriter::new(out));
    let exported = store.export_jsonl(run, &mut outlet);
    if !outlet.is_closed() {
        exported?;
    }
    Ok(outlet.finish()?)
}

/// The run that is named, or the latest.
pub(crate) fn choose(store: &Store, named: Option<&str>) -> anyhow::Result<RunId> {
    if let Some(name) = named {
        return Ok(store.run(&RunId::from(name))?.run);
    }
    let latest = store.runs()?.into_iter().max_by_key(|info| info.created_us);
    latest
        .map(|info| info.run)
        .context("find a run in the store; hint: `trilemma select` makes one")
}

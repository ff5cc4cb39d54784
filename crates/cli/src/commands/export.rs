//! `trilemma export`: everything measured in a run, as JSON lines or in the format of another tool.

mod litellm;
mod rows;

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use trilemma_domain::RunId;
use trilemma_interop::{CsvExport, ParquetExport, PromptfooExport, RowExport};
use trilemma_store::{RunPurpose, Store};

use crate::args::Common;
use crate::commands::route::read_policy;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::places;
use crate::printer::{JsonOutlet, Printer};

/// What to write, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The run (default: the latest).
    pub(crate) run: Option<String>,
    /// The format: `jsonl` is complete and comes back by `import`; `litellm` lists the models that
    /// meet the requirements.
    #[arg(long, short, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub(crate) format: ExportFormat,
    /// `--format litellm`: this routing policy instead of the models of a run, as far as LiteLLM can
    /// express it; what it cannot is listed with the reason.
    #[arg(long, value_name = "FILE", conflicts_with = "run")]
    pub(crate) policy: Option<PathBuf>,
    /// The file to write (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// A format of exported runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    /// Everything, one record a line.
    #[default]
    Jsonl,
    /// A row per trial.
    Csv,
    /// The same table with types, as Parquet.
    Parquet,
    /// The results file of promptfoo, for its viewer.
    Promptfoo,
    /// A `model_list` for LiteLLM's proxy.
    Litellm,
}

/// Runs the command.
pub(crate) fn run(args: &ExportArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    if let Some(policy) = &args.policy {
        return export_policy(args, (&context, policy), printer);
    }
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    if args.format == ExportFormat::Litellm {
        return export_models(args, (&context, &store, &run), printer);
    }
    match &args.out {
        Some(path) => {
            let file = places::create_file(path)?;
            write(args.format, &store, &run, file)?;
            printer.say(&format!("wrote {}", path.display()));
        }
        None => write(args.format, &store, &run, std::io::stdout().lock())
            .context("write to standard output")?,
    }
    Ok(Exit::Ok)
}

/// Writes a policy for LiteLLM, and says what is lost.
fn export_policy(
    args: &ExportArgs,
    (context, policy): (&Context, &Path),
    printer: Printer,
) -> anyhow::Result<Exit> {
    if args.format != ExportFormat::Litellm {
        return Err(anyhow!(InputError(
            "failed to export a policy in this format; hint: `--format litellm`".to_owned()
        )));
    }
    let found = litellm::policy(context, &read_policy(policy)?);
    match &args.out {
        Some(path) => {
            places::write_file(path, &found.yaml)?;
            printer.say(&format!("wrote {}", path.display()));
        }
        None => printer.document(&found.yaml),
    }
    for lost in &found.lost {
        printer.say(&format!("not expressed: {lost}"));
    }
    if !found.lost.is_empty() {
        printer.say("the whole policy runs behind LiteLLM as one more model: `trilemma serve`, docs/gateway.md");
    }
    Ok(Exit::Ok)
}

/// Writes nothing where no model can be named.
fn export_models(
    args: &ExportArgs,
    (context, store, run): (&Context, &Store, &RunId),
    printer: Printer,
) -> anyhow::Result<Exit> {
    let text = litellm::text(context, store, &store.manifest(run)?)?;
    match &args.out {
        Some(path) => {
            places::write_file(path, text)?;
            printer.say(&format!("wrote {}", path.display()));
        }
        None => printer.document(&text),
    }
    Ok(Exit::Ok)
}

fn write(format: ExportFormat, store: &Store, run: &RunId, out: impl Write) -> anyhow::Result<()> {
    let mut outlet = JsonOutlet::new(BufWriter::new(out));
    let exported = match format {
        ExportFormat::Csv | ExportFormat::Parquet | ExportFormat::Promptfoo => {
            write_rows(format, store, run, &mut outlet)
        }
        ExportFormat::Jsonl | ExportFormat::Litellm => {
            store.export_jsonl(run, &mut outlet).map_err(Into::into)
        }
    };
    if !outlet.is_closed() {
        exported?;
    }
    Ok(outlet.finish()?)
}

fn write_rows(
    format: ExportFormat,
    store: &Store,
    run: &RunId,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let scores = store.score_set(run)?;
    let head = rows::head(&store.manifest(run)?, &scores);
    let mut exporter: Box<dyn RowExport + '_> = match format {
        ExportFormat::Csv => Box::new(CsvExport::new(out, head)?),
        ExportFormat::Parquet => Box::new(ParquetExport::new(out, head)?),
        ExportFormat::Promptfoo | ExportFormat::Jsonl | ExportFormat::Litellm => {
            Box::new(PromptfooExport::new(out, head)?)
        }
    };
    store.export_jsonl(run, &mut rows::Rows::new(scores, exporter.as_mut()))?;
    Ok(exporter.finish()?)
}

/// The run that is named, or the latest.
pub(crate) fn choose(store: &Store, named: Option<&str>) -> anyhow::Result<RunId> {
    if let Some(name) = named {
        return Ok(store.run(&RunId::from(name))?.run);
    }
    latest_benchmark(store)?.context("find a run in the store; hint: `trilemma select` makes one")
}

/// The latest run that is no matter of drift.
pub(crate) fn latest_benchmark(store: &Store) -> anyhow::Result<Option<RunId>> {
    let runs = store.runs()?.into_iter();
    let latest = runs
        .filter(|info| info.purpose == RunPurpose::Benchmark)
        .max_by_key(|info| info.created_us);
    Ok(latest.map(|info| info.run))
}

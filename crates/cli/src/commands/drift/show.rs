//! `trilemma drift show`, and how every drift report is written.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use trilemma_domain::DriftReport;
use trilemma_report::{Contents, DriftFormat, drift_report};
use trilemma_store::Store;

use super::look;
use crate::args::Common;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::layout::{DEFAULT_WIDTH, terminal_width};
use crate::places;
use crate::printer::{Printer, plain_json};

/// How a report is shown.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct ShowOptions {
    /// Show the answers of items that changed sides, then and now.
    #[arg(long)]
    with_content: bool,
}

/// Which check is shown, and how.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// The baseline (default: the latest complete one).
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// The number of the check (default: the latest).
    #[arg(long, value_name = "N")]
    check: Option<u32>,
    /// Write the report to a file; its name says the format: `.html`, `.md`, `.json`, `.txt`.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    show: ShowOptions,
}

/// Runs the command.
pub(super) fn run(args: &ShowArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let baseline = look::baseline(&store, args.baseline.as_deref())?;
    let reports = look::reports(&store, &baseline)?;
    let wanted = |report: &&DriftReport| args.check.is_none_or(|number| report.number == number);
    let report = reports.iter().rfind(wanted).ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to find {} over baseline {baseline}; hint: `trilemma drift check` makes one",
            args.check
                .map_or_else(|| "a check".to_owned(), |number| format!("check {number}"))
        )))
    })?;
    tell(report, (args.out.as_deref(), args.show), common, printer)
}

/// Writes a report to a file, shows it, and says what comes next.
///
/// # Errors
/// [`InputError`] for a file name that says no format; as the file system gives them.
pub(super) fn tell(
    report: &DriftReport,
    (out, options): (Option<&Path>, ShowOptions),
    common: &Common,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let contents = if options.with_content {
        Contents::Shown
    } else {
        Contents::LeftOut
    };
    let width = terminal_width().unwrap_or(DEFAULT_WIDTH);
    if let Some(path) = out {
        fs_err::write(path, rendered(report, format_of(path)?, contents)?)?;
        printer.say(&format!("wrote {}", path.display()));
    }
    let format = if printer.json() {
        DriftFormat::Json
    } else {
        DriftFormat::Text { width }
    };
    printer.document(&rendered(report, format, contents)?);
    let (next, exit) = match (report.drifted, contents) {
        (false, _) => ("drift watch --every 1d", Exit::Ok),
        (true, Contents::LeftOut) => ("drift show --with-content", Exit::Drift),
        (true, Contents::Shown) => ("drift baseline", Exit::Drift),
    };
    printer.next(&common.command(next));
    Ok(exit)
}

fn rendered(
    report: &DriftReport,
    format: DriftFormat,
    contents: Contents,
) -> anyhow::Result<String> {
    let bytes = drift_report(report, format, contents)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(if format == DriftFormat::Json {
        plain_json(&text)
    } else {
        text
    })
}

fn format_of(path: &Path) -> anyhow::Result<DriftFormat> {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy());
    match extension.as_deref() {
        Some("html") => Ok(DriftFormat::Html),
        Some("md") => Ok(DriftFormat::Markdown),
        Some("json") => Ok(DriftFormat::Json),
        Some("txt") => Ok(DriftFormat::Text {
            width: DEFAULT_WIDTH,
        }),
        _ => Err(anyhow!(InputError(format!(
            "failed to write {}: its name says no format; hint: end it in .html, .md, .json or .txt",
            path.display()
        )))),
    }
}

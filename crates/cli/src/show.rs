//! Shows a decision: as text or JSON on stdout, as files in every format.

use std::path::Path;

use anyhow::Context as _;
use trilemma_decide::Decision;
use trilemma_report::{Colour, Content, Exporter, Report, Settings, format};

use crate::layout::{DEFAULT_WIDTH, terminal_width};
use crate::places::write_file;
use crate::printer::{Printer, plain_json};

/// Shows the verdict.
pub(crate) fn verdict(decision: &Decision, printer: Printer) -> anyhow::Result<()> {
    if printer.json() {
        return printer.value(decision);
    }
    let mut report = Report::new(decision);
    report.settings = settings(printer);
    printer.document(&String::from_utf8_lossy(
        &exporter("terminal")?.export(&report)?,
    ));
    Ok(())
}

/// Writes the HTML report, without texts, so that it can be forwarded.
pub(crate) fn write_html(decision: &Decision, path: &Path) -> anyhow::Result<()> {
    let bytes = exporter("html")?.export(&Report::new(decision))?;
    write_file(path, bytes)
}

/// Renders a decision in a named format.
pub(crate) fn render(
    decision: &Decision,
    format: &str,
    content: Option<&Content>,
    settings: Settings,
) -> anyhow::Result<Vec<u8>> {
    let report = Report {
        decision,
        content,
        settings,
    };
    let bytes = exporter(format)?.export(&report)?;
    if format == "json" {
        return Ok(plain_json(&String::from_utf8_lossy(&bytes)).into_bytes());
    }
    Ok(bytes)
}

/// How text shall look on this terminal.
pub(crate) fn settings(printer: Printer) -> Settings {
    Settings {
        terminal_width: terminal_width().unwrap_or(DEFAULT_WIDTH),
        colour: if printer.colour() {
            Colour::Ansi
        } else {
            Colour::Plain
        },
        ..Settings::default()
    }
}

fn exporter(name: &str) -> anyhow::Result<&'static dyn Exporter> {
    format(name).with_context(|| format!("find the format `{name}`"))
}

//! `trilemma schema`: the JSON Schemas of our file formats.
//!
//! Formats that people write are described strictly: what the schema refuses, the reader refuses too.
//! Formats that this program writes may gain fields within a version, so their schemas allow more.

use anyhow::anyhow;
use serde_json::Value;

use crate::context::InputError;
use crate::exit::Exit;
use crate::layout::{pairs, terminal_width};
use crate::printer::Printer;

/// Which schema.
#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// The format; without it, all are listed.
    name: Option<String>,
}

/// A format with its schema.
struct Format {
    name: &'static str,
    doc: &'static str,
    schema: &'static str,
}

macro_rules! entry {
    ($name:literal, $doc:literal) => {
        Format {
            name: $name,
            doc: $doc,
            schema: include_str!(concat!("../../schemas/", $name, ".json")),
        }
    };
}

/// All formats, those that people write first.
static FORMATS: &[Format] = &[
    entry!("project", "trilemma.toml"),
    entry!("golden-item", "an item of a golden set, a line of JSONL"),
    entry!("policy", "a routing policy"),
    entry!("scenario", "what `trilemma sim` serves"),
    entry!("catalog", "a catalog file of your own, for --catalog"),
    entry!("decision", "what `trilemma decide --json` prints"),
    entry!(
        "what-if",
        "what `trilemma decide --what-if … --json` prints"
    ),
    entry!("runs-diff", "what `trilemma runs diff --json` prints"),
    entry!(
        "drift",
        "what `trilemma drift check --json` prints, and a line of `drift watch`"
    ),
    entry!("route-train", "what `trilemma route train --json` prints"),
    entry!("route-eval", "what `trilemma route eval --json` prints"),
    entry!(
        "route-explain",
        "what `trilemma route explain --json` prints"
    ),
    entry!("route-embed", "what `trilemma route embed --json` prints"),
    entry!("cost", "what `trilemma cost --json` prints"),
    entry!("tco", "what `trilemma tco --json` prints"),
    entry!("selfhost", "what `trilemma selfhost --json` prints"),
    entry!("limits", "what `trilemma limits --json` prints"),
    entry!("evidence", "what `trilemma evidence --json` prints"),
    entry!("latency", "what `trilemma latency --json` prints"),
    entry!("export", "a line of `trilemma export`"),
];

/// Runs the command.
pub(crate) fn run(args: &SchemaArgs, printer: Printer) -> anyhow::Result<Exit> {
    let Some(name) = &args.name else {
        return list(printer);
    };
    let format = FORMATS.iter().find(|format| format.name == name);
    let format = format.ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        anyhow!(InputError(format!(
            "failed to find a schema of `{name}`; hint: one of {}",
            names.join(", ")
        )))
    })?;
    printer.document(format.schema);
    Ok(Exit::Ok)
}

fn list(printer: Printer) -> anyhow::Result<Exit> {
    if printer.json() {
        let rows: Vec<Value> = FORMATS
            .iter()
            .map(|format| serde_json::json!({ "name": format.name, "of": format.doc }))
            .collect();
        printer.value(&rows)?;
        return Ok(Exit::Ok);
    }
    let rows = FORMATS.iter().map(|format| (format.name, format.doc));
    printer.data(&pairs(rows, 0, terminal_width()));
    printer.next("trilemma schema NAME");
    Ok(Exit::Ok)
}

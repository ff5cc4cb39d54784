//! `trilemma init --from`: a project out of another tool's configuration and test set.
//!
//! In: files of that tool. Out: `trilemma.toml`, golden set, prompts and checks, which every other command
//! reads, and a list of what has no counterpart, on the terminal and at the end of the project file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use trilemma_bench::Asked;
use trilemma_catalog::Catalog;
use trilemma_interop::{Draft, Unmapped, read_setup};
use trilemma_project::{LoadContext, Project, load};

use crate::args::Common;
use crate::commands::init::InitArgs;
use crate::commands::init::folder::Folder;
use crate::context::{self, InputError};
use crate::exit::Exit;
use crate::layout::{one_line, terminal_width, wrap};
use crate::printer::Printer;

use super::from_call::Callers;
use super::from_text as text;

/// Losses shown on the terminal; the project file has all of them.
const MAX_SHOWN: usize = 12;

/// Runs the command.
pub(super) fn run(args: &InitArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let folder = Folder::new(&args.dir);
    let mut draft = read_setup(&args.from)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let catalog = context::catalog(common)?;
    let as_of = context::as_of(common);
    let callers = Callers::of(&mut draft, &catalog)?;
    let head = text::Head {
        name: args
            .name
            .clone()
            .or_else(|| draft.name.clone())
            .unwrap_or_else(|| folder.task_name(args.kind())),
        kind: args.kind(),
        stakes: args.stakes,
        incumbent: args.incumbent.clone(),
        files: args
            .from
            .iter()
            .map(|path| path.display().to_string())
            .collect(),
        as_of,
    };
    let files = text::files(&head, &draft, &callers)?;
    let warnings = prove(&files, &draft, &catalog, as_of)?;
    folder.write(&files, args.force)?;
    if printer.json() {
        printer.value(&summary(&draft, &callers, &files, &folder))?;
        return Ok(Exit::Ok);
    }
    for name in files.keys() {
        printer.data(&one_line(&folder.path(name).display().to_string()));
    }
    for warning in warnings {
        printer.say(&format!("warning: {warning}"));
    }
    tell(&draft, &callers, printer);
    printer.next(&super::next(&folder, common));
    Ok(Exit::Ok)
}

/// Reads the project as every other command will, and builds every request, before anything is written.
fn prove(
    files: &BTreeMap<String, String>,
    draft: &Draft,
    catalog: &Catalog,
    as_of: jiff::civil::Date,
) -> anyhow::Result<Vec<String>> {
    let read_file = |path: &Path| {
        let name = path.to_str().unwrap_or_default();
        let found = files.get(name).cloned();
        found.ok_or_else(|| format!("there is no `{name}`"))
    };
    let text = files.get("trilemma.toml").map_or("", String::as_str);
    let loaded = load(
        text,
        &LoadContext {
            catalog,
            as_of,
            read_file: &read_file,
        },
    )
    .map_err(|errors| {
        let place = Path::new("the project that would be written");
        anyhow!(InputError(context::problems_text(place, &errors.problems)))
    })?;
    let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    warnings.extend(unsendable(&loaded.project, draft));
    Ok(warnings)
}

fn unsendable(project: &Project, draft: &Draft) -> Vec<String> {
    let mut warnings = Vec::new();
    for candidate in &project.candidates {
        let first = match Asked::new(candidate) {
            Err(error) => Some(format!("failed to {error}")),
            Ok(asked) => draft
                .items
                .iter()
                .find_map(|item| asked.encode(candidate, item).err())
                .map(|failure| failure.message),
        };
        warnings.extend(first.map(|why| format!("{}: {why}", candidate.id)));
    }
    warnings
}

fn tell(draft: &Draft, callers: &Callers, printer: Printer) {
    let width = terminal_width().unwrap_or(100);
    let tools: Vec<&str> = draft.tools.iter().map(|tool| tool.name()).collect();
    let line = format!(
        "{}: {} items, {} of them with checks of their own; {} candidates; {} prompts",
        tools.join(", "),
        draft.items.len(),
        draft.checks.len(),
        callers.n_candidates(),
        draft.prompts.len()
    );
    printer.say(&wrap(&line, 0, width));
    if draft.items.is_empty() {
        printer.say(&wrap(
            "no items were found: golden.jsonl is yours to write before a run",
            0,
            width,
        ));
    }
    if !callers.keys().is_empty() {
        let keys: Vec<String> = callers.keys();
        printer.say(&wrap(
            &format!("set the keys before a run: {}", keys.join(", ")),
            0,
            width,
        ));
    }
    if draft.unmapped.is_empty() {
        printer.say("everything was taken over");
        return;
    }
    printer.say("not taken over:");
    for loss in draft.unmapped.iter().take(MAX_SHOWN) {
        printer.say(&wrap(&one_line(&loss_text(loss)), 2, width));
    }
    let n_more = draft.unmapped.len().saturating_sub(MAX_SHOWN);
    if n_more > 0 {
        printer.say(&format!(
            "  and {n_more} more kinds: all stand at the end of trilemma.toml"
        ));
    }
}

/// One loss in words.
pub(super) fn loss_text(loss: &Unmapped) -> String {
    let place = if loss.n > 1 {
        format!("{}× from {}", loss.n, loss.first)
    } else {
        loss.first.clone()
    };
    format!("{} ({place}): {}", loss.what, loss.why)
}

fn summary(
    draft: &Draft,
    callers: &Callers,
    files: &BTreeMap<String, String>,
    folder: &Folder,
) -> serde_json::Value {
    let unmapped: Vec<serde_json::Value> = draft
        .unmapped
        .iter()
        .map(|loss| {
            serde_json::json!({ "what": loss.what, "why": loss.why, "first": loss.first, "n": loss.n })
        })
        .collect();
    serde_json::json!({
        "folder": folder.path(""),
        "files": files.keys().collect::<Vec<_>>(),
        "tools": draft.tools.iter().map(|tool| tool.name()).collect::<Vec<_>>(),
        "n_items": draft.items.len(),
        "n_items_with_checks": draft.checks.len(),
        "candidates": callers.ids(),
        "keys": callers.keys(),
        "not_taken_over": unmapped,
    })
}

/// Items as lines.
pub(super) fn golden(draft: &Draft) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    trilemma_golden::write_jsonl(draft.items.iter(), &mut bytes).context("write the golden set")?;
    Ok(String::from_utf8(bytes)?)
}

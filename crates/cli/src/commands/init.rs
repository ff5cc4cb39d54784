//! `trilemma init`: a commented, working project for a kind of task.

mod compose;
mod folder;
mod from;
mod from_call;
mod from_text;
mod margin;
mod offer;
mod starter;
mod task;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use trilemma_domain::{Stakes, TaskKind};
use trilemma_project::{LoadContext, Loaded, load};

use crate::args::Common;
use crate::commands::words::{stakes, task_kind};
use crate::context::{self, InputError};
use crate::exit::Exit;
use crate::layout::{one_line, terminal_width, wrap};
use crate::printer::Printer;

use compose::Draft;
use folder::Folder;
use margin::Proposed;
use offer::Offer;
use task::Items;

/// What to write, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// The folder; made if it is not there.
    #[arg(default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// Kind of task (default: what the golden set looks like, else classification).
    #[arg(long, value_name = "KIND", value_parser = task_kind())]
    task: Option<TaskKind>,
    /// Make the project of files of promptfoo, OpenAI Evals, Inspect, DeepEval, Ragas, Bedrock or LiteLLM.
    #[arg(long, value_name = "FILE", conflicts_with = "golden")]
    from: Vec<PathBuf>,
    /// Use this golden set instead of writing starter items.
    #[arg(long, value_name = "FILE")]
    golden: Option<PathBuf>,
    /// Which column of the golden set holds a field, such as `input=question`; may be repeated.
    #[arg(long, requires = "golden", value_name = "FIELD=COLUMN")]
    column: Vec<String>,
    /// How much a wrong answer hurts; orders the candidates that are proposed.
    #[arg(long, value_name = "STAKES", default_value = "medium", value_parser = stakes())]
    stakes: Stakes,
    /// The model in use today, as `provider/model`: candidates are compared with it.
    #[arg(long, value_name = "MODEL")]
    incumbent: Option<String>,
    /// Name of the task in reports (default: the folder's).
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Write over files that exist.
    #[arg(long)]
    force: bool,
}

impl InitArgs {
    /// The kind of task as it was said.
    fn kind(&self) -> TaskKind {
        self.task.unwrap_or(TaskKind::Other)
    }
}

/// Runs the command.
pub(crate) fn run(args: &InitArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    if !args.from.is_empty() {
        return from::run(args, common, printer);
    }
    let folder = Folder::new(&args.dir);
    let items = Items::read(args, &folder)?;
    let kind = args.task.unwrap_or_else(|| items.looks_like());
    let catalog = context::catalog(common)?;
    let as_of = context::as_of(common);
    let offer = Offer::ask(&catalog, &items, kind, args.stakes, as_of)?;
    let draft = Draft {
        name: args.name.clone().unwrap_or_else(|| folder.task_name(kind)),
        kind,
        stakes: args.stakes,
        incumbent: args.incumbent.clone(),
        as_of,
        margin: Proposed::of(
            &items,
            offer.proposals.len() + usize::from(args.incumbent.is_some()),
        ),
        offer,
        items: &items,
    };
    let files = compose::files(&draft, &catalog);
    let warnings = prove(&files, &catalog, as_of)?;
    folder.write(&files, args.force)?;
    if printer.json() {
        printer.value(&summary(&draft, &files, &folder))?;
        return Ok(Exit::Ok);
    }
    for name in files.keys() {
        printer.data(&one_line(&folder.path(name).display().to_string()));
    }
    for warning in warnings {
        printer.say(&format!("warning: {warning}"));
    }
    tell(&draft, printer);
    printer.next(&next(&folder, common));
    Ok(Exit::Ok)
}

/// Reads the project as every other command will, before anything is written.
fn prove(
    files: &BTreeMap<&'static str, String>,
    catalog: &trilemma_catalog::Catalog,
    as_of: jiff::civil::Date,
) -> anyhow::Result<Vec<String>> {
    let read_file = |path: &Path| {
        let name = path.to_str().unwrap_or_default();
        files
            .get(name)
            .cloned()
            .ok_or_else(|| format!("there is no `{name}`"))
    };
    let text = files.get("trilemma.toml").map_or("", String::as_str);
    let context = LoadContext {
        catalog,
        as_of,
        read_file: &read_file,
    };
    match load(text, &context) {
        Ok(Loaded { warnings, .. }) => Ok(warnings.iter().map(ToString::to_string).collect()),
        Err(errors) => Err(anyhow!(InputError(context::problems_text(
            Path::new("the project that would be written"),
            &errors.problems
        )))),
    }
}

fn tell(draft: &Draft<'_>, printer: Printer) {
    let width = terminal_width().unwrap_or(100);
    let mut lines = vec![format!(
        "{}: {} candidates, golden set of {}, margin of {}",
        draft.kind.name(),
        draft.offer.proposals.len(),
        draft.items.set.len(),
        draft.margin.text()
    )];
    if draft.items.is_starter() {
        lines.push(
            "golden.jsonl holds starter items: replace them by 100 to 500 of your own \
             (`trilemma golden sample LOGS --n 300` draws them from logs)"
                .to_owned(),
        );
    }
    let keys = draft.keys();
    if !keys.is_empty() {
        lines.push(format!("set the keys before a run: {}", keys.join(", ")));
    }
    for line in lines {
        printer.say(&wrap(&line, 0, width));
    }
}

fn next(folder: &Folder, common: &Common) -> String {
    let project = (!folder.is_here()).then(|| folder.path("trilemma.toml"));
    let common = Common {
        project,
        ..common.clone()
    };
    one_line(&common.command("check"))
}

fn summary(
    draft: &Draft<'_>,
    files: &BTreeMap<&'static str, String>,
    folder: &Folder,
) -> serde_json::Value {
    serde_json::json!({
        "folder": folder.path(""),
        "files": files.keys().collect::<Vec<_>>(),
        "task": draft.kind,
        "name": draft.name,
        "as_of": draft.as_of,
        "candidates": draft.offer.proposals.iter().map(|one| one.id.to_string()).collect::<Vec<_>>(),
        "judge": draft.judge(),
        "keys": draft.keys(),
        "n_items": draft.items.set.len(),
        "starter_items": draft.items.is_starter(),
        "margin": draft.margin.margin,
        "margin_for_n_items": draft.margin.n_items,
    })
}

//! `trilemma score`: score recorded answers again, without calling a candidate.

use std::sync::Arc;

use anyhow::anyhow;
use trilemma_bench::{RunPlan, manifest};
use trilemma_domain::Item;
use trilemma_grade::{CodeLeave, Pending, grade_pending};
use trilemma_provider::Cancel;
use trilemma_store::{Store, Unscored};

use crate::args::Common;
use crate::clock;
use crate::commands::export::choose;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::keys;
use crate::lineup::{self, Lines};
use crate::places;
use crate::printer::Printer;

/// What to score.
#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    /// The run (default: the latest).
    run: Option<String>,
    /// Let scorers of the project run programs.
    #[arg(long)]
    allow_code: bool,
    /// Ask scorers that could not run once more.
    #[arg(long)]
    retry_failed: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ScoreArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    let recorded = store.manifest(&run)?;
    let mut items: Vec<Item> = Vec::new();
    let mut broken = None;
    store.items(&recorded.golden, |id, body| {
        match serde_json::from_str(body) {
            Ok(item) => {
                items.push(item);
                std::ops::ControlFlow::Continue(())
            }
            Err(error) => {
                broken = Some(format!("read item `{id}` of the store: {error}"));
                std::ops::ControlFlow::Break(())
            }
        }
    })?;
    if let Some(why) = broken {
        return Err(anyhow!(InputError(format!("failed to {why}"))));
    }
    let (secrets, missing) = keys::read(&context.project, &context.folder);
    let judges: Vec<&str> = context
        .project
        .judges
        .values()
        .map(|judge| judge.target.provider.as_str())
        .collect();
    if let Some(key) = missing
        .iter()
        .find(|key| judges.contains(&key.provider.as_str()))
    {
        return Err(anyhow!(InputError(format!(
            "failed to find the key of {}: {}",
            key.provider, key.reason
        ))));
    }
    let mut lines = Lines::open(&context.project)?;
    let leave = if args.allow_code {
        CodeLeave::Granted
    } else {
        CodeLeave::Withheld
    };
    let grader = lineup::grader(&context, &mut lines, &secrets, leave)?;
    let plan = manifest(RunPlan {
        project: &context.project,
        items: Vec::new(),
        golden: recorded.golden,
        as_of: context.as_of,
        now_us: clock::now_us(),
        version: env!("CARGO_PKG_VERSION"),
    });
    let set = store.use_scores(&run, &plan.scores)?;
    let writer = store.writer()?;
    let pending = Pending {
        store: &store,
        writer: &writer,
        run: &run,
        items: Arc::new(items),
        grader: Arc::new(grader),
        set,
        which: if args.retry_failed {
            Unscored::MissingOrFailed
        } else {
            Unscored::Missing
        },
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let n_graded = runtime.block_on(grade_pending(pending, &Cancel::new(), |_, _| {}))?;
    if printer.json() {
        printer.value(&serde_json::json!({ "run": run, "n_scored": n_graded }))?;
    } else {
        printer.data(&format!(
            "run {run}: {n_graded} answers scored, no candidate called"
        ));
        printer.next("trilemma decide");
    }
    Ok(Exit::Ok)
}

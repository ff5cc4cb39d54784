//! `trilemma score`: score recorded answers again, without calling a candidate.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use trilemma_bench::{RunPlan, manifest};
use trilemma_domain::{Item, ItemId, RunId, Usd};
use trilemma_grade::{
    Budget, CodeLeave, Docket, DocketParts, JudgeTally, Pending, Unreadable, grade_pending,
};
use trilemma_provider::Cancel;
use trilemma_store::{RunManifest, Store, Unscored};

use crate::args::Common;
use crate::clock;
use crate::commands::export::choose;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::hint;
use crate::keys::{self, Secrets};
use crate::lineup::{self, Lines};
use crate::places;
use crate::plan;
use crate::printer::Printer;
use crate::session;

/// What to score.
#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    /// The run (default: the latest).
    run: Option<String>,
    /// Let scorers of the project run programs.
    #[arg(long)]
    allow_code: bool,
    /// Ask scorers that could not run once more, judges whose reply held no grade too.
    #[arg(long)]
    retry_failed: bool,
    /// Most that the run may cost, judges included, in dollars (overrides the project).
    #[arg(long, value_name = "USD")]
    budget: Option<Usd>,
    /// With a budget, ask judges too whose price is unknown: nothing bounds what they cost.
    #[arg(long)]
    allow_unknown_price: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ScoreArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    let scored = score_run((&context, &store, &run), args, printer)?;
    let (n_graded, n_left) = (scored.n_tried, scored.n_left);
    if printer.json() {
        printer.value(&serde_json::json!({
            "run": run, "n_scored": n_graded - n_left.min(n_graded), "n_unscored": n_left,
            "judges": scored.tally, "stopped_by_budget": scored.is_out_of_money,
        }))?;
    } else {
        let words = outcome_text((n_graded, n_left), &scored.tally, scored.is_out_of_money);
        printer.data(&format!("run {run}: {words}"));
        let named = args.run.as_deref().map(hint::word).unwrap_or_default();
        printer.next(&common.command(format!("decide {named}").trim_end()));
    }
    Ok(if n_left > 0 { Exit::Provider } else { Exit::Ok })
}

/// What became of the answers without a score.
pub(crate) struct Scored {
    /// Answers that scorers looked at.
    pub(crate) n_tried: usize,
    /// Answers that have no score now.
    pub(crate) n_left: usize,
    tally: JudgeTally,
    is_out_of_money: bool,
}

impl ScoreArgs {
    /// As the command without options.
    pub(crate) fn plain(allow_code: bool) -> Self {
        Self {
            run: None,
            allow_code,
            retry_failed: false,
            budget: None,
            allow_unknown_price: false,
        }
    }
}

/// Scores the answers of a run by the project's scorers.
pub(crate) fn score_run(
    (context, store, run): (&Context, &Store, &RunId),
    args: &ScoreArgs,
    printer: Printer,
) -> anyhow::Result<Scored> {
    let recorded = store.manifest(run)?;
    let items = recorded_items(store, &recorded)?;
    let secrets = judges_keys(context)?;
    let mut lines = Lines::open(&context.project)?;
    let leave = if args.allow_code {
        CodeLeave::Granted
    } else {
        CodeLeave::Withheld
    };
    let grader = lineup::grader(context, &mut lines, &secrets, leave)?;
    let is_pure = grader.is_pure();
    let plan = manifest(RunPlan {
        project: &context.project,
        items: Vec::new(),
        golden: recorded.golden,
        as_of: context.as_of,
        now_us: clock::now_us(),
        version: env!("CARGO_PKG_VERSION"),
    });
    let (which, unreadable) = if args.retry_failed {
        (Unscored::MissingOrFailed, Unreadable::AskAgain)
    } else {
        (Unscored::Missing, Unreadable::Stands)
    };
    let set = store.use_scores(run, &plan.scores)?;
    let n_answers = store.unscored(run, &set, which)?.len();
    printer.say(plan::rescoring(context, &items, n_answers)?.trim_end());
    let writer = store.writer()?;
    let limit = args.budget.or(context.project.bench.budget);
    if limit.is_some() && n_answers > 0 && !args.allow_unknown_price {
        lineup::refuse_unbounded_judges(context)?;
    }
    let spent = store.spent(run)?;
    let known = spent.trials.saturating_add(spent.scoring);
    let budget = Budget::new(limit.map(Usd::settle).transpose()?, known);
    budget.assume(spent.assumed_scoring);
    let docket = Arc::new(Docket::open(DocketParts {
        store: store.clone(),
        writer: writer.clone(),
        run: run.clone(),
        set,
        budget: Arc::new(budget),
        incumbent: incumbent(context, &recorded),
        unreadable,
    })?);
    let pending = Pending {
        store,
        writer: &writer,
        run,
        items: Arc::new(items),
        grader: Arc::new(grader),
        set,
        docket: docket.clone(),
        which,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let cancel = Cancel::new();
    let n_graded = runtime.block_on(async {
        let listening = tokio::spawn(session::listen(printer, cancel.clone()));
        let graded = grade_pending(pending, &cancel, |_, _| {}).await;
        listening.abort();
        graded
    })?;
    // What pure scorers cannot score, asking again does not change.
    let n_left = if is_pure {
        0
    } else {
        usize::try_from(store.n_without_score(run, &set)?)?
    };
    if n_left == 0 && store.run(run)?.completed_us.is_some() {
        store.forget_calls(run)?;
    }
    Ok(Scored {
        n_tried: n_graded,
        n_left,
        tally: docket.tally(),
        is_out_of_money: docket.is_out_of_money(),
    })
}

fn outcome_text((n_tried, n_left): (usize, usize), tally: &JudgeTally, no_money: bool) -> String {
    let n_scored = n_tried.saturating_sub(n_left);
    let mut lines = vec![format!("{n_scored} answers scored, no candidate called")];
    if n_left > 0 {
        lines.push(format!(
            "  {n_left} answers have no score: `trilemma score --retry-failed` asks again"
        ));
    }
    if *tally != JudgeTally::default() {
        lines.push(format!("  {}", plan::tally_text(tally)));
    }
    if no_money {
        lines.push("stopped: the next call of a judge might have exceeded the budget".to_owned());
    }
    lines.join("\n")
}

/// The keys, of which those of judges must be there.
fn judges_keys(context: &Context) -> anyhow::Result<Secrets> {
    let (secrets, missing) = keys::read(&context.project, &context.folder);
    let judges: Vec<&str> = context
        .project
        .judges
        .values()
        .flatten()
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
    Ok(secrets)
}

/// Position of the incumbent in the run.
fn incumbent(context: &Context, run: &RunManifest) -> Option<u32> {
    let id = context.project.incumbent.as_ref()?;
    let place = run
        .candidates
        .iter()
        .position(|record| record.candidate.id == *id)?;
    u32::try_from(place).ok()
}

/// The items of a run in its own order, as they were when it was measured.
fn recorded_items(store: &Store, run: &RunManifest) -> anyhow::Result<Vec<Item>> {
    let mut known: HashMap<ItemId, Item> = HashMap::with_capacity(run.items.len());
    let mut broken = None;
    store.items(&run.golden, |id, body| match serde_json::from_str(body) {
        Ok(item) => {
            known.insert(id, item);
            ControlFlow::Continue(())
        }
        Err(error) => {
            broken = Some(format!("failed to read item `{id}` of the store: {error}"));
            ControlFlow::Break(())
        }
    })?;
    if let Some(why) = broken {
        return Err(anyhow!(InputError(why)));
    }
    let in_order = run.items.iter().map(|id| {
        known
            .remove(id)
            .with_context(|| format!("find item `{id}` in the store"))
    });
    in_order.collect()
}

//! One benchmark session: begin or resume the run of a project, call what is missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::{Map, Value};
use trilemma_bench::{JobParts, Progress, RunPlan, Shape, Summary, manifest_with};
use trilemma_domain::{Fingerprint, Item, NanoUsd, RunId};
use trilemma_golden::GoldenSet;
use trilemma_grade::CodeLeave;
use trilemma_project::Adaptive;
use trilemma_provider::Cancel;
use trilemma_store::{RunManifest, Store};

use crate::adaptive;
use crate::clock;
use crate::context::{Context, InputError};
use crate::decision::DecideOptions;
use crate::field;
use crate::gates;
use crate::keys::{self, Secrets};
use crate::layout::counted;
use crate::lineup::{self, Lines};
use crate::places;
use crate::printer::Printer;
use crate::progress::{Scene, draw};
use crate::split::Part;

/// What a budget means for candidates and judges whose price is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownPrice {
    /// Nothing is called.
    Refuse,
    /// They are called, and bounded by nothing.
    Accept,
}

/// How a session is run.
#[derive(Debug, Clone)]
pub(crate) struct SessionOptions {
    /// The part of the golden set that is measured; `None` = all of it.
    pub(crate) part: Option<Part>,
    pub(crate) unknown_price: UnknownPrice,
    /// Whether a completed run of the same plan is measured again.
    pub(crate) fresh: bool,
    pub(crate) leave: CodeLeave,
    /// How the run will be decided on: what a race for requirements looks at.
    pub(crate) decide: DecideOptions,
    /// Further settings that make the run another one.
    pub(crate) parameters: Map<String, Value>,
    /// Only the first so many items of the order, for every candidate; `None` = all of it.
    pub(crate) beginning: Option<usize>,
}

/// A session that has ended.
pub(crate) struct Session {
    pub(crate) store: Store,
    pub(crate) run: RunId,
    pub(crate) summary: Summary,
}

/// Runs or resumes the benchmark of a project.
pub(crate) fn run(
    context: &Context,
    golden: GoldenSet,
    options: SessionOptions,
    printer: Printer,
) -> anyhow::Result<Session> {
    let secrets = secrets(context)?;
    if options.unknown_price == UnknownPrice::Refuse {
        lineup::refuse_unbounded(context)?;
    }
    adaptive::refuse(context, context.project.bench.adaptive, &golden)?;
    let is_for_gates = context.project.bench.adaptive == Some(Adaptive::Gates);
    let mut lines = Lines::open_for(context, options.leave)?;
    let entrants = lineup::entrants(context, &mut lines, &secrets)?;
    let grader = lineup::grader(context, &mut lines, &secrets, options.leave)?;
    let store = Store::open(&places::store_path(&context.folder, &context.project)?)?;
    // Before the plan, which names every item, takes its place in memory.
    put_items(&store, &golden)?;
    let plan = plan(context, &golden, &options);
    let (run, score_set) = begin(&store, plan, options.fresh)?;
    let items = Arc::new(golden.into_items());
    let shape = shape(context, &items);
    let progress = Arc::new(Progress::new(shape.n_trials(), entrants.len()));
    let cancel = Cancel::new();
    let bench = &context.project.bench;
    let parts = JobParts {
        writer: store.writer()?,
        store: store.clone(),
        run: run.clone(),
        repeats: bench.repeats,
        seed: bench.seed,
        items,
        entrants,
        grader: Arc::new(grader),
        score_set,
        incumbent: incumbent(context),
        budget: bench.budget.map(trilemma_domain::Usd::settle).transpose()?,
        concurrency: bench.concurrency as usize,
        cache: bench.cache,
        adaptive: bench.adaptive,
        aside: field::givers(&context.project),
        beginning: options.beginning,
        cancel: cancel.clone(),
        progress: progress.clone(),
    };
    let scene = Scene {
        names: context
            .project
            .candidates
            .iter()
            .map(|one| one.id.clone())
            .collect(),
        budget: parts.budget,
        spent_before: spent(&store, &run)?,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let bench = gates::Bench {
        context,
        store: &store,
        run: &run,
        options: options.decide,
    };
    let judge = |arms: &[u32]| bench.judge(arms);
    let for_gates = if is_for_gates {
        Some(gates::race(&bench, &judge)?)
    } else {
        None
    };
    let summary = runtime.block_on(async {
        let drawing = tokio::spawn(draw(printer, progress, scene));
        let listening = tokio::spawn(listen(printer, cancel));
        let summary = trilemma_bench::run_for(parts, for_gates.as_ref()).await;
        drawing.abort();
        listening.abort();
        summary
    })?;
    if summary.n_open == 0 && summary.n_failed == 0 && summary.n_unscored == 0 {
        store.complete_run(&run, clock::now_us())?;
    }
    Ok(Session {
        store,
        run,
        summary,
    })
}

/// The keys of all providers.
fn secrets(context: &Context) -> anyhow::Result<Secrets> {
    let (secrets, missing) = keys::read(&context.project, &context.folder);
    if missing.is_empty() {
        return Ok(secrets);
    }
    let lines: Vec<String> = missing
        .iter()
        .map(|key| format!("  {}: {}", key.provider, key.reason))
        .collect();
    Err(anyhow!(InputError(format!(
        "failed to find {}\n{}",
        counted(missing.len() as u64, "key"),
        lines.join("\n")
    ))))
}

/// Stops handing out calls at the first Ctrl-C, and the program at the second.
pub(crate) async fn listen(printer: Printer, cancel: Cancel) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    cancel.cancel();
    printer.tell("stopping: calls in flight are finished (Ctrl-C again to leave at once)");
    if tokio::signal::ctrl_c().await.is_ok() {
        // Everything settled is on disk; calls in flight are marked when the run is resumed.
        std::process::exit(130);
    }
}

fn plan(context: &Context, golden: &GoldenSet, options: &SessionOptions) -> RunManifest {
    let mut parameters = options.parameters.clone();
    parameters.extend(
        options
            .part
            .as_ref()
            .map(Part::parameters)
            .unwrap_or_default(),
    );
    let plan = RunPlan {
        project: &context.project,
        items: golden.items().iter().map(|item| item.id.clone()).collect(),
        golden: golden.fingerprint(),
        as_of: context.as_of,
        now_us: clock::now_us(),
        version: env!("CARGO_PKG_VERSION"),
    };
    if let Some(mode) = context.project.bench.adaptive {
        let aside = field::givers(&context.project);
        let what = (&context.project.requirements, &aside[..]);
        adaptive::record(mode, what, &mut parameters);
    }
    manifest_with(plan, parameters)
}

fn put_items(store: &Store, golden: &GoldenSet) -> anyhow::Result<()> {
    let items = golden.items().iter().map(|item| {
        let body = serde_json::to_string(item).unwrap_or_default();
        (item.id.clone(), body)
    });
    store.put_items(&golden.fingerprint(), items)?;
    Ok(())
}

/// Finds the run of the same plan, or begins a new one; the plan, which names every item, is not
/// kept beside the run.
fn begin(
    store: &Store,
    mut plan: RunManifest,
    is_fresh: bool,
) -> anyhow::Result<(RunId, Fingerprint)> {
    let known = if is_fresh {
        None
    } else {
        same_plan(store, &plan)?
    };
    let run = match known {
        Some(run) => run,
        None => {
            plan.run = free_name(store, &plan.run)?;
            store.begin_run(&plan)?
        }
    };
    let score_set = store.use_scores(&run, &plan.scores)?;
    Ok((run, score_set))
}

/// A name that no run has: names tell seconds apart, and two runs may begin within one.
fn free_name(store: &Store, wanted: &RunId) -> anyhow::Result<RunId> {
    let taken: BTreeSet<RunId> = store.runs()?.into_iter().map(|info| info.run).collect();
    let mut name = wanted.clone();
    let mut n_tries = 1;
    while taken.contains(&name) {
        n_tries += 1;
        name = RunId::from(format!("{wanted}-{n_tries}"));
    }
    Ok(name)
}

/// The latest run that asks for the same calls, finished or not.
fn same_plan(store: &Store, plan: &RunManifest) -> anyhow::Result<Option<RunId>> {
    let fingerprint = plan.fingerprint();
    let runs = store.runs()?;
    Ok(runs
        .into_iter()
        .filter(|info| info.fingerprint == fingerprint)
        .max_by_key(|info| info.created_us)
        .map(|info| info.run))
}

fn shape(context: &Context, items: &[Item]) -> Shape {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Shape {
        n_candidates: count(context.project.candidates.len()),
        n_items: count(items.len()),
        repeats: context.project.bench.repeats,
    }
}

/// Position of the incumbent among the candidates.
fn incumbent(context: &Context) -> Option<u32> {
    let project = &context.project;
    let id = project.incumbent.as_ref()?;
    let place = project.candidates.iter().position(|one| one.id == *id)?;
    u32::try_from(place).ok()
}

fn spent(store: &Store, run: &RunId) -> anyhow::Result<NanoUsd> {
    let spent = store.spent(run)?;
    Ok(spent.trials.saturating_add(spent.scoring))
}

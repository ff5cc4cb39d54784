//! One check: ask the canary, judge, write down, decide again.
//!
//! In: a baseline. Out: its next report, on record before it is shown. A check that was interrupted is gone on
//! with: its run is found by its number, and a finding is written once.

use anyhow::{Context as _, anyhow};
use trilemma_bench::Stop;
use trilemma_domain::{DriftReport, Item, RunId};
use trilemma_drift::{BaselinePlan, CheckFacts, CheckPlan, Purpose, all_other, judge};
use trilemma_golden::GoldenSet;
use trilemma_store::{DriftLook, RunInfo, RunManifest, RunPurpose, Store};

use super::asking::{AskArgs, Asked, Asking, First};
use crate::args::Common;
use crate::clock;
use crate::context::{Context, InputError};
use crate::layout::counted;
use crate::printer::Printer;
use crate::redecide;
use crate::session::Session;

/// Share of a check's calls that must have an answer for it to be judged.
const LEAST_ANSWERED: f64 = 0.5;

/// Share of the canary that is asked first where that may be enough.
const FIRST_SHARE: f64 = 0.1;

/// How a check is made.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct CheckHow {
    #[command(flatten)]
    pub(super) ask: AskArgs,
    /// Ask a tenth of the canary first, and no more where another model's name answers already; the decision
    /// is then not taken again.
    #[arg(long)]
    cheapest_first: bool,
}

/// How a check ended.
pub(super) enum Checked {
    /// It was judged; on record.
    Judged(Box<DriftReport>),
    /// Only its cost was asked for.
    Planned,
    /// It was stopped, or the budget is used up; the next one goes on with it.
    Stopped,
    /// Too few calls had an answer; the next one tries again.
    Unanswered { n_answers: u64, n_trials: u64 },
}

/// All baselines, oldest first.
///
/// # Errors
/// As the store gives them.
pub(super) fn baselines(store: &Store) -> anyhow::Result<Vec<(RunInfo, BaselinePlan)>> {
    let mut all = Vec::new();
    for info in store.runs()? {
        if info.purpose == RunPurpose::Baseline
            && let Some(plan) = Purpose::baseline(&store.manifest(&info.run)?)
        {
            all.push((info, plan));
        }
    }
    all.sort_by_key(|(info, _)| info.created_us);
    Ok(all)
}

/// The baseline that is named, or the latest complete one.
///
/// # Errors
/// [`InputError`] where there is none.
pub(super) fn baseline(store: &Store, named: Option<&str>) -> anyhow::Result<RunId> {
    let complete = baselines(store)?
        .into_iter()
        .filter(|(info, _)| info.completed_us.is_some())
        .map(|(info, _)| info.run);
    let found = match named {
        Some(name) => complete.into_iter().find(|run| run.as_str() == name),
        None => complete.last(),
    };
    found.ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to find {}; hint: `trilemma drift baseline` records one",
            named.map_or_else(
                || "a complete baseline".to_owned(),
                |name| format!("a complete baseline called `{name}`")
            )
        )))
    })
}

/// What the checks over a baseline found, first one first.
///
/// # Errors
/// As the store gives them.
pub(super) fn reports(store: &Store, baseline: &RunId) -> anyhow::Result<Vec<DriftReport>> {
    let looks = store.drift_looks(baseline)?;
    looks
        .iter()
        .map(|look| {
            serde_json::from_str(&look.body)
                .with_context(|| format!("read what drift check {} found", look.check))
        })
        .collect()
}

/// Makes the next check over a baseline.
///
/// # Errors
/// As the session and the store give them.
pub(super) fn check(
    common: &Common,
    baseline: &RunId,
    how: &CheckHow,
    printer: Printer,
) -> anyhow::Result<Checked> {
    let mut context = Context::open(common)?;
    let path = crate::places::store_path(&context.folder, &context.project)?;
    let store = Store::open_existing(&path)?;
    let manifest = store.manifest(baseline)?;
    let earlier = reports(&store, baseline)?;
    let number = earlier.last().map_or(1, |report| report.number + 1);
    refuse_other_scorers(&context, &store, &manifest)?;
    let golden = items(&store, &manifest)?;
    drop(store);
    let asking = Asking {
        candidates: manifest
            .candidates
            .iter()
            .map(|record| crate::decision::as_of_now(&context, &record.candidate))
            .collect(),
        context: &mut context,
        golden,
        repeats: 1,
        // Another order each time.
        seed: manifest.seed.wrapping_add(u64::from(number)),
        purpose: Purpose::Check(CheckPlan {
            baseline: baseline.clone(),
            number,
        }),
    };
    let n_first = (manifest.items.len() as f64 * FIRST_SHARE).ceil();
    let is_enough = |session: &Session| Ok(all_other(&session.store, baseline, &session.run)?);
    let first = how.cheapest_first.then_some(First {
        // Truncation is none: the number is whole.
        n_items: n_first as usize,
        is_enough: &is_enough,
    });
    let (session, is_whole) = match asking.ask(&how.ask, first, printer)? {
        None => return Ok(Checked::Planned),
        Some(Asked::Whole(session)) => (session, true),
        Some(Asked::Beginning(session)) => (session, false),
    };
    let summary = &session.summary;
    if is_whole {
        if summary.n_open > 0 || summary.stop == Some(Stop::Interrupted) {
            return Ok(Checked::Stopped);
        }
        let n_answers = summary.n_trials.saturating_sub(summary.n_failed);
        if (n_answers as f64) < LEAST_ANSWERED * summary.n_trials as f64 {
            return Ok(Checked::Unanswered {
                n_answers,
                n_trials: summary.n_trials,
            });
        }
    } else {
        printer.tell(&format!(
            "another model answers: {} of this check were not made; without --cheapest-first a check makes \
             all of them, and says whether the recommendation holds",
            counted(summary.n_open, "call")
        ));
    }
    let store = &session.store;
    store.complete_run(&session.run, clock::now_us())?;
    let facts = CheckFacts {
        check: &session.run,
        earlier: &earlier,
        now_us: clock::now_us(),
    };
    let mut report = judge(store, &facts)?;
    report.n_calls = summary.n_attempts.max(report.n_calls);
    if report.drifted && is_whole {
        let again = Context::open(common)?;
        report.decision = redecide::redecide(&again, store, &report)?;
    }
    let is_new = store.put_drift_look(&DriftLook {
        check: report.check.clone(),
        baseline: baseline.clone(),
        number: report.number,
        checked_us: report.checked_us,
        body: serde_json::to_string(&report)?,
    })?;
    if is_new {
        return Ok(Checked::Judged(Box::new(report)));
    }
    // Another process was faster: what it wrote stands.
    let standing = reports(store, baseline)?;
    let mine = standing.into_iter().find(|one| one.number == report.number);
    Ok(Checked::Judged(Box::new(mine.unwrap_or(report))))
}

/// Answers are compared by whether they pass, so they must be scored as those of the baseline.
fn refuse_other_scorers(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
) -> anyhow::Result<()> {
    let scores = store.score_set(&manifest.run)?;
    let now = trilemma_bench::score_set(
        &context.project.scorers,
        context.project.task.pass_threshold,
    );
    if now.fingerprint() == scores.fingerprint() {
        return Ok(());
    }
    Err(anyhow!(InputError(format!(
        "failed to compare with baseline {}: the project scores otherwise now; hint: `trilemma score {}` \
         scores its answers again, or record a new one",
        manifest.run, manifest.run
    ))))
}

/// The items of the baseline as they were, whatever the golden set has become.
fn items(store: &Store, manifest: &RunManifest) -> anyhow::Result<GoldenSet> {
    let mut items: Vec<Item> = Vec::with_capacity(manifest.items.len());
    let mut broken = None;
    store.items(&manifest.golden, |id, body| {
        match serde_json::from_str(body) {
            Ok(item) => items.push(item),
            Err(error) => broken = Some(anyhow!("read item `{id}` of the store: {error}")),
        }
        std::ops::ControlFlow::Continue(())
    })?;
    if let Some(error) = broken {
        return Err(error);
    }
    items.sort_by_key(|item| manifest.items.iter().position(|id| *id == item.id));
    GoldenSet::from_items("the baseline", items)
        .map_err(|errors| anyhow!("use the items of the baseline: {errors}"))
}

//! `trilemma drift baseline`: what later checks are compared with.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use anyhow::anyhow;
use trilemma_domain::{Candidate, CandidateId, ItemId, ObservedState, RunId};
use trilemma_drift::{BaselinePlan, Canary, Purpose, pick};
use trilemma_golden::GoldenSet;
use trilemma_stats::change::FalseAlarms;
use trilemma_store::Store;

use super::asking::{AskArgs, Asked, Asking};
use super::logprobs::{self, When};
use super::look;
use crate::args::Common;
use crate::commands::bench::summary_text;
use crate::commands::export::latest_benchmark;
use crate::context::{Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::failures;
use crate::field;
use crate::golden;
use crate::layout::{counted, terminal_width, wrap};
use crate::places;
use crate::printer::Printer;

/// Fewest runs that tell what varies from what changes.
const LEAST_RUNS: i64 = 5;

/// What is recorded.
#[derive(Debug, clap::Args)]
pub(super) struct BaselineArgs {
    /// Whom to watch; again for more than one (default: the choice of the latest run and the
    /// incumbent, else all).
    #[arg(long, value_name = "ID")]
    candidate: Vec<String>,
    /// Items of the canary.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=5_000))]
    items: u32,
    /// Runs: answers per item.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(LEAST_RUNS..=50))]
    runs: u32,
    /// Chance of a false alarm over all channels and candidates, within `--in` checks.
    #[arg(long, value_name = "CHANCE", default_value_t = FalseAlarms::DEFAULT.chance)]
    false_alarms: f64,
    /// Checks within which that chance holds.
    #[arg(long = "in", value_name = "CHECKS", default_value_t = FalseAlarms::DEFAULT.looks)]
    within: u32,
    /// Ask for log-probabilities of the first tokens, in which small changes show.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    logprobs: When,
    #[command(flatten)]
    ask: AskArgs,
}

/// Runs the command.
pub(super) fn run(args: &BaselineArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut context = Context::open(common)?;
    let false_alarms = FalseAlarms::new(args.false_alarms, args.within)
        .map_err(|error| anyhow!(InputError(format!("failed to watch: {error}"))))?;
    let mut golden = golden::read(&context, None)?;
    let store = Store::open(&places::store_path(&context.folder, &context.project)?)?;
    let measured = latest_benchmark(&store)?;
    let mut candidates = watched(args, (&context, &store), measured.as_ref())?;
    let tracked = logprobs::ask_for(args.logprobs, &mut candidates, &context)?;
    let contested = contested((&context, &store), measured.as_ref(), &golden)?;
    let canary = pick(&contested, args.items as usize, context.project.bench.seed);
    printer.say(&told(&canary, measured.as_ref(), &candidates));
    printer.say(&logprobs::told(&tracked));
    keep(&mut golden, &canary);
    let seed = context.project.bench.seed;
    let plan = BaselinePlan {
        picked_by: measured,
        canary,
        false_alarms,
        number: open_number(&store)?,
    };
    drop(store);
    let asking = Asking {
        context: &mut context,
        candidates,
        golden,
        repeats: args.runs,
        seed,
        purpose: Purpose::Baseline(plan),
    };
    let Some(Asked::Whole(session)) = asking.ask(&args.ask, None, printer)? else {
        printer.next(&common.command("drift baseline"));
        return Ok(Exit::Ok);
    };
    let summary = &session.summary;
    if printer.json() {
        printer.value(summary)?;
    } else {
        printer.data(&summary_text(summary));
        failures::tell(&session, printer)?;
    }
    if summary.n_open > 0 || summary.n_failed > 0 || summary.n_unscored > 0 {
        printer.tell("the baseline is not complete; the same command goes on with it");
        return Ok(Exit::Provider);
    }
    printer.next(&common.command("drift check"));
    Ok(Exit::Ok)
}

/// Whom to watch.
fn watched(
    args: &BaselineArgs,
    (context, store): (&Context, &Store),
    measured: Option<&RunId>,
) -> anyhow::Result<Vec<Candidate>> {
    let all = &context.project.candidates;
    let mut wanted: BTreeSet<CandidateId> = args
        .candidate
        .iter()
        .map(|id| CandidateId::from(id.as_str()))
        .collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|id| !all.iter().any(|one| one.id == **id))
    {
        let names: Vec<String> = all.iter().map(|one| format!("`{}`", one.id)).collect();
        return Err(anyhow!(InputError(format!(
            "failed to find the candidate `{unknown}`; hint: one of {}",
            names.join(", ")
        ))));
    }
    if let (true, Some(run)) = (wanted.is_empty(), measured) {
        // A run that cannot be decided on names nobody.
        let decided = decision::decide(context, store, run, DecideOptions::default()).ok();
        wanted.extend(decided.and_then(|one| one.chosen().map(|chosen| chosen.id.clone())));
        wanted.extend(context.project.incumbent.clone());
    }
    // Labels are watched only where somebody asks for it.
    let givers = context.project.routing.gives_labels();
    let is_wanted = |one: &&Candidate| match wanted.is_empty() {
        true => !givers.contains(&one.id),
        false => wanted.contains(&one.id),
    };
    let chosen: Vec<Candidate> = all.iter().filter(is_wanted).cloned().collect();
    if chosen.is_empty() {
        return Err(anyhow!(InputError(
            "failed to find anybody to watch; hint: name candidates in the project".to_owned()
        )));
    }
    Ok(chosen)
}

/// On which items of the golden set the candidates for answers of a run disagreed.
fn contested(
    (context, store): (&Context, &Store),
    run: Option<&RunId>,
    golden: &GoldenSet,
) -> anyhow::Result<Vec<bool>> {
    let mut seen: Vec<(bool, bool)> = vec![(false, false); golden.len()];
    if let Some(run) = run {
        let manifest = store.manifest(run)?;
        let place = |id: &ItemId| golden.items().iter().position(|item| item.id == *id);
        let places: Vec<Option<usize>> = manifest.items.iter().map(place).collect();
        let labels = field::labels(context, &manifest);
        store.observations(run, |seen_now| {
            if labels.get(seen_now.key.candidate_idx as usize) == Some(&true) {
                return ControlFlow::Continue(());
            }
            let place = places
                .get(seen_now.key.item_idx as usize)
                .copied()
                .flatten();
            let cell = place.and_then(|place| seen.get_mut(place));
            if let (Some(cell), ObservedState::Scored { pass, .. }) = (cell, seen_now.state) {
                cell.0 |= pass;
                cell.1 |= !pass;
            }
            ControlFlow::Continue(())
        })?;
    }
    Ok(seen
        .into_iter()
        .map(|(passed, failed)| passed && failed)
        .collect())
}

/// Leaves only the canary in the golden set.
fn keep(golden: &mut GoldenSet, canary: &Canary) {
    let places: BTreeSet<usize> = canary.items.iter().map(|item| item.place).collect();
    let mut place = 0..;
    golden.retain(|_| place.next().is_some_and(|place| places.contains(&place)));
}

/// The number of a baseline that is not complete, which is gone on with, or the next one.
fn open_number(store: &Store) -> anyhow::Result<u32> {
    let baselines = look::baselines(store)?;
    Ok(match baselines.last() {
        None => 1,
        Some((info, plan)) if info.completed_us.is_none() => plan.number,
        Some((_, plan)) => plan.number + 1,
    })
}

/// Which items, and why, in words.
fn told(canary: &Canary, picked_by: Option<&RunId>, candidates: &[Candidate]) -> String {
    let names: Vec<String> = candidates
        .iter()
        .map(|one| format!("`{}`", one.id))
        .collect();
    let why = match picked_by {
        Some(run) if canary.n_contested_all > 0 => format!(
            "{} of the {} on which the candidates of run {run} disagree, where a change shows first, and \
             {} of all others, as a model may break anywhere",
            canary.n_contested,
            counted(canary.n_contested_all as u64, "item"),
            canary.items.len() - canary.n_contested
        ),
        _ => "drawn at random, as no run has shown on which items candidates disagree".to_owned(),
    };
    let text = format!(
        "Watching {}. Canary: {} of {}: {why}.",
        names.join(", "),
        canary.items.len(),
        counted(canary.n_all as u64, "item"),
    );
    wrap(&text, 0, terminal_width().unwrap_or(80).min(100))
}

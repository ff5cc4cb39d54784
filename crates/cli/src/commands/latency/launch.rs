//! A test from its plan to its figures.

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use jiff::Timestamp;
use trilemma_domain::{Candidate, LoadPlan, LoadTestId, NanoUsd};
use trilemma_load::{Line, LineParts, Live, Program, TestParts, run_test};
use trilemma_provider::{Cancel, Clock};
use trilemma_store::Store;

use super::aim::{Aim, aim, slos};
use super::prompts::{Prompts, encode, gather};
use super::{LatencyArgs, before, output, record, target, view};
use crate::args::Common;
use crate::clock;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::keys::{self, Secrets};
use crate::lineup::{self, Lines};
use crate::places;
use crate::printer::Printer;
use crate::session::listen;

/// Plans, runs and tells a test.
pub(super) fn run(args: &LatencyArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut context = target::context(args, common)?;
    let bench = &mut context.project.bench;
    bench.budget = args.stop.budget.or(bench.budget);
    let seed = args.what.seed.unwrap_or(bench.seed);
    let prompts = gather(&context, &args.what, seed)?;
    let slos = slos(args, context.project.requirements.latency.as_ref());
    let aim = aim(args, &slos, context.project.candidates.len())?;
    let plan = plan(args, &context, (&prompts, &aim), seed);
    let (secrets, missing) = keys::read(&context.project, &context.folder);
    if args.stop.dry_run {
        let lines = lines(&context, &prompts, &Secrets::new())?;
        printer.data(&before::plan_text(&plan, &aim.program, &lines));
        return Ok(Exit::Ok);
    }
    if let Some(key) = missing.first() {
        return Err(anyhow!(InputError(format!(
            "failed to find the key of `{}`: {}",
            key.provider, key.reason
        ))));
    }
    let lines = lines(&context, &prompts, &secrets)?;
    refuse_unbounded(args, &context, &lines)?;
    printer.say(&before::plan_text(&plan, &aim.program, &lines));
    let store = Store::open(&places::store_path(&context.folder, &context.project)?)?;
    let budget = context.project.bench.budget;
    let budget = budget.map(trilemma_domain::Usd::settle).transpose()?;
    let test = drive((&store, plan, lines), aim, budget, printer)?;
    let report = record::work_out(&store, &test)?;
    output::tell(args, common, (&store, &report), printer)
}

fn drive(
    (store, plan, lines): (&Store, LoadPlan, Vec<Line>),
    aim: Aim,
    budget: Option<NanoUsd>,
    printer: Printer,
) -> anyhow::Result<LoadTestId> {
    let live = Arc::new(Live::new(lines.len()));
    let cancel = Cancel::new();
    let names = plan
        .candidates
        .iter()
        .map(|one| one.id.to_string())
        .collect();
    let parts = TestParts {
        store: store.clone(),
        plan,
        lines,
        trace: aim.trace,
        budget,
        cancel: cancel.clone(),
        clock: Clock::system(),
        live: Arc::clone(&live),
        program: aim.program,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let test = runtime.block_on(async {
        let drawing = tokio::spawn(view::draw(printer, live, names));
        let listening = tokio::spawn(listen(printer, cancel));
        let test = run_test(parts).await;
        drawing.abort();
        listening.abort();
        // Until it has left a clean line behind.
        let _ = drawing.await;
        test
    })?;
    Ok(test)
}

/// Makes every candidate ready to be called.
fn lines(context: &Context, prompts: &Prompts, secrets: &Secrets) -> anyhow::Result<Vec<Line>> {
    let opened = Lines::open(&context.project)?;
    let line = |candidate: &Candidate| -> anyhow::Result<Line> {
        Ok(Line::new(LineParts {
            name: candidate.id.to_string(),
            client: opened.client(candidate),
            secret: secrets.get(&candidate.target.provider).cloned(),
            requests: encode(candidate, prompts)?,
            pricer: lineup::pricer(context, candidate)?,
            max_output_tokens: candidate.params.max_output_tokens,
        }))
    };
    context.project.candidates.iter().map(line).collect()
}

/// A budget bounds nothing where no price is known.
fn refuse_unbounded(args: &LatencyArgs, context: &Context, lines: &[Line]) -> anyhow::Result<()> {
    if context.project.bench.budget.is_none() || args.stop.allow_unknown_price {
        return Ok(());
    }
    let candidates = context.project.candidates.iter().zip(lines);
    let names: Vec<String> = candidates
        .filter(|(_, line)| !line.is_priced())
        .map(|(candidate, _)| candidate.id.to_string())
        .collect();
    if names.is_empty() {
        return Ok(());
    }
    Err(anyhow!(InputError(format!(
        "failed to keep to the budget: {}; hint: {}",
        lineup::unbounded_text(&names),
        lineup::UNPRICED_HINT
    ))))
}

fn plan(
    args: &LatencyArgs,
    context: &Context,
    (prompts, aim): (&Prompts, &Aim),
    seed: u64,
) -> LoadPlan {
    let now_us = clock::now_us();
    let named = Timestamp::from_microsecond(now_us).unwrap_or_default();
    let cores = std::thread::available_parallelism().ok();
    LoadPlan {
        test: LoadTestId::from(named.strftime("latency-%Y%m%d-%H%M%S").to_string()),
        created_us: now_us,
        trilemma_version: env!("CARGO_PKG_VERSION").to_owned(),
        project: context.project.task.name.clone(),
        goal: aim.goal.clone(),
        candidates: context
            .project
            .candidates
            .iter()
            .map(target::described)
            .collect(),
        prompts: prompts.described.clone(),
        seed,
        timeout: args.stop.timeout.unwrap_or(Duration::from_secs(60)),
        client_region: args.whom.region.clone(),
        endpoint_region: args.whom.endpoint_region.clone(),
        client_cores: cores.and_then(|n| u32::try_from(n.get()).ok()),
        reading_tokens_per_s: args.bars.reading_speed.unwrap_or(5.3),
        slos: match aim.program {
            // What a search is about stands in its goal.
            Program::Goodput(_) => Vec::new(),
            Program::Single(_) | Program::Sweep(_) => {
                slos(args, context.project.requirements.latency.as_ref())
            }
        },
    }
}

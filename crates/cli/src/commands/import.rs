//! `trilemma import`: the verdict on results that another tool has measured.
//!
//! In: files of results. Out: a run in the store, marked as imported, and the verdict on it. Calls
//! no candidate. Without a project, one is written from what the files tell and the flags say.

pub(crate) mod cast;
mod compose;
mod drawing;
mod options;
mod read;
mod record;
mod tell;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use trilemma_domain::RunId;
use trilemma_interop::Gathered;
use trilemma_store::Store;

use crate::args::Common;
use crate::commands::score::{ScoreArgs, score_run};
use crate::context::{self, Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::places;
use crate::printer::Printer;
use crate::restore;
use crate::show;

use cast::Cast;
use options::ResultOptions;
use read::Source;

/// What to read, and how to decide on it.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// Files of results, of one tool or several; together they become one run.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    results: ResultOptions,
    #[command(flatten)]
    project: compose::NewProject,
    #[command(flatten)]
    decide: DecideOptions,
    /// Let scorers of the project run programs.
    #[arg(long)]
    allow_code: bool,
    /// Where the HTML report goes (default: `trilemma-report.html` beside the project).
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &ImportArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    if let [only] = args.files.as_slice()
        && restore::is_export(only)
    {
        return bring_back(args, common, only, printer);
    }
    let file = context::project_file(common);
    let folder = places::folder_of(&file);
    let known = if file.exists() {
        args.project.refuse(&file)?;
        Some(Context::open(common)?)
    } else {
        None
    };
    let threshold = known.as_ref().map_or_else(
        || args.project.pass_threshold(),
        |context| context.project.task.pass_threshold,
    );
    let (sources, mut gathered) = read::all(args, &folder, threshold, printer)?;
    refuse_problems(&gathered, args.results.lenient, printer)?;
    let catalog = context::catalog(common)?;
    let cast = Cast::of(
        &gathered,
        &catalog,
        context::as_of(common),
        known.as_ref().map(|context| &context.project),
    )?;
    let context = match known {
        Some(context) => context,
        None => {
            compose::write(&args.project, &file, (&sources, &cast), &mut gathered)?;
            printer.say(&format!(
                "wrote {}: the requirements below stand there, change them and decide again",
                file.display()
            ));
            Context::open(common)?
        }
    };
    let store = Store::open(&places::store_path(&context.folder, &context.project)?)?;
    let parts = record::Parts {
        context: &context,
        store: &store,
        cast: &cast,
        sources: &sources,
        results: &args.results,
    };
    let run = record::record(&parts, &mut gathered, printer)?;
    tell::read(&sources, &gathered, &cast, printer);
    if gathered.scorers.is_empty() {
        score_outputs(args, &context, (&store, &run), printer)?;
    }
    conclude(
        (args, common),
        &context,
        (&store, &run, &gathered),
        (&sources, printer),
    )
}

/// An exported run of ours comes back as it was.
fn bring_back(
    args: &ImportArgs,
    common: &Common,
    file: &Path,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open(&places::store_path(&context.folder, &context.project)?)?;
    let run = restore::restore(&store, file)?;
    printer.say(&format!("run {run} is back in the store"));
    let decision = decision::decide_routed(&context, (&store, &run), args.decide)?;
    if printer.json() {
        printer.value(&serde_json::json!({ "run": run, "decision": decision }))?;
    } else {
        show::verdict(&decision, printer)?;
        printer.next(&common.command(&format!("gate --against {run}")));
    }
    Ok(decision::exit_of(&decision, args.decide, printer))
}

/// Says what is wrong with the files; without `--lenient` nothing of them is kept then.
fn refuse_problems(gathered: &Gathered, is_lenient: bool, printer: Printer) -> anyhow::Result<()> {
    if gathered.n_problems == 0 {
        return match gathered.n_trials() {
            0 => Err(anyhow!(InputError(
                "failed to import: the files hold no results".to_owned()
            ))),
            _ => Ok(()),
        };
    }
    let text = tell::problems(gathered);
    if !is_lenient || gathered.n_trials() == 0 {
        return Err(anyhow!(InputError(format!(
            "failed to import: {text}\nhint: `--lenient` leaves these rows out"
        ))));
    }
    printer.tell(&format!("warning: left out {text}"));
    Ok(())
}

/// Where the files hold outputs only, the project's scorers speak.
fn score_outputs(
    args: &ImportArgs,
    context: &Context,
    (store, run): (&Store, &RunId),
    printer: Printer,
) -> anyhow::Result<()> {
    if context.project.scorers.is_empty() {
        return Err(anyhow!(InputError(format!(
            "failed to decide: the files hold outputs without scores, and the project has no scorer; hint: add `[[scorers]]` to {} (`trilemma scorers` lists them), then `trilemma score` and `trilemma decide`",
            context.file.display()
        ))));
    }
    let plain = ScoreArgs::plain(args.allow_code);
    let scored = score_run((context, store, run), &plain, printer)?;
    printer.say(&format!(
        "{} answers scored by the project's scorers, {} could not be",
        scored.n_tried.saturating_sub(scored.n_left),
        scored.n_left
    ));
    Ok(())
}

fn conclude(
    (args, common): (&ImportArgs, &Common),
    context: &Context,
    (store, run, gathered): (&Store, &RunId, &Gathered),
    (sources, printer): (&[Source], Printer),
) -> anyhow::Result<Exit> {
    let has_costs = store_knows_costs(store, run)?;
    let options = if has_costs {
        args.decide
    } else {
        args.decide.by_quality()
    };
    let decision = decision::decide_routed(context, (store, run), options)?;
    let report = args
        .report
        .clone()
        .unwrap_or_else(|| context.folder.join("trilemma-report.html"));
    show::write_html(&decision, &report)?;
    if printer.json() {
        printer.value(&serde_json::json!({
            "run": run,
            "files": tell::files(sources),
            "checks": tell::checks(sources, gathered),
            "n_left_out": gathered.n_problems,
            "unpaired": tell::unpaired(gathered),
            "decision": decision,
        }))?;
    } else {
        if !has_costs {
            printer.say("no cost is known: candidates are ranked by pass rate");
        }
        show::verdict(&decision, printer)?;
        printer.say(&format!("report: {}", report.display()));
        let prefer = if has_costs { "" } else { " --prefer pass-rate" };
        let command = format!("report{prefer} --with-content --out report.html");
        let words = decision::routed_next(&decision).unwrap_or(&command);
        printer.next(&common.command(words));
    }
    Ok(decision::exit_of(&decision, options, printer))
}

/// Whether any trial of the run has a price.
fn store_knows_costs(store: &Store, run: &RunId) -> anyhow::Result<bool> {
    let mut knows = false;
    store.observations(run, |observation| {
        knows |= observation.cost.is_some();
        if knows {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    })?;
    Ok(knows)
}

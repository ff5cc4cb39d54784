//! `trilemma gate`: is a new run at least as good as a recorded one?
//!
//! For changes of a prompt or a model: the recorded trials of the candidate in use are compared, item
//! by item, with those of the new run. Calls nobody.

mod pair;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use trilemma_decide::{Collector, Decision, Status};
use trilemma_domain::{Margin, NotWorseThan, Reference, RunId, Verdict};
use trilemma_store::{RunManifest, RunPurpose, Store};

use crate::args::Common;
use crate::commands::export::choose;
use crate::context::{Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::layout::one_line;
use crate::places;
use crate::printer::Printer;
use crate::restore;
use crate::show;

use pair::Pairing;

/// What is compared.
#[derive(Debug, clap::Args)]
pub(crate) struct GateArgs {
    /// The run with the recorded trials of the candidate in use, or a file that `export` wrote of it.
    #[arg(long, value_name = "RUN|FILE")]
    against: String,
    /// The new run (default: the latest other one).
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// The candidate in use (default: the project's incumbent, else the only one of that run).
    #[arg(long, value_name = "NAME")]
    incumbent: Option<String>,
    /// The candidate to let through; may be repeated (default: all that differ from the recorded one).
    #[arg(long, value_name = "NAME")]
    candidate: Vec<String>,
    /// How much lower the pass rate may be (default: the project's, else 0.05).
    #[arg(long, value_name = "SHARE", value_parser = share)]
    margin: Option<f64>,
    /// A file to write as well, in the format of its name: `.md`, `.html`, `.xml` (JUnit), `.json`.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    decide: DecideOptions,
}

/// Margin where neither the flag nor the project names one.
const MARGIN: f64 = 0.05;
/// Confidence where the project names none.
const CONFIDENCE: f64 = 0.95;

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "no number".to_owned())?;
    if value > 0.0 && value < 1.0 {
        Ok(value)
    } else {
        Err("must be above 0 and below 1".to_owned())
    }
}

/// Runs the command.
pub(crate) fn run(args: &GateArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let old = store.manifest(&recorded(args, &store)?)?;
    let new = store.manifest(&newest(args, &store, &old)?)?;
    same_scorers(&store, &old, &new)?;
    let pairing = Pairing::of(args, &context, &store, (&old, &new))?;
    if pairing.gated.is_empty() {
        printer.say(&format!(
            "nothing to let through: run {} asks the same of the same models as run {}",
            new.run, old.run
        ));
        return Ok(Exit::Ok);
    }
    if context.project.serve.policy.is_some() {
        printer.say(
            "single candidates are compared, not the policy that is served; `trilemma decide` judges a routed mix",
        );
    }
    for remark in &pairing.remarks {
        printer.say(&one_line(remark));
    }
    let decision = decide(args, &context, &store, (&old, &new, &pairing))?;
    if let Some(path) = &args.out {
        write(&decision, path)?;
        printer.say(&format!("wrote {}", path.display()));
    }
    let verdict = verdict(&decision);
    tell(&decision, verdict, printer)?;
    Ok(exit(&decision, verdict, args.decide, printer))
}

/// The recorded run: in the store, or brought there from a file.
fn recorded(args: &GateArgs, store: &Store) -> anyhow::Result<RunId> {
    let file = Path::new(&args.against);
    if file.is_file() {
        return restore::restore(store, file);
    }
    Ok(store.run(&RunId::from(args.against.as_str()))?.run)
}

fn newest(args: &GateArgs, store: &Store, old: &RunManifest) -> anyhow::Result<RunId> {
    if args.run.is_some() {
        return choose(store, args.run.as_deref());
    }
    let others = store
        .runs()?
        .into_iter()
        .filter(|info| info.run != old.run && info.purpose == RunPurpose::Benchmark);
    let latest = others.max_by_key(|info| info.created_us);
    latest.map(|info| info.run).ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to find a run besides {}; hint: `trilemma bench` or `trilemma import` makes one",
            old.run
        )))
    })
}

/// Scores of different scorers are no pairs.
fn same_scorers(store: &Store, old: &RunManifest, new: &RunManifest) -> anyhow::Result<()> {
    let (of_old, of_new) = (store.score_set(&old.run)?, store.score_set(&new.run)?);
    if of_old.fingerprint() == of_new.fingerprint() {
        return Ok(());
    }
    Err(anyhow!(InputError(format!(
        "failed to compare the runs: they are scored differently; hint: `trilemma score {}` and `trilemma score {}` score both by the project's scorers, without calling a candidate",
        old.run, new.run
    ))))
}

fn decide(
    args: &GateArgs,
    context: &Context,
    store: &Store,
    (old, new, pairing): (&RunManifest, &RunManifest, &Pairing),
) -> anyhow::Result<Decision> {
    let mut input = decision::input_of(context, store, new, args.decide)?;
    let mut reference = decision::candidates(context, store, old)?.swap_remove(pairing.reference);
    reference.id = format!("{} (run {})", reference.id, old.run)
        .as_str()
        .into();
    let own = context.project.requirements.not_worse_than.as_ref();
    input.requirements.not_worse_than = Some(NotWorseThan {
        reference: Reference::Candidate(reference.id.clone()),
        margin: args.margin.map_or_else(
            || own.map_or(Margin::Absolute(MARGIN), |own| own.margin),
            Margin::Absolute,
        ),
        confidence: own.map_or(CONFIDENCE, |own| own.confidence),
    });
    let known = std::mem::take(&mut input.candidates);
    let gated = known
        .into_iter()
        .enumerate()
        .filter(|(idx, _)| pairing.gated.contains(idx));
    input.candidates = std::iter::once(reference)
        .chain(gated.map(|(_, facts)| facts))
        .collect();
    input.incumbent = Some(0);
    input.repeats = old.repeats.min(new.repeats);
    let items = std::mem::take(&mut input.items);
    input.items = items
        .into_iter()
        .filter(|facts| pairing.has(&facts.id))
        .collect();
    let repeats = input.repeats;
    let mut collector = Collector::new(input)?;
    pairing.push(store, (old, new), repeats, &mut collector)?;
    Ok(collector.finish())
}

/// All that is gated, together; the recorded candidate itself is not.
fn verdict(decision: &Decision) -> Verdict {
    let gated = decision.candidates.iter().skip(1);
    Verdict::all(gated.map(|candidate| candidate.verdict))
}

fn tell(decision: &Decision, verdict: Verdict, printer: Printer) -> anyhow::Result<()> {
    if printer.json() {
        return printer.value(&serde_json::json!({ "verdict": verdict, "decision": decision }));
    }
    let mut lines = Vec::new();
    for candidate in decision.candidates.iter().skip(1) {
        lines.push(format!(
            "{}: {}",
            one_line(candidate.id.as_str()),
            candidate.verdict
        ));
        for gate in &candidate.gates {
            lines.push(format!(
                "  {} {}: {}",
                gate.verdict,
                gate.gate.label(),
                one_line(&gate.reason)
            ));
        }
    }
    printer.data(&lines.join("\n"));
    Ok(())
}

fn exit(decision: &Decision, verdict: Verdict, options: DecideOptions, printer: Printer) -> Exit {
    match verdict {
        Verdict::Meets => Exit::Ok,
        Verdict::Fails => Exit::NoCandidate,
        Verdict::Undecided if decision.status() == Status::MissingResults => Exit::Provider,
        Verdict::Undecided if options.undecided_fails() => Exit::Undecided,
        Verdict::Undecided => {
            printer.tell("warning: undecided: more items would settle it");
            Exit::Ok
        }
    }
}

fn write(decision: &Decision, path: &Path) -> anyhow::Result<()> {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().into_owned());
    let name = match extension.as_deref() {
        Some("xml") => "junit",
        Some("md") => "markdown",
        Some(other) => other,
        None => "markdown",
    };
    let format = trilemma_report::format(name).ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to find the format of {}; hint: .md, .html, .xml, .json or .csv",
            path.display()
        )))
    })?;
    let bytes = show::render(
        decision,
        format.name(),
        None,
        trilemma_report::Settings::default(),
    )?;
    places::write_file(path, bytes)
}

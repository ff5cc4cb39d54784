//! `trilemma gate`: is a new run at least as good as a recorded one?
//!
//! For changes of a prompt or a model: the recorded trials of the candidate in use are compared, item
//! by item, with those of the new run; so is what a policy makes of both. Calls nobody.

mod pair;
mod policy;

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
use policy::Gated;

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
    /// A policy file: what it makes of the answers of both runs is compared, too (default: the one that is served).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
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
    let routed = policy::wanted(args, &context);
    if pairing.gated.is_empty() && args.policy.is_none() {
        printer.say(&format!(
            "nothing to let through: run {} asks the same of the same models as run {}",
            new.run, old.run
        ));
        return Ok(Exit::Ok);
    }
    for remark in &pairing.remarks {
        printer.say(&one_line(remark));
    }
    let routed = match routed.map(|path| Gated::of(&path, (&context, &store), (&old, &new))) {
        Some(Err(error)) if args.policy.is_none() => {
            // Nobody asked for it by name: it is told, and the candidates are judged.
            printer.say(&one_line(&format!(
                "the policy that is served is not judged: {error:#}"
            )));
            None
        }
        other => other.transpose()?,
    };
    let routed = match routed {
        Some(gated) => {
            for remark in &gated.remarks {
                printer.say(&one_line(remark));
            }
            Some(gated.decide(args, (&context, &store), (&old, &new, &pairing))?)
        }
        None => None,
    };
    let decision = decide(args, &context, &store, (&old, &new, &pairing))?;
    if let Some(path) = &args.out {
        write(&decision, path)?;
        printer.say(&format!("wrote {}", path.display()));
        if let Some(routed) = &routed {
            let path = beside(path);
            write(routed, &path)?;
            printer.say(&format!("wrote {}, of the policy", path.display()));
        }
    }
    let verdict = verdict(&decision, routed.as_ref());
    tell((&decision, routed.as_ref()), verdict, printer)?;
    let all = [Some(&decision), routed.as_ref()];
    Ok(exit(all, verdict, args.decide, printer))
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
    let compared_with = Reference::Candidate(reference.id.clone());
    input.requirements.not_worse_than = Some(bar(args, context, compared_with));
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

/// How much worse than the reference may be.
fn bar(args: &GateArgs, context: &Context, reference: Reference) -> NotWorseThan {
    let own = context.project.requirements.not_worse_than.as_ref();
    NotWorseThan {
        reference,
        margin: args.margin.map_or_else(
            || own.map_or(Margin::Absolute(MARGIN), |own| own.margin),
            Margin::Absolute,
        ),
        confidence: own.map_or(CONFIDENCE, |own| own.confidence),
    }
}

/// All that is gated, together; the recorded candidate itself is not.
fn verdict(decision: &Decision, routed: Option<&Decision>) -> Verdict {
    let gated = decision.candidates.iter().skip(1);
    let gated = gated.chain(routed.and_then(policy::result));
    Verdict::all(gated.map(|candidate| candidate.verdict))
}

fn tell(
    (decision, routed): (&Decision, Option<&Decision>),
    verdict: Verdict,
    printer: Printer,
) -> anyhow::Result<()> {
    let policy = routed.and_then(policy::result);
    if printer.json() {
        let mut told = serde_json::json!({ "verdict": verdict, "decision": decision });
        if let (Some(policy), Some(told)) = (policy, told.as_object_mut()) {
            let own = serde_json::json!({
                "id": policy.id,
                "verdict": policy.verdict,
                "gates": policy.gates,
                "pass_rate": policy.pass_rate,
                "counts": policy.counts,
            });
            told.insert("policy".to_owned(), own);
        }
        return printer.value(&told);
    }
    let mut lines = Vec::new();
    for candidate in decision.candidates.iter().skip(1).chain(policy) {
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

fn exit(
    decisions: [Option<&Decision>; 2],
    verdict: Verdict,
    options: DecideOptions,
    printer: Printer,
) -> Exit {
    let is_missing = |one: &Decision| one.status() == Status::MissingResults;
    match verdict {
        Verdict::Meets => Exit::Ok,
        Verdict::Fails => Exit::NoCandidate,
        Verdict::Undecided if decisions.into_iter().flatten().any(is_missing) => Exit::Provider,
        Verdict::Undecided if options.undecided_fails() => Exit::Undecided,
        Verdict::Undecided => {
            printer.tell("warning: undecided: more items would settle it");
            Exit::Ok
        }
    }
}

/// Where what is said of the policy goes: `gate.policy.xml` beside `gate.xml`.
fn beside(path: &Path) -> PathBuf {
    match path.extension() {
        Some(extension) => {
            let mut own = std::ffi::OsString::from("policy.");
            own.push(extension);
            path.with_extension(own)
        }
        None => path.with_extension("policy"),
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

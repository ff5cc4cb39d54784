//! `trilemma route train`: from recorded trials to a policy file. Calls nobody.

use std::path::PathBuf;

use anyhow::anyhow;
use serde_json::{Value, json};
use trilemma_domain::CandidateId;
use trilemma_golden::Side;
use trilemma_route::{Abstention, Member, Options, Plan, Policy, Tiers, Verdict};
use trilemma_store::Store;

use super::fit::{Fitted, fit, usable};
use super::kind::Kind;
use super::seal::sealed;
use super::signals::{Signal, missing};
use super::target::Aim;
use super::words;
use crate::args::Common;
use crate::commands::export::choose;
use crate::commands::words::split_side;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::hint;
use crate::places;
use crate::printer::Printer;
use crate::routing::rules::{self, RuleCount};
use crate::routing::vectors::{self, Maker};
use crate::routing::{self, Material, Part};
use crate::split::with_split;

/// On what to train, and what for.
#[derive(Debug, clap::Args)]
pub(super) struct TrainArgs {
    /// The run whose trials teach (default: the latest).
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    #[command(flatten)]
    aim: Aim,
    /// The kind of policy.
    #[arg(long, value_enum, default_value_t = Kind::Auto)]
    kind: Kind,
    /// Only these candidates, separated by commas (default: all that have what it takes).
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    candidates: Vec<String>,
    /// Train on a part of the golden set only, so that the other can judge (`route eval`).
    #[arg(long, value_name = "SIDE", value_parser = split_side())]
    split: Option<Side>,
    /// `--kind tiers`: who answers small, medium and large queries (default: the cheapest, the middle by
    /// cost, the best). With all three, no run is needed.
    #[arg(long, value_name = "SMALL,MEDIUM,LARGE", value_delimiter = ',')]
    tiers: Vec<String>,
    /// Let vectors of the queries by this model for embeddings take part, where they pay; the training calls
    /// nobody, `route embed` does (default: `embedding` under `[routing]`).
    #[arg(long, value_name = "NAME")]
    embed: Option<String>,
    /// What people call the policy (default: the task's name).
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Write the policy even though it is not shown to be worth anything; the file says so.
    #[arg(long)]
    even_so: bool,
    /// The file to write (default: the project's `serve.policy`, else policy.json beside the project).
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &TrainArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    if !args.kind.is_learned() && args.aim.typed().is_some() {
        return Err(anyhow!(InputError(format!(
            "failed to aim `--kind {}` at a target: it is not fitted to outcomes and reaches what it reaches; hint: leave out \
             `--target` and `--budget-usd`, or take another kind",
            args.kind.name()
        ))));
    }
    let tiers = tiers(args)?;
    let path = places::store_path(&context.folder, &context.project)?;
    if let (Kind::Tiers, Some(tiers), None, false) = (args.kind, &tiers, &args.run, path.is_file())
    {
        return unmeasured(args, (&context, common), tiers, printer);
    }
    let store = Store::open_existing(&path)?;
    let run = choose(&store, args.run.as_deref())?;
    let needed = args.kind.labels(&context, &store.manifest(&run)?)?;
    let part = Part {
        only: &args.candidates,
        labels: &needed,
        split: args.split,
        most_items: None,
    };
    let mut material = routing::gather(&context, (&store, &run), part)?;
    routing::demand_two(&material)?;
    args.kind.demand_labels(&context, &material)?;
    let stand = match Maker::named(&context, args.embed.as_deref())? {
        Some(maker) => Some(vectors::attach(&store, &maker, &mut material)?),
        None => None,
    };
    let options = options(args, &context, &material)?;
    let fitted = fit(
        args.kind,
        &material.gathered.examples,
        &options,
        (tiers.as_ref(), printer),
    )?;
    let policy = sealed(&context, &material, &fitted);
    let rules = rules::counts(
        &usable(fitted.policy.clone())?,
        &material.gathered.examples.rows,
        &fitted.unseen.served,
    );
    let refused = match &fitted.verdict {
        Verdict::Worth => None,
        Verdict::Abstain { kind, .. } => {
            (args.kind.must_be_worth_it() && !args.even_so).then_some(*kind)
        }
    };
    let mut signals = missing(&material);
    signals.extend(stand.as_ref().and_then(super::signals::vectors));
    let file = out_file(args, &context);
    let text = policy.write();
    if refused.is_none() {
        places::write_file(&file, &text)?;
    }
    let done = Done {
        kind: args.kind,
        material: &material,
        options: &options,
        fitted: &fitted,
        policy: &policy,
        rules: &rules,
        signals: &signals,
        written: refused.is_none().then_some((&file, text.len())),
    };
    if printer.json() {
        printer.value(&done.json())?;
    } else {
        printer.data(&words::trained(&done));
    }
    Ok(end(&done, refused, (args, common), printer))
}

/// What a training came to.
pub(super) struct Done<'a> {
    pub(super) kind: Kind,
    pub(super) material: &'a Material,
    pub(super) options: &'a Options,
    pub(super) fitted: &'a Fitted,
    pub(super) policy: &'a Policy,
    /// How many items each rule caught.
    pub(super) rules: &'a [RuleCount],
    pub(super) signals: &'a [Signal],
    /// Where the file is, and its bytes; `None` = it was not written.
    pub(super) written: Option<(&'a PathBuf, usize)>,
}

impl Done<'_> {
    fn json(&self) -> Value {
        let gathered = &self.material.gathered;
        let left_out: Vec<Value> = (gathered.left_out.iter())
            .map(|one| json!({ "candidate": one.candidate, "reason": one.reason }))
            .collect();
        let measured = &self.policy.measured;
        json!({
            "schema_version": 1,
            "run": self.material.manifest.run,
            "kind": self.kind.name(),
            "target": self.options.target.to_string(),
            "simulated": self.material.simulated,
            "worth": self.fitted.verdict == Verdict::Worth,
            "abstained": measured.as_ref().and_then(|one| one.abstained.clone()),
            "file": self.written.map(|(path, _)| path.display().to_string()),
            "bytes": self.written.map(|(_, bytes)| bytes),
            "hash": self.policy.content_hash(),
            "plan": super::plan::plan_lines(self.policy),
            "measured": measured,
            "target_standing": self.fitted.against.as_ref().map(|one| one.standing),
            "fold_choices": self.fitted.fold_choices(),
            "gives": super::sheet_json::gives(&self.fitted.gives),
            "guard": self.policy.guard,
            "rules": self.rules,
            "n_items": gathered.n_items,
            "n_fit": gathered.examples.rows.len(),
            "left_out": left_out,
            "missing_signals": self.signals,
            "notes": self.material.notes,
        })
    }
}

/// Says how it ended and what comes next.
fn end(
    done: &Done<'_>,
    refused: Option<Abstention>,
    (args, common): (&TrainArgs, &Common),
    printer: Printer,
) -> Exit {
    let named = args.run.as_deref().map(hint::word);
    let run = |option: &str| match &named {
        None => String::new(),
        Some(name) => format!(" {option}{name}"),
    };
    let Some(kind) = refused else {
        if let Some((path, _)) = done.written {
            let words = format!("route explain \"…\" --policy {}", hint::path(path));
            printer.next(&common.command(&words));
        }
        return Exit::Ok;
    };
    let words = format!("route eval{}{}", run(""), args.aim.words());
    printer.next(&common.command(&with_split(&words, args.split)));
    exit_of(kind)
}

/// An abstention as an exit code: not settled, or settled against routing.
pub(super) fn exit_of(kind: Abstention) -> Exit {
    match kind {
        Abstention::TooFew | Abstention::NotShown => Exit::Undecided,
        Abstention::Below | Abstention::Missed | Abstention::Nothing => Exit::NoCandidate,
    }
}

fn options(args: &TrainArgs, context: &Context, material: &Material) -> anyhow::Result<Options> {
    let mut options = routing::options(context, material, args.aim.target(context));
    if let Some(name) = &args.name {
        if name.trim().is_empty() {
            return Err(anyhow!(InputError(
                "failed to name the policy: an empty name cannot be asked for; hint: choose another `--name`".to_owned()
            )));
        }
        let candidates = &material.manifest.candidates;
        if candidates
            .iter()
            .any(|one| one.candidate.id.as_str() == name)
        {
            return Err(anyhow!(InputError(format!(
                "failed to name the policy `{name}`: a candidate is called so; hint: choose another `--name`"
            ))));
        }
        options.name.clone_from(name);
    }
    Ok(options)
}

fn tiers(args: &TrainArgs) -> anyhow::Result<Option<Tiers>> {
    match args.tiers.as_slice() {
        [] => Ok(None),
        [small, medium, large] if args.kind == Kind::Tiers => Ok(Some(Tiers {
            small: CandidateId::from(small.as_str()),
            medium: CandidateId::from(medium.as_str()),
            large: CandidateId::from(large.as_str()),
        })),
        _ => Err(anyhow!(InputError(
            "failed to read `--tiers`: it takes three candidates, separated by commas, with `--kind tiers`"
                .to_owned()
        ))),
    }
}

fn out_file(args: &TrainArgs, context: &Context) -> PathBuf {
    match (&args.out, &context.project.serve.policy) {
        (Some(path), _) => path.clone(),
        (None, Some(path)) => context.folder.join(path),
        (None, None) => context.folder.join("policy.json"),
    }
}

/// The design document's rules over candidates that nobody has measured: a cold start.
fn unmeasured(
    args: &TrainArgs,
    (context, common): (&Context, &Common),
    tiers: &Tiers,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let project = &context.project;
    let members = project
        .candidates
        .iter()
        .map(|one| Member::named(one.id.clone()));
    let settings = &project.routing;
    let frame = trilemma_route::Frame {
        rules: settings.rules.clone(),
        fallback: settings.fallback.clone(),
        reads: settings.reads.clone(),
    };
    let name = args
        .name
        .clone()
        .unwrap_or_else(|| format!("{}-rules", project.task.name));
    let policy = Policy::new(name, members.collect(), Plan::Tiers(tiers.clone()));
    let policy = frame.around(policy, vec![tiers.large.clone()]);
    usable(policy.clone())?;
    let file = out_file(args, context);
    let text = policy.write();
    places::write_file(&file, &text)?;
    if printer.json() {
        printer.value(&json!({
            "schema_version": 1,
            "kind": args.kind.name(),
            "file": file.display().to_string(),
            "bytes": text.len(),
            "hash": policy.content_hash(),
            "plan": super::plan::plan_lines(&policy),
            "measured": null,
        }))?;
    } else {
        printer.data(&words::unmeasured(&policy, &file));
    }
    printer.next(&common.command("bench"));
    Ok(Exit::Ok)
}

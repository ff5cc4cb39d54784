//! `trilemma route explain`: whom a policy asks for a query, why, and what would change that. Calls
//! nobody.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::anyhow;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use trilemma_domain::CandidateId;
use trilemma_route::{
    Example, Explanation, Modality, NoLabel, Observation, Outcome, Policy, Recorded, RequestView,
    Router, Served, Step, Why, replay,
};
use trilemma_store::Store;

use super::eval::read_policy;
use super::expected::Expected;
use super::explained;
use crate::args::Common;
use crate::commands::export::choose;
use crate::context::{Context, InputError, project_file};
use crate::exit::Exit;
use crate::places;
use crate::printer::Printer;
use crate::routing::vectors::{self, Maker};
use crate::routing::{self, Part, labels};

/// Longest query that is read, in bytes.
const MAX_QUERY_BYTES: u64 = 64 << 20;
/// Most characters of what a classifier said that are told.
const MAX_LABEL_CHARS: usize = 100;

/// What is asked, and what is known of the request.
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// The query: the last user message; `-` reads it from standard input.
    #[arg(
        allow_hyphen_values = true,
        required_unless_present = "item",
        conflicts_with = "item"
    )]
    query: Option<String>,
    /// An item of the golden set instead, served from the answers that a run recorded.
    #[arg(long, value_name = "ID")]
    item: Option<String>,
    /// The run of `--item` (default: the latest).
    #[arg(long, value_name = "RUN", requires = "item")]
    run: Option<String>,
    /// The policy file (default: the project's `serve.policy`, else policy.json beside the project).
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The request's task.
    #[arg(long, value_name = "NAME", conflicts_with = "item")]
    task: Option<String>,
    /// The user's tier.
    #[arg(long, value_name = "NAME", conflicts_with = "item")]
    tier: Option<String>,
    /// The route by which it comes in.
    #[arg(long, value_name = "NAME", conflicts_with = "item")]
    route: Option<String>,
    /// A tag; again for more than one.
    #[arg(long, value_name = "NAME", conflicts_with = "item")]
    tag: Vec<String>,
    /// When it is asked, such as 2026-11-23T09:00:00Z.
    #[arg(long, value_name = "TIME", conflicts_with = "item")]
    at: Option<Timestamp>,
    /// What it carries beside text; again for more than one.
    #[arg(long, value_enum, conflicts_with = "item")]
    carries: Vec<Carried>,
    /// Characters of the whole request, where it has more than the query.
    #[arg(long, value_name = "N", conflicts_with = "item")]
    context_chars: Option<usize>,
}

/// What a request carries beside text.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Carried {
    Image,
    File,
    Tools,
}

/// Runs the command.
pub(super) fn run(args: &ExplainArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let router = read_policy(&policy_path(args, common)?)?;
    if let Some(item) = &args.item {
        return of_item(item, args, (&router, common), printer);
    }
    let text = query(args)?;
    let mut modalities = Vec::new();
    for one in &args.carries {
        let one = match one {
            Carried::Image => Modality::Image,
            Carried::File => Modality::File,
            Carried::Tools => Modality::Tools,
        };
        if !modalities.contains(&one) {
            modalities.push(one);
        }
    }
    let bare = RequestView::of_text(text.as_str());
    let view = RequestView {
        context_chars: args.context_chars.unwrap_or(0).max(bare.context_chars),
        task: args.task.as_deref(),
        route: args.route.as_deref(),
        tags: &args.tag,
        user_tier: args.tier.as_deref(),
        time: args.at,
        modalities,
        ..bare
    };
    let looks_at_vectors = !router.policy().embedders().is_empty();
    let seen = if looks_at_vectors && project_file(common).is_file() {
        vectors::kept(&Context::open(common)?, router.policy(), &text)?
    } else {
        None
    };
    let seen: Vec<Observation> = seen.into_iter().collect();
    tell(&Told::of(&router, (&view, &seen), None), printer)?;
    printer.next(&common.command("serve"));
    Ok(Exit::Ok)
}

/// A policy, a request, and what the one makes of the other.
pub(super) struct Told<'a> {
    pub(super) policy: &'a Policy,
    pub(super) view: &'a RequestView<'a>,
    pub(super) found: Explanation,
    pub(super) served: Option<ServedItem>,
}

/// What an item came to when it was served from recorded answers.
pub(super) struct ServedItem {
    pub(super) item: String,
    pub(super) answered_by: Option<CandidateId>,
    pub(super) labels: Vec<Said>,
    pub(super) served: Served,
}

/// What a classifier said of an item.
#[derive(Serialize)]
pub(super) struct Said {
    pub(super) candidate: CandidateId,
    /// The beginning of its answer.
    pub(super) says: String,
    pub(super) cost_usd: f64,
    pub(super) seconds: Option<f64>,
}

/// What those said who were asked for a label.
fn said(served: &Served, row: &Example) -> Vec<Said> {
    let asked = |id: &CandidateId| {
        served.why.iter().any(|why| match why {
            Why::Label { by, .. } => by == id,
            Why::NoLabel { by, instead } => by == id && *instead != NoLabel::NoText,
            _ => false,
        })
    };
    let told = |one: &Recorded| {
        let text = match &one.observation.outcome {
            Outcome::Answered { text, .. } => text.trim().chars().take(MAX_LABEL_CHARS).collect(),
            Outcome::Embedded { .. } | Outcome::Failed => String::new(),
        };
        Said {
            candidate: one.observation.candidate.clone(),
            says: text,
            cost_usd: one.cost_usd,
            seconds: one.seconds,
        }
    };
    let own = row.labels.iter();
    own.filter(|one| asked(&one.observation.candidate))
        .map(told)
        .collect()
}

impl<'a> Told<'a> {
    /// With the vector of the query, where it is known.
    fn of(
        router: &'a Router,
        (view, seen): (&'a RequestView<'a>, &[Observation]),
        served: Option<ServedItem>,
    ) -> Self {
        Self {
            policy: router.policy(),
            found: router.explain_after(view, seen),
            view,
            served,
        }
    }

    /// What is expected, and on what that rests; `None` = nobody measured it.
    pub(super) fn expected(&self) -> Option<Expected> {
        Expected::of(self.policy, &self.found)
    }

    /// In what the request is unlike what was measured.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(reason) = self
            .policy
            .measured
            .as_ref()
            .and_then(|one| one.abstained.as_ref())
        {
            found.push(format!(
                "the policy is not shown to be worth anything: {reason}"
            ));
        }
        match &self.policy.measured {
            None => found.push("nobody measured this policy".to_owned()),
            Some(measured) => {
                let gives = measured.gives.as_ref().filter(|one| !one.shown);
                found.extend(gives.map(|one| {
                    format!(
                        "the policy is not shown to give anything over the best single candidate: on unseen items it {}",
                        one.words
                    )
                }));
            }
        }
        let Some(guard) = &self.policy.guard else {
            return found;
        };
        let n_chars = self.view.text.chars().count() as u64;
        if n_chars > guard.max_chars {
            found.push(format!(
                "the query has {n_chars} characters, the longest that was measured {}",
                guard.max_chars
            ));
        }
        if let Some(task) = self.view.task
            && !guard.tasks.is_empty()
            && !guard.tasks.iter().any(|known| known == task)
        {
            found.push(format!("task `{task}` was not measured"));
        }
        found
    }
}

fn tell(told: &Told<'_>, printer: Printer) -> anyhow::Result<()> {
    if printer.json() {
        return printer.value(&json(told));
    }
    printer.data(&explained::text(told));
    Ok(())
}

fn json(told: &Told<'_>) -> Value {
    let view = told.view;
    let calls = match &told.found.decision.step {
        Step::Call(calls) => calls.as_slice(),
        Step::Answer { .. } | Step::Exhausted => &[],
    };
    let estimates: Vec<Value> = (told.found.estimates.iter())
        .map(|one| json!({ "candidate": one.candidate, "quality": one.quality, "cost_usd": one.cost_usd }))
        .collect();
    let cases: Vec<Value> = (told.found.cases.iter())
        .map(|one| {
            let weighing = one.weighing.as_ref();
            json!({
                "when": one.when,
                "gain": weighing.map(|one| one.gain),
                "gain_sd": weighing.and_then(|one| one.sd),
                "score": weighing.map(|one| one.score),
                "threshold": weighing.map(|one| one.threshold),
                "given": one.given,
                "then": one.then,
            })
        })
        .collect();
    let flips: Vec<Value> = (told.found.flips.iter())
        .map(|one| json!({ "if": one.change, "then": one.then }))
        .collect();
    json!({
        "schema_version": 1,
        "policy": told.policy.name,
        "hash": told.policy.content_hash(),
        "query": {
            "chars": view.text.chars().count(),
            "words": view.text.split_whitespace().count(),
            "context_tokens": view.context_tokens(),
            "task": view.task,
        },
        "calls": calls.iter().map(|call| json!({
            "candidate": call.candidate,
            "use": explained::use_name(call.purpose),
        })).collect::<Vec<_>>(),
        "why": told.found.decision.why.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "expected": told.expected().map(|one| one.json()),
        "estimates": estimates,
        "n_fitted": told.found.n_fitted,
        "cases": cases,
        "would_change": flips,
        "warnings": told.warnings(),
        "item": told.served.as_ref().map(|one| json!({
            "item": one.item,
            "answered_by": one.answered_by,
            "calls": one.served.n_calls,
            "steps": one.served.n_steps,
            "quality": one.served.quality,
            "cost_usd": one.served.cost_usd,
            "seconds": one.served.seconds,
            "labels": one.labels,
            "why": one.served.why.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
    })
}

fn of_item(
    item: &str,
    args: &ExplainArgs,
    (router, common): (&Router, &Common),
    printer: Printer,
) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    let members = router.policy().answerers();
    let names: Vec<String> = members.map(|one| one.id.to_string()).collect();
    let needed = labels::of_policy(router.policy());
    let part = Part {
        only: &names,
        labels: &needed,
        split: None,
        most_items: None,
    };
    let mut material = routing::gather(&context, (&store, &run), part)?;
    if let Some(maker) = Maker::of_policy(&context, router.policy())? {
        // Without its vector, an item is served as where the call fails, and the reasons say so.
        let _stand = vectors::attach(&store, &maker, &mut material)?;
    }
    let examples = &material.gathered.examples;
    let place = examples.rows.iter().position(|row| row.id == item);
    let Some(place) = place else {
        return Err(anyhow!(InputError(format!(
            "failed to find item `{item}` with everybody's outcome in run {run}; hint: `trilemma route eval --items` lists them"
        ))));
    };
    let one = examples.subset(&[place]);
    let (Some(row), Some(served)) = (one.rows.first(), replay(router, &one).into_iter().next())
    else {
        return Err(anyhow!("serve item `{item}`"));
    };
    let answered_by = served.answered_by.and_then(|at| one.members.get(at));
    let served = ServedItem {
        item: item.to_owned(),
        answered_by: answered_by.map(|one| one.id.clone()),
        labels: said(&served, row),
        served,
    };
    let view = row.view();
    let by = router
        .policy()
        .embedders()
        .first()
        .map(|(by, _)| (*by).clone());
    let mut seen: Vec<Observation> = (by.into_iter().zip(&row.embedded))
        .map(|(by, one)| Observation::embedded(by, one.vector.to_vec(), one.input_tokens))
        .collect();
    seen.extend(row.labels.iter().map(|one| one.observation.clone()));
    tell(&Told::of(router, (&view, &seen), Some(served)), printer)?;
    printer.next(&common.command("route eval --items"));
    Ok(Exit::Ok)
}

fn query(args: &ExplainArgs) -> anyhow::Result<String> {
    let typed = args.query.as_deref().unwrap_or_default();
    if typed != "-" {
        return Ok(typed.to_owned());
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin()
        .take(MAX_QUERY_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if read as u64 > MAX_QUERY_BYTES {
        return Err(anyhow!(InputError(format!(
            "failed to read the query: it is longer than {} MB",
            MAX_QUERY_BYTES >> 20
        ))));
    }
    String::from_utf8(bytes).map_err(|_| {
        anyhow!(InputError(
            "failed to read the query: it is no text; hint: save it as UTF-8".to_owned()
        ))
    })
}

/// Where the policy is; the project is only asked where nobody named a file.
fn policy_path(args: &ExplainArgs, common: &Common) -> anyhow::Result<PathBuf> {
    if let Some(path) = &args.policy {
        return Ok(path.clone());
    }
    if !project_file(common).is_file() {
        return Ok(PathBuf::from("policy.json"));
    }
    let context = Context::open(common)?;
    let named = context.project.serve.policy.clone();
    Ok(context
        .folder
        .join(named.unwrap_or_else(|| PathBuf::from("policy.json"))))
}

//! `trilemma route eval`: what routing is worth on items that it has not seen, or what a policy file
//! does on the items of a run. Calls nobody.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use trilemma_golden::Side;
use trilemma_route::{
    Evaluation, Examples, Options, Router, Verdict, appraise, cross_pair_figures, evaluate, replay,
};
use trilemma_store::Store;

use super::fit::{Fitted, fit, usable, verdict};
use super::kind::Kind;
use super::sheet::{NamedPair, RouterTime, Sheet};
use super::target::Aim;
use crate::args::Common;
use crate::clock;
use crate::commands::export::choose;
use crate::commands::words::split_side;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::hint;
use crate::places;
use crate::printer::Printer;
use crate::routing::vectors::{self, Maker};
use crate::routing::{self, Material, Part, by_file, labels, rules};
use crate::split::with_split;

/// Most items of which the decisions are timed.
const MAX_TIMED: usize = 2_000;

/// What to evaluate, and on what.
#[derive(Debug, clap::Args)]
pub(super) struct EvalArgs {
    /// The run (default: the latest).
    run: Option<String>,
    /// Serve the run's items by this policy file instead of training anew; without it, each item is
    /// served by policies that were trained on others.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "budget_usd", "kind"])]
    policy: Option<PathBuf>,
    #[command(flatten)]
    aim: Aim,
    /// The kind of policy.
    #[arg(long, value_enum, default_value_t = Kind::Auto)]
    kind: Kind,
    /// Only these candidates, separated by commas (default: all that have what it takes).
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    candidates: Vec<String>,
    /// Judge on a part of the golden set only (default: all items of the run).
    #[arg(long, value_name = "SIDE", value_parser = split_side())]
    split: Option<Side>,
    /// Let vectors of the queries by this model for embeddings take part, where they pay; nobody is called,
    /// `route embed` does that (default: `embedding` under `[routing]`).
    #[arg(long, value_name = "NAME", conflicts_with = "policy")]
    embed: Option<String>,
    /// APGR and CPT of these two (default: the cheapest and the best).
    #[arg(long, value_name = "WEAK,STRONG", value_delimiter = ',')]
    pair: Vec<String>,
    /// Also write curve and baselines as CSV.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Also tell item by item whom the policy asked, whose answer it gave, and whether it was right.
    #[arg(long)]
    items: bool,
}

/// Runs the command. An abstention shows in the exit code, as for `train`, unless a file is judged.
pub(super) fn run(args: &EvalArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
    let run = choose(&store, args.run.as_deref())?;
    let file = args.policy.as_deref().map(read_policy).transpose()?;
    let names: Vec<String> = match &file {
        // A run may have more candidates than the policy.
        Some(router) if args.candidates.is_empty() => {
            let members = router.policy().answerers();
            members.map(|one| one.id.to_string()).collect()
        }
        _ => args.candidates.clone(),
    };
    let needed = match &file {
        Some(router) => labels::of_policy(router.policy()),
        None => args.kind.labels(&context, &store.manifest(&run)?)?,
    };
    let part = Part {
        only: &names,
        labels: &needed,
        split: args.split,
        most_items: None,
    };
    let mut material = routing::gather(&context, (&store, &run), part)?;
    routing::demand_two(&material)?;
    if file.is_none() {
        args.kind.demand_labels(&context, &material)?;
    }
    let maker = match &file {
        Some(router) => Maker::of_policy(&context, router.policy())?,
        None => Maker::named(&context, args.embed.as_deref())?,
    };
    if let Some(maker) = maker {
        let stand = vectors::attach(&store, &maker, &mut material)?;
        if file.is_some() && !stand.takes_part {
            return Err(by_file::without_vectors(&stand));
        }
        let signal = super::signals::vectors(&stand);
        material.notes.extend(signal.map(|signal| signal.line()));
    }
    let examples = &material.gathered.examples;
    let options = routing::options(&context, &material, args.aim.target(&context));
    let (fitted, is_file) = match &file {
        None => (fit(args.kind, examples, &options, (None, printer))?, false),
        Some(router) => (of_file(router, &material)?, true),
    };
    let beside = beside(&fitted, examples, &options);
    let router = usable(fitted.policy.clone())?;
    let sheet = Sheet {
        material: &material,
        pair: pair(args, examples, options.seed)?,
        rules: rules::counts(&router, &examples.rows, &fitted.unseen.served),
        router_us: timed(&router, examples),
        fitted_on_these: is_file && by_file::is_fitted_on(&fitted.policy, &material),
        target: options.target,
        kind: args.kind,
        is_file,
        beside: &beside,
        fitted: &fitted,
    };
    if let Some(path) = &args.csv {
        places::write_file(path, super::curve_csv::curve(&sheet)?)?;
        printer.say(&format!("wrote {}", path.display()));
    }
    if printer.json() {
        printer.value(&super::sheet_json::sheet(&sheet, args.items))?;
    } else {
        printer.data(&super::sheet_words::sheet(&sheet, args.items));
    }
    next(args, common, &fitted, printer);
    Ok(match &fitted.verdict {
        Verdict::Abstain { kind, .. } if !is_file && args.kind.must_be_worth_it() => {
            super::train::exit_of(*kind)
        }
        Verdict::Abstain { .. } | Verdict::Worth => Exit::Ok,
    })
}

/// Single candidates, mixes of them and other baselines: the same for every kind, and the learned kinds have them already.
fn beside(fitted: &Fitted, examples: &Examples, options: &Options) -> Evaluation {
    match &fitted.evaluation {
        Some(evaluation) => evaluation.clone(),
        None => {
            let mut untrained = options.clone();
            (untrained.queries, untrained.cascades, untrained.reads) = (false, false, false);
            untrained.labels = None;
            evaluate(examples, &untrained)
        }
    }
}

fn next(args: &EvalArgs, common: &Common, fitted: &Fitted, printer: Printer) {
    let words = match (&args.policy, &fitted.verdict) {
        (Some(path), _) => format!("route explain \"…\" --policy {}", hint::path(path)),
        (None, Verdict::Worth) => {
            let run = args.run.as_deref().map(hint::word);
            let run = run.map_or_else(String::new, |run| format!(" --run {run}"));
            format!("route train{run}{}", args.aim.words())
        }
        // A single candidate serves best: the verdict names it.
        (None, Verdict::Abstain { .. }) => "decide".to_owned(),
    };
    printer.next(&common.command(&with_split(&words, args.split)));
}

/// Reads a policy file.
///
/// # Errors
/// [`InputError`] when it cannot be read or used.
pub(crate) fn read_policy(path: &Path) -> anyhow::Result<Router> {
    let text = fs_err::read_to_string(path).map_err(|error| {
        anyhow!(InputError(format!(
            "failed to read the policy: {error}; hint: `trilemma route train` writes one"
        )))
    })?;
    Router::read(&text).map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
}

/// What a file does on a run.
fn of_file(router: &Router, material: &Material) -> anyhow::Result<Fitted> {
    by_file::demand_all(router.policy(), material)?;
    let examples = &material.gathered.examples;
    let unseen = appraise(router, examples, material.manifest.seed);
    Ok(Fitted {
        verdict: verdict(&unseen),
        way: None,
        gives: unseen.gives(examples),
        policy: router.policy().clone(),
        evaluation: None,
        against: None,
        unseen,
    })
}

/// APGR and CPT between two candidates, the better one as the strong one.
fn pair(args: &EvalArgs, examples: &Examples, seed: u64) -> anyhow::Result<Option<NamedPair>> {
    let place = |name: &str| {
        let found = examples
            .members
            .iter()
            .position(|one| one.id.as_str() == name);
        found.ok_or_else(|| {
            anyhow!(InputError(format!(
                "failed to find candidate `{name}` of `--pair` among those with outcomes"
            )))
        })
    };
    let places = match args.pair.as_slice() {
        [] => {
            let mean = |idx: usize| {
                examples
                    .rows
                    .iter()
                    .filter_map(|row| row.outcomes.get(idx))
                    .map(|one| one.cost_usd)
                    .sum::<f64>()
            };
            let cheapest = (0..examples.members.len()).min_by(|a, b| mean(*a).total_cmp(&mean(*b)));
            [cheapest.unwrap_or(0), examples.best_single()]
        }
        [one, other] if one != other => [place(one)?, place(other)?],
        _ => {
            return Err(anyhow!(InputError(
                "failed to read `--pair`: it takes two different candidates, separated by a comma"
                    .to_owned()
            )));
        }
    };
    if places[0] == places[1] {
        return Ok(None);
    }
    let two = examples.only(&places);
    let name = |idx: usize| {
        two.members
            .get(idx)
            .map_or_else(String::new, |one| one.id.to_string())
    };
    let strong = two.best_single();
    Ok(cross_pair_figures(&two, seed).map(|figures| NamedPair {
        weak: name(1 - strong),
        strong: name(strong),
        figures,
    }))
}

/// Microseconds of all decisions for an item on this machine.
fn timed(router: &Router, examples: &Examples) -> Option<RouterTime> {
    let n = examples.rows.len().min(MAX_TIMED);
    let items: Vec<Examples> = (0..n).map(|idx| examples.subset(&[idx])).collect();
    let times: Vec<f64> = (items.iter())
        .map(|item| {
            let start = clock::stopwatch();
            std::hint::black_box(replay(router, item));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    RouterTime::of(times)
}

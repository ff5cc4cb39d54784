//! From recorded trials to a decision: gathers what `decide` asks for.
//!
//! Calls nobody. Requirements, traffic and prices are those of the project as it is now, so that
//! re-deciding and re-pricing need no new run; items and answers are those of the recorded run.

use std::ops::ControlFlow;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use trilemma_decide::{
    CandidateFacts, Collector, Decision, DecisionInput, Preference, Provenance, Raced, ServedModel,
    StalePrices, Status, TaskFacts, WarningCode,
};
use trilemma_domain::{Candidate, Estimand, RunId, TrialKey};
use trilemma_golden::Side;
use trilemma_store::{RunManifest, Store};

use crate::context::Context;
use crate::exit::Exit;
use crate::field::Field;
use crate::judging;
use crate::printer::Printer;
use crate::routing;

/// What a user may ask of a decision.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct DecideOptions {
    /// What ranks candidates that meet every requirement (default: the project's `[preference]`).
    #[arg(long, value_name = "WORD", value_parser = preference())]
    prefer: Option<Preference>,
    /// What pass rates and comparisons are about (default: what the project says).
    #[arg(long, value_enum)]
    estimand: Option<About>,
    /// Recommend even on prices that nobody has looked at for more than 90 days.
    #[arg(long)]
    stale_ok: bool,
    /// What an undecided verdict means for the exit code.
    #[arg(long, value_enum, value_name = "WORD", default_value_t = OnUndecided::Fail)]
    on_undecided: OnUndecided,
    /// Accept no verdict that rests on a judge whom people have not checked (exit code 3), or on
    /// answers of another model than the one that is pinned (exit code 5).
    #[arg(long)]
    strict: bool,
    /// The part of the golden set to decide on; `None` = all items of the run.
    #[arg(skip)]
    split: Option<Side>,
}

/// What pass rates and comparisons are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum About {
    /// Production traffic of which the golden set is a sample.
    Production,
    /// The golden set itself: exact once every item ran.
    GoldenSet,
}

/// What an undecided verdict means for the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum OnUndecided {
    /// Exit code 3.
    #[default]
    Fail,
    /// Exit code 0, and a word on stderr.
    Warn,
    /// Exit code 0.
    Pass,
}

/// Reads what ranks candidates.
fn preference() -> impl TypedValueParser<Value = Preference> {
    let names = Preference::ALL.map(Preference::name);
    PossibleValuesParser::new(names).try_map(|typed| {
        let hit = Preference::ALL.into_iter().find(|one| one.name() == typed);
        hit.ok_or("not one of the words")
    })
}

impl DecideOptions {
    /// The same, ranked by pass rate unless said otherwise: for runs of which no cost is known.
    pub(crate) fn by_quality(self) -> Self {
        Self {
            prefer: self.prefer.or(Some(Preference::PassRate)),
            ..self
        }
    }

    /// What ranks candidates.
    pub(crate) fn preference_of(self, context: &Context) -> Preference {
        self.prefer.unwrap_or(context.project.preference)
    }

    /// Whether an undecided verdict counts as a failure.
    pub(crate) fn undecided_fails(self) -> bool {
        self.on_undecided == OnUndecided::Fail
    }

    /// The same, on a part of the golden set only.
    pub(crate) fn on(self, split: Option<Side>) -> Self {
        Self { split, ..self }
    }
}

/// Decides on a recorded run.
pub(crate) fn decide(
    context: &Context,
    store: &Store,
    run: &RunId,
    options: DecideOptions,
) -> anyhow::Result<Decision> {
    let manifest = store.manifest(run)?;
    let field = Field::of(context, store, &manifest)?;
    let mut decision = decide_on(context, (store, &manifest), options, &field, |_| {})?;
    field.tell(&mut decision, (context, store, &manifest))?;
    Ok(decision)
}

/// Decides on a recorded run, with a routed mix as one more candidate where that is shown to be worth something
/// and the project does not say no.
pub(crate) fn decide_routed(
    context: &Context,
    (store, run): (&Store, &RunId),
    options: DecideOptions,
) -> anyhow::Result<Decision> {
    decide_routed_with(context, (store, run), options, |_| {})
}

/// The same as if some facts were others.
pub(crate) fn decide_routed_with(
    context: &Context,
    (store, run): (&Store, &RunId),
    options: DecideOptions,
    adjust: impl FnOnce(&mut DecisionInput),
) -> anyhow::Result<Decision> {
    let manifest = store.manifest(run)?;
    let field = Field::of(context, store, &manifest)?;
    let collector = collect(context, (store, &manifest), options, &field, adjust)?;
    let case = routing::Case {
        context,
        store,
        manifest: &manifest,
        split: options.split,
        places: &field.places,
    };
    let (collector, routing) = routing::propose(&case, collector)?;
    let mut decision = collector.finish();
    decision.routing = routing;
    field.tell(&mut decision, (context, store, &manifest))?;
    Ok(decision)
}

/// Decides on some candidates of a recorded run.
pub(crate) fn decide_on(
    context: &Context,
    (store, manifest): (&Store, &RunManifest),
    options: DecideOptions,
    field: &Field,
    adjust: impl FnOnce(&mut DecisionInput),
) -> anyhow::Result<Decision> {
    let collector = collect(context, (store, manifest), options, field, adjust)?;
    Ok(collector.finish())
}

/// Gathers everything that a decision on some candidates is taken from.
fn collect(
    context: &Context,
    (store, manifest): (&Store, &RunManifest),
    options: DecideOptions,
    field: &Field,
    adjust: impl FnOnce(&mut DecisionInput),
) -> anyhow::Result<Collector> {
    let raced = &field.places;
    let sample = crate::sample::Sample::of(context, store, manifest, options.split)?;
    let places = sample.places();
    let mut input = input(context, store, manifest, (options, sample))?;
    field.narrow(&mut input, manifest)?;
    let decided_on = judging::Places {
        candidates: raced,
        items: &places,
    };
    input.pairs = judging::preferred(context, store, manifest, decided_on)?;
    let reviews = crate::reviews::reviews(store, &manifest.run, (raced, &places))?;
    adjust(&mut input);
    let mut collector = Collector::new(input)?.with_reviews(reviews);
    let mut refused = None;
    store.observations(&manifest.run, |mut observation| {
        let TrialKey {
            candidate_idx,
            item_idx,
            ..
        } = observation.key;
        let (Some(Some(candidate_idx)), Some(Some(item_idx))) = (
            raced.get(candidate_idx as usize),
            places.get(item_idx as usize),
        ) else {
            return ControlFlow::Continue(());
        };
        observation.key.candidate_idx = *candidate_idx;
        observation.key.item_idx = *item_idx;
        match collector.push(&observation) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                refused = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = refused {
        return Err(error.into());
    }
    Ok(collector)
}

/// What a decision on all that a run measured is taken from, trials apart.
pub(crate) fn input_of(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
    options: DecideOptions,
) -> anyhow::Result<DecisionInput> {
    let sample = crate::sample::Sample::of(context, store, manifest, options.split)?;
    input(context, store, manifest, (options, sample))
}

fn input(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
    (options, sample): (DecideOptions, crate::sample::Sample),
) -> anyhow::Result<DecisionInput> {
    let project = &context.project;
    let mut requirements = project.requirements.clone();
    match options.estimand {
        None => {}
        Some(About::Production) => requirements.estimand = Estimand::Production,
        Some(About::GoldenSet) => requirements.estimand = Estimand::GoldenSet,
    }
    let incumbent = project.incumbent.as_ref().and_then(|id| {
        manifest
            .candidates
            .iter()
            .position(|record| record.candidate.id == *id)
    });
    Ok(DecisionInput {
        task: TaskFacts {
            name: project.task.name.clone(),
            kind: project.task.kind,
            stakes: project.task.stakes,
            pass_threshold: project.task.pass_threshold,
        },
        requirements,
        traffic: project.traffic,
        preference: options.preference_of(context),
        stale_prices: if options.stale_ok {
            StalePrices::Accept
        } else {
            StalePrices::Refuse
        },
        incumbent,
        candidates: candidates(context, store, manifest)?,
        raced: Raced::default(),
        items: sample.items,
        repeats: manifest.repeats,
        seed: manifest.seed,
        as_of: context.as_of,
        // The collector learns it from the answers themselves.
        simulated: false,
        judges: judging::measured(context, store, manifest)?,
        pairs: Vec::new(),
        provenance: Provenance {
            run: Some(manifest.run.clone()),
            golden: Some(manifest.golden),
            split: sample.part.map(|part| part.name().to_owned()),
            catalog: Some(context.catalog.fingerprint()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    })
}

/// What is known of the candidates of a run.
pub(crate) fn candidates(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
) -> anyhow::Result<Vec<CandidateFacts>> {
    let served = store.served(&manifest.run)?;
    let mut all = Vec::with_capacity(manifest.candidates.len());
    for (candidate_idx, record) in (0u32..).zip(&manifest.candidates) {
        let candidate = as_of_now(context, &record.candidate);
        let mut facts = CandidateFacts::of(&candidate, &context.catalog, context.as_of)?;
        facts.served = served
            .iter()
            .filter(|one| one.candidate_idx == candidate_idx)
            .map(|one| ServedModel {
                name: one.model.clone(),
                n_trials: usize::try_from(one.n_answers).unwrap_or(usize::MAX),
            })
            .collect();
        all.push(facts);
    }
    Ok(all)
}

/// The recorded candidate with the price and identity that the project gives it today.
pub(crate) fn as_of_now(context: &Context, recorded: &Candidate) -> Candidate {
    let now = context
        .project
        .candidates
        .iter()
        .find(|one| one.id == recorded.id);
    let mut candidate = recorded.clone();
    if let Some(now) = now {
        candidate.price = now.price;
        candidate.identity.clone_from(&now.identity);
    }
    candidate
}

/// Words behind the program's name that come next where a routed mix is what is recommended, or to take if one
/// must be taken now; `None` = it is not.
pub(crate) fn routed_next(decision: &Decision) -> Option<&str> {
    let routing = decision.routing.as_ref()?;
    let chosen = decision.chosen()?;
    let mix = decision.candidates.get(routing.candidate?)?;
    (mix.id == chosen.id).then_some(routing.next.as_deref()?)
}

/// Whether a warning was given.
fn warns(decision: &Decision, code: WarningCode) -> bool {
    decision.warnings.iter().any(|warning| warning.code == code)
}

/// The exit code of a decision; says where `--strict` refuses it.
pub(crate) fn exit_of(decision: &Decision, options: DecideOptions, printer: Printer) -> Exit {
    if options.strict && warns(decision, WarningCode::ServedOther) {
        printer.tell(
            "refused (--strict): answers came from another model than the one that is pinned; hint: \
             `trilemma check` shows what was asked for and what was served",
        );
        return Exit::Drift;
    }
    let is_refused = options.strict && warns(decision, WarningCode::UncheckedJudge);
    if is_refused {
        printer.tell(
            "refused (--strict): the verdict rests on a judge whom people have not checked; \
             hint: `trilemma review sample`, then `trilemma review label`",
        );
    }
    match decision.status() {
        Status::MissingResults => Exit::Provider,
        Status::Decided | Status::NoCandidate if is_refused => Exit::Undecided,
        Status::Decided => Exit::Ok,
        Status::NoCandidate => Exit::NoCandidate,
        Status::Undecided => match options.on_undecided {
            OnUndecided::Fail => Exit::Undecided,
            OnUndecided::Warn | OnUndecided::Pass => Exit::Ok,
        },
    }
}

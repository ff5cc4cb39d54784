//! Streams a run into examples.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use anyhow::{Context as _, anyhow};
use serde_json::Value;
use trilemma_cost::Pricer;
use trilemma_domain::{
    Candidate, CandidateId, Fingerprint, Item, ItemId, NanoUsd, Observation as Figures,
    ObservedState, RunId, TrialKey, Usd,
};
use trilemma_route::{Example, Gather, Gathered, Observation, Recorded};
use trilemma_score::SCORERS;
use trilemma_store::{RunManifest, ScoreSet, Store};

use super::Part;
use super::item::{Rendering, view_of};
use super::labels::{self, Role};
use super::member::member;
use crate::context::{Context, InputError};
use crate::decision::as_of_now;
use crate::lineup::pricer;
use crate::sample::Sample;

/// A run, ready for training.
pub(crate) struct Material {
    pub(crate) manifest: RunManifest,
    pub(crate) gathered: Gathered,
    /// Of each item that takes part, with everybody's result or not, its place in the sample.
    pub(crate) given_items: Vec<usize>,
    /// Of each example its place in the sample.
    pub(crate) row_items: Vec<usize>,
    /// Whether a simulator answered.
    pub(crate) simulated: bool,
    /// The side of the golden set that takes part; `None` = all of it.
    pub(crate) split: Option<&'static str>,
    /// What the user should know of it, one sentence each.
    pub(crate) notes: Vec<String>,
}

/// Reads a run: the first scored answer of each candidate to each item.
///
/// # Errors
/// As the store gives them; [`InputError`] for candidates that the run does not have.
pub(crate) fn gather(
    context: &Context,
    (store, run): (&Store, &RunId),
    part: Part<'_>,
) -> anyhow::Result<Material> {
    let manifest = store.manifest(run)?;
    refuse_unknown(&manifest, part.only)?;
    labels::demand(&manifest, part.labels)?;
    let sample = Sample::of(context, store, &manifest, part.split)?;
    let given = some_of(&sample, part.most_items, manifest.seed);
    let places = places(&sample, &given, manifest.items.len());
    let mut entrants = entrants(context, store, (&manifest, part.labels))?;
    let shared = shared_prompt(&entrants, part.only);
    let items = items(store, &manifest)?;
    let mut notes = Vec::new();
    let chosen: Vec<usize> = (given.iter().filter_map(|place| sample.chosen.get(*place)))
        .copied()
        .collect();
    let chosen: Vec<&Item> = chosen.iter().filter_map(|idx| items.get(*idx)).collect();
    let rows = rows(context, &entrants, shared, &chosen)?;
    for entrant in &mut entrants {
        notes.extend(entrant.role.settle(&entrant.candidate, (&chosen, &rows)));
    }
    let members = entrants.iter().map(|one| one.member.clone()).collect();
    let mut gather = Gather::new(members, rows);
    for (idx, entrant) in entrants.iter().enumerate() {
        if entrant.role != Role::Answers {
            gather.gives_labels(idx);
        }
        if let Some(reason) = refusal(entrant, shared, part.only) {
            gather.refuse(idx, reason);
        }
    }
    let figures = figures((store, run), &places, &entrants)?;
    let hit_rate = (context.project.traffic).and_then(|traffic| traffic.cache_hit_rate);
    let put = put_answers(
        (store, run),
        &Known {
            entrants: &entrants,
            figures: &figures,
            places: &places,
            hit_rate,
        },
        &mut gather,
    )?;
    refuse_unpriced(&put, &entrants, &mut gather);
    if manifest.repeats > 1 {
        notes.push("quality and cost of repeated answers are those of the first; the others show whether a candidate agrees \
             with itself".to_owned());
    }
    if sample
        .items
        .iter()
        .any(|item| (item.weight - 1.0).abs() > 1e-9)
    {
        notes.push("weights of items are not looked at: every item counts once".to_owned());
    }
    let settings = &context.project.routing;
    let extract = settings.extract.clone().or_else(|| {
        let scores = store.score_set(run).ok()?;
        comparable_part(&scores)
    });
    let gathered = gather.finish(extract, settings.compare);
    let row_items = gathered
        .row_places
        .iter()
        .filter_map(|row| given.get(*row).copied());
    Ok(Material {
        row_items: row_items.collect(),
        given_items: given,
        gathered,
        simulated: put.simulated,
        split: sample.part.as_ref().map(|part| part.name()),
        manifest,
        notes,
    })
}

/// Leaves out whose answers nobody can price.
fn refuse_unpriced(put: &Put, entrants: &[Entrant], gather: &mut Gather) {
    for (idx, (n_scored, n_priced)) in put.counts.iter().enumerate() {
        if *n_scored > 0 && *n_priced == 0 {
            let has_price = entrants.get(idx).is_some_and(|one| one.pricer.is_some());
            gather.refuse(
                idx,
                if has_price {
                    "has no known cost: its answers have no token counts; hint: have its endpoint report usage, \
                     or import tokens or `cost_usd`"
                } else {
                    "has no known cost; hint: state `price = { input = \"…\", output = \"…\" }`"
                },
            );
        }
    }
}

/// Places in the sample of the items that take part, ascending: all, or groups of them at random until enough
/// are found.
fn some_of(sample: &Sample, most: Option<usize>, seed: u64) -> Vec<usize> {
    let n = sample.items.len();
    let Some(most) = most.filter(|most| *most < n) else {
        return (0..n).collect();
    };
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, item) in sample.items.iter().enumerate() {
        let group = match &item.cluster {
            Some(cluster) => format!("c{cluster}"),
            None => format!("i{}", item.id),
        };
        groups.entry(group).or_default().push(place);
    }
    let mut order: Vec<(Fingerprint, Vec<usize>)> = (groups.into_iter())
        .map(|(name, places)| (Fingerprint::of(format!("{seed} {name}").as_bytes()), places))
        .collect();
    order.sort();
    let mut chosen = Vec::with_capacity(most);
    for (_, places) in order {
        if chosen.len() + places.len() <= most {
            chosen.extend(places);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Of each item of the run, its place among those that take part.
fn places(sample: &Sample, given: &[usize], n_items: usize) -> Vec<Option<u32>> {
    let mut places = vec![None; n_items];
    for (new, place) in (0u32..).zip(given) {
        let old = sample.chosen.get(*place);
        if let Some(slot) = old.and_then(|old| places.get_mut(*old)) {
            *slot = Some(new);
        }
    }
    places
}

fn refuse_unknown(manifest: &RunManifest, only: &[String]) -> anyhow::Result<()> {
    let known: Vec<&str> = (manifest.candidates.iter())
        .map(|record| record.candidate.id.as_str())
        .collect();
    match only.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(anyhow!(InputError(format!(
            "failed to find candidate `{name}` in run {}; hint: one of {}",
            manifest.run,
            known.join(", ")
        )))),
    }
}

/// A candidate with what its answers are priced by.
struct Entrant {
    candidate: Candidate,
    prompt: Option<Fingerprint>,
    member: trilemma_route::Member,
    pricer: Option<Pricer>,
    role: Role,
}

fn entrants(
    context: &Context,
    store: &Store,
    (manifest, needed): (&RunManifest, &[CandidateId]),
) -> anyhow::Result<Vec<Entrant>> {
    let givers = context.project.routing.gives_labels();
    let served = store.served(&manifest.run)?;
    let mut all = Vec::with_capacity(manifest.candidates.len());
    for (idx, record) in (0u32..).zip(&manifest.candidates) {
        let now = as_of_now(context, &record.candidate);
        let pricer = pricer(context, &now)?;
        let names = served.iter().filter(|one| one.candidate_idx == idx);
        let names = names.map(|one| one.model.clone()).collect();
        all.push(Entrant {
            member: member(record, &now, names, pricer.as_ref()),
            candidate: record.candidate.clone(),
            prompt: record.prompt,
            pricer,
            role: Role::of(&record.candidate.id, needed, &givers),
        });
    }
    Ok(all)
}

fn is_asked_for(entrant: &Entrant, only: &[String]) -> bool {
    only.is_empty() || only.iter().any(|name| name == entrant.member.id.as_str())
}

/// The prompt that most candidates share; the first among equals. A gateway sends what the client
/// wrote, so one policy cannot serve candidates with different prompts as they were measured.
fn shared_prompt(entrants: &[Entrant], only: &[String]) -> Option<Fingerprint> {
    let answers = |one: &&Entrant| one.role == Role::Answers && is_asked_for(one, only);
    let of = || entrants.iter().filter(answers);
    let count = |prompt| of().filter(|one| one.prompt == prompt).count();
    of().map(|one| one.prompt)
        .reduce(|best, one| if count(one) > count(best) { one } else { best })
        .flatten()
}

fn refusal(entrant: &Entrant, shared: Option<Fingerprint>, only: &[String]) -> Option<String> {
    match &entrant.role {
        Role::Answers => {}
        Role::Labels(_) => return None,
        Role::Idle(reason) => return Some(reason.clone()),
    }
    if !is_asked_for(entrant, only) {
        return Some("was not asked for".to_owned());
    }
    if entrant.candidate.target.pipeline.is_some() {
        return Some("is a pipeline, which the gateway does not serve".to_owned());
    }
    (entrant.prompt != shared).then(|| {
        let name = (entrant.candidate.prompt.as_ref()).map_or("none", |prompt| &prompt.name);
        format!("has another prompt (`{name}`): one policy serves one prompt; hint: `--candidates` chooses")
    })
}

fn rows(
    context: &Context,
    entrants: &[Entrant],
    shared: Option<Fingerprint>,
    items: &[&Item],
) -> anyhow::Result<Vec<Example>> {
    let mut answerers = entrants.iter().filter(|one| one.role == Role::Answers);
    let Some(entrant) = answerers.find(|one| one.prompt == shared) else {
        return Ok(Vec::new());
    };
    let rendering = Rendering::new(&entrant.candidate, &context.project.routing)?;
    items.iter().map(|item| view_of(&rendering, item)).collect()
}

/// All items of a run in its own order.
pub(crate) fn items(store: &Store, manifest: &RunManifest) -> anyhow::Result<Vec<Item>> {
    let mut known: HashMap<ItemId, Item> = HashMap::with_capacity(manifest.items.len());
    let mut broken = None;
    store.items(&manifest.golden, |id, body| {
        match serde_json::from_str::<Item>(body) {
            Ok(item) => {
                known.insert(id, item);
                ControlFlow::Continue(())
            }
            Err(error) => {
                broken = Some(anyhow!("read item `{id}` of the store: {error}"));
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = broken {
        return Err(error);
    }
    let in_order = manifest.items.iter().map(|id| {
        known
            .remove(id)
            .with_context(|| format!("find item `{id}` in the store"))
    });
    in_order.collect()
}

/// What was measured of the scored answers to items that take part, and of labels, scored or not.
fn figures(
    (store, run): (&Store, &RunId),
    places: &[Option<u32>],
    entrants: &[Entrant],
) -> anyhow::Result<HashMap<TrialKey, Figures>> {
    let mut all = HashMap::new();
    let takes_part = |key: TrialKey| {
        places
            .get(key.item_idx as usize)
            .copied()
            .flatten()
            .is_some()
    };
    store.observations_among(run, takes_part, |one| {
        let entrant = entrants.get(one.key.candidate_idx as usize);
        let is_label = entrant.is_some_and(|one| one.role != Role::Answers);
        let counts = match one.state {
            ObservedState::Scored { .. } => true,
            ObservedState::Unscored => is_label,
            ObservedState::Failed(_) => false,
        };
        if counts {
            all.insert(one.key, one);
        }
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// What came of the answers.
#[derive(Default)]
struct Put {
    /// Per candidate: scored answers, and those of them whose cost is known.
    counts: Vec<(usize, usize)>,
    simulated: bool,
}

/// What is known of answers before they are read.
struct Known<'a> {
    entrants: &'a [Entrant],
    figures: &'a HashMap<TrialKey, Figures>,
    /// Of each item of the run, its place among those that take part.
    places: &'a [Option<u32>],
    /// Stated share of input that comes from a cache.
    hit_rate: Option<f64>,
}

fn put_answers(
    (store, run): (&Store, &RunId),
    known: &Known<'_>,
    gather: &mut Gather,
) -> anyhow::Result<Put> {
    let mut put = Put {
        counts: vec![(0, 0); known.entrants.len()],
        simulated: false,
    };
    let place = |key: TrialKey| known.places.get(key.item_idx as usize).copied().flatten();
    store.answers_of(
        run,
        |key| place(key).is_some(),
        |answer| {
            let member = answer.key.candidate_idx as usize;
            let row = place(answer.key);
            let (Some(row), Some(figures), Some(entrant)) = (
                row,
                known.figures.get(&answer.key),
                known.entrants.get(member),
            ) else {
                return ControlFlow::Continue(());
            };
            let pass = match (&entrant.role, figures.state) {
                (Role::Answers, ObservedState::Scored { pass, .. }) => pass,
                // Nobody looks at what a label scores.
                (Role::Labels(alike), _) if alike.get(row as usize) == Some(&true) => false,
                _ => return ControlFlow::Continue(()),
            };
            put.simulated |= figures.simulated;
            let cost = cost(figures, entrant.pricer.as_ref(), known.hit_rate);
            if let Some(count) = put.counts.get_mut(member) {
                count.0 += 1;
                count.1 += usize::from(cost.is_some());
            }
            if let Some(cost_usd) = cost {
                let seconds = figures.e2e_us.filter(|_| !figures.replayed);
                let recorded = Recorded {
                    observation: Observation::of_reply(entrant.member.id.clone(), &answer.reply),
                    quality: f64::from(u8::from(pass)),
                    cost_usd,
                    seconds: seconds.map(|us| us as f64 / 1e6),
                    again: Vec::new(),
                };
                gather.put(member, row as usize, recorded);
            }
            ControlFlow::Continue(())
        },
    )?;
    Ok(put)
}

/// USD of an answer at the prices that hold, with the stated cache hit rate; where prices or tokens are
/// unknown, what was billed.
fn cost(figures: &Figures, pricer: Option<&Pricer>, hit_rate: Option<f64>) -> Option<f64> {
    let produced = || {
        let (input, output) = (figures.input_tokens?, figures.output_tokens?);
        pricer?.production(input, output, hit_rate).map(Usd::to_f64)
    };
    produced().or_else(|| figures.cost.map(NanoUsd::to_f64_usd))
}

/// The extraction of the first scorer that counts and has one worth the name: what it compares with
/// the expected answer, a cascade compares between candidates.
fn comparable_part(scores: &ScoreSet) -> Option<Value> {
    scores
        .scorers
        .iter()
        .filter(|one| one.counts())
        .find_map(|one| {
            if let Some(steps) = one.spec.options.get("extract") {
                return Some(steps.clone());
            }
            let kind = SCORERS.iter().find(|kind| kind.name == one.spec.kind)?;
            let steps = kind.extraction?.answer;
            (!steps.is_empty()).then(|| Value::from(steps.to_vec()))
        })
}

//! One candidate in two runs: its figures in both, and the paired difference on shared items.
//!
//! In: two runs and the items that both have. Out: a result per candidate name. The figures are those
//! of `decide`, which takes the two measurements for two candidates on the same items; repeats beyond
//! the fewer of the two are left out.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

use serde::Serialize;
use trilemma_decide::{
    CandidateFacts, CandidateResult, Collector, Comparison, Counts, Decision, DecisionInput,
    Figure, ItemFacts, MoneyFigure, Provenance, Raced, StalePrices, TaskFacts,
};
use trilemma_domain::{CandidateId, ItemId, Observation, ObservedState, Requirements};
use trilemma_store::{CandidateRecord, RunManifest, Store};

use super::diff::Measured;
use super::settings::{Change, of_candidate};
use crate::context::Context;
use crate::sample::items;

/// A candidate of one run or of both.
#[derive(Debug, Serialize)]
pub(crate) struct PairResult {
    pub(crate) id: CandidateId,
    pub(crate) found: Found,
    /// Its settings that differ; empty where one run lacks it.
    pub(crate) settings: Vec<Change>,
    /// On the shared items; `None` = only one run has it, or no item is shared.
    pub(crate) before: Option<Outcome>,
    /// On the shared items.
    pub(crate) after: Option<Outcome>,
    /// Pass rate after minus before on items that both scored, with its interval; `None` as above,
    /// or nothing was scored.
    pub(crate) difference: Option<Figure>,
    /// McNemar's mid-p of "no difference", two-sided; `None` with repeats, clusters or weights.
    pub(crate) p_value: Option<f64>,
    /// Mean score after minus before; `None` where scores are only 0 and 1.
    pub(crate) score_difference: Option<Figure>,
    /// Items that most answers failed before and pass now.
    pub(crate) now_passing: Vec<ItemId>,
    /// Items that most answers passed before and fail now.
    pub(crate) now_failing: Vec<ItemId>,
}

/// Which runs have a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Found {
    Both,
    OnlyBefore,
    OnlyAfter,
}

/// What came out of one run.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// Model names that answers of the whole run carried.
    pub(crate) served: Vec<String>,
    pub(crate) pass_rate: Option<Figure>,
    pub(crate) score: Option<Figure>,
    /// At the prices of the comparison's day; `None` = unknown.
    pub(crate) usd_per_query: Option<MoneyFigure>,
    /// To the last byte; `None` = every answer was replayed.
    pub(crate) e2e_p50_ms: Option<Figure>,
    pub(crate) e2e_p95_ms: Option<Figure>,
    pub(crate) ttft_p95_ms: Option<Figure>,
}

/// Compares every candidate by name.
///
/// # Errors
/// As the store and `decide` give them.
pub(super) fn compare(
    context: &Context,
    store: &Store,
    (before, after): (&Measured, &Measured),
    shared: &[ItemId],
) -> anyhow::Result<Vec<PairResult>> {
    let mut tables: Vec<Table> = Vec::new();
    let mut results: Vec<PairResult> = Vec::new();
    let sample = sample(store, &after.manifest, shared)?;
    for (new_idx, new) in after.manifest.candidates.iter().enumerate() {
        let id = &new.candidate.id;
        let mut olds = before.manifest.candidates.iter().enumerate();
        let old = olds.find(|(_, old)| old.candidate.id == *id);
        let Some((old_idx, old)) = old else {
            results.push(PairResult::alone(id, Found::OnlyAfter));
            continue;
        };
        results.push(PairResult {
            settings: of_candidate(old, new),
            ..PairResult::alone(id, Found::Both)
        });
        if !sample.is_empty() {
            let repeats = before.manifest.repeats.min(after.manifest.repeats);
            let input = input(context, (&sample, repeats), [(old, before), (new, after)])?;
            tables.push(Table {
                collector: Collector::new(input)?,
                places: [old_idx, new_idx],
                repeats,
                passes: HashMap::new(),
            });
        }
    }
    for old in &before.manifest.candidates {
        let id = &old.candidate.id;
        if results.iter().all(|result| result.id != *id) {
            results.push(PairResult::alone(id, Found::OnlyBefore));
        }
    }
    for (side, run) in [before, after].into_iter().enumerate() {
        fill(store, &run.manifest, (side, shared), &mut tables)?;
    }
    let both = results.iter_mut().filter(|one| one.found == Found::Both);
    for (result, table) in both.zip(tables) {
        let idx = table.places;
        table.finish(result, shared);
        for (outcome, (place, run)) in [&mut result.before, &mut result.after]
            .into_iter()
            .zip(idx.into_iter().zip([before, after]))
        {
            if let Some(outcome) = outcome {
                outcome.served = served(store, &run.manifest, place)?;
            }
        }
    }
    Ok(results)
}

fn served(store: &Store, run: &RunManifest, place: usize) -> anyhow::Result<Vec<String>> {
    let names = store.served(&run.run)?.into_iter();
    Ok(names
        .filter(|one| one.candidate_idx as usize == place)
        .map(|one| one.model)
        .collect())
}

/// The shared items as the later run knows them.
fn sample(store: &Store, run: &RunManifest, shared: &[ItemId]) -> anyhow::Result<Vec<ItemFacts>> {
    let wanted: BTreeSet<&ItemId> = shared.iter().collect();
    let mut facts = items(store, run)?;
    facts.retain(|one| wanted.contains(&one.id));
    Ok(facts)
}

fn input(
    context: &Context,
    (sample, repeats): (&[ItemFacts], u32),
    sides: [(&CandidateRecord, &Measured); 2],
) -> anyhow::Result<DecisionInput> {
    let task = &context.project.task;
    let mut candidates = Vec::with_capacity(2);
    for (word, (record, _)) in ["before", "after"].into_iter().zip(sides) {
        let mut facts = CandidateFacts::of(&record.candidate, &context.catalog, context.as_of)?;
        facts.id = CandidateId::from(word);
        candidates.push(facts);
    }
    let [_, (_, after)] = sides;
    Ok(DecisionInput {
        task: TaskFacts {
            name: task.name.clone(),
            kind: task.kind,
            stakes: task.stakes,
            pass_threshold: task.pass_threshold,
        },
        requirements: Requirements::default(),
        traffic: None,
        preference: context.project.preference,
        stale_prices: StalePrices::Accept,
        incumbent: Some(0),
        candidates,
        raced: Raced::default(),
        items: sample.to_vec(),
        repeats,
        seed: after.manifest.seed,
        as_of: context.as_of,
        simulated: false,
        judges: Vec::new(),
        pairs: Vec::new(),
        provenance: Provenance::default(),
    })
}

/// The trials of one candidate in both runs.
struct Table {
    collector: Collector,
    /// Where it stands in the earlier and in the later run.
    places: [usize; 2],
    repeats: u32,
    /// Passed and scored answers by run and shared item.
    passes: HashMap<(usize, u32), (u32, u32)>,
}

/// Takes the trials of one run.
fn fill(
    store: &Store,
    run: &RunManifest,
    (side, shared): (usize, &[ItemId]),
    tables: &mut [Table],
) -> anyhow::Result<()> {
    let known: HashMap<&ItemId, u32> = shared.iter().zip(0u32..).collect();
    let places: Vec<Option<u32>> = run.items.iter().map(|id| known.get(id).copied()).collect();
    let mut refused = None;
    store.observations(&run.run, |observation| {
        let Some(Some(item_idx)) = places.get(observation.key.item_idx as usize) else {
            return ControlFlow::Continue(());
        };
        let place = observation.key.candidate_idx as usize;
        for table in tables
            .iter_mut()
            .filter(|table| table.places.get(side) == Some(&place))
        {
            if let Err(error) = table.push(side, *item_idx, observation) {
                refused = Some(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    })?;
    refused.map_or(Ok(()), |error| Err(error.into()))
}

impl Table {
    fn push(
        &mut self,
        side: usize,
        item_idx: u32,
        mut seen: Observation,
    ) -> Result<(), trilemma_decide::DecideError> {
        if seen.key.repeat >= self.repeats {
            return Ok(());
        }
        seen.key.candidate_idx = u32::try_from(side).unwrap_or_default();
        seen.key.item_idx = item_idx;
        if let ObservedState::Scored { pass, .. } = seen.state {
            let (n_passed, n_scored) = self.passes.entry((side, item_idx)).or_default();
            *n_passed += u32::from(pass);
            *n_scored += 1;
        }
        self.collector.push(&seen)
    }

    fn finish(self, result: &mut PairResult, shared: &[ItemId]) {
        for (item_idx, id) in (0u32..).zip(shared) {
            match (self.most(0, item_idx), self.most(1, item_idx)) {
                (Some(false), Some(true)) => result.now_passing.push(id.clone()),
                (Some(true), Some(false)) => result.now_failing.push(id.clone()),
                _ => {}
            }
        }
        let decision: Decision = self.collector.finish();
        let mut both = decision.candidates.into_iter();
        result.before = both.next().map(Outcome::of);
        if let Some(mut after) = both.next() {
            if let Some(Comparison {
                difference,
                p_value,
                score_difference,
                ..
            }) = after.versus_incumbent.take()
            {
                result.difference = Some(difference);
                result.p_value = p_value;
                result.score_difference = score_difference;
            }
            result.after = Some(Outcome::of(after));
        }
    }

    /// Whether at least half of the scored answers pass; `None` = none was scored.
    fn most(&self, side: usize, item_idx: u32) -> Option<bool> {
        let (n_passed, n_scored) = self.passes.get(&(side, item_idx))?;
        Some(n_passed * 2 >= *n_scored)
    }
}

impl PairResult {
    fn alone(id: &CandidateId, found: Found) -> Self {
        Self {
            id: id.clone(),
            found,
            settings: Vec::new(),
            before: None,
            after: None,
            difference: None,
            p_value: None,
            score_difference: None,
            now_passing: Vec::new(),
            now_failing: Vec::new(),
        }
    }
}

impl Outcome {
    fn of(result: CandidateResult) -> Self {
        let e2e = result.latency.e2e_ms;
        Self {
            counts: result.counts,
            served: Vec::new(),
            pass_rate: result.pass_rate,
            score: result.score,
            usd_per_query: result.cost.per_query,
            e2e_p50_ms: e2e.as_ref().map(|time| time.p50),
            e2e_p95_ms: e2e.map(|time| time.p95),
            ttft_p95_ms: result.latency.ttft_ms.map(|time| time.p95),
        }
    }
}

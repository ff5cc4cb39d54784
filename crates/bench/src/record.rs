//! What a race knows of its trials: asked round by round, kept up as answers come.
//!
//! In: the trials of a round. Out: all of them settled, and what came of each. The store is read in full once,
//! when the race begins; afterwards only the trials of a round are looked up, so that a race over many thousand
//! items does not read its record again and again. Only what is durable is handed out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use trilemma_domain::{NanoUsd, ObservedState, TrialKey};
use trilemma_provider::Connect;
use trilemma_stats::race::{Answer, Query};
use trilemma_store::Settled;

use crate::error::BenchError;
use crate::job::Job;
use crate::schedule::{Schedule, shuffled};
use crate::session::session;

/// What came of one trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    /// Whether it passed; `None` = without a score.
    pub(crate) pass: Option<bool>,
    /// What it cost; `None` = unknown.
    pub(crate) cost: Option<NanoUsd>,
    /// How long the whole answer took; `None` = unknown, or a replay.
    pub(crate) e2e_us: Option<u64>,
}

/// What came of some trials; those without an answer are absent.
pub(crate) type Seens = HashMap<TrialKey, Seen>;

/// The trials of a race.
pub(crate) struct Record<C: Connect> {
    job: Arc<Job<C>>,
    /// Candidates that race, by their number in the race.
    arms: Vec<u32>,
    /// Items in the random order of the race.
    order: Vec<u64>,
    /// What was settled when the race began.
    before: Settled,
    /// What was settled since, answered or not: what failed is not asked again in the same session.
    since: HashSet<TrialKey>,
}

impl<C: Connect> Record<C> {
    /// Reads what is settled.
    pub(crate) fn open(job: &Arc<Job<C>>) -> Result<Self, BenchError> {
        Ok(Self {
            arms: job.parts.racing(),
            order: shuffled(job.parts.items.len() as u64, job.parts.seed),
            before: job.parts.store.settled(&job.parts.run)?,
            since: HashSet::new(),
            job: job.clone(),
        })
    }

    /// Candidates that race.
    pub(crate) fn n_arms(&self) -> usize {
        self.arms.len()
    }

    /// The candidate that has this number in the race.
    pub(crate) fn candidate(&self, arm: usize) -> u32 {
        self.arms.get(arm).copied().unwrap_or(u32::MAX)
    }

    /// The number in the race of a candidate; `None` = it does not race.
    pub(crate) fn arm_of(&self, candidate: usize) -> Option<usize> {
        self.arms.iter().position(|one| *one as usize == candidate)
    }

    /// What the item of a trial counts.
    pub(crate) fn weight(&self, key: TrialKey) -> f64 {
        self.job.item(key.item_idx).map_or(0.0, |item| item.weight)
    }

    /// What items count, in the random order of the race.
    pub(crate) fn weights(&self) -> Vec<f64> {
        let items = &self.job.parts.items;
        let items = self
            .order
            .iter()
            .filter_map(|item| items.get(usize::try_from(*item).ok()?));
        items.map(|item| item.weight).collect()
    }

    /// The trials of a question: all repeats of the item at this place of the order.
    pub(crate) fn keys(&self, query: Query) -> impl Iterator<Item = TrialKey> + use<C> {
        self.keys_at(self.candidate(query.arm), query.item)
    }

    /// All repeats of the item at this place of the order.
    fn keys_at(&self, candidate_idx: u32, place: usize) -> impl Iterator<Item = TrialKey> + use<C> {
        let item = self.order.get(place);
        let item = item.and_then(|item| u32::try_from(*item).ok());
        let repeats = 0..self.job.parts.repeats;
        item.into_iter().flat_map(move |item_idx| {
            repeats.clone().map(move |repeat| TrialKey {
                candidate_idx,
                item_idx,
                repeat,
            })
        })
    }

    /// All trials of some candidates, and of those that do not race.
    pub(crate) fn all_of(&self, candidates: &[u32]) -> HashSet<TrialKey> {
        let places = 0..self.order.len();
        let all = candidates.iter().chain(&self.job.parts.aside).copied();
        all.flat_map(|candidate| places.clone().map(move |place| (candidate, place)))
            .flat_map(|(candidate, place)| self.keys_at(candidate, place))
            .collect()
    }

    /// Calls what is neither answered nor failed in this session; false when the run is being stopped.
    pub(crate) async fn settle(&mut self, wanted: &HashSet<TrialKey>) -> Result<bool, BenchError> {
        let open: HashSet<TrialKey> = self
            .with_incumbent(wanted)
            .into_iter()
            .filter(|key| !self.is_settled(*key))
            .collect();
        if !open.is_empty() {
            let parts = &self.job.parts;
            let schedule = Schedule::of(parts.shape(), parts.seed, &open);
            self.job.reschedule(schedule);
            session(&self.job).await?;
            self.since.extend(open);
        }
        Ok(!self.job.is_stopping())
    }

    /// What came of some trials.
    pub(crate) fn seen(&self, keys: impl Iterator<Item = TrialKey>) -> Result<Seens, BenchError> {
        let keys: Vec<TrialKey> = keys.collect();
        let mut seens = HashMap::with_capacity(keys.len());
        let (store, run) = (&self.job.parts.store, &self.job.parts.run);
        store.observations_of(run, &keys, |observation| {
            let pass = match observation.state {
                ObservedState::Failed(_) => return,
                ObservedState::Scored { pass, .. } => Some(pass),
                ObservedState::Unscored => None,
            };
            let seen = Seen {
                pass,
                cost: observation.cost,
                e2e_us: observation.e2e_us.filter(|_| !observation.replayed),
            };
            seens.insert(observation.key, seen);
        })?;
        Ok(seens)
    }

    /// What came of a question: the share of its repeats that pass, missing unless all have a score.
    pub(crate) fn answer(&self, query: Query, seens: &Seens) -> Answer {
        let (mut n, mut passed) = (0, 0);
        for key in self.keys(query) {
            match seens.get(&key).and_then(|seen| seen.pass) {
                Some(pass) => passed += u32::from(pass),
                None => return Answer::Missing,
            }
            n += 1;
        }
        if n == 0 {
            return Answer::Missing;
        }
        Answer::Passed(f64::from(passed) / f64::from(n))
    }

    /// How long the answers to a question took, in milliseconds: the mean of those known.
    pub(crate) fn time(&self, query: Query, seens: &Seens) -> Option<f64> {
        let keys = self.keys(query);
        let times = keys.filter_map(|key| Some(seens.get(&key)?.e2e_us? as f64 / 1e3));
        weighted_mean(times.map(|time| (1.0, time)))
    }

    fn is_settled(&self, key: TrialKey) -> bool {
        self.since.contains(&key) || self.before.is_answered(key)
    }

    /// A judge that compares with the incumbent needs its answer to the same items.
    fn with_incumbent(&self, wanted: &HashSet<TrialKey>) -> HashSet<TrialKey> {
        let mut all = wanted.clone();
        let parts = &self.job.parts;
        if let (true, Some(candidate_idx)) = (parts.grader.waits_for_incumbent(), parts.incumbent) {
            all.extend(wanted.iter().map(|key| TrialKey {
                candidate_idx,
                ..*key
            }));
        }
        all
    }
}

/// The mean of values with their weights; `None` of nothing.
pub(crate) fn weighted_mean(values: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (n, sum) = values.fold((0.0, 0.0), |(n, sum), (weight, value)| {
        (n + weight, sum + weight * value)
    });
    (n > 0.0).then(|| sum / n)
}

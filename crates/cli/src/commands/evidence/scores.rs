//! What the scorers that need no expected answer made of the benchmark's answers.
//!
//! In: a run, its recorded answers, the project's scorers. Out: by candidate and scorer the mean score of exactly the
//! computation that scores traffic: the request as it was asked, the answer, nothing that is expected. So each figure of
//! traffic has one of the same scorer beside it, and never one of another.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use trilemma_domain::{Item, Message, RunId};
use trilemma_gateway::LiveScorer;
use trilemma_project::{Prompt, chat_request};
use trilemma_stats::mean::{bounded_mean, clustered_mean, mean_t};
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::resample::{Resampling, cluster_bootstrap_mean};
use trilemma_stats::{Confidence, Estimate};
use trilemma_store::{RunManifest, Store};

use super::kept::Known;
use crate::routing::items;

/// Mean scores by candidate and scorer.
pub(super) type Scores = BTreeMap<(String, String), Estimate>;

/// Values of items, and the group of the item of each.
#[derive(Debug, Default)]
pub(super) struct Values {
    values: Vec<f64>,
    groups: Vec<usize>,
}

/// Scores a run's answers again.
pub(super) fn of_run(store: &Store, run: &RunId, scorers: &[LiveScorer]) -> anyhow::Result<Scores> {
    let manifest = store.manifest(run)?;
    let items = items(store, &manifest)?;
    let groups = groups(&items);
    let mut all: BTreeMap<(String, String), Values> = BTreeMap::new();
    each((store, run), (&manifest, &items), scorers, |scored| {
        if let Some(group) = groups.get(scored.item_idx) {
            let key = (scored.candidate.to_owned(), scored.scorer.to_owned());
            all.entry(key).or_default().push(scored.score, *group);
        }
    })?;
    let estimated = all
        .into_iter()
        .filter_map(|(key, values)| Some((key, values.estimate(manifest.seed)?)));
    Ok(estimated.collect())
}

/// Whose answer to an item is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    /// The candidate.
    pub(super) id: &'a str,
    /// The group of the item.
    pub(super) group: usize,
}

/// Scores of the answers that are given, by scorer; of repeated ones the first.
pub(super) fn of_answers(
    (store, run): (&Store, &RunId),
    scorers: &[LiveScorer],
    given: &HashMap<&str, Given<'_>>,
) -> anyhow::Result<BTreeMap<String, Values>> {
    let manifest = store.manifest(run)?;
    let items = items(store, &manifest)?;
    // By scorer and item, the first repeat.
    let mut firsts: BTreeMap<(String, usize), (u32, f64, usize)> = BTreeMap::new();
    each((store, run), (&manifest, &items), scorers, |scored| {
        let item = items.get(scored.item_idx).map(|item| item.id.as_str());
        let Some(given) = item.and_then(|id| given.get(id)) else {
            return;
        };
        if given.id != scored.candidate {
            return;
        }
        let key = (scored.scorer.to_owned(), scored.item_idx);
        let one = (scored.repeat, scored.score, given.group);
        let first = firsts.entry(key).or_insert(one);
        if one.0 < first.0 {
            *first = one;
        }
    })?;
    let mut all: BTreeMap<String, Values> = BTreeMap::new();
    for ((scorer, _), (_, score, group)) in firsts {
        all.entry(scorer).or_default().push(score, group);
    }
    Ok(all)
}

/// One answer as one scorer sees it.
struct Scored<'a> {
    candidate: &'a str,
    scorer: &'a str,
    item_idx: usize,
    repeat: u32,
    score: f64,
}

/// Scores every answer of a run by every scorer.
fn each(
    (store, run): (&Store, &RunId),
    (manifest, items): (&RunManifest, &[Item]),
    scorers: &[LiveScorer],
    mut told: impl FnMut(Scored<'_>),
) -> anyhow::Result<()> {
    let prompts: Vec<Option<Prompt>> = (manifest.candidates.iter())
        .map(|one| Prompt::parse(one.candidate.prompt.as_ref()?).ok())
        .collect();
    store.answers(run, |answer| {
        let [candidate_idx, item_idx] =
            [answer.key.candidate_idx, answer.key.item_idx].map(|idx| idx as usize);
        let item = items.get(item_idx);
        if let (Some(record), Some(item)) = (manifest.candidates.get(candidate_idx), item) {
            let prompt = prompts.get(candidate_idx).and_then(Option::as_ref);
            let messages: Vec<Message> = chat_request(&record.candidate, prompt, item)
                .map(|asked| asked.messages)
                .unwrap_or_default();
            for scorer in scorers {
                if let Some(score) = scorer.score(&messages, &answer.reply.response) {
                    told(Scored {
                        candidate: record.candidate.id.as_str(),
                        scorer: &scorer.key,
                        item_idx,
                        repeat: answer.key.repeat,
                        score,
                    });
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(())
}

/// A number per item, the same for those of one cluster.
fn groups(items: &[Item]) -> Vec<usize> {
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups = Vec::with_capacity(items.len());
    for (idx, item) in items.iter().enumerate() {
        groups.push(match item.extras.cluster.as_deref() {
            Some(cluster) => *known.entry(cluster).or_insert(idx),
            None => idx,
        });
    }
    groups
}

impl Values {
    /// One more.
    pub(super) fn push(&mut self, value: f64, group: usize) {
        self.values.push(value);
        self.groups.push(group);
    }

    /// The mean with its interval; `is_share` = the values lie in [0, 1].
    pub(super) fn known(&self, seed: u64, is_share: bool) -> Option<Known> {
        if is_share {
            self.estimate(seed).as_ref().map(Known::of)
        } else {
            self.free(seed).as_ref().map(Known::of)
        }
    }

    /// Values without ends: Student's t, over groups where items are in groups; `None` = too few, or all alike.
    fn free(&self, seed: u64) -> Option<Estimate> {
        const LEVEL: Confidence = Confidence::P95;
        let mut distinct = self.groups.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < self.values.len() {
            return cluster_bootstrap_mean(
                &self.values,
                &self.groups,
                LEVEL,
                &Resampling::new(seed),
            )
            .or_else(|_| clustered_mean(&self.values, &self.groups, LEVEL))
            .ok();
        }
        mean_t(&self.values, LEVEL).ok()
    }

    /// Wilson where every item is scored 0 or 1 once; else Student's t, over groups where items are in groups or were asked
    /// repeatedly; where all are alike, the bound that holds for every distribution.
    fn estimate(&self, seed: u64) -> Option<Estimate> {
        const LEVEL: Confidence = Confidence::P95;
        let n = self.values.len();
        let mut distinct = self.groups.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let has_groups = distinct.len() < n;
        let n_full = self.values.iter().filter(|one| **one >= 1.0).count();
        let n_none = self.values.iter().filter(|one| **one <= 0.0).count();
        let found = if has_groups {
            cluster_bootstrap_mean(&self.values, &self.groups, LEVEL, &Resampling::new(seed))
                .or_else(|_| clustered_mean(&self.values, &self.groups, LEVEL))
        } else if n_full + n_none == n {
            Count::new(n_full, n).map(|count| wilson(count, LEVEL))
        } else {
            mean_t(&self.values, LEVEL)
        };
        let found = found.or_else(|_| {
            // All alike: no more is known than of as many values as there are groups.
            let first = self.values.first().copied().unwrap_or_default();
            bounded_mean(&vec![first; distinct.len()], LEVEL)
        });
        let found = found.ok()?;
        Some(Estimate {
            low: found.low.clamp(0.0, 1.0),
            high: found.high.clamp(0.0, 1.0),
            n,
            ..found
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(values: &[f64], groups: &[usize]) -> Estimate {
        let values = Values {
            values: values.to_vec(),
            groups: groups.to_vec(),
        };
        values.estimate(7).unwrap()
    }

    #[test]
    fn repeats_of_an_item_are_no_items() {
        let once: Vec<f64> = (0..40).map(|idx| f64::from(idx % 4 == 0)).collect();
        let each: Vec<usize> = (0..40).collect();
        let many: Vec<f64> = once.iter().flat_map(|one| [*one; 5]).collect();
        let grouped: Vec<usize> = each.iter().flat_map(|one| [*one; 5]).collect();
        let (once, many) = (estimate(&once, &each), estimate(&many, &grouped));
        assert!((once.point - many.point).abs() < 1e-12);
        assert!((many.high - many.low) > 0.8 * (once.high - once.low));
        assert_eq!(many.n, 200);
    }

    #[test]
    fn equal_scores_are_not_certain() {
        let all = estimate(&[1.0; 30], &(0..30).collect::<Vec<_>>());
        assert!(
            all.high == 1.0 && all.low > 0.8 && all.low < 0.95,
            "{all:?}"
        );
        let copies = estimate(&[0.5; 30], &[3; 30]);
        assert!(copies.high - copies.low > 0.8, "{copies:?}");
    }
}

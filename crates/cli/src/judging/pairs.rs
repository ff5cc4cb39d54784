//! From recorded comparisons to who is preferred: gathers what `decide::judges::rank` asks for.
//!
//! In: the words of judges that compare pairs. Out: one ranking per scorer that asks them. A judge's two words on a
//! pair count where they agree, else they are a tie; several judges count by their mean. Candidates that fell out of a
//! race are left out, because they were asked mostly where somebody failed.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use trilemma_decide::judges::{Pair, PairRanking, PairsInput, rank};
use trilemma_domain::{Item, Order, TrialKey};
use trilemma_score::{Against, JudgeTask, Scorer, expected_text};
use trilemma_store::{RunManifest, Store};

use super::{clusters, judge_of, score, scorers};
use crate::context::Context;

/// How the rival is called where it is no candidate.
const EXPECTED: &str = "expected answer";

/// Which candidates and items of a run are decided on; `None` = this one is not.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    pub(crate) candidates: &'a [Option<u32>],
    pub(crate) items: &'a [Option<u32>],
}

impl Places<'_> {
    fn has(self, key: TrialKey) -> bool {
        let is_in =
            |places: &[Option<u32>], idx: u32| matches!(places.get(idx as usize), Some(Some(_)));
        is_in(self.candidates, key.candidate_idx) && is_in(self.items, key.item_idx)
    }
}

/// Who is preferred, by scorer; empty where no judge compares.
pub(crate) fn preferred(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
    places: Places<'_>,
) -> anyhow::Result<Vec<PairRanking>> {
    let set = store.score_set(&manifest.run)?;
    let scorers = scorers(&set);
    let compares = |scorer: &Scorer| match judge_of(scorer)?.task {
        JudgeTask::Pairwise(against) => Some(against),
        JudgeTask::Rubric | JudgeTask::Reference => None,
    };
    let asked: Vec<(usize, &Scorer, Against)> = scorers
        .iter()
        .enumerate()
        .filter_map(|(idx, scorer)| Some((idx, scorer.as_ref()?, compares(scorer.as_ref()?)?)))
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let words = words(store, manifest, &scorers, places)?;
    let clusters = clusters(store, manifest)?;
    let mut all = Vec::new();
    for (scorer_idx, scorer, against) in asked {
        let rival = Rival::of(context, store, manifest, against)?;
        let pairs = words.get(&scorer_idx).into_iter().flatten();
        let pairs = pairs.filter_map(|(key, said)| {
            let item = key.item_idx as usize;
            Some(Pair {
                contender: key.candidate_idx as usize,
                cluster: clusters.get(item).copied().unwrap_or(item),
                share: said.share()?,
                lead_bytes: rival
                    .bytes_of(*key)
                    .map(|rival| said.n_bytes as f64 - rival as f64),
            })
        });
        let pairs: Vec<Pair> = pairs.collect();
        all.extend(rank(&input(scorer, &rival, manifest, pairs)));
    }
    Ok(all)
}

/// The pairs with their contenders numbered among themselves.
fn input(
    scorer: &Scorer,
    rival: &Rival,
    manifest: &RunManifest,
    mut pairs: Vec<Pair>,
) -> PairsInput {
    let mut known: Vec<usize> = pairs.iter().map(|pair| pair.contender).collect();
    known.sort_unstable();
    known.dedup();
    for pair in &mut pairs {
        pair.contender = known.binary_search(&pair.contender).unwrap_or(0);
    }
    let name = |idx: usize| {
        manifest
            .candidates
            .get(idx)
            .map(|one| one.candidate.id.to_string())
    };
    PairsInput {
        scorer: scorer.label().to_owned(),
        rival: rival.name.clone(),
        contenders: known.into_iter().filter_map(name).collect(),
        pairs,
    }
}

/// What all judges of a scorer said of one answer beside its rival.
#[derive(Default)]
struct Said {
    /// By judge: the answer's score where it stood first, and second.
    words: BTreeMap<u8, [Option<f64>; 2]>,
    n_bytes: u64,
}

impl Said {
    /// The mean of the judges that gave a word in both orders.
    fn share(&self) -> Option<f64> {
        let settled = |words: &[Option<f64>; 2]| {
            let [Some(first), Some(second)] = *words else {
                return None;
            };
            Some(if (first - second).abs() < 1e-9 {
                first
            } else {
                0.5
            })
        };
        let shares: Vec<f64> = self.words.values().filter_map(settled).collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

type ByScorer = HashMap<usize, BTreeMap<TrialKey, Said>>;

fn words(
    store: &Store,
    manifest: &RunManifest,
    scorers: &[Option<Scorer>],
    places: Places<'_>,
) -> anyhow::Result<ByScorer> {
    let mut all = ByScorer::new();
    store.judge_words(&manifest.run, |word| {
        if word.seat.round == 0 && places.has(word.key) {
            let by_key = all.entry(word.scorer_idx as usize).or_default();
            let said = by_key.entry(word.key).or_default();
            said.n_bytes = word.n_answer_bytes;
            let [first, second] = said.words.entry(word.seat.judge).or_default();
            match word.seat.order {
                Order::First => *first = score(scorers, &word),
                Order::Second => *second = score(scorers, &word),
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

/// What the answers were compared with.
struct Rival {
    name: String,
    lengths: Lengths,
}

enum Lengths {
    /// By item, of the expected answer.
    ByItem(Vec<Option<u64>>),
    /// By item and repeat, of the incumbent's.
    ByTrial(HashMap<(u32, u32), u64>),
}

impl Rival {
    fn of(
        context: &Context,
        store: &Store,
        manifest: &RunManifest,
        against: Against,
    ) -> anyhow::Result<Self> {
        if against == Against::Expected {
            return Ok(Self {
                name: EXPECTED.to_owned(),
                lengths: Lengths::ByItem(expected_bytes(store, manifest)?),
            });
        }
        let incumbent = context.project.incumbent.as_ref();
        let mut candidates = (0u32..).zip(&manifest.candidates);
        let place = candidates.find(|(_, one)| Some(&one.candidate.id) == incumbent);
        let lengths = match &place {
            Some((idx, _)) => store.answer_bytes(&manifest.run, *idx)?,
            None => HashMap::new(),
        };
        Ok(Self {
            name: place.map_or_else(
                || "incumbent".to_owned(),
                |(_, one)| one.candidate.id.to_string(),
            ),
            lengths: Lengths::ByTrial(
                lengths
                    .into_iter()
                    .map(|(key, bytes)| ((key.item_idx, key.repeat), bytes))
                    .collect(),
            ),
        })
    }

    fn bytes_of(&self, key: TrialKey) -> Option<u64> {
        match &self.lengths {
            Lengths::ByItem(all) => *all.get(key.item_idx as usize)?,
            Lengths::ByTrial(all) => all.get(&(key.item_idx, key.repeat)).copied(),
        }
    }
}

fn expected_bytes(store: &Store, manifest: &RunManifest) -> anyhow::Result<Vec<Option<u64>>> {
    let mut known = HashMap::with_capacity(manifest.items.len());
    store.items(&manifest.golden, |id, body| {
        let item: Option<Item> = serde_json::from_str(body).ok();
        let expected = item.and_then(|item| item.expected);
        known.insert(
            id,
            expected.map(|expected| expected_text(&expected).len() as u64),
        );
        ControlFlow::Continue(())
    })?;
    let in_order = manifest
        .items
        .iter()
        .map(|id| known.get(id).copied().flatten());
    Ok(in_order.collect())
}

//! From recorded judgements to measured judges: gathers what `decide::judges` asks for.

mod pairs;

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use trilemma_decide::judges::{JudgeInput, JudgeResult, JudgeWord, measure};
use trilemma_domain::{
    Candidate, HumanLabel, ModelName, NanoUsd, ScoredOutcome, TrialKey, TrialOrigin,
};
use trilemma_score::{JudgeSpec, JudgeTask, Mode, Scorer};
use trilemma_store::{JudgeWord as StoredWord, RunManifest, ScoreSet, Store};

use crate::context::Context;

pub(crate) use pairs::{Places, preferred};

/// Measures the judges of a run; empty where no scorer asks one.
pub(crate) fn measured(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
) -> anyhow::Result<Vec<JudgeResult>> {
    let set = store.score_set(&manifest.run)?;
    let scorers = scorers(&set);
    if !scorers.iter().flatten().any(|one| judge_of(one).is_some()) {
        return Ok(Vec::new());
    }
    let mut words: Vec<StoredWord> = Vec::new();
    store.judge_words(&manifest.run, |word| {
        words.push(word);
        ControlFlow::Continue(())
    })?;
    let people = majorities(&store.labels(&manifest.run)?);
    let clusters = clusters(store, manifest)?;
    let families: Vec<Option<String>> = manifest
        .candidates
        .iter()
        .map(|record| family_of(context, &record.candidate))
        .collect();
    let table = Table {
        words: &words,
        scorers: &scorers,
        others: others(&words, &scorers),
        people,
        clusters,
        families,
    };
    let mut all = Vec::new();
    for (scorer_idx, scorer) in scorers.iter().enumerate() {
        let Some((scorer, spec)) = scorer.as_ref().and_then(|one| Some((one, judge_of(one)?)))
        else {
            continue;
        };
        for (judge, model) in spec.models.iter().enumerate() {
            let endpoint = context
                .project
                .judges
                .get(scorer.label())
                .and_then(|panel| panel.get(judge));
            let input = JudgeInput {
                scorer: scorer.label().to_owned(),
                model: model.clone(),
                family: match endpoint {
                    Some(endpoint) => family_of(context, endpoint),
                    None => ModelName::parse(model).and_then(|name| family_by_name(context, &name)),
                },
                counts: counts(&set, scorer_idx),
                compares: matches!(spec.task, JudgeTask::Pairwise(_)),
                pass_threshold: set.pass_threshold.value(),
                spent: table.spent(scorer_idx, judge).map(NanoUsd::to_usd),
                words: table.words_of(scorer_idx, judge),
            };
            all.push(measure(&input));
        }
    }
    Ok(all)
}

/// The scorers of a set in its order; `None` = one that this version does not know.
fn scorers(set: &ScoreSet) -> Vec<Option<Scorer>> {
    let built = set.scorers.iter();
    built
        .map(|entry| trilemma_score::build(&entry.spec).ok())
        .collect()
}

fn judge_of(scorer: &Scorer) -> Option<&JudgeSpec> {
    match scorer.mode() {
        Mode::Judge(spec) => Some(spec),
        Mode::Pure | Mode::Command(_) => None,
    }
}

fn counts(set: &ScoreSet, scorer_idx: usize) -> bool {
    set.scorers
        .get(scorer_idx)
        .is_some_and(trilemma_store::ScorerEntry::counts)
}

/// Scorer, judge and answer.
type Place = (u32, u8, TrialKey);

/// All that is known of the words of a run's judges.
struct Table<'a> {
    words: &'a [StoredWord],
    scorers: &'a [Option<Scorer>],
    /// Mean score of a scorer's other judges.
    others: HashMap<Place, f64>,
    people: HashMap<TrialKey, bool>,
    clusters: Vec<usize>,
    families: Vec<Option<String>>,
}

impl Table<'_> {
    fn of(&self, scorer_idx: usize, judge: usize) -> impl Iterator<Item = &StoredWord> {
        self.words.iter().filter(move |word| {
            word.scorer_idx as usize == scorer_idx && usize::from(word.seat.judge) == judge
        })
    }

    /// What the run's own calls have cost.
    fn spent(&self, scorer_idx: usize, judge: usize) -> Option<NanoUsd> {
        self.of(scorer_idx, judge)
            .filter(|word| match word.origin {
                TrialOrigin::Called | TrialOrigin::Repeated => true,
                TrialOrigin::Replayed { .. } | TrialOrigin::Imported => false,
            })
            .filter_map(|word| word.cost)
            .reduce(NanoUsd::saturating_add)
    }

    fn words_of(&self, scorer_idx: usize, judge: usize) -> Vec<JudgeWord> {
        let mut answers: BTreeMap<TrialKey, usize> = BTreeMap::new();
        let words = self.of(scorer_idx, judge).map(|word| {
            let n_answers = answers.len();
            let item = word.key.item_idx as usize;
            JudgeWord {
                answer: *answers.entry(word.key).or_insert(n_answers),
                item,
                cluster: self.clusters.get(item).copied().unwrap_or(item),
                family: self
                    .families
                    .get(word.key.candidate_idx as usize)
                    .cloned()
                    .flatten(),
                length: usize::try_from(word.n_answer_bytes).unwrap_or(usize::MAX),
                round: word.seat.round,
                order: word.seat.order,
                score: score(self.scorers, word),
                others: self
                    .others
                    .get(&(word.scorer_idx, word.seat.judge, word.key))
                    .copied(),
                human: self.people.get(&word.key).copied(),
            }
        });
        words.collect()
    }
}

/// The score that a word stands for, as its scorer turns it.
fn score(scorers: &[Option<Scorer>], word: &StoredWord) -> Option<f64> {
    let scorer = scorers.get(word.scorer_idx as usize)?.as_ref()?;
    match scorer.settle(word.grade.clone()) {
        ScoredOutcome::Scored { score, .. } => Some(score.value()),
        ScoredOutcome::NotApplicable { .. } | ScoredOutcome::Failed { .. } => None,
    }
}

/// For each word of a panel, the mean of what the other judges said of the answer.
fn others(words: &[StoredWord], scorers: &[Option<Scorer>]) -> HashMap<Place, f64> {
    let mut sums: HashMap<(u32, TrialKey), BTreeMap<u8, (f64, u32)>> = HashMap::new();
    for word in words.iter().filter(|word| word.seat.round == 0) {
        if let Some(score) = score(scorers, word) {
            let panel = sums.entry((word.scorer_idx, word.key)).or_default();
            let (sum, n) = panel.entry(word.seat.judge).or_default();
            *sum += score;
            *n += 1;
        }
    }
    let mut others = HashMap::new();
    for ((scorer_idx, key), panel) in sums {
        for judge in panel.keys() {
            let rest: Vec<f64> = panel
                .iter()
                .filter(|(other, _)| *other != judge)
                .map(|(_, (sum, n))| sum / f64::from(*n))
                .collect();
            if !rest.is_empty() {
                let mean = rest.iter().sum::<f64>() / rest.len() as f64;
                others.insert((scorer_idx, *judge, key), mean);
            }
        }
    }
    others
}

/// What most people said of each answer; left out where as many passed as failed it.
fn majorities(labels: &[HumanLabel]) -> HashMap<TrialKey, bool> {
    let mut votes: HashMap<TrialKey, i64> = HashMap::new();
    for label in labels {
        match label.word.passes() {
            Some(true) => *votes.entry(label.key).or_default() += 1,
            Some(false) => *votes.entry(label.key).or_default() -= 1,
            None => {}
        }
    }
    let decided = votes.into_iter().filter(|(_, balance)| *balance != 0);
    decided.map(|(key, balance)| (key, balance > 0)).collect()
}

/// A number per item that dependent items share.
fn clusters(store: &Store, manifest: &RunManifest) -> anyhow::Result<Vec<usize>> {
    let mut known: HashMap<String, usize> = HashMap::new();
    let items = crate::sample::items(store, manifest)?;
    Ok(items
        .iter()
        .enumerate()
        .map(|(idx, item)| match &item.cluster {
            Some(cluster) => *known.entry(cluster.clone()).or_insert(idx),
            None => idx,
        })
        .collect())
}

/// The family of a model: what kinship is looked for in.
fn family_of(context: &Context, candidate: &Candidate) -> Option<String> {
    family_by_name(context, candidate.identity.as_ref()?)
}

fn family_by_name(context: &Context, name: &ModelName) -> Option<String> {
    let found = context.catalog.get(name).ok()??;
    let line = found.model.line.as_deref()?;
    let house = found.provider.id.as_str();
    Some(family(house, line))
}

/// The first word of a product line, without version; OpenAI's `o` models are kin of its `gpt` ones,
/// as `ministral` is of `mistral`.
fn family(house: &str, line: &str) -> String {
    let name = line
        .rsplit(['/', ':'])
        .next()
        .unwrap_or(line)
        .to_lowercase();
    let name = name.strip_prefix("meta-").unwrap_or(&name);
    let word = name.split('-').next().unwrap_or(name);
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    match (house, word) {
        ("openai" | "azure", "o" | "chatgpt") => "gpt".to_owned(),
        (_, "ministral" | "mixtral" | "codestral") => "mistral".to_owned(),
        (_, word) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kin_is_told_by_the_line() {
        for (house, line, expected) in [
            ("openai", "gpt-mini", "gpt"),
            ("openai", "o-mini", "gpt"),
            ("anthropic", "claude-sonnet", "claude"),
            ("google", "gemini-flash-lite", "gemini"),
            (
                "together",
                "together:meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo",
                "llama",
            ),
            ("together", "together:Qwen/Qwen2.5-72B-Instruct", "qwen"),
            ("together", "together:openai/gpt-oss-120b", "gpt"),
            ("mistral", "ministral-8b", "mistral"),
        ] {
            assert_eq!(family(house, line), expected, "{line}");
        }
    }

    #[test]
    fn a_tie_of_people_is_no_word() {
        use trilemma_domain::HumanWord;
        let key = |item_idx| TrialKey {
            candidate_idx: 0,
            item_idx,
            repeat: 0,
        };
        let label = |item_idx, reviewer: &str, word| HumanLabel {
            key: key(item_idx),
            reviewer: reviewer.to_owned(),
            word,
            note: None,
            labelled_us: 0,
        };
        let people = majorities(&[
            label(0, "a", HumanWord::Pass),
            label(0, "b", HumanWord::Fail),
            label(1, "a", HumanWord::Fail),
            label(1, "b", HumanWord::Skipped),
            label(2, "a", HumanWord::Pass),
        ]);
        assert_eq!(people.get(&key(0)), None);
        assert_eq!(people.get(&key(1)), Some(&false));
        assert_eq!(people.get(&key(2)), Some(&true));
    }
}

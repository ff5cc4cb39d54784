//! Takes rows of any number of files and places them in one run.

use std::fs::File;
use std::ops::ControlFlow;

use trilemma_domain::Fingerprint;
use trilemma_golden::{MAX_PROBLEMS, Problem};

use super::index::Index;
use super::spool::{GatheredItem, GatheredScore, GatheredTrial, Spool, scores_of};
use super::tally::Tally;
use crate::results::{Claim, Claimed, ItemBody, ItemKey, Named, Origin, ResultRow, Take};

/// How rows become trials.
#[derive(Debug, Clone, PartialEq)]
pub struct GatherOptions {
    /// The score that decides; `None` = the first one that the files name.
    pub score: Option<String>,
    /// Ends of the scale on which scores are given: worst and best. Scores become
    /// (value − worst) ÷ (best − worst).
    pub scale: (f64, f64),
    /// A score at or above this passes; in (0, 1].
    pub threshold: f64,
}

/// Takes rows.
#[derive(Debug)]
pub struct Gather {
    options: GatherOptions,
    index: Index,
    scorers: Vec<String>,
    tallies: Vec<Tally>,
    items: Spool,
    trials: Spool,
    problems: Vec<Problem>,
    n_problems: u64,
    has_inputs: bool,
    failure: Option<std::io::Error>,
    file: Option<String>,
}

/// Everything that was read, placed.
#[derive(Debug)]
pub struct Gathered {
    /// Candidates, in the order in which they came.
    pub candidates: Vec<Named>,
    /// Names of scores; the first decides. Empty = there are only outputs.
    pub scorers: Vec<String>,
    /// Sums per candidate.
    pub tallies: Vec<Tally>,
    /// Number of items.
    pub n_items: u64,
    /// Trials per candidate and item.
    pub repeats: u32,
    /// Candidates that lack items of others.
    pub unpaired: Vec<Unpaired>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Whether every item says what was asked.
    pub has_inputs: bool,
    /// The first problems in full.
    pub problems: Vec<Problem>,
    /// How many there are; each is a row that was left out.
    pub n_problems: u64,
    items: Spool,
    trials: Spool,
    /// Where the occurrences of each item begin, where they are items of their own.
    split: Option<Vec<u32>>,
}

/// A candidate that lacks items of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unpaired {
    /// The candidate's name.
    pub candidate: String,
    /// Items that it lacks.
    pub n_items: u64,
    /// Names of the first of them.
    pub first: Vec<String>,
}

/// A sum of the tool's beside ours.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimCheck {
    /// What the tool says.
    pub claim: Claim,
    /// What was read, in words.
    pub found: String,
    /// Whether they agree.
    pub holds: bool,
}

impl Gather {
    /// Waits for rows; they rest in the two files, which must be empty and readable.
    #[must_use]
    pub fn new(options: GatherOptions, items: File, trials: File) -> Self {
        Self {
            options,
            index: Index::new(),
            scorers: Vec::new(),
            tallies: Vec::new(),
            items: Spool::new(items),
            trials: Spool::new(trials),
            problems: Vec::new(),
            n_problems: 0,
            has_inputs: true,
            failure: None,
            file: None,
        }
    }

    /// Says from which file the next rows are, for messages; `None` = there is only one.
    pub fn begin(&mut self, file: Option<String>) {
        self.file = file;
    }

    /// Rows taken so far.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.n_trials).sum()
    }

    fn take(&mut self, row: ResultRow) -> Result<(), Refused> {
        let line = row.line;
        let wrong = |text: String| Refused::Row(Problem::new(text).at(line));
        let scores = self.scores(&row).map_err(wrong)?;
        let place = self
            .index
            .place(&row.candidate, &row.item, row.repeat)
            .map_err(wrong)?;
        let told = match row.item {
            ItemKey::Id(_) => asked(&row.body),
            // The content is the same, or it were another item.
            ItemKey::Content(_) => 0,
        };
        self.index.note_asked(place.item, told);
        if place.is_new_item {
            self.has_inputs &= row.body.input.is_some();
            let id = self.index.item_ids.get(place.item as usize);
            let item = GatheredItem {
                id: id.map(ToString::to_string).unwrap_or_default(),
                body: row.body.clone(),
            };
            self.items.push(&item).map_err(Refused::Disk)?;
        }
        let key = (place.candidate, place.item, place.repeat);
        let trial = GatheredTrial::new(key, row, scores);
        let idx = place.candidate as usize;
        if self.tallies.len() <= idx {
            self.tallies.resize(idx + 1, Tally::default());
        }
        let threshold = self.options.threshold;
        if let Some(tally) = self.tallies.get_mut(idx) {
            tally.add(&trial, (0, threshold));
        }
        self.trials.push(&trial).map_err(Refused::Disk)
    }

    /// Brings scores to [0, 1] and scorers to their positions; the one that decides is the first.
    fn scores(&mut self, row: &ResultRow) -> Result<Vec<GatheredScore>, String> {
        let given = scores_of(&row.outcome);
        if self.scorers.is_empty() {
            let wanted = self.options.score.clone();
            self.scorers
                .extend(wanted.or_else(|| given.first().map(|score| score.name.clone())));
        }
        let mut scores = Vec::with_capacity(given.len());
        for score in given {
            let known = self.scorers.iter().position(|name| *name == score.name);
            let place = match known {
                Some(place) => place,
                None if self.scorers.len() >= 100 => continue,
                None => {
                    self.scorers.push(score.name.clone());
                    self.scorers.len() - 1
                }
            };
            let value = match score.value {
                None => Err("the tool gave no score".to_owned()),
                Some(value) => self.scaled(value),
            };
            if let (0, Err(reason), Some(_)) = (place, &value, score.value) {
                return Err(format!("`{}`: {reason}", score.name));
            }
            scores.push(GatheredScore {
                scorer: u32::try_from(place).unwrap_or(u32::MAX),
                value,
                explanation: score.explanation.clone(),
            });
        }
        Ok(scores)
    }

    fn scaled(&self, value: f64) -> Result<f64, String> {
        let (worst, best) = self.options.scale;
        let score = (value - worst) / (best - worst);
        if (0.0..=1.0).contains(&score) {
            Ok(score)
        } else {
            Err(format!(
                "{value} does not lie between {worst} and {best}; hint: `--scale WORST..BEST` names the scale, such as `--scale 1..10`"
            ))
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// What kept the rows from resting on disk.
    pub fn finish(self) -> std::io::Result<Gathered> {
        if let Some(error) = self.failure {
            return Err(error);
        }
        let is_even = self.index.is_even();
        let mut notes = Vec::new();
        if let (true, Some(first)) = (self.index.n_differing > 0, &self.index.first_differing) {
            notes.push(format!(
                "{} rows say of their item something else than an earlier row of the same name (first: `{first}`): are these the same items?",
                self.index.n_differing
            ));
        }
        let unpaired = unpaired(&self.index);
        let (repeats, split) = if is_even {
            (self.index.repeats(), None)
        } else {
            notes.push("some items occur more often than others: their rows count as items of one cluster, because they are not independent".to_owned());
            (1, Some(starts(&self.index.most_per_item())))
        };
        let n_items = match &split {
            None => self.index.item_ids.len() as u64,
            Some(starts) => starts.last().copied().map_or(0, u64::from),
        };
        Ok(Gathered {
            candidates: self.index.candidates,
            scorers: self.scorers,
            tallies: self.tallies,
            n_items,
            repeats,
            unpaired,
            notes,
            has_inputs: self.has_inputs,
            problems: self.problems,
            n_problems: self.n_problems,
            items: self.items,
            trials: self.trials,
            split,
        })
    }
}

enum Refused {
    Row(Problem),
    Disk(std::io::Error),
}

impl Take for Gather {
    fn row(&mut self, row: ResultRow) -> ControlFlow<()> {
        match self.take(row) {
            Ok(()) => ControlFlow::Continue(()),
            Err(Refused::Row(problem)) => {
                self.problem(problem);
                ControlFlow::Continue(())
            }
            Err(Refused::Disk(error)) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn problem(&mut self, mut problem: Problem) {
        self.n_problems += 1;
        if self.problems.len() < MAX_PROBLEMS {
            if let Some(file) = &self.file {
                problem.message = format!("{} (in {file})", problem.message);
            }
            self.problems.push(problem);
        }
    }
}

/// Leading hash of what a row says was asked and expected; 0 = it says nothing.
fn asked(body: &ItemBody) -> u64 {
    // The prompt of lm-evaluation-harness depends on the model's template; its hash does not.
    if let Some(hash) = body.metadata.get("doc_hash") {
        return Fingerprint::of(hash.to_string().as_bytes()).leading_u64();
    }
    if body.input.is_none() && body.expected.is_none() {
        return 0;
    }
    let input = serde_json::to_vec(&body.input).unwrap_or_default();
    let expected = serde_json::to_vec(&body.expected).unwrap_or_default();
    Fingerprint::builder()
        .field(input)
        .field(expected)
        .finish()
        .leading_u64()
}

fn unpaired(index: &Index) -> Vec<Unpaired> {
    let n_items = index.item_ids.len() as u64;
    let counts = index.n_items_of();
    (0..)
        .zip(index.candidates.iter().zip(counts))
        .filter(|(_, (_, count))| *count < n_items)
        .map(|(idx, (named, count))| Unpaired {
            candidate: named.name.clone(),
            n_items: n_items - count,
            first: index.lacking(idx, 5),
        })
        .collect()
}

/// Where each item's occurrences begin, and behind the last one their number.
fn starts(most: &[u32]) -> Vec<u32> {
    let mut next = 0_u32;
    let mut starts = Vec::with_capacity(most.len() + 1);
    for count in most {
        starts.push(next);
        next = next.saturating_add(*count);
    }
    starts.push(next);
    starts
}

impl Gathered {
    /// The items in order.
    ///
    /// # Errors
    /// As the file system gives them.
    pub fn items(
        &mut self,
    ) -> std::io::Result<impl Iterator<Item = std::io::Result<GatheredItem>>> {
        let split = self.split.clone();
        let items = self.items.read::<GatheredItem>()?;
        Ok(items.enumerate().flat_map(move |(idx, item)| {
            let count = split.as_ref().map_or(1, |starts| {
                let at = |idx: usize| starts.get(idx).copied().unwrap_or(0);
                at(idx + 1).saturating_sub(at(idx)).max(1)
            });
            occurrences(item, count)
        }))
    }

    /// The trials in the order of the files.
    ///
    /// # Errors
    /// As the file system gives them.
    pub fn trials(
        &mut self,
    ) -> std::io::Result<impl Iterator<Item = std::io::Result<GatheredTrial>>> {
        let split = self.split.clone();
        let trials = self.trials.read::<GatheredTrial>()?;
        Ok(trials.map(move |trial| {
            let mut trial = trial?;
            if let Some(starts) = &split {
                let start = starts.get(trial.item as usize).copied().unwrap_or(0);
                trial.item = start.saturating_add(trial.repeat);
                trial.repeat = 0;
            }
            Ok(trial)
        }))
    }

    /// Trials in all.
    #[must_use]
    pub fn n_trials(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.n_trials).sum()
    }

    /// Compares the tool's own sums with what was read.
    #[must_use]
    pub fn check(&self, origin: &Origin) -> Vec<ClaimCheck> {
        origin
            .claims
            .iter()
            .filter_map(|claim| self.check_one(claim))
            .collect()
    }

    fn check_one(&self, claim: &Claim) -> Option<ClaimCheck> {
        let idx = self.candidates.iter().position(|named| {
            named.name == claim.candidate || named.run.as_ref() == Some(&claim.candidate)
        })?;
        let tally = self.tallies.get(idx)?;
        let (found, holds) = match &claim.what {
            Claimed::Counts {
                passed,
                failed,
                errors,
            } => {
                let (p, f, e) = (tally.n_passed, tally.n_not_passed(), tally.n_failed);
                (
                    format!("{p} passed, {f} failed, {e} errors"),
                    (p, f, e) == (*passed, *failed, *errors),
                )
            }
            Claimed::Mean { score, value } => {
                let scorer = self.scorers.iter().position(|name| name == score)?;
                let mean = tally.mean(u32::try_from(scorer).ok()?)?;
                // Means over items and over trials agree only where every item has all repeats.
                if tally.n_trials != self.n_items * u64::from(self.repeats) || tally.n_failed > 0 {
                    return None;
                }
                (format!("mean {mean:.6}"), (mean - value).abs() < 1e-6)
            }
            Claimed::Rows(rows) => {
                let n = tally.n_trials - tally.n_failed;
                (format!("{n} samples"), n == *rows)
            }
        };
        Some(ClaimCheck {
            claim: claim.clone(),
            found,
            holds,
        })
    }
}

fn occurrences(
    item: std::io::Result<GatheredItem>,
    count: u32,
) -> Vec<std::io::Result<GatheredItem>> {
    let item = match item {
        Ok(item) if count > 1 => item,
        other => return vec![other],
    };
    (0..count)
        .map(|occurrence| {
            let mut one = item.clone();
            one.body.cluster.get_or_insert_with(|| item.id.clone());
            if occurrence > 0 {
                one.id = format!("{}#{}", item.id, occurrence + 1);
            }
            Ok(one)
        })
        .collect()
}

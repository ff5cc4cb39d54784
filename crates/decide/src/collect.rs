//! Takes trials as they stream in and keeps what figures need of each, in one flat table.
//!
//! In: [`Observation`]s in any order, each trial once. Out: the table that the figures are computed
//! from. A trial that never comes counts as not run. About 90 bytes a trial.

use trilemma_domain::{FailureKind, NanoUsd, Observation, ObservedState, Usd};

use crate::error::DecideError;
use crate::input::DecisionInput;
use crate::mix::{Composed, Mix};
use crate::review::Reviews;

/// Most trials that one decision holds.
const MOST_TRIALS: usize = 50_000_000;

/// Takes the trials of one run and decides on them.
#[derive(Debug, Clone)]
pub struct Collector {
    pub(crate) input: DecisionInput,
    pub(crate) table: Table,
    pub(crate) reviews: Reviews,
    pub(crate) mix: Option<Mix>,
}

/// All trials of a run: candidate by candidate, item by item, repeat by repeat.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    trials: Vec<Option<Observed>>,
    n_items: usize,
    repeats: usize,
    composed: Option<Composed>,
}

/// What is kept of one trial.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Observed {
    pub(crate) state: State,
    pub(crate) refused: bool,
    pub(crate) truncated: bool,
    pub(crate) replayed: bool,
    pub(crate) usage_estimated: bool,
    pub(crate) n_attempts: u32,
    pub(crate) n_unpriced_attempts: u32,
    pub(crate) input_tokens: Option<u32>,
    pub(crate) output_tokens: Option<u32>,
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) scoring_cost: Option<NanoUsd>,
    pub(crate) ttft_us: Option<u32>,
    pub(crate) tpot_us: Option<u32>,
    pub(crate) e2e_us: Option<u32>,
}

/// How a trial ended, as far as figures need it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum State {
    /// Answered and scored.
    Scored {
        /// In [0, 1].
        score: f64,
        pass: bool,
    },
    /// Answered, not scored.
    Unscored,
    /// Tried without success.
    Failed(FailureKind),
    /// Ended before it was tried: budget used up, or run stopped.
    NotRun,
}

impl Observed {
    /// Whether an answer came.
    pub(crate) fn answered(&self) -> bool {
        matches!(self.state, State::Scored { .. } | State::Unscored)
    }
}

impl Collector {
    /// Checks the input and waits for trials.
    ///
    /// # Errors
    /// [`DecideError`] for inputs that contradict themselves; too little evidence is none.
    pub fn new(input: DecisionInput) -> Result<Self, DecideError> {
        check(&input)?;
        let (n_candidates, n_items) = (input.candidates.len(), input.items.len());
        let n_trials = n_candidates
            .checked_mul(n_items)
            .and_then(|n| n.checked_mul(input.repeats as usize))
            .filter(|n| *n <= MOST_TRIALS)
            .ok_or(DecideError::TooLarge {
                n_candidates,
                n_items,
                repeats: input.repeats,
            })?;
        Ok(Self {
            table: Table {
                trials: vec![None; n_trials],
                n_items,
                repeats: input.repeats as usize,
                composed: None,
            },
            input,
            reviews: Reviews::default(),
            mix: None,
        })
    }

    /// What the decision is taken from, trials apart.
    #[must_use]
    pub fn input(&self) -> &DecisionInput {
        &self.input
    }

    /// Takes what people said of answers: quality is then corrected by it where labels suffice.
    #[must_use]
    pub fn with_reviews(self, reviews: Reviews) -> Self {
        Self { reviews, ..self }
    }

    /// Takes one trial.
    ///
    /// # Errors
    /// [`DecideError::UnknownTrial`] outside the run, [`DecideError::DuplicateTrial`] for the second
    /// of the same key.
    pub fn push(&mut self, observation: &Observation) -> Result<(), DecideError> {
        let key = observation.key;
        let slot = self
            .table
            .slot_mut(key.candidate_idx, key.item_idx, key.repeat);
        match slot {
            None => Err(DecideError::UnknownTrial {
                candidate_idx: key.candidate_idx,
                item_idx: key.item_idx,
                repeat: key.repeat,
            }),
            Some(Some(_)) => Err(DecideError::DuplicateTrial {
                candidate_idx: key.candidate_idx,
                item_idx: key.item_idx,
                repeat: key.repeat,
            }),
            Some(slot) => {
                *slot = Some(pack(observation));
                self.input.simulated |= observation.simulated;
                Ok(())
            }
        }
    }
}

impl Table {
    fn slot_mut(
        &mut self,
        candidate: u32,
        item: u32,
        repeat: u32,
    ) -> Option<&mut Option<Observed>> {
        let (item, repeat) = (item as usize, repeat as usize);
        if item >= self.n_items || repeat >= self.repeats {
            return None;
        }
        let start = (candidate as usize).checked_mul(self.n_items * self.repeats)?;
        self.trials.get_mut(start + item * self.repeats + repeat)
    }

    /// The trials of one candidate, item by item: each slice holds the repeats of one item.
    pub(crate) fn items_of(
        &self,
        candidate: usize,
    ) -> impl Iterator<Item = &[Option<Observed>]> + Clone {
        let size = self.n_items * self.repeats;
        let start = candidate * size;
        self.trials
            .get(start..start + size)
            .unwrap_or_default()
            .chunks(self.repeats.max(1))
    }

    /// The first answer of a candidate to an item; `None` = it never came.
    pub(crate) fn first(&self, candidate: usize, item: usize) -> Option<&Observed> {
        let start = candidate.checked_mul(self.n_items * self.repeats)?;
        self.trials.get(start + item * self.repeats)?.as_ref()
    }

    /// Adds a candidate with one trial per item.
    pub(crate) fn append(&mut self, trials: Vec<Option<Observed>>, composed: Composed) {
        for trial in trials {
            self.trials.push(trial);
            self.trials.extend((1..self.repeats).map(|_| None));
        }
        self.composed = Some(composed);
    }

    /// Cost in production by item, where a candidate is put together from others.
    pub(crate) fn composed_costs(&self, candidate: usize) -> Option<&[Option<Usd>]> {
        let composed = self.composed.as_ref()?;
        (composed.candidate == candidate).then_some(composed.costs.as_slice())
    }

    /// The trials of one candidate that came, in order.
    pub(crate) fn trials_of(&self, candidate: usize) -> impl Iterator<Item = &Observed> + Clone {
        self.items_of(candidate).flatten().flatten()
    }
}

fn pack(seen: &Observation) -> Observed {
    let small = |wide: Option<u64>| wide.map(|wide| u32::try_from(wide).unwrap_or(u32::MAX));
    Observed {
        state: match seen.state {
            ObservedState::Scored { score, pass } => State::Scored {
                score: score.value(),
                pass,
            },
            ObservedState::Unscored => State::Unscored,
            ObservedState::Failed(FailureKind::Budget | FailureKind::Interrupted) => State::NotRun,
            ObservedState::Failed(kind) => State::Failed(kind),
        },
        refused: seen.refused,
        truncated: seen.truncated,
        replayed: seen.replayed,
        usage_estimated: seen.usage_estimated,
        n_attempts: seen.n_attempts,
        n_unpriced_attempts: seen.n_unpriced_attempts,
        input_tokens: small(seen.input_tokens),
        output_tokens: small(seen.output_tokens),
        cost: seen.cost,
        scoring_cost: seen.scoring_cost,
        ttft_us: small(seen.ttft_us),
        tpot_us: small(seen.tpot_us),
        e2e_us: small(seen.e2e_us),
    }
}

fn check(input: &DecisionInput) -> Result<(), DecideError> {
    if input.candidates.is_empty() {
        return Err(DecideError::NoCandidates);
    }
    if input.items.is_empty() {
        return Err(DecideError::NoItems);
    }
    let n_candidates = input.candidates.len();
    if let Some(idx) = input.incumbent.filter(|idx| *idx >= n_candidates) {
        return Err(DecideError::UnknownIncumbent { idx, n_candidates });
    }
    if let Some(item) = input
        .items
        .iter()
        .find(|item| !(item.weight > 0.0 && item.weight <= 1e6))
    {
        return Err(DecideError::Weight {
            item: item.id.to_string(),
            weight: item.weight,
        });
    }
    if input.repeats == 0 {
        return Err(DecideError::OutOfRange {
            what: "number of repeats",
            value: 0.0,
            range: "at least 1",
        });
    }
    check_requirements(input)
}

fn check_requirements(input: &DecisionInput) -> Result<(), DecideError> {
    use trilemma_domain::{Margin, Reference};
    let level = |what, value: f64| {
        in_range(
            what,
            value,
            value > 0.5 && value < 1.0,
            "above 0.5 and below 1",
        )
    };
    if let Some(bar) = &input.requirements.pass_rate {
        level("confidence of the pass rate", bar.confidence)?;
        let inside = bar.min > 0.0 && bar.min <= 1.0;
        in_range("least pass rate", bar.min, inside, "above 0 and at most 1")?;
    }
    let Some(bar) = &input.requirements.not_worse_than else {
        return Ok(());
    };
    level("confidence of the comparison", bar.confidence)?;
    let (what, value) = match bar.margin {
        Margin::Absolute(value) => ("margin", value),
        Margin::Ratio(value) => ("ratio", value),
    };
    in_range(what, value, value > 0.0 && value < 1.0, "between 0 and 1")?;
    let Reference::Candidate(id) = &bar.reference else {
        return Ok(());
    };
    if input.candidates.iter().any(|candidate| candidate.id == *id) {
        return Ok(());
    }
    let known: Vec<String> = input
        .candidates
        .iter()
        .map(|candidate| format!("`{}`", candidate.id))
        .collect();
    Err(DecideError::UnknownReference {
        id: id.clone(),
        known: known.join(", "),
    })
}

fn in_range(
    what: &'static str,
    value: f64,
    inside: bool,
    range: &'static str,
) -> Result<(), DecideError> {
    if inside {
        Ok(())
    } else {
        Err(DecideError::OutOfRange { what, value, range })
    }
}

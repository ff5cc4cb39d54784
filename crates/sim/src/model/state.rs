//! One model as it is served: its behaviour and what it remembers.
//!
//! In: a resolved behaviour. Out: counters by prompt, drift, limits and faults.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use trilemma_domain::Fingerprint;

use super::faults::FaultTable;
use super::limits::Limiter;
use crate::scenario::{Answers, Behaviour, Drift, LogprobRule, Spread};

/// One model.
#[derive(Debug)]
pub(crate) struct ModelState {
    pub(crate) name: Arc<str>,
    pub(crate) limiter: Option<Limiter>,
    /// Faults of this model alone.
    pub(crate) faults: Option<FaultTable>,
    behaviour: Behaviour,
    answers: Answers,
    seed: u64,
    n_calls: AtomicU64,
    prompts: Mutex<HashMap<u64, Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    n_calls: u32,
    n_answered: u32,
}

/// What holds for one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Current<'a> {
    pub(crate) behaviour: &'a Behaviour,
    pub(crate) answers: &'a Answers,
    pub(crate) served_model: &'a str,
    pub(crate) system_fingerprint: Option<&'a str>,
    pub(crate) logprobs: Option<LogprobRule>,
    pub(crate) delay_factor: f64,
    pub(crate) seed: u64,
}

impl Current<'_> {
    /// A spread of the behaviour, nothing where it is not given.
    pub(crate) fn spread(spread: Option<Spread>) -> Spread {
        spread.unwrap_or(Spread::ZERO)
    }
}

impl ModelState {
    /// Makes a model; `is_recorded` says whether there are recorded answers under its name.
    pub(crate) fn new(name: &str, behaviour: Behaviour, seed: u64, is_recorded: bool) -> Self {
        let seed = Fingerprint::builder()
            .field(seed.to_be_bytes())
            .field(name)
            .finish()
            .leading_u64();
        let answers = match &behaviour.answers {
            Some(answers) => answers.clone(),
            None if is_recorded => Answers::Replay { of: None },
            None => Answers::Echo,
        };
        Self {
            name: Arc::from(name),
            limiter: behaviour.limits.and_then(Limiter::new),
            faults: behaviour
                .faults
                .as_ref()
                .map(|rules| FaultTable::new(rules, seed)),
            behaviour,
            answers,
            seed,
            n_calls: AtomicU64::new(0),
            prompts: Mutex::new(HashMap::new()),
        }
    }

    /// Counts a call with this prompt and says how manieth it is, from 0.
    pub(crate) fn arrive(&self, prompt: &Fingerprint) -> u32 {
        let mut prompts = self.lock();
        let counts = prompts.entry(prompt.leading_u64()).or_default();
        let n = counts.n_calls;
        counts.n_calls = n.saturating_add(1);
        n
    }

    /// How many answers this prompt has had.
    pub(crate) fn n_answered(&self, prompt: &Fingerprint) -> u32 {
        self.lock()
            .get(&prompt.leading_u64())
            .map_or(0, |counts| counts.n_answered)
    }

    /// Counts an answer to this prompt, and says how many there were before.
    pub(crate) fn answer(&self, prompt: &Fingerprint) -> u32 {
        let mut prompts = self.lock();
        let counts = prompts.entry(prompt.leading_u64()).or_default();
        let n = counts.n_answered;
        counts.n_answered = n.saturating_add(1);
        n
    }

    /// Counts a call of this model and says what holds for it.
    pub(crate) fn current(&self) -> Current<'_> {
        let n = self.n_calls.fetch_add(1, Ordering::Relaxed);
        let drift: Option<&Drift> = self
            .behaviour
            .drift
            .as_ref()
            .filter(|drift| n >= drift.after_calls);
        let served = drift.and_then(|drift| drift.served_model.as_deref());
        let fingerprint = drift.and_then(|drift| drift.system_fingerprint.as_deref());
        Current {
            behaviour: &self.behaviour,
            answers: drift
                .and_then(|drift| drift.answers.as_ref())
                .unwrap_or(&self.answers),
            served_model: served
                .or(self.behaviour.served_model.as_deref())
                .unwrap_or(&self.name),
            system_fingerprint: fingerprint.or(self.behaviour.system_fingerprint.as_deref()),
            logprobs: drift
                .and_then(|drift| drift.logprobs)
                .or(self.behaviour.logprobs),
            delay_factor: drift.and_then(|drift| drift.delay_factor).unwrap_or(1.0),
            seed: self.seed,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Counts>> {
        self.prompts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What all calls of one simulator share.
//!
//! In: a scenario and recorded answers, checked against each other. Out: models, items, faults and
//! keys, looked up call by call.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use tokio::time::Instant;
use trilemma_domain::{Dialect, Fingerprint, ItemId};

use crate::clock;
use crate::error::SimError;
use crate::log::{CallLog, LogOptions};
use crate::model::{FaultTable, ModelState};
use crate::replay::Replay;
use crate::scenario::{Answers, Behaviour, FaultRule, OtherModels, Scenario};
use crate::tokens::TokenCache;

/// Most models without an entry of their own that are remembered.
const MAX_OTHER_MODELS: usize = 10_000;

/// What all calls of one simulator share.
#[derive(Debug)]
pub(crate) struct Shared {
    scenario: Scenario,
    pub(crate) replay: Replay,
    pub(crate) log: CallLog,
    pub(crate) tokens: TokenCache,
    pub(crate) started_unix_s: i64,
    models: BTreeMap<String, Arc<ModelState>>,
    serves_others: bool,
    others: Mutex<HashMap<String, Arc<ModelState>>>,
    faults: FaultTable,
    n_calls: AtomicU64,
}

impl Shared {
    /// Makes what calls share.
    pub(crate) fn new(
        scenario: Scenario,
        replay: Replay,
        log: &LogOptions,
    ) -> Result<Self, SimError> {
        scenario.check()?;
        let names = scenario.models.keys().map(String::as_str);
        let mut models = BTreeMap::new();
        for name in names.chain(replay.models()) {
            let own = scenario.models.get(name);
            let behaviour = own.map_or_else(
                || scenario.defaults.clone(),
                |own| own.or(&scenario.defaults),
            );
            check_replay(name, &behaviour, &replay)?;
            let model = ModelState::new(name, behaviour, scenario.seed, replay.has_model(name));
            models.insert(name.to_owned(), Arc::new(model));
        }
        let serves_others = match scenario.other_models {
            OtherModels::Serve => true,
            OtherModels::NotFound => false,
            OtherModels::Auto => models.is_empty(),
        };
        Ok(Self {
            log: CallLog::open(log)?,
            tokens: TokenCache::default(),
            started_unix_s: clock::unix_us() / 1_000_000,
            faults: FaultTable::new(&scenario.faults, scenario.seed),
            models,
            serves_others,
            others: Mutex::new(HashMap::new()),
            n_calls: AtomicU64::new(0),
            replay,
            scenario,
        })
    }

    /// Counts the tokens of all recorded texts.
    pub(crate) fn warm(&self) {
        self.replay.warm(&self.tokens);
    }

    /// Names of the models with an entry or recorded answers, sorted.
    pub(crate) fn model_names(&self) -> Vec<&str> {
        self.models.keys().map(String::as_str).collect()
    }

    /// Numbers the next chat call, from 0.
    pub(crate) fn next_seq(&self) -> u64 {
        self.n_calls.fetch_add(1, Ordering::Relaxed)
    }

    /// The model of this name; `None` = there is none.
    pub(crate) fn model(&self, name: &str) -> Option<Arc<ModelState>> {
        if let Some(model) = self.models.get(name) {
            return Some(Arc::clone(model));
        }
        if !self.serves_others {
            return None;
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = others.get(name) {
            return Some(Arc::clone(model));
        }
        if others.len() >= MAX_OTHER_MODELS {
            return None;
        }
        let behaviour = self.scenario.defaults.clone();
        let model = Arc::new(ModelState::new(name, behaviour, self.scenario.seed, false));
        others.insert(name.to_owned(), Arc::clone(&model));
        Some(model)
    }

    /// The item that a prompt joins to.
    pub(crate) fn item(&self, prompt: &Fingerprint, text: &str) -> Option<(u32, &ItemId)> {
        let idx = self.replay.item(prompt, text, self.scenario.join)?;
        Some((idx, self.replay.item_id(idx)?))
    }

    /// Counts a call against the faults and gives the rule that strikes it.
    pub(crate) fn fault<'a>(&'a self, model: &'a ModelState) -> Option<&'a FaultRule> {
        model.faults.as_ref().unwrap_or(&self.faults).next()
    }

    /// Whether the key in the headers is the one that is let in.
    pub(crate) fn lets_in(&self, dialect: Dialect, headers: &HeaderMap) -> bool {
        let Some(wanted) = self.scenario.api_key.as_deref() else {
            return true;
        };
        let own = match dialect {
            Dialect::OpenAi | Dialect::Responses => None,
            Dialect::Azure => Some("api-key"),
            Dialect::Anthropic => Some("x-api-key"),
            Dialect::Gemini => Some("x-goog-api-key"),
        };
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
        own.and_then(text) == Some(wanted) || bearer == Some(wanted)
    }

    /// Wall time of a stamp, seconds since 1970.
    pub(crate) fn unix_s_at(&self, at: Instant) -> i64 {
        let since = at.saturating_duration_since(self.log.started());
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        self.started_unix_s.saturating_add(seconds)
    }
}

fn check_replay(name: &str, behaviour: &Behaviour, replay: &Replay) -> Result<(), SimError> {
    let drifted = behaviour.drift.as_ref().and_then(|d| d.answers.as_ref());
    for answers in [behaviour.answers.as_ref(), drifted].into_iter().flatten() {
        let problem = match answers {
            Answers::Replay { of } => {
                let of = of.as_deref().unwrap_or(name);
                (!replay.has_model(of)).then(|| format!("no answers of `{of}` are recorded"))
            }
            Answers::Script { rules } => rules.iter().find_map(|rule| {
                let item = rule.item.as_deref().filter(|item| !replay.has_item(item));
                match item {
                    Some(item) => Some(format!("no item `{item}` in the golden set")),
                    None if rule.answers.is_empty() => Some("a rule has no answers".to_owned()),
                    None => None,
                }
            }),
            Answers::Echo | Answers::Text { .. } | Answers::Tokens { .. } => None,
        };
        if let Some(problem) = problem {
            return Err(SimError::Scenario {
                field: format!("models.{name}.answers"),
                problem,
            });
        }
    }
    Ok(())
}

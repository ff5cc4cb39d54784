//! A share of traffic goes to a challenger, by user, until it is shown to be worse.
//!
//! In: requests for one name, and what came of them. Out: which arm each goes to: by the hash of the session,
//! else of the client's key, so that a user stays where it is, also when the share grows or the gateway starts
//! anew; requests without either are drawn one by one. Deciding is a hash; tests run in a thread of their own
//! (see `guard`). On alarm the share is 0 from the next request on; that is recorded, survives a restart and
//! is told. Promotion stays with people.

mod tester;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use trilemma_project::CanarySettings;
use trilemma_provider::Clock;
use trilemma_score::Scorer;
use trilemma_store::ledger::{Evidence, Ledger, LedgerRow, RequestId};

use crate::arms::Arms;
use crate::ask::{Ask, Service};
use crate::blocks::Arm;
use crate::chance::{chance_of, draw};
use crate::guard::{Guards, Kind, Outcome};
use crate::jury::{Answer, Jury, JuryParts};
use crate::policy::Active;
use crate::upstream::Named;
use crate::weight::n_bytes;

use tester::Tester;

/// The ledger's note with the state of the canary.
pub const CANARY_NOTE: &str = "canary";
/// Outcomes that may wait to be tested.
const MAX_WAITING: usize = 512;
/// Larger requests are not scored.
const MAX_SCORED_BYTES: usize = 64 << 10;

/// Is told an alarm, as JSON.
pub type AlarmSink = Box<dyn Fn(&str) + Send + Sync>;

/// What a canary needs.
pub struct CanaryParts {
    /// Who gets how much, and what is tolerated.
    pub settings: CanarySettings,
    /// The text of the challenger's policy; `None` = the challenger is a candidate.
    pub policy: Option<String>,
    /// The project's scorers.
    pub scorers: Vec<Scorer>,
    /// Is told of a rollback.
    pub alarm: Option<AlarmSink>,
    /// Judges answers of both arms; `None` = nobody does. They are asked by tasks, so there must be a runtime.
    pub jury: Option<JuryParts>,
}

/// Whom the challenger's share is sent to.
pub(crate) enum Target {
    Candidate(Named),
    Policy(Arc<Active>),
}

/// A running canary.
pub(crate) struct Canary {
    settings: CanarySettings,
    pub(crate) target: Target,
    salt: u64,
    counter: AtomicU64,
    shared: Arc<Shared>,
    sender: Option<SyncSender<Seen>>,
    thread: Option<JoinHandle<()>>,
    scores: bool,
    jury: Option<Jury>,
    /// Where verdicts go; emptied when the thread is to end.
    verdicts: Arc<Mutex<Option<SyncSender<Seen>>>>,
}

struct Shared {
    is_off: AtomicBool,
    n_dropped: AtomicU64,
    n_fallbacks: AtomicU64,
    state: Mutex<State>,
    arms: Mutex<Arms>,
}

/// What is recorded of a canary.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    schema_version: u32,
    /// What is tried: the same after a restart only if challenger and tolerances are.
    key: String,
    of: String,
    challenger: String,
    share: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rolled_back: Option<RolledBack>,
    guards: Guards,
}

/// Why and when the share went to 0.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RolledBack {
    at_us: i64,
    guard: Kind,
}

/// One request of the canary that is over, or a word of a client.
pub(crate) struct Seen {
    /// The request and whose it is, if clients may still say what they think of it.
    id: Option<(RequestId, String)>,
    arm: Arm,
    outcome: Outcome,
    answer: Option<Answer>,
}

impl Canary {
    /// Starts, or goes on where the ledger's note says.
    pub(crate) fn new(
        parts: CanaryParts,
        target: Target,
        note: Option<&str>,
        (ledger, clock): (Ledger, Clock),
    ) -> Self {
        let settings = parts.settings;
        let fresh = State::new(&settings, &target);
        let state = note
            .and_then(|text| serde_json::from_str::<State>(text).ok())
            .filter(|state| state.key == fresh.key)
            .map_or(fresh, |state| State {
                share: settings.share,
                ..state
            });
        let salt = salt_of(&state.key);
        let shared = Arc::new(Shared {
            is_off: AtomicBool::new(state.rolled_back.is_some()),
            n_dropped: AtomicU64::new(0),
            n_fallbacks: AtomicU64::new(0),
            state: Mutex::new(state),
            arms: Mutex::default(),
        });
        let scores = parts.scorers.iter().any(crate::compare::is_pure);
        let tester = Tester {
            shared: Arc::clone(&shared),
            scorers: parts.scorers,
            alarm: parts.alarm,
            ledger,
            clock,
        };
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("canary".to_owned())
            .spawn(move || tester.run(&receiver))
            .ok();
        let sender = thread.is_some().then_some(sender);
        let verdicts = Arc::new(Mutex::new(sender.clone()));
        let jury = parts.jury.map(|jury| {
            let (verdicts, shared) = (Arc::clone(&verdicts), Arc::clone(&shared));
            let verdict = move |arm, score| {
                let outcome = Outcome {
                    judged: Some(score),
                    ..Outcome::default()
                };
                let verdicts = verdicts.lock().unwrap_or_else(PoisonError::into_inner);
                shared.send(verdicts.as_ref(), Seen::of(arm, outcome));
            };
            Jury::new(jury, Box::new(verdict))
        });
        Self {
            jury,
            verdicts,
            // Draws of requests without a user differ between runs.
            counter: AtomicU64::new(RandomState::new().hash_one(salt)),
            settings,
            target,
            salt,
            shared,
            sender,
            thread,
            scores,
        }
    }

    /// Where a request goes; `None` = it is not one of those that are split.
    pub(crate) fn arm(&self, ask: &Ask, is_policy: bool) -> Option<Arm> {
        let of = self.settings.of.as_str();
        let is_meant = ask.peek.model == of || (is_policy && of == crate::policy::AUTO);
        // What a vendor has stored is known to that vendor only.
        let is_bound = ask.peek.stored.is_some();
        if ask.service != Service::Chat || !is_meant || is_bound || self.is_off() {
            return None;
        }
        let user = ask.session.as_deref().or_else(|| {
            let client = ask.client.as_str();
            (!client.is_empty()).then_some(client)
        });
        let drawn = match user {
            Some(user) => chance_of(user.as_bytes(), self.salt),
            None => draw(self.counter.fetch_add(1, Ordering::Relaxed), self.salt),
        };
        Some(if drawn < self.settings.share {
            Arm::Challenger
        } else {
            Arm::Control
        })
    }

    /// Whether answers are of use to scorers.
    pub(crate) fn wants_answers(&self) -> bool {
        self.scores
    }

    /// Who judges answers of both arms.
    pub(crate) fn jury(&self) -> Option<&Jury> {
        self.jury.as_ref()
    }

    /// With what probability a request goes to an arm.
    pub(crate) fn propensity(&self, arm: Arm) -> f64 {
        match arm {
            Arm::Control => 1.0 - self.settings.share,
            Arm::Challenger => self.settings.share,
        }
    }

    /// Takes what came of a request; never waits. `is_late` = so many calls failed that a challenger would
    /// have been given up.
    pub(crate) fn over(
        &self,
        (arm, is_late): (Arm, bool),
        (row, evidence): (&LedgerRow, &Evidence),
        (answer, is_judged): (Option<Answer>, bool),
    ) {
        // The client's mistake, a budget, or the gateway's end says nothing of either arm.
        let is_unasked = evidence.status == 429 && evidence.attempts.is_empty();
        if evidence.status == 400 || is_unasked || evidence.stopped {
            return;
        }
        // The arm is judged by what became of its requests, whoever answered them in the end.
        let is_failed = evidence.failure.is_some();
        let shown = evidence.shown_us.filter(|_| evidence.stream);
        let latency = shown.unwrap_or(evidence.total_us) as f64;
        let mut outcome = if evidence.abandoned {
            let shown = evidence.shown_us.map(|shown| shown as f64);
            Outcome::left(evidence.total_us as f64, shown)
        } else {
            let cost = row.cost.filter(|_| !row.is_estimated && !is_failed);
            Outcome {
                is_failed: Some(is_failed),
                latency_us: (!is_failed).then_some(latency),
                cost_nano: cost.map(|cost| cost.0 as f64),
                ..Outcome::default()
            }
        };
        if evidence.canary_failure.is_some() || is_late {
            outcome.is_failed = Some(true);
        }
        let answer = answer.filter(|_| !is_failed).and_then(|answer| {
            let n_bytes = answer.1.len() + n_bytes(&answer.2);
            (n_bytes <= MAX_SCORED_BYTES).then_some((answer, n_bytes))
        });
        if let (Some(jury), true, Some((answer, n_bytes))) = (&self.jury, is_judged, &answer) {
            jury.hear(arm, answer.clone(), *n_bytes);
        }
        let answer = answer.filter(|_| self.scores);
        self.send(Seen {
            id: Some((row.id, row.client.clone())),
            answer: answer.map(|(answer, _)| answer),
            ..Seen::of(arm, outcome)
        });
    }

    /// Takes what a client says of an answer of its own, once for each; false = the request is none of those
    /// that are split, too long ago, or another's.
    pub(crate) fn feedback(&self, id: RequestId, client: &str, score: f64) -> bool {
        let Some(arm) = self.shared.arms().take(id, client) else {
            return false;
        };
        let outcome = Outcome {
            feedback: Some(score),
            ..Outcome::default()
        };
        self.send(Seen::of(arm, outcome));
        true
    }

    fn send(&self, seen: Seen) {
        self.shared.send(self.sender.as_ref(), seen);
    }

    /// Ends what is asked of judges; called once everybody has been answered.
    pub(crate) async fn end(&self) {
        if let Some(jury) = &self.jury {
            jury.end().await;
        }
    }

    /// Whether the challenger gets nothing any more.
    pub(crate) fn is_off(&self) -> bool {
        self.shared.is_off.load(Ordering::Relaxed)
    }

    /// The share of the challenger as it stands.
    pub(crate) fn share(&self) -> f64 {
        if self.is_off() {
            0.0
        } else {
            self.settings.share
        }
    }

    /// Outcomes that were not tested because too many waited.
    pub(crate) fn n_dropped(&self) -> u64 {
        self.shared.n_dropped.load(Ordering::Relaxed)
    }

    /// Counts a request that the challenger has failed.
    pub(crate) fn fell_back(&self) {
        self.shared.n_fallbacks.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that the challenger failed and who is in use was asked for.
    pub(crate) fn n_fallbacks(&self) -> u64 {
        self.shared.n_fallbacks.load(Ordering::Relaxed)
    }

    /// How it stands, as JSON.
    pub(crate) fn told(&self) -> Value {
        self.shared.with(|state| state.told())
    }

    /// Requests and evidence by guard: name, requests of both arms, evidence of harm, threshold.
    pub(crate) fn guards(&self) -> Vec<(&'static str, [u64; 2], f64, f64)> {
        self.shared.with(|state| {
            let threshold = state.guards.log_threshold();
            let guards = state.guards.all().iter();
            guards
                .map(|guard| (guard.kind.name(), guard.n, guard.log_harm(), threshold))
                .collect()
        })
    }
}

/// How a canary stands of which a ledger's note tells; `None` = it is no such note.
#[must_use]
pub fn canary_told(note: &str) -> Option<Value> {
    let state: State = serde_json::from_str(note).ok()?;
    Some(state.told())
}

impl Drop for Canary {
    fn drop(&mut self) {
        drop(self.sender.take());
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        drop(verdicts.take());
        drop(verdicts);
        if let Some(thread) = self.thread.take() {
            let _joined = thread.join();
        }
    }
}

impl Seen {
    /// Nothing but an outcome.
    fn of(arm: Arm, outcome: Outcome) -> Self {
        Self {
            id: None,
            arm,
            outcome,
            answer: None,
        }
    }
}

impl Shared {
    /// Hands something to the thread; never waits.
    fn send(&self, sender: Option<&SyncSender<Seen>>, seen: Seen) {
        let is_taken = sender.is_some_and(|sender| sender.try_send(seen).is_ok());
        if !is_taken {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn arms(&self) -> MutexGuard<'_, Arms> {
        self.arms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(settings: &CanarySettings, target: &Target) -> Self {
        let (challenger, hash) = match target {
            Target::Candidate(named) => {
                let candidate = &named.upstream.parts.candidate;
                let binding = trilemma_route::measured_binding(candidate);
                (named.upstream.id().to_owned(), binding.to_string())
            }
            Target::Policy(active) => (active.router.policy().name.clone(), active.hash.clone()),
        };
        let tolerances = [
            settings.false_rollback,
            settings.max_error_increase,
            settings.max_latency_ratio,
            settings.max_cost_ratio,
            settings.max_quality_loss,
        ];
        let key = if settings.judges.is_some() {
            json!([settings.of, hash, tolerances, "judged"])
        } else {
            json!([settings.of, hash, tolerances])
        };
        let key = key.to_string();
        Self {
            schema_version: 1,
            key,
            of: settings.of.clone(),
            challenger,
            share: settings.share,
            rolled_back: None,
            guards: Guards::new(settings),
        }
    }

    fn told(&self) -> Value {
        let guards: Vec<Value> = self
            .guards
            .all()
            .iter()
            .map(|guard| {
                let [control, challenger] = guard.means();
                json!({
                    "guard": guard.kind,
                    "unit": guard.kind.unit(),
                    "n_control": guard.n[0],
                    "n_challenger": guard.n[1],
                    "control": control,
                    "challenger": challenger,
                    "excess": guard.excess(),
                    "log_evidence_worse": guard.log_harm(),
                    "log_evidence_not_worse": guard.log_safe(),
                })
            })
            .collect();
        json!({
            "schema_version": 1,
            "of": self.of,
            "challenger": self.challenger,
            "share": if self.rolled_back.is_some() { 0.0 } else { self.share },
            "rolled_back": self.rolled_back,
            "is_not_worse": self.rolled_back.is_none() && self.guards.is_safe(),
            "log_threshold": self.guards.log_threshold(),
            "guards": guards,
        })
    }
}

/// After how many failed calls a challenger is given up; both arms are held to it.
pub(crate) fn most_failures(max_attempts: u32) -> u32 {
    max_attempts.saturating_sub(1).max(1)
}

/// Users are split anew for each challenger.
fn salt_of(key: &str) -> u64 {
    let digest = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 8];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    u64::from_be_bytes(bytes)
}

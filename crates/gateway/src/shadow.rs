//! A share of requests is also asked of a challenger, away from the client's own.
//!
//! In: requests that are over, with what came of them, of which a share is drawn by chance. Out: the
//! challenger's calls in a ledger of their own, each with its comparison. The challenger has a budget, a
//! concurrency limit and a lane of its own, and is called after the client has its answer, so that nothing
//! of it delays, fails or charges a client. What waits is bounded; what does not fit is left out and counted.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use trilemma_domain::ChatResponse;
use trilemma_project::ShadowSettings;
use trilemma_store::ledger::{Evidence, LedgerRow, RequestId};

use crate::ask::{Ask, Service};
use crate::chance::chance;
use crate::weight::n_bytes;

/// Requests that may wait for the challenger.
const MAX_WAITING: usize = 64;
/// Bytes of requests that may wait for the challenger.
const MAX_WAITING_BYTES: usize = 16 << 20;
/// Time that calls under way get to end when the gateway stops.
const REST: Duration = Duration::from_secs(2);
/// Tells this draw from others of the same request.
const DRAW: u64 = 0x7368_6164;

/// Asks the challenger for one request, and says what became of it.
pub(crate) type Challenge =
    Box<dyn Fn(Case) -> Pin<Box<dyn Future<Output = Fate> + Send>> + Send + Sync>;

/// Spent, reserved and limit of the challenger's budget, in nano-dollars.
pub(crate) type Standing = Box<dyn Fn() -> Option<[i64; 3]> + Send + Sync>;

/// What became of requests that were drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Compared,
    /// Too much waited.
    Dropped,
    /// The budget or a limit of the challenger gave no leave.
    NoLeave,
}

impl Fate {
    const ALL: [(Self, &str); 3] = [
        (Self::Compared, "compared"),
        (Self::Dropped, "dropped"),
        (Self::NoLeave, "no_leave"),
    ];
}

/// A challenger that is asked beside the one that answers.
pub struct Shadow {
    inner: Arc<Inner>,
    sender: Mutex<Option<mpsc::Sender<Waiting>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    settings: ShadowSettings,
    challenge: Challenge,
    standing: Standing,
    stop: Notify,
    n_waiting_bytes: AtomicUsize,
    fates: [AtomicU64; Fate::ALL.len()],
}

/// A request whose client has been served.
pub(crate) struct Case {
    pub(crate) ask: Box<Ask>,
    pub(crate) response: Option<ChatResponse>,
    pub(crate) served: Served,
}

/// A request that waits, and about how many bytes it holds.
struct Waiting {
    case: Case,
    n_bytes: usize,
}

/// How the client was served.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) id: RequestId,
    pub(crate) candidate: String,
    pub(crate) is_answered: bool,
    pub(crate) cost_nano: Option<i64>,
    pub(crate) first_visible_us: Option<u64>,
    pub(crate) total_us: u64,
}

impl Served {
    /// `None` = nothing to compare with: the request was the client's mistake, or it went away.
    pub(crate) fn of(row: &LedgerRow, evidence: &Evidence) -> Option<Self> {
        let is_comparable = !evidence.abandoned && evidence.status != 400;
        is_comparable.then(|| Self {
            id: row.id,
            candidate: row.candidate.clone(),
            is_answered: evidence.failure.is_none(),
            cost_nano: row.cost.filter(|_| !row.is_estimated).map(|cost| cost.0),
            first_visible_us: first_visible(evidence),
            total_us: evidence.total_us,
        })
    }
}

/// When the answer became visible, within the call that brought it.
fn first_visible(evidence: &Evidence) -> Option<u64> {
    let last = evidence.attempts.last()?;
    last.first_visible_us.filter(|_| last.failure.is_none())
}

impl Shadow {
    /// Starts the task that asks the challenger.
    pub(crate) fn new(settings: ShadowSettings, challenge: Challenge, standing: Standing) -> Self {
        let inner = Arc::new(Inner {
            settings,
            challenge,
            standing,
            stop: Notify::new(),
            n_waiting_bytes: AtomicUsize::new(0),
            fates: Default::default(),
        });
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        let task = tokio::spawn(work(Arc::clone(&inner), receiver));
        Self {
            inner,
            sender: Mutex::new(Some(sender)),
            task: Mutex::new(Some(task)),
        }
    }

    /// Draws a request, or not.
    pub(crate) fn draw(&self, ask: &Ask, id: RequestId) -> Option<Box<Ask>> {
        let is_drawn = !ask.wishes.is_private
            && ask.service == Service::Chat
            // What a vendor has stored is known to that vendor only.
            && ask.peek.stored.is_none()
            && chance(id, DRAW) < self.inner.settings.share;
        is_drawn.then(|| Box::new(ask.clone()))
    }

    /// Hands a drawn request over; never waits.
    pub(crate) fn send(&self, case: Case) {
        let inner = &self.inner;
        if case.served.candidate == inner.settings.challenger {
            return;
        }
        let n_bytes = case.ask.body.len() + case.response.as_ref().map_or(0, n_bytes);
        let before = inner.n_waiting_bytes.fetch_add(n_bytes, Ordering::Relaxed);
        let is_taken = before + n_bytes <= MAX_WAITING_BYTES && {
            let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            sender
                .as_ref()
                .is_some_and(|sender| sender.try_send(Waiting { case, n_bytes }).is_ok())
        };
        if !is_taken {
            inner.n_waiting_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
            inner.count(Fate::Dropped);
        }
    }

    /// Ends: what waits is forgotten, what is under way gets a moment.
    pub(crate) async fn end(&self) {
        let sender = {
            let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            sender.take()
        };
        drop(sender);
        self.inner.stop.notify_one();
        let task = {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            task.take()
        };
        if let Some(task) = task {
            let _ended = task.await;
        }
    }

    /// The challenger.
    pub(crate) fn challenger(&self) -> &str {
        &self.inner.settings.challenger
    }

    /// Spent, reserved and limit of the challenger's budget, in nano-dollars.
    pub(crate) fn standing(&self) -> Option<[i64; 3]> {
        (self.inner.standing)()
    }

    /// How many requests came to which end.
    pub(crate) fn counts(&self) -> [(&'static str, u64); Fate::ALL.len()] {
        Fate::ALL.map(|(fate, word)| {
            let count = self.inner.fates.get(fate as usize);
            (word, count.map_or(0, |count| count.load(Ordering::Relaxed)))
        })
    }
}

/// Asks the challenger for one request after the other, so many at once.
async fn work(inner: Arc<Inner>, mut receiver: mpsc::Receiver<Waiting>) {
    let mut calls = JoinSet::new();
    let most = inner.settings.concurrency as usize;
    loop {
        tokio::select! {
            biased;
            () = inner.stop.notified() => break,
            Some(_) = calls.join_next() => {}
            case = receiver.recv(), if calls.len() < most => match case {
                Some(Waiting { case, n_bytes }) => {
                    inner.n_waiting_bytes.fetch_sub(n_bytes, Ordering::Relaxed);
                    let inner = Arc::clone(&inner);
                    calls.spawn(async move {
                        let fate = (inner.challenge)(case).await;
                        inner.count(fate);
                    });
                }
                None => break,
            },
        }
    }
    let _rested = timeout(REST, async { while calls.join_next().await.is_some() {} }).await;
    // A call that is broken off is recorded at the most that it can have cost.
    calls.shutdown().await;
}

impl Inner {
    fn count(&self, fate: Fate) {
        if let Some(count) = self.fates.get(fate as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

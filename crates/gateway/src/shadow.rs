//! A share of requests is also asked of a challenger, away from the client's own.
//!
//! In: requests that are over, with what came of them, of which a share is drawn by chance. Out: the
//! challenger's calls in a ledger of their own, each with its comparison. The challenger has a budget, a
//! concurrency limit and a lane of its own, and is called after the client has its answer, so that nothing
//! of it delays, fails or charges a client. What waits is bounded; what does not fit is left out and counted.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use trilemma_domain::ChatResponse;
use trilemma_project::ShadowSettings;
use trilemma_store::ledger::{Evidence, LedgerRow, RequestId};

use crate::ask::{Ask, Service};
use crate::beside::Beside;
use crate::chance::chance;
use crate::weight::n_bytes;

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
    beside: Beside<Case>,
}

struct Inner {
    settings: ShadowSettings,
    challenge: Challenge,
    standing: Standing,
    fates: [AtomicU64; Fate::ALL.len()],
}

/// A request whose client has been served.
pub(crate) struct Case {
    pub(crate) ask: Box<Ask>,
    pub(crate) response: Option<ChatResponse>,
    pub(crate) served: Served,
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
    /// The client left after so long, with nothing to be seen; `None` = it stayed.
    pub(crate) left_us: Option<u64>,
}

impl Served {
    /// `None` = nothing to compare with: the request was the client's mistake, or it went away with a part of the
    /// answer, or before anybody was asked, or the gateway stopped.
    pub(crate) fn of(row: &LedgerRow, evidence: &Evidence) -> Option<Self> {
        if evidence.stopped {
            return None;
        }
        let has_left_early = evidence.abandoned && evidence.shown_us.is_none();
        let is_comparable = match evidence.abandoned {
            true => has_left_early && !row.candidate.is_empty(),
            false => evidence.status != 400,
        };
        is_comparable.then(|| Self {
            id: row.id,
            candidate: row.candidate.clone(),
            is_answered: evidence.failure.is_none() && !evidence.abandoned,
            cost_nano: row.cost.filter(|_| !row.is_estimated).map(|cost| cost.0),
            first_visible_us: first_visible(evidence),
            total_us: evidence.total_us,
            left_us: has_left_early.then_some(evidence.total_us),
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
            fates: Default::default(),
        });
        let shared = Arc::clone(&inner);
        let beside = Beside::new(
            inner.settings.concurrency as usize,
            Box::new(move |case| {
                let inner = Arc::clone(&shared);
                Box::pin(async move {
                    let fate = (inner.challenge)(case).await;
                    inner.count(fate);
                })
            }),
        );
        Self { inner, beside }
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
        if !self.beside.send(case, n_bytes) {
            inner.count(Fate::Dropped);
        }
    }

    /// Ends: what waits is forgotten, what is under way gets a moment.
    pub(crate) async fn end(&self) {
        self.beside.end().await;
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

impl Inner {
    fn count(&self, fate: Fate) {
        if let Some(count) = self.fates.get(fate as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

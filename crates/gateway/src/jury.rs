//! What the project's judges say of a canary's answers, of both arms alike.
//!
//! In: answers of either arm whose requests are over, a share of them, drawn by the request's name so that the arm
//! plays no part. Out: what rubrics say of each, for a guard of its own. Judges see the prompt and the answer, and
//! nothing of who gave it. A gateway of their own asks them, after the client has its answer: its budget, ledger
//! and lanes are no client's. What does not fit, and what has no budget or no readable word, says nothing and is
//! counted: it is never 0. Judges that compare answers have nothing to compare here and are not asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use trilemma_domain::{ChatResponse, Dialect};
use trilemma_project::CanaryJudges;
use trilemma_score::Scorer;
use trilemma_store::ledger::RequestId;

use crate::ask::{Ask, Service};
use crate::beside::Beside;
use crate::blocks::Arm;
use crate::chance::chance;
use crate::gateway::Gateway;
use crate::panel::{Bench, Panels};
use crate::prepare::decode_body;

/// Tells this draw from others of the same request.
const DRAW: u64 = 0x6a75_7279;

/// What judging a canary needs.
pub struct JuryParts {
    /// How many answers are judged, for how much.
    pub settings: CanaryJudges,
    /// Calls judges, and nobody else: ledger, budget and lanes are its own.
    pub gateway: Arc<Gateway>,
    /// The project's scorers.
    pub scorers: Vec<Scorer>,
    /// Who judges for those of them that ask a judge: upstreams of the same gateway.
    pub panels: Panels,
}

/// Takes what is said of an answer of an arm, in [0, 1].
pub(crate) type Verdict = Box<dyn Fn(Arm, f64) + Send + Sync>;

/// An answer of an arm: what was asked, in which dialect, and what came.
pub(crate) type Answer = (Dialect, Bytes, ChatResponse);

/// What became of answers that were drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Judged,
    /// Too much waited.
    Dropped,
    /// There was no budget, or no readable word.
    Missing,
}

impl Fate {
    const ALL: [(Self, &str); 3] = [
        (Self::Judged, "judged"),
        (Self::Dropped, "dropped"),
        (Self::Missing, "missing"),
    ];
}

/// Judges that are asked beside the traffic.
pub(crate) struct Jury {
    share: f64,
    gateway: Arc<Gateway>,
    beside: Beside<(Arm, Answer)>,
    fates: Arc<Fates>,
}

#[derive(Debug, Default)]
struct Fates([AtomicU64; Fate::ALL.len()]);

impl Fates {
    fn count(&self, fate: Fate) {
        if let Some(count) = self.0.get(fate as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Jury {
    /// Begins to wait for answers; within a runtime.
    pub(crate) fn new(parts: JuryParts, verdict: Verdict) -> Self {
        let most = parts.settings.concurrency as usize;
        let (share, gateway) = (parts.settings.share, Arc::clone(&parts.gateway));
        let fates = Arc::new(Fates::default());
        let shared = Arc::new((parts, verdict, Arc::clone(&fates)));
        let beside = Beside::new(
            most,
            Box::new(move |(arm, answer)| {
                let shared = Arc::clone(&shared);
                Box::pin(async move {
                    let (parts, verdict, fates) = shared.as_ref();
                    match parts.word(answer).await {
                        Some(score) => {
                            verdict(arm, score);
                            fates.count(Fate::Judged);
                        }
                        None => fates.count(Fate::Missing),
                    }
                })
            }),
        );
        Self {
            share,
            gateway,
            beside,
            fates,
        }
    }

    /// Whether the answer to a request is judged, whatever arm it belongs to.
    pub(crate) fn draws(&self, ask: &Ask, id: RequestId) -> bool {
        !ask.wishes.is_private && ask.service == Service::Chat && chance(id, DRAW) < self.share
    }

    /// Hands an answer over; never waits.
    pub(crate) fn hear(&self, arm: Arm, answer: Answer, n_bytes: usize) {
        if !self.beside.send((arm, answer), n_bytes) {
            self.fates.count(Fate::Dropped);
        }
    }

    /// Ends: what waits is forgotten, what is under way gets a moment.
    pub(crate) async fn end(&self) {
        self.beside.end().await;
    }

    /// How many answers came to which end.
    pub(crate) fn counts(&self) -> [(&'static str, u64); Fate::ALL.len()] {
        Fate::ALL.map(|(fate, word)| {
            let count = self.fates.0.get(fate as usize);
            (word, count.map_or(0, |count| count.load(Ordering::Relaxed)))
        })
    }

    /// Spent, reserved and limit of the judges' budget, in nano-dollars.
    pub(crate) fn standing(&self) -> Option<[i64; 3]> {
        self.gateway.purse.standing_of_all()
    }
}

impl JuryParts {
    /// What the rubrics say of an answer; `None` = nothing that could be had.
    async fn word(&self, (dialect, body, answer): Answer) -> Option<f64> {
        let request = decode_body(dialect, &body).ok()?;
        let bench = Bench {
            gateway: &self.gateway,
            scorers: &self.scorers,
            panels: &self.panels,
        };
        bench.rate(&request.chat, &answer).await
    }
}

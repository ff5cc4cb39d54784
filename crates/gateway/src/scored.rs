//! A share of answers is scored by the benchmark's scorers that need no expected answer.
//!
//! In: the project's scorers, whole answers to requests like what was measured, drawn by chance. Out: each scorer's
//! score, in the ledger beside the request; no word of prompt or answer. A thread of its own works; what waits is bounded,
//! the rest is left out and counted. Scorers that ask a judge or run a program are passed over, as are requests that
//! their client keeps private. Where no scorer ever has an opinion, nothing is drawn any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use bytes::Bytes;
use trilemma_domain::{ChatResponse, Dialect, Message};
use trilemma_score::Scorer;
use trilemma_store::ledger::{Ledger, RequestId};

use crate::ask::{Ask, Service};
use crate::chance::chance;
use crate::compare::{is_pure, item, score};
use crate::prepare::decode_body;

/// Answers that may wait.
const MAX_WAITING: usize = 256;
/// Larger requests are not scored.
const MAX_REQUEST_BYTES: usize = 256 << 10;
/// Answers without any score after which nobody looks any more.
const MOST_WITHOUT: u64 = 64;
/// Tells this draw from others of the same request.
const DRAW: u64 = 0x7363_6f72;

/// A scorer of the project, and the name that tells it from others, earlier versions of itself included.
pub struct LiveScorer {
    /// Under which its scores are kept.
    pub key: String,
    /// The scorer.
    pub scorer: Scorer,
}

impl LiveScorer {
    /// Scores an answer to messages without anything that is expected, in [0, 1]; `None` = it needs an expected answer,
    /// a judge or a program, or does not apply.
    #[must_use]
    pub fn score(&self, messages: &[Message], answer: &ChatResponse) -> Option<f64> {
        score(&self.scorer, &item(messages, None), answer)
    }
}

/// Scores answers beside the traffic.
pub(crate) struct Scoring {
    share: f64,
    sender: Option<SyncSender<Drawn>>,
    thread: Option<JoinHandle<()>>,
    is_idle: Arc<AtomicBool>,
    n_dropped: AtomicU64,
}

/// An answer that was drawn.
pub(crate) struct Drawn {
    pub(crate) id: RequestId,
    pub(crate) dialect: Dialect,
    pub(crate) body: Bytes,
    pub(crate) response: ChatResponse,
}

impl Scoring {
    /// Starts; `None` = no scorer runs here, or nothing is to be drawn.
    pub(crate) fn new(mut scorers: Vec<LiveScorer>, share: f64, ledger: Ledger) -> Option<Self> {
        scorers.retain(|one| is_pure(&one.scorer));
        if scorers.is_empty() || share <= 0.0 {
            return None;
        }
        let is_idle = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let worker = Worker {
            scorers,
            ledger,
            is_idle: Arc::clone(&is_idle),
        };
        let thread = std::thread::Builder::new()
            .name("scores".to_owned())
            .spawn(move || worker.run(&receiver))
            .ok()?;
        Some(Self {
            share,
            sender: Some(sender),
            thread: Some(thread),
            is_idle,
            n_dropped: AtomicU64::new(0),
        })
    }

    /// Whether a request's answer is scored.
    pub(crate) fn draws(&self, ask: &Ask, id: RequestId) -> bool {
        ask.service == Service::Chat
            && !ask.wishes.is_private
            && ask.body.len() <= MAX_REQUEST_BYTES
            && chance(id, DRAW) < self.share
            && !self.is_idle.load(Ordering::Relaxed)
    }

    /// Hands an answer over; never waits.
    pub(crate) fn send(&self, drawn: Drawn) {
        let sender = self.sender.as_ref();
        if sender.is_none_or(|sender| sender.try_send(drawn).is_err()) {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers that were not scored because too many waited.
    pub(crate) fn n_dropped(&self) -> u64 {
        self.n_dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Scoring {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            let _joined = thread.join();
        }
    }
}

struct Worker {
    scorers: Vec<LiveScorer>,
    ledger: Ledger,
    is_idle: Arc<AtomicBool>,
}

impl Worker {
    fn run(self, receiver: &Receiver<Drawn>) {
        let (mut n_scored, mut n_without) = (0_u64, 0_u64);
        while let Ok(drawn) = receiver.recv() {
            let scores = self.scores(&drawn);
            if scores.is_empty() {
                n_without += 1;
                if n_scored == 0 && n_without >= MOST_WITHOUT {
                    self.is_idle.store(true, Ordering::Relaxed);
                }
            } else {
                n_scored += 1;
                self.ledger.scored(drawn.id, scores);
            }
        }
    }

    fn scores(&self, drawn: &Drawn) -> Vec<(String, f64)> {
        let Ok(request) = decode_body(drawn.dialect, &drawn.body) else {
            return Vec::new();
        };
        let item = item(&request.chat.messages, None);
        let scored = self.scorers.iter().filter_map(|one| {
            let score = score(&one.scorer, &item, &drawn.response)?;
            Some((one.key.clone(), score))
        });
        scored.collect()
    }
}

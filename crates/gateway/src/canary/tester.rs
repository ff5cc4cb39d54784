//! The thread that tests what came of a canary's requests.
//!
//! In: outcomes of both arms, as they come. Out: the state on record at least every two seconds, and an alarm, on disk
//! before anybody is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use trilemma_provider::Clock;
use trilemma_score::Scorer;
use trilemma_store::ledger::Ledger;

use super::{AlarmSink, CANARY_NOTE, RolledBack, Seen, Shared};
use crate::compare::score_of;

/// Longest time between two records of the state.
const RECORD_PAUSE: Duration = Duration::from_secs(2);

/// What the thread works with.
pub(super) struct Tester {
    pub(super) shared: Arc<Shared>,
    pub(super) scorers: Vec<Scorer>,
    pub(super) alarm: Option<AlarmSink>,
    pub(super) ledger: Ledger,
    pub(super) clock: Clock,
}

impl Tester {
    /// Tests until nobody can send any more.
    pub(super) fn run(self, receiver: &Receiver<Seen>) {
        let mut recorded_us = self.clock.now_us();
        let mut is_new = false;
        loop {
            let is_over = match receiver.recv_timeout(RECORD_PAUSE) {
                Ok(seen) => {
                    is_new = true;
                    self.test(seen);
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            let now_us = self.clock.now_us();
            let is_due = now_us.saturating_sub(recorded_us) >= RECORD_PAUSE.as_micros() as i64;
            if is_new && (is_due || is_over) {
                recorded_us = now_us;
                is_new = false;
                self.record();
            }
            if is_over {
                return;
            }
        }
    }

    fn test(&self, seen: Seen) {
        let Seen {
            id,
            arm,
            mut outcome,
            answer,
        } = seen;
        if let Some((id, client)) = id {
            self.shared.arms().remember(id, arm, &client);
        }
        if let Some((dialect, body, response)) = &answer {
            outcome.score = score_of(&self.scorers, (*dialect, body), response);
        }
        let alarm = self.shared.with(|state| {
            if state.rolled_back.is_some() {
                return None;
            }
            let guard = state.guards.observe(arm, outcome)?;
            state.rolled_back = Some(RolledBack {
                at_us: self.clock.now_us(),
                guard,
            });
            Some(state.told())
        });
        let Some(told) = alarm else { return };
        self.shared.is_off.store(true, Ordering::Relaxed);
        // On disk before anybody is told.
        self.record();
        if let Some(alarm) = &self.alarm {
            alarm(&told.to_string());
        }
    }

    fn record(&self) {
        let text = self.shared.with(|state| serde_json::to_string(state).ok());
        if let Some(text) = text {
            self.ledger.note(CANARY_NOTE, text);
        }
    }
}

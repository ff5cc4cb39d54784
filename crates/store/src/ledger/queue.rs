//! What waits to be committed, between the requests' tasks and the thread that writes.
//!
//! In: messages, from any task, without waiting. Out: all that wait, in order. A row wakes the thread
//! only where it sleeps for want of work: while it collects rows for a common commit, only somebody
//! who waits for an answer does, so that recording costs a busy gateway no system call.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::thread::Message;

/// Messages that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Message>,
    /// Somebody waits for an answer.
    is_urgent: bool,
    /// The thread sleeps until there is something.
    is_asleep: bool,
    /// Every sender is gone.
    is_closed: bool,
    /// The thread is gone: what is sent now is dropped, and whoever waits for it is told so.
    is_over: bool,
}

/// Adds messages; the thread ends when the last sender is gone.
#[derive(Debug)]
pub(super) struct Sender(Arc<Queue>);

impl Sender {
    pub(super) fn new(queue: &Arc<Queue>) -> Arc<Self> {
        Arc::new(Self(Arc::clone(queue)))
    }

    pub(super) fn send(&self, message: Message) {
        let mut state = self.0.lock();
        if state.is_over {
            return;
        }
        let is_urgent = message.is_urgent();
        state.is_urgent |= is_urgent;
        state.waiting.push(message);
        if is_urgent || std::mem::take(&mut state.is_asleep) {
            drop(state);
            self.0.wake.notify_one();
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.wake.notify_one();
    }
}

impl Queue {
    /// Sleeps until there is something, and moves at most `most` messages to the end of `group`; false =
    /// nothing will ever come.
    pub(super) fn take(&self, most: usize, group: &mut Vec<Message>) -> bool {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.is_closed {
                return false;
            }
            state.is_asleep = true;
            state = self
                .wake
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.is_asleep = false;
        let n = state.waiting.len().min(most);
        group.extend(state.waiting.drain(..n));
        state.is_urgent = state.waiting.iter().any(Message::is_urgent);
        true
    }

    /// Waits so long for rows to come together; whoever waits for an answer ends it.
    pub(super) fn linger(&self, time: Duration) {
        let state = self.lock();
        let _woken = self
            .wake
            .wait_timeout_while(state, time, |state| !state.is_urgent && !state.is_closed)
            .unwrap_or_else(PoisonError::into_inner);
    }

    /// Whether what waits is the last that comes.
    pub(super) fn is_ending(&self) -> bool {
        let state = self.lock();
        state.is_closed || state.waiting.iter().any(Message::is_end)
    }

    /// Nobody will take anything any more; gives what still waits.
    pub(super) fn end(&self) -> Vec<Message> {
        let mut state = self.lock();
        state.is_over = true;
        std::mem::take(&mut state.waiting)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

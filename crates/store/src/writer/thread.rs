//! The thread that commits: one transaction for everything that waits.
//!
//! A lonely record is committed at once. Under load, commits keep a small distance, so that
//! records share pages and transactions; they are never more than 100 ms apart. When a group fails
//! it is rolled back and its records are tried one by one, so that each caller learns of its own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::StoreError;
use crate::inner::{Inner, hold};
use crate::writer::handle::{Message, Subscribers};
use crate::writer::insert::Session;
use crate::writer::receipt::Committed;

/// Records of one transaction at most.
const MAX_GROUP: usize = 1_000;
/// Distance between commits under load.
const LINGER: Duration = Duration::from_millis(5);

/// Owns the writing connection.
pub(crate) struct Committer {
    inner: Arc<Inner>,
    session: Session,
    subscribers: Subscribers,
    /// First error since the last flush that nobody waited for.
    untold: Option<StoreError>,
    epoch: u64,
}

impl Committer {
    pub(crate) fn new(inner: Arc<Inner>, session: Session, subscribers: Subscribers) -> Self {
        Self {
            inner,
            session,
            subscribers,
            untold: None,
            epoch: 0,
        }
    }

    /// Commits until every sender is gone.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        let mut group = Vec::new();
        let mut earliest_next = Instant::now();
        while let Ok(first) = messages.recv() {
            collect(messages, first, earliest_next, &mut group);
            self.commit_group(&mut group);
            earliest_next = Instant::now() + LINGER;
        }
    }

    fn commit_group(&mut self, group: &mut Vec<Message>) {
        let epoch = self.inner.epoch.load(Ordering::Acquire);
        if epoch != self.epoch {
            self.epoch = epoch;
            self.session.forget();
        }
        match self.commit(group) {
            Ok(()) => group
                .drain(..)
                .for_each(|message| self.acknowledge(message)),
            Err(error) if group.len() == 1 => {
                group
                    .drain(..)
                    .for_each(|message| self.refuse(message, &error));
            }
            Err(_) => {
                for message in group.drain(..) {
                    match self.commit(std::slice::from_ref(&message)) {
                        Ok(()) => self.acknowledge(message),
                        Err(error) => self.refuse(message, &error),
                    }
                }
            }
        }
    }

    fn commit(&mut self, group: &[Message]) -> Result<(), StoreError> {
        // Flushes alone need no transaction.
        if group
            .iter()
            .all(|message| matches!(message, Message::Flush(_)))
        {
            return Ok(());
        }
        self.session
            .commit(group)
            .map_err(|fault| self.inner.tell(fault))
    }

    fn acknowledge(&mut self, message: Message) {
        // A dropped receipt is no error: the record is durable all the same.
        match message {
            Message::Trial {
                run,
                trial,
                answer,
                room,
            } => {
                let key = trial.key;
                hold(&self.subscribers).retain(|subscriber| {
                    let run = run.clone();
                    subscriber.send(Committed { run, key }).is_ok()
                });
                drop(room);
                let _ = answer.send(Ok(*trial));
            }
            Message::Attempt { answer, room, .. }
            | Message::JudgeAttempt { answer, room, .. }
            | Message::Judgement { answer, room, .. }
            | Message::Scores { answer, room, .. } => {
                drop(room);
                let _ = answer.send(Ok(()));
            }
            Message::Flush(answer) => {
                let _ = answer.send(self.untold.take().map_or(Ok(()), Err));
            }
        }
    }

    fn refuse(&mut self, message: Message, error: &StoreError) {
        let untold = match message {
            Message::Trial { answer, .. } => answer.send(Err(error.clone())).is_err(),
            Message::Attempt { answer, .. }
            | Message::JudgeAttempt { answer, .. }
            | Message::Judgement { answer, .. }
            | Message::Scores { answer, .. }
            | Message::Flush(answer) => answer.send(Err(error.clone())).is_err(),
        };
        if untold && self.untold.is_none() {
            self.untold = Some(error.clone());
        }
    }
}

/// Gathers what waits, and what comes before `earliest_next` unless somebody waits for a flush.
fn collect(
    messages: &Receiver<Message>,
    first: Message,
    earliest_next: Instant,
    group: &mut Vec<Message>,
) {
    let mut next = Some(first);
    while let Some(message) = next.take() {
        let flush = matches!(message, Message::Flush(_));
        group.push(message);
        if flush || group.len() >= MAX_GROUP {
            return;
        }
        next = match messages.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                let left = earliest_next.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return;
                }
                messages.recv_timeout(left).ok()
            }
        };
    }
}

//! The thread that commits what a gateway records: one transaction for everything that waits.
//!
//! A lonely row is committed at once; after a commit the next one keeps a small distance, unless
//! somebody waits for it. A commit that fails
//! (a full disk) is tried again until it succeeds: rows are never dropped while the gateway runs, and
//! the queue's length tells it to take in no more. Once the session is to end, only so often: a gateway
//! that is told to stop stops, and says how many rows are lost. Its session is then not marked as
//! ended, so that its leases go on counting as spent.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::{Connection, params};
use tokio::sync::oneshot;
use trilemma_domain::NanoUsd;

use super::file::Gauge;
use super::queue::Queue;
use super::record::{Evidence, Feedback, LedgerRow, RequestId};
use crate::error::StoreError;

/// Rows of one transaction at most.
const MAX_GROUP: usize = 2_000;
/// Rows written before others get a turn: about a tenth of a millisecond.
const TURN: usize = 16;
/// Evidence of most requests has no more, in bytes.
const TYPICAL_BYTES: usize = 2 << 10;
/// Distance between commits of rows for which nobody waits.
const LINGER: Duration = Duration::from_millis(25);
/// Pause before a commit that failed is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// Tries at a commit once the session is to end: three seconds, less than what stops a gateway waits
/// before it kills.
const LAST_TRIES: u32 = 12;
const US_PER_DAY: i64 = 86_400_000_000;

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Message {
    Request {
        row: Box<LedgerRow>,
        charged: NanoUsd,
        evidence: Option<Box<Evidence>>,
    },
    Lease {
        client: String,
        day: i64,
        amount: NanoUsd,
        answer: oneshot::Sender<Result<(), StoreError>>,
    },
    Note {
        name: &'static str,
        text: String,
    },
    Feedback {
        word: Feedback,
        answer: oneshot::Sender<Result<bool, StoreError>>,
    },
    Scores {
        id: RequestId,
        scores: Vec<(String, f64)>,
    },
    Flush(oneshot::Sender<Result<(), StoreError>>),
    End(i64),
}

impl Message {
    /// Whether it is committed at once. Whoever says what it thinks of an answer can wait for the next common
    /// commit.
    pub(super) fn is_urgent(&self) -> bool {
        !matches!(
            self,
            Self::Request { .. } | Self::Feedback { .. } | Self::Scores { .. }
        )
    }

    /// Whether nothing comes after it.
    pub(super) fn is_end(&self) -> bool {
        matches!(self, Self::End(_))
    }
}

/// Owns the writing connection.
pub(super) struct Keeper {
    conn: Connection,
    session: i64,
    gauge: Arc<Gauge>,
}

impl Keeper {
    pub(super) fn new(conn: Connection, session: i64, gauge: Arc<Gauge>) -> Self {
        Self {
            conn,
            session,
            gauge,
        }
    }

    /// Commits until the session ends or every sender is gone.
    ///
    /// # Errors
    /// Which rows are lost because nothing could be written to the end.
    pub(super) fn run(self, queue: &Queue, path: &Path) -> Result<(), StoreError> {
        let mut group = Vec::new();
        let worked = self.work(queue, path, &mut group);
        let waiting = queue.end();
        worked.map_err(|error| {
            let all = group.iter().chain(&waiting);
            let is_row = |message: &&Message| matches!(message, Message::Request { .. });
            StoreError::RowsLost {
                path: path.to_owned(),
                n: all.filter(is_row).count(),
                reason: error.to_string(),
            }
        })
    }

    fn work(
        mut self,
        queue: &Queue,
        path: &Path,
        group: &mut Vec<Message>,
    ) -> rusqlite::Result<()> {
        while queue.take(MAX_GROUP, group) {
            let is_urgent = group.iter().any(Message::is_urgent);
            let mut n_last_tries = 0;
            let heard = loop {
                match self.commit(group) {
                    Ok(heard) => break heard,
                    Err(error) => {
                        self.gauge.n_failed_commits.fetch_add(1, Ordering::Relaxed);
                        refuse_leases(group, &StoreError::from_sqlite(path, &error));
                        if group.iter().any(Message::is_end) || queue.is_ending() {
                            n_last_tries += 1;
                        }
                        if n_last_tries >= LAST_TRIES {
                            return Err(error);
                        }
                        std::thread::sleep(PAUSE);
                    }
                }
            };
            let is_full = group.len() >= MAX_GROUP;
            if self.acknowledge(group, heard) {
                return Ok(());
            }
            if !is_urgent && !is_full {
                queue.linger(LINGER);
            }
        }
        Ok(())
    }

    /// Commits a group; gives for each word of a client whether it was heard.
    fn commit(&mut self, group: &[Message]) -> rusqlite::Result<Vec<bool>> {
        let tx = self.conn.transaction()?;
        let mut heard = Vec::new();
        let mut scratch = Vec::with_capacity(TYPICAL_BYTES);
        for (idx, message) in group.iter().enumerate() {
            if (idx + 1).is_multiple_of(TURN) {
                // A request that has just come may be waiting for this core.
                std::thread::yield_now();
            }
            match message {
                Message::Request {
                    row,
                    charged,
                    evidence,
                } => {
                    // Our own record of strings and numbers: it can be written.
                    scratch.clear();
                    let evidence = evidence.as_deref().and_then(|evidence| {
                        serde_json::to_writer(&mut scratch, evidence).ok()?;
                        str::from_utf8(&scratch).ok()
                    });
                    insert(&tx, row, *charged, evidence)?;
                }
                Message::Lease {
                    client,
                    day,
                    amount,
                    ..
                } => {
                    tx.prepare_cached("INSERT INTO leases VALUES (?1, ?2, ?3, ?4)")?
                        .execute(params![self.session, client, day, amount.0])?;
                }
                Message::Note { name, text } => {
                    tx.prepare_cached("INSERT OR REPLACE INTO notes VALUES (?1, ?2)")?
                        .execute(params![name, text])?;
                }
                Message::Feedback { word, .. } => heard.push(hear(&tx, word)?),
                Message::Scores { id, scores } => {
                    let mut insert =
                        tx.prepare_cached("INSERT OR REPLACE INTO scores VALUES (?1, ?2, ?3, ?4)")?;
                    for (scorer, score) in scores {
                        insert.execute(params![id.session, id.number, scorer, score])?;
                    }
                }
                Message::Flush(_) => {}
                Message::End(now_us) => {
                    tx.execute(
                        "UPDATE sessions SET ended_us = ?2 WHERE id = ?1",
                        params![self.session, now_us],
                    )?;
                }
            }
        }
        tx.commit()?;
        Ok(heard)
    }

    /// Tells everybody who waits; true = the session has ended.
    fn acknowledge(&self, group: &mut Vec<Message>, heard: Vec<bool>) -> bool {
        let mut is_over = false;
        let mut heard = heard.into_iter();
        for message in group.drain(..) {
            match message {
                Message::Request { .. } => {
                    self.gauge.depth.fetch_sub(1, Ordering::Relaxed);
                }
                Message::Lease { answer, .. } | Message::Flush(answer) => {
                    let _heard = answer.send(Ok(()));
                }
                Message::Feedback { answer, .. } => {
                    let _heard = answer.send(Ok(heard.next().unwrap_or(false)));
                }
                Message::Note { .. } | Message::Scores { .. } => {}
                Message::End(_) => is_over = true,
            }
        }
        is_over
    }
}

/// Whoever waits for a lease is told that there is none; rows stay and are tried again.
fn refuse_leases(group: &mut Vec<Message>, error: &StoreError) {
    let kept = group.drain(..).filter_map(|message| match message {
        Message::Lease { answer, .. } | Message::Flush(answer) => {
            let _heard = answer.send(Err(error.clone()));
            None
        }
        Message::Feedback { answer, .. } => {
            let _heard = answer.send(Err(error.clone()));
            None
        }
        other => Some(other),
    });
    *group = kept.collect();
}

/// Writes a client's word beside its request; false = it has no such request.
fn hear(conn: &Connection, word: &Feedback) -> rusqlite::Result<bool> {
    let n = conn
        .prepare_cached(
            "INSERT OR REPLACE INTO feedback (session, number, at_us, score) \
             SELECT session, number, ?4, ?5 FROM requests \
             WHERE session = ?1 AND number = ?2 AND client = ?3",
        )?
        .execute(params![
            word.id.session,
            word.id.number,
            word.client,
            word.at_us,
            word.score,
        ])?;
    Ok(n > 0)
}

fn insert(
    conn: &Connection,
    row: &LedgerRow,
    charged: NanoUsd,
    evidence: Option<&str>,
) -> rusqlite::Result<()> {
    let count = |n: Option<u64>| n.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    let usage = row.usage.as_ref();
    conn.prepare_cached(
        "INSERT INTO requests VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
         ?15, ?16, ?17, ?18, ?19)",
    )?
    .execute(params![
        row.id.session,
        row.id.number,
        row.at_us,
        row.at_us.div_euclid(US_PER_DAY),
        row.client,
        row.candidate,
        row.requested,
        row.served,
        count(usage.map(|usage| usage.input_uncached)),
        count(usage.and_then(|usage| usage.cache_read)),
        count(usage.and_then(|usage| usage.cache_write_5m)),
        count(usage.and_then(|usage| usage.cache_write_1h)),
        count(usage.map(|usage| usage.output)),
        count(usage.and_then(|usage| usage.reasoning)),
        row.raw_usage,
        row.cost.map(|cost| cost.0),
        charged.0,
        row.is_estimated,
        evidence,
    ])?;
    Ok(())
}

//! Prompts and answers that the project says may be kept.
//!
//! In: requests that are over, of which a share is drawn by chance. Out: one redacted line for each, in
//! files of bounded age and size. Nothing here is on a request's way: drawing is a hash, and the rest is
//! done by a thread of its own, which is handed what waits within bounded memory; what does not fit is
//! left out and counted. Requests with images or files are not kept, because nothing redacts those.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use trilemma_domain::{ChatRequest, ChatResponse, Dialect, Part};
use trilemma_project::{Consent, TextSettings};
use trilemma_provider::Clock;
use trilemma_store::ledger::{LedgerRow, RequestId};
use trilemma_store::texts::TextLog;

use crate::ask::{Ask, Facts, Service};
use crate::chance::chance;
use crate::prepare::decode_body;
use crate::weight;

/// Requests that may wait to be written.
const MAX_WAITING: usize = 1_024;
/// Bytes that may wait to be written.
const MAX_WAITING_BYTES: usize = 32 << 20;
/// Distance between looks at what is too old.
const PRUNE_PAUSE: Duration = Duration::from_secs(60);
/// Tells this draw from others of the same request.
const DRAW: u64 = 0x7465_7874;

/// Takes out of a text what must not be kept; `None` = nothing.
pub type Redact = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What keeping texts needs.
pub struct TextParts {
    /// What is kept.
    pub settings: TextSettings,
    /// Where.
    pub log: TextLog,
    /// Runs over every string before it is written.
    pub redact: Redact,
}

/// What became of requests that were drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    /// Too much waited.
    Dropped,
    TooLarge,
    /// It has images or files.
    Attached,
    /// The request cannot be read, or not be written.
    Failed,
}

impl Fate {
    pub(crate) const ALL: [(Self, &str); 5] = [
        (Self::Kept, "kept"),
        (Self::Dropped, "dropped"),
        (Self::TooLarge, "too_large"),
        (Self::Attached, "attached"),
        (Self::Failed, "failed"),
    ];
}

/// Keeps texts.
pub(crate) struct Texts {
    settings: TextSettings,
    sender: Option<SyncSender<Case>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    n_waiting_bytes: AtomicUsize,
    fates: [AtomicU64; Fate::ALL.len()],
}

/// What is kept of a request while it is answered.
#[derive(Debug)]
pub(crate) struct Drawn {
    dialect: Dialect,
    body: Bytes,
    facts: Facts,
    session: Option<String>,
}

/// A request that is over.
struct Case {
    drawn: Drawn,
    response: Option<ChatResponse>,
    id: RequestId,
    at_us: i64,
    names: [Value; 4],
    /// About what it holds.
    n_bytes: usize,
}

impl Texts {
    /// Starts the thread that writes.
    pub(crate) fn new(parts: TextParts, clock: Clock) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let writer = Writer {
            log: parts.log,
            redact: parts.redact,
            sessions: RandomState::new(),
            max_bytes: parts.settings.max_item_bytes,
            clock,
            shared: Arc::clone(&shared),
        };
        let thread = std::thread::Builder::new()
            .name("texts".to_owned())
            .spawn(move || writer.run(&receiver));
        let thread = thread.ok();
        Self {
            settings: parts.settings,
            sender: thread.is_some().then_some(sender),
            shared,
            thread,
        }
    }

    /// Draws a request, or not.
    pub(crate) fn draw(&self, ask: &Ask, id: RequestId) -> Option<Drawn> {
        let may = match self.settings.consent {
            Consent::Header => ask.wishes.consents,
            Consent::Assumed => true,
        };
        let is_drawn = may
            && !ask.wishes.is_private
            && ask.service == Service::Chat
            && chance(id, DRAW) < self.settings.share;
        if !is_drawn {
            return None;
        }
        if ask.body.len() as u64 > self.settings.max_item_bytes {
            self.shared.count(Fate::TooLarge);
            return None;
        }
        Some(Drawn {
            dialect: ask.dialect,
            body: ask.body.clone(),
            facts: ask.facts.clone(),
            session: ask.session.clone(),
        })
    }

    /// Hands a drawn request to the thread; never waits.
    pub(crate) fn keep(&self, drawn: Drawn, response: Option<ChatResponse>, row: &LedgerRow) {
        let n_bytes = drawn.body.len() + response.as_ref().map_or(0, weight::n_bytes);
        let names = [
            json!(row.client),
            json!(row.requested),
            json!(row.candidate),
            json!(row.served),
        ];
        let case = Case {
            drawn,
            response,
            id: row.id,
            at_us: row.at_us,
            names,
            n_bytes,
        };
        let waiting = &self.shared.n_waiting_bytes;
        let before = waiting.fetch_add(n_bytes, Ordering::Relaxed);
        let is_taken = before + n_bytes <= MAX_WAITING_BYTES
            && self
                .sender
                .as_ref()
                .is_some_and(|sender| sender.try_send(case).is_ok());
        if !is_taken {
            waiting.fetch_sub(n_bytes, Ordering::Relaxed);
            self.shared.count(Fate::Dropped);
        }
    }

    /// How many requests came to which end.
    pub(crate) fn counts(&self) -> [(&'static str, u64); Fate::ALL.len()] {
        Fate::ALL.map(|(fate, word)| {
            let count = self.shared.fates.get(fate as usize);
            (word, count.map_or(0, |count| count.load(Ordering::Relaxed)))
        })
    }
}

impl Drop for Texts {
    fn drop(&mut self) {
        drop(self.sender.take());
        if let Some(thread) = self.thread.take() {
            let _joined = thread.join();
        }
    }
}

impl Shared {
    fn count(&self, fate: Fate) {
        if let Some(count) = self.fates.get(fate as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the thread works with.
struct Writer {
    log: TextLog,
    redact: Redact,
    /// Turns a session's name into a number that nobody can turn back; new at each start.
    sessions: RandomState,
    max_bytes: u64,
    clock: Clock,
    shared: Arc<Shared>,
}

impl Writer {
    fn run(mut self, receiver: &Receiver<Case>) {
        let mut pruned_us = self.clock.now_us();
        loop {
            match receiver.recv_timeout(PRUNE_PAUSE) {
                Ok(case) => {
                    let n_bytes = case.n_bytes;
                    let fate = self.write(case);
                    self.shared.count(fate);
                    let waiting = &self.shared.n_waiting_bytes;
                    waiting.fetch_sub(n_bytes, Ordering::Relaxed);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now_us = self.clock.now_us();
            if now_us.saturating_sub(pruned_us) >= PRUNE_PAUSE.as_micros() as i64 {
                pruned_us = now_us;
                // What cannot be deleted now is tried again in a minute.
                let _pruned = self.log.prune(now_us);
            }
        }
    }

    fn write(&mut self, case: Case) -> Fate {
        let Ok(request) = decode_body(case.drawn.dialect, &case.drawn.body) else {
            return Fate::Failed;
        };
        if has_attachments(&request.chat) {
            return Fate::Attached;
        }
        let line = self.line(case, &request.chat).to_string();
        if line.len() as u64 > self.max_bytes {
            return Fate::TooLarge;
        }
        match self.log.append(&line, self.clock.now_us()) {
            Ok(()) => Fate::Kept,
            Err(_) => Fate::Failed,
        }
    }

    /// A line; everything that a client, a model or a vendor can have put there is redacted.
    fn line(&self, case: Case, chat: &ChatRequest) -> Value {
        let Drawn { facts, session, .. } = case.drawn;
        let response = case.response;
        let [client, requested, candidate, served] = case.names;
        let mut said = json!({
            "requested": requested,
            "served": served,
            "task": facts.task,
            "user_tier": facts.user_tier,
            "tags": facts.tags,
            "messages": chat.messages,
            "tools": chat.tools,
            "response_format": chat.response_format,
            "answer": response.as_ref().map(|one| &one.text),
            "tool_calls": response.as_ref().map(|one| &one.tool_calls),
            "finish": response.as_ref().map(|one| &one.finish),
        });
        scrub(&mut said, &self.redact);
        let ours = json!({
            "schema_version": 1,
            "request": case.id.to_string(),
            "at_us": case.at_us,
            "client": client,
            "candidate": candidate,
            "session": session.map(|name| format!("s-{:016x}", self.sessions.hash_one(name))),
            "length": length_class(chat),
            "stream": chat.stream,
        });
        let mut line = Map::new();
        for part in [ours, said] {
            if let Value::Object(fields) = part {
                line.extend(fields.into_iter().filter(|(_, value)| !value.is_null()));
            }
        }
        Value::Object(line)
    }
}

fn has_attachments(chat: &ChatRequest) -> bool {
    chat.messages
        .iter()
        .flat_map(|message| &message.parts)
        .any(Part::is_attachment)
}

/// A coarse length, by which candidates for a golden set are drawn.
fn length_class(chat: &ChatRequest) -> &'static str {
    let n_chars: usize = chat
        .messages
        .iter()
        .map(|message| message.joined_text().chars().count())
        .sum();
    match n_chars {
        0..500 => "short",
        500..4_000 => "medium",
        4_000.. => "long",
    }
}

/// Redacts every string of a value, names of fields and numbers included.
fn scrub(value: &mut Value, redact: &Redact) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            if let Some(left) = redact(&number.to_string()) {
                *value = Value::String(left);
            }
        }
        Value::String(text) => {
            if let Some(left) = redact(text) {
                *text = left;
            }
        }
        Value::Array(members) => members.iter_mut().for_each(|one| scrub(one, redact)),
        Value::Object(members) => {
            for (name, mut member) in std::mem::take(members) {
                scrub(&mut member, redact);
                members.insert(redact(&name).unwrap_or(name), member);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_redacted_wherever_it_stands() {
        let redact: Redact = Box::new(|text| {
            let left = text.replace("secret", "-").replace("4111", "-");
            (left != text).then_some(left)
        });
        let mut value = json!({
            "a secret": ["secret", { "b": "my secret" }],
            "n": 4111, "m": 12, "c": null, "d": true,
        });
        scrub(&mut value, &redact);
        let left = json!({
            "a -": ["-", { "b": "my -" }],
            "n": "-", "m": 12, "c": null, "d": true,
        });
        assert_eq!(value, left);
    }
}

//! Traces for OpenTelemetry, where the project wants them.
//!
//! In: requests that are over, of which a share is drawn. Out: one span for each and one for every call
//! of an upstream within it, posted as OTLP over HTTP in JSON
//! (<https://opentelemetry.io/docs/specs/otlp/>), in the words of the conventions for generative AI,
//! version 0.1.0 (<https://github.com/open-telemetry/semantic-conventions-genai>), which are still in
//! development. Names and figures only: no text of a prompt or an answer. Nothing here is on a request's
//! way; what does not fit into the queue, or cannot be sent, is left out and counted.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use trilemma_domain::Usage;
use trilemma_project::TraceSettings;
use trilemma_provider::Client;
use trilemma_store::ledger::{Evidence, LedgerRow, RequestId};

use crate::chance::chance;
use crate::spans;
use crate::traceparent::Parent;
use crate::upstream::Upstream;

/// Requests that may wait to be sent.
const MAX_WAITING: usize = 2_048;
/// Requests sent together.
const MAX_TOGETHER: usize = 256;
/// Longest wait for more to send together.
const GATHERING: Duration = Duration::from_secs(1);
/// Pauses before another try.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// Time to send what waits when the gateway ends.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// Tells this draw from others of the same request.
const DRAW: u64 = 0x7472_6163;

/// Takes what the operator should know.
pub type WarnSink = Box<dyn Fn(&str) + Send + Sync>;

/// What sending traces needs.
pub struct TraceParts {
    /// Where they go, and of what.
    pub settings: TraceSettings,
    /// Headers that the collector wants, such as a key.
    pub headers: Vec<(String, String)>,
    /// Sends them.
    pub client: Client,
    /// Is told when sending begins to fail.
    pub warn: Option<WarnSink>,
}

/// Sends traces.
pub(crate) struct Traces {
    share: f64,
    sender: Mutex<Option<mpsc::Sender<Trace>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    sent: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
}

/// What of a drawn request its record does not keep.
#[derive(Default)]
pub(crate) struct Drawn {
    parent: Option<Parent>,
    /// One for each attempt of the evidence, in its order.
    calls: Vec<TracedCall>,
}

/// One call of an upstream.
pub(crate) struct TracedCall {
    pub(crate) upstream: Arc<Upstream>,
    /// From the request's arrival to the call's beginning.
    pub(crate) after: Duration,
    /// From its beginning to its end.
    pub(crate) lasted: Duration,
    pub(crate) usage: Option<Usage>,
    /// Why the model stopped.
    pub(crate) finish: Option<String>,
}

impl Drawn {
    /// A call is over.
    pub(crate) fn called(&mut self, call: TracedCall) {
        self.calls.push(call);
    }
}

/// A request that is over.
pub(crate) struct Trace {
    pub(crate) row: LedgerRow,
    pub(crate) evidence: Evidence,
    pub(crate) parent: Option<Parent>,
    pub(crate) calls: Vec<TracedCall>,
}

impl Traces {
    /// Starts the task that sends.
    pub(crate) fn new(parts: TraceParts) -> Self {
        let counts = Arc::new(Counts::default());
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        let share = parts.settings.share;
        let post = Post {
            url: address(&parts.settings.endpoint),
            service: parts.settings.service,
            headers: parts.headers,
            client: parts.client,
            warn: parts.warn,
            ids: RandomState::new(),
            counts: Arc::clone(&counts),
        };
        Self {
            share,
            sender: Mutex::new(Some(sender)),
            task: Mutex::new(Some(tokio::spawn(post.work(receiver)))),
            counts,
        }
    }

    /// Draws a request, or not. A caller that traces says itself whether this request is one of its share.
    pub(crate) fn draw(&self, parent: Option<Parent>, id: RequestId) -> Option<Box<Drawn>> {
        let is_drawn = match &parent {
            Some(parent) => parent.is_sampled,
            None => chance(id, DRAW) < self.share,
        };
        is_drawn.then(|| {
            Box::new(Drawn {
                parent,
                calls: Vec::new(),
            })
        })
    }

    /// Hands a drawn request over; never waits.
    pub(crate) fn send(&self, drawn: Drawn, row: &LedgerRow, evidence: &Evidence) {
        let trace = Trace {
            row: row.clone(),
            evidence: evidence.clone(),
            parent: drawn.parent,
            calls: drawn.calls,
        };
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = sender
            .as_ref()
            .is_some_and(|sender| sender.try_send(trace).is_ok());
        if !is_taken {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends: what waits is sent, if that is soon done.
    pub(crate) async fn end(&self) {
        let take = |slot: &Mutex<Option<mpsc::Sender<Trace>>>| {
            slot.lock().unwrap_or_else(PoisonError::into_inner).take()
        };
        drop(take(&self.sender));
        let task = {
            let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
            task.take()
        };
        if let Some(task) = task {
            let abort = task.abort_handle();
            if timeout(LAST_WAIT, task).await.is_err() {
                abort.abort();
            }
        }
    }

    /// How many requests came to which end.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 3] {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("sent", count(&self.counts.sent)),
            ("dropped", count(&self.counts.dropped)),
            ("failed", count(&self.counts.failed)),
        ]
    }
}

/// Where traces are posted, given the collector's address.
fn address(endpoint: &str) -> String {
    let endpoint = endpoint.trim_end_matches('/');
    if endpoint.ends_with("/v1/traces") {
        return endpoint.to_owned();
    }
    format!("{endpoint}/v1/traces")
}

/// The task that sends.
struct Post {
    url: String,
    service: String,
    headers: Vec<(String, String)>,
    client: Client,
    warn: Option<WarnSink>,
    ids: RandomState,
    counts: Arc<Counts>,
}

impl Post {
    async fn work(self, mut receiver: mpsc::Receiver<Trace>) {
        let mut is_failing = false;
        while let Some(first) = receiver.recv().await {
            let mut traces = vec![first];
            let until = Instant::now() + GATHERING;
            while traces.len() < MAX_TOGETHER {
                match timeout_at(until, receiver.recv()).await {
                    Ok(Some(trace)) => traces.push(trace),
                    Ok(None) | Err(_) => break,
                }
            }
            let n = traces.len() as u64;
            let ids = |what: (RequestId, u64)| self.ids.hash_one(what);
            let body = spans::body(&self.service, &traces, &ids);
            drop(traces);
            // One that ends does not wait for a collector that is away.
            let is_last = receiver.is_closed() && receiver.is_empty();
            match self.post(&body, is_last).await {
                Ok(()) => {
                    self.counts.sent.fetch_add(n, Ordering::Relaxed);
                    is_failing = false;
                }
                Err(reason) => {
                    self.counts.failed.fetch_add(n, Ordering::Relaxed);
                    if !std::mem::replace(&mut is_failing, true)
                        && let Some(warn) = &self.warn
                    {
                        warn(&format!(
                            "failed to send traces to `serve.traces.endpoint`: {reason}"
                        ));
                    }
                }
            }
        }
    }

    async fn post(&self, body: &str, is_last: bool) -> Result<(), String> {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut pauses = PAUSES.iter().filter(|_| !is_last);
        loop {
            let sent = self.client.post_json(&self.url, body.to_owned(), &headers);
            let (reason, is_curable) = match sent.await {
                Ok(status) if (200..300).contains(&status) => return Ok(()),
                Ok(status) => (
                    format!("the collector answered with status {status}"),
                    matches!(status, 429 | 502 | 503 | 504),
                ),
                Err(failure) => (failure.message, true),
            };
            match pauses.next().filter(|_| is_curable) {
                Some(pause) => sleep(*pause).await,
                None => return Err(reason),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_added_once() {
        for endpoint in [
            "http://h:4318",
            "http://h:4318/",
            "http://h:4318/v1/traces",
            "http://h:4318/v1/traces/",
        ] {
            assert_eq!(address(endpoint), "http://h:4318/v1/traces");
        }
        assert_eq!(address("https://h/otlp"), "https://h/otlp/v1/traces");
    }
}

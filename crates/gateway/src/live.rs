//! A stream on its way from an upstream to a client.
//!
//! In: the body of an upstream, piece by piece. Out: bytes for the client, at the ends of events. Two
//! parts with a border between them: before the first token of any kind nothing goes out, so that a
//! failure can still be made good by another attempt; after it, the client has begun to read. An end
//! without the dialect's last word is a failure, however politely the connection was closed.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};
use trilemma_domain::{ChatResponse, Dialect, Failure, FailureKind, FaultSource, Retry};
use trilemma_provider::{Attempted, Part, Relay, Veil};
use trilemma_wire::client::{Progress, StreamDecoder};

use crate::cut::{Cutter, without_usage_event};
use crate::heard::Heard;
use crate::translate::Translator;

/// Longest wait for the body's end once the answer is whole.
const SETTLE: Duration = Duration::from_secs(2);
/// Most of an event that is kept back until it is whole, in bytes.
const MAX_EVENT_BYTES: usize = 16 << 20;

/// A stream on its way.
pub(crate) struct Live {
    relay: Relay,
    /// An upstream that echoes its key tells it to nobody: client, record or kept text.
    veil: Veil,
    decoder: StreamDecoder,
    writer: Writer,
    /// Written, and not yet handed on.
    pending: BytesMut,
    is_terminal: bool,
    heard: Arc<Heard>,
    /// Reports of usage that have been passed on.
    n_reports: u64,
    /// Something has come that a client can show.
    is_visible: bool,
    /// Nothing more comes.
    is_over: bool,
}

/// How bytes become the client's.
pub(crate) enum Writer {
    /// They are: same dialect.
    Same {
        cutter: Cutter,
        dialect: Dialect,
        without_usage: bool,
    },
    /// They are written anew.
    Across(Box<Translator>),
}

/// What a stream came to.
pub(crate) struct Ended {
    /// The record of the attempt.
    pub(crate) attempted: Attempted,
    /// The answer as far as it came.
    pub(crate) response: ChatResponse,
    /// What the client is still to get; `None` = it failed, and this is why.
    pub(crate) last: Result<Bytes, Failure>,
}

/// How far a stream has come.
pub(crate) enum Step {
    /// There is something for the client.
    Bytes(Bytes),
    /// It is over, well or not.
    Over,
}

impl Live {
    pub(crate) fn new(relay: Relay, dialect: Dialect, writer: Writer, heard: Arc<Heard>) -> Self {
        if let Some(tier) = relay.tier() {
            heard.served_in(tier);
        }
        Self {
            heard,
            n_reports: 0,
            veil: relay.veil(),
            relay,
            decoder: StreamDecoder::new(dialect),
            writer,
            pending: BytesMut::new(),
            is_terminal: false,
            is_visible: false,
            is_over: false,
        }
    }

    /// Waits for the first token; nothing goes out before it.
    ///
    /// # Errors
    /// What went wrong, so that another attempt may be made. `Ok(None)` = an answer without a token
    /// is over in order.
    pub(crate) async fn first(&mut self, deadline: Instant) -> Result<Option<Bytes>, Failure> {
        let waiting = async {
            loop {
                let (step, progress) = self.step().await?;
                match step {
                    Step::Bytes(bytes) => self.pending.extend_from_slice(&bytes),
                    Step::Over => return Ok(None),
                }
                if progress.any_token || progress.terminal {
                    return Ok(Some(self.pending.split().freeze()));
                }
            }
        };
        match timeout_at(deadline, waiting).await {
            Ok(result) => result,
            Err(_) => Err(Failure::new(
                FailureKind::Stalled,
                FaultSource::Vendor,
                Retry::Backoff,
                "no token came in time",
            )),
        }
    }

    /// The client has begun to read: from now on silence is shorter.
    pub(crate) fn begun(&mut self, idle: Duration) {
        self.relay.stall_after(idle);
    }

    /// Waits for the next bytes for the client; `None` = the stream is over.
    ///
    /// # Errors
    /// What went wrong.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self.step().await?.0 {
            Step::Bytes(bytes) => Ok(Some(bytes)),
            Step::Over => Ok(None),
        }
    }

    async fn step(&mut self) -> Result<(Step, Progress), Failure> {
        if self.is_over {
            return Ok((Step::Over, Progress::default()));
        }
        let (bytes, at) = match self.relay.next().await {
            Part::Data(bytes, at) => (self.veil.push(bytes), at),
            // Where the answer is whole, it does not matter how its connection ends.
            Part::Failed(failure) if !self.is_terminal => return Err(failure),
            Part::End | Part::Failed(_) => {
                self.is_over = true;
                (self.veil.rest(), Instant::now())
            }
        };
        if self.is_over && bytes.is_empty() {
            return Ok((Step::Over, Progress::default()));
        }
        self.take(bytes, at)
    }

    /// Reads what came at `at`, and makes it the client's.
    fn take(&mut self, bytes: Bytes, at: Instant) -> Result<(Step, Progress), Failure> {
        let progress = self.decoder.push(&bytes);
        self.relay.note(progress, at);
        self.hear(progress);
        if progress.fault {
            return Err(self.fault());
        }
        if self.decoder.is_done() && !progress.terminal {
            // OpenAI's last word after an answer without end must not reach the client.
            return Err(self.fault());
        }
        if progress.terminal && !self.is_terminal {
            self.is_terminal = true;
            self.relay.settle_within(SETTLE);
        }
        let bytes = match &mut self.writer {
            Writer::Same {
                cutter,
                without_usage,
                ..
            } => {
                let whole = cutter.push(bytes);
                if cutter.n_kept() > MAX_EVENT_BYTES {
                    return Err(too_long());
                }
                if *without_usage {
                    without_usage_event(whole)
                } else {
                    whole
                }
            }
            Writer::Across(translator) => translator.take(&mut self.decoder),
        };
        Ok((Step::Bytes(bytes), progress))
    }

    /// Notes what has come, for when the client goes away.
    fn hear(&mut self, progress: Progress) {
        let n_reports = self.decoder.n_reports();
        let is_new = n_reports != std::mem::replace(&mut self.n_reports, n_reports);
        let usage = if is_new { self.decoder.usage() } else { None };
        let n_bytes = self.decoder.n_bytes() as u64;
        self.heard.read(n_bytes, progress.any_token, usage);
        if progress.n_visible > 0 && !std::mem::replace(&mut self.is_visible, true) {
            self.heard.showed();
        }
        if let Some(tier) = self.decoder.tier() {
            self.heard.served_in(tier);
        }
        if progress.terminal {
            self.heard.ended();
        }
    }

    fn fault(&self) -> Failure {
        self.decoder.fault().cloned().unwrap_or_else(|| {
            Failure::new(
                FailureKind::Truncated,
                FaultSource::Vendor,
                Retry::Backoff,
                "the stream ended without a finish reason; the answer may be incomplete",
            )
        })
    }

    /// Ends the attempt; `failure` = it has failed before.
    pub(crate) fn end(mut self, failure: Option<Failure>) -> Ended {
        let mut last = BytesMut::from(self.pending.split().freeze().as_ref());
        let mut is_tellable = true;
        if let (Writer::Across(translator), None) = (&mut self.writer, &failure) {
            match translator.rest(&mut self.decoder) {
                Some(rest) => last.extend_from_slice(&rest),
                None => is_tellable = false,
            }
        }
        let mut end = self.decoder.finish();
        self.relay.blank_joined(&mut end.response);
        let failure = failure.or(end.fault).or((!is_tellable).then(mixed_calls));
        if failure.is_none() {
            match &mut self.writer {
                Writer::Same {
                    cutter, dialect, ..
                } => {
                    let rest = cutter.rest();
                    if !rest.is_empty() {
                        last.extend_from_slice(&rest);
                        last.extend_from_slice(b"\n\n");
                    }
                    if *dialect == Dialect::OpenAi && !self.is_terminal {
                        // Several compatible servers leave out what official packages look for.
                        last.extend_from_slice(b"data: [DONE]\n\n");
                    }
                }
                Writer::Across(translator) => {
                    last.extend_from_slice(&translator.end(&end.response));
                }
            }
        }
        let attempted = self.relay.finish(end.response.usage, failure.clone());
        Ended {
            last: match &attempted.attempt.failure {
                None => Ok(last.freeze()),
                Some(failure) => Err(failure.clone()),
            },
            attempted,
            response: end.response,
        }
    }
}

fn too_long() -> Failure {
    Failure::new(
        FailureKind::TooLarge,
        FaultSource::Vendor,
        Retry::No,
        "an event of the stream does not end",
    )
}

fn mixed_calls() -> Failure {
    Failure::new(
        FailureKind::Malformed,
        FaultSource::Vendor,
        Retry::Backoff,
        "calls of tools came mixed, which cannot be told one after the other",
    )
}

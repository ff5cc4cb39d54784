//! Reads the body of an answer and lets `wire` decode it.
//!
//! In: a response head's facts and body pieces. Out: a reply or a failure, usage as far as it was
//! reported, stamps of visible chunks, and whether the connection came to a clean end.

use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use trilemma_domain::{ChatResponse, Dialect, Failure, Timing, Usage, UsageSource};
use trilemma_wire::client::StreamDecoder;

use crate::config::ClientConfig;
use crate::connection::Connection;
use crate::exchange::{Piece, next_piece};
use crate::fault;
use crate::watch::{Expired, Watch};

/// Largest error body that is read, in bytes.
pub(crate) const MAX_ERROR_BYTES: usize = 64 << 10;

/// An answer being read.
pub(crate) struct Reading<'a, I: AsyncRead + AsyncWrite + Unpin> {
    pub(crate) config: &'a ClientConfig,
    pub(crate) connection: &'a mut Connection<I>,
    pub(crate) body: &'a mut Incoming,
    pub(crate) watch: &'a mut Watch,
    pub(crate) sent: Instant,
    pub(crate) timing: &'a mut Timing,
    pub(crate) raw: Option<Vec<u8>>,
}

/// How a body came to its end.
enum Close {
    /// Complete.
    Ended,
    /// More than the limit.
    TooLarge,
    /// The connection broke.
    Broken(hyper::Error),
    /// A limit of time.
    Expired(Expired),
}

impl Close {
    fn into_failure(self, config: &ClientConfig, max_bytes: usize) -> Option<Failure> {
        match self {
            Self::Ended => None,
            Self::TooLarge => Some(fault::too_large(max_bytes)),
            Self::Broken(error) => Some(fault::http(&error)),
            Self::Expired(expired) => Some(expiry(expired, config)),
        }
    }

    fn is_end(&self) -> bool {
        matches!(self, Self::Ended)
    }
}

/// What was read.
pub(crate) struct Read {
    /// The answer, or what went wrong.
    pub(crate) result: Result<ChatResponse, Failure>,
    /// Tokens reported, also by a broken answer.
    pub(crate) usage: Option<Usage>,
    /// Whether the body ended in order, so that the connection can serve again.
    pub(crate) is_complete: bool,
}

/// Says in words which limit was reached.
pub(crate) fn expiry(expired: Expired, config: &ClientConfig) -> Failure {
    match expired {
        Expired::Deadline => fault::deadline(),
        // A body that does not end after its last event has stalled too.
        Expired::Stalled => fault::stalled(config.stall_timeout),
        Expired::Settled => fault::stalled(config.settle_timeout),
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin + Send + 'static> Reading<'_, I> {
    /// Reads an answer in one piece, as `decode` reads it.
    pub(crate) async fn whole(
        &mut self,
        decode: impl FnOnce(&[u8]) -> Result<ChatResponse, Failure>,
    ) -> Read {
        let max_bytes = self.config.max_body_bytes;
        let (bytes, close) = if self.announced_bytes() > max_bytes {
            (Bytes::new(), Close::TooLarge)
        } else {
            self.read_all(max_bytes).await
        };
        let is_complete = close.is_end();
        let result = match close.into_failure(self.config, max_bytes) {
            Some(failure) => Err(failure),
            None => decode(&bytes),
        };
        self.keep(&bytes);
        Read {
            usage: result.as_ref().ok().and_then(|response| response.usage),
            result,
            is_complete,
        }
    }

    /// Reads an answer that comes as a stream of events.
    pub(crate) async fn events(&mut self, dialect: Dialect) -> Read {
        let mut decoder = StreamDecoder::new(dialect);
        let mut n_bytes = 0usize;
        let mut is_terminal = false;
        let close = loop {
            match next_piece(self.connection, self.body, self.watch).await {
                Piece::Data(data, at) => {
                    n_bytes = n_bytes.saturating_add(data.len());
                    if n_bytes > self.config.max_body_bytes {
                        break Close::TooLarge;
                    }
                    let progress = decoder.push(&data);
                    self.stamp(progress.any_token, progress.n_visible, at);
                    is_terminal |= progress.terminal;
                    if progress.terminal || progress.fault {
                        self.watch.settle_within(self.config.settle_timeout);
                    }
                    self.keep(&data);
                }
                Piece::End => break self.ended(),
                Piece::Broken(error) => break Close::Broken(error),
                Piece::Expired(expired) => break Close::Expired(expired),
            }
        };
        let is_complete = close.is_end();
        let end = decoder.finish();
        let usage = end.response.usage;
        let is_counted = end.response.finish.is_some();
        // The vendor's own word about what went wrong says more than how the connection ended,
        // and an answer with its terminal event is whole however the connection ended.
        let transport = close.into_failure(self.config, self.config.max_body_bytes);
        let result = match (end.fault, transport) {
            (None, None) => Ok(end.response),
            (None, Some(_)) if is_terminal => {
                self.timing.end = self.offset_of_last_byte();
                Ok(end.response)
            }
            (None, Some(failure)) => Err(failure),
            (Some(fault), Some(failure)) if is_of_the_end(&fault) => Err(failure),
            (Some(fault), _) => Err(fault),
        };
        // What was reported before the reason to stop is a beginning, not what is billed: Anthropic's streams begin
        // with all of the input and one token of the answer.
        let usage = usage.map(|usage| Usage {
            source: match (&result, is_counted) {
                (Err(_), false) => UsageSource::Estimated,
                (Ok(_) | Err(_), _) => usage.source,
            },
            ..usage
        });
        Read {
            result,
            usage,
            is_complete,
        }
    }

    /// Reads a document as it is, up to the limit of a body.
    pub(crate) async fn document(&mut self) -> Result<Bytes, Failure> {
        let max_bytes = self.config.max_body_bytes;
        if self.announced_bytes() > max_bytes {
            return Err(fault::too_large(max_bytes));
        }
        let (bytes, close) = self.read_all(max_bytes).await;
        match close.into_failure(self.config, max_bytes) {
            Some(failure) => Err(failure),
            None => Ok(bytes),
        }
    }

    /// Reads the body of a refusal; what cannot be read is left out.
    pub(crate) async fn refusal(&mut self) -> (Bytes, bool) {
        let (bytes, close) = self.read_all(MAX_ERROR_BYTES).await;
        self.keep(&bytes);
        (bytes, close.is_end())
    }

    async fn read_all(&mut self, max_bytes: usize) -> (Bytes, Close) {
        let mut first = Bytes::new();
        let mut joined: Vec<u8> = Vec::new();
        let announced = self.announced_bytes().min(max_bytes);
        let close = loop {
            match next_piece(self.connection, self.body, self.watch).await {
                Piece::Data(mut data, _) => {
                    let n_free = max_bytes.saturating_sub(first.len() + joined.len());
                    let is_too_large = data.len() > n_free;
                    data.truncate(n_free);
                    if first.is_empty() && joined.is_empty() {
                        // Most answers come in one piece, which is not copied.
                        first = data;
                    } else {
                        joined.reserve(announced.saturating_sub(joined.len()).max(data.len()));
                        joined.extend_from_slice(&std::mem::take(&mut first));
                        joined.extend_from_slice(&data);
                    }
                    if is_too_large {
                        break Close::TooLarge;
                    }
                }
                Piece::End => break self.ended(),
                Piece::Broken(error) => break Close::Broken(error),
                Piece::Expired(expired) => break Close::Expired(expired),
            }
        };
        let bytes = if joined.is_empty() {
            first
        } else {
            Bytes::from(joined)
        };
        (bytes, close)
    }

    /// Length that the head announces, in bytes; 0 = it does not say.
    fn announced_bytes(&self) -> usize {
        usize::try_from(self.body.size_hint().lower()).unwrap_or(usize::MAX)
    }

    fn ended(&mut self) -> Close {
        self.timing.end = self.offset_of_last_byte();
        Close::Ended
    }

    fn offset_of_last_byte(&self) -> Option<Duration> {
        let last = self.connection.stamps.last_byte()?;
        Some(last.saturating_duration_since(self.sent))
    }

    fn stamp(&mut self, any_token: bool, n_visible: u32, at: Instant) {
        let offset = at.saturating_duration_since(self.sent);
        self.timing.stamp(any_token, n_visible, offset);
    }

    fn keep(&mut self, bytes: &[u8]) {
        if let Some(raw) = &mut self.raw {
            raw.extend_from_slice(bytes);
        }
    }
}

/// Noting when pieces of an answer came.
pub(crate) trait Stamping {
    /// Notes what one read brought, so long after the request.
    fn stamp(&mut self, any_token: bool, n_visible: u32, offset: Duration);
}

impl Stamping for Timing {
    fn stamp(&mut self, any_token: bool, n_visible: u32, offset: Duration) {
        if any_token && self.first_token.is_none() {
            self.first_token = Some(offset);
        }
        if n_visible == 0 {
            return;
        }
        self.first_visible.get_or_insert(offset);
        self.last_visible = Some(offset);
        let micros = u32::try_from(offset.as_micros()).unwrap_or(u32::MAX);
        for _ in 0..n_visible {
            self.chunk_us.push(micros);
        }
    }
}

/// Faults that only say that the stream was not whole.
fn is_of_the_end(fault: &Failure) -> bool {
    use trilemma_domain::FailureKind;
    matches!(fault.kind, FailureKind::Truncated)
}

//! An answer that is handed on piece by piece while it comes.
//!
//! In: an attempt whose response head has come. Out: the pieces of its body with the stamps of the
//! socket reads that brought them, and at the end the record of the attempt. What the bytes mean is
//! the caller's to read: it tells what it saw, so that stamps and usage enter the record. Dropping
//! a relay closes its connection, which is how a vendor learns that nobody listens any more.

use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use hyper::body::{Body as _, Incoming};
use tokio::time::Instant;
use trilemma_domain::{ChatResponse, Dialect, Failure, ServiceTier, Usage};
use trilemma_wire::client::{Progress, decode_error};

use crate::address::Origin;
use crate::call::{Attempted, Call};
use crate::client::Client;
use crate::collect::{MAX_ERROR_BYTES, Stamping as _, expiry};
use crate::connect::{Connect, TcpConnector};
use crate::connection::Connection;
use crate::exchange::{Piece, next_piece};
use crate::head::{self, View};
use crate::secret::Secret;
use crate::trace::Trace;
use crate::veil::Veil;
use crate::watch::{Expired, Watch};
use crate::{fault, redact};

/// What a relay is made of.
struct Opened<I: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> {
    parts: Parts,
    body: Incoming,
    connection: Box<Connection<I>>,
    watch: Watch,
    trace: Trace,
}

/// An answer whose head has come, and whose body is to be read.
pub struct Relay<C: Connect = TcpConnector> {
    client: Client<C>,
    origin: Origin,
    dialect: Dialect,
    secret: Option<Secret>,
    is_events: bool,
    n_bytes: usize,
    is_complete: bool,
    /// In one place, however often the relay itself is moved.
    opened: Box<Opened<C::Io>>,
}

/// The next part of a body.
#[derive(Debug)]
pub enum Part {
    /// Bytes, and when the socket read returned that brought the last of them.
    Data(Bytes, Instant),
    /// The body is complete.
    End,
    /// The connection broke, nothing came for too long, or it is larger than we read.
    Failed(Failure),
}

impl<C: Connect> Client<C> {
    /// Makes one attempt up to the response head, and leaves the body to the caller. A failure on
    /// the way there is in the record.
    ///
    /// # Errors
    /// The record of an attempt that brought no response head.
    pub async fn open(&self, call: &Call<'_>) -> Result<Relay<C>, Box<Attempted>> {
        let now_us = self.now_us();
        let mut trace = Trace::new(call, now_us);
        match self.exchange(call, &mut trace).await {
            Ok(answered) => {
                let (parts, body) = answered.response.into_parts();
                trace.note_head(call.request.dialect(), &parts, now_us.div_euclid(1_000));
                // The vendor's id of the request goes on with the head of the answer.
                redact::attempt(&mut trace.attempt, call.secret);
                let opened = Box::new(Opened {
                    parts,
                    body,
                    connection: answered.connection,
                    watch: answered.watch,
                    trace,
                });
                Ok(Relay::new(self.clone(), call, opened))
            }
            Err(mut failure) => {
                redact::failure(&mut failure, call.secret);
                trace.attempt.failure = Some(failure);
                Err(Box::new(Attempted {
                    attempt: trace.attempt,
                    reply: None,
                    limits: trace.limits,
                    sent: trace.sent,
                }))
            }
        }
    }
}

impl<C: Connect> Relay<C> {
    fn new(client: Client<C>, call: &Call<'_>, opened: Box<Opened<C::Io>>) -> Self {
        let view = View(&opened.parts.headers);
        Self {
            is_events: head::comes_as_events(call.request, &view),
            client,
            origin: call.request.origin().clone(),
            dialect: call.request.dialect(),
            secret: call.secret.cloned(),
            n_bytes: 0,
            is_complete: false,
            opened,
        }
    }

    /// Gives the HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.opened.parts.status.as_u16()
    }

    /// Says whether the body is a stream of events.
    #[must_use]
    pub fn is_events(&self) -> bool {
        self.is_events
    }

    /// Gives the vendor's id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.opened.trace.attempt.request_id.as_deref()
    }

    /// Gives the class of service that the head states; `None` = it does not say.
    #[must_use]
    pub fn tier(&self) -> Option<ServiceTier> {
        self.opened.trace.tier()
    }

    /// Waits for the next part of the body.
    pub async fn next(&mut self) -> Part {
        let config = self.client.config();
        let opened = &mut self.opened;
        match next_piece(&mut opened.connection, &mut opened.body, &mut opened.watch).await {
            Piece::Data(data, at) => {
                self.n_bytes = self.n_bytes.saturating_add(data.len());
                if self.n_bytes > config.max_body_bytes {
                    return Part::Failed(fault::too_large(config.max_body_bytes));
                }
                Part::Data(data, at)
            }
            Piece::End => {
                self.is_complete = true;
                if let (Some(last), Some(sent)) =
                    (opened.connection.stamps.last_byte(), opened.trace.sent)
                {
                    let end = last.saturating_duration_since(sent);
                    opened.trace.attempt.timing.end = Some(end);
                }
                Part::End
            }
            Piece::Broken(error) => Part::Failed(fault::http(&error)),
            Piece::Expired(Expired::Stalled) => Part::Failed(fault::stalled(opened.watch.stall())),
            Piece::Expired(expired) => Part::Failed(expiry(expired, config)),
        }
    }

    /// Reads the whole body, at most what the client's settings admit.
    ///
    /// # Errors
    /// What went wrong before its end.
    pub async fn whole(&mut self) -> Result<Bytes, Failure> {
        let announced = self.opened.body.size_hint().lower();
        let max_bytes = self.client.config().max_body_bytes;
        if usize::try_from(announced).unwrap_or(usize::MAX) > max_bytes {
            return Err(fault::too_large(max_bytes));
        }
        let mut first = Bytes::new();
        let mut joined: Vec<u8> = Vec::new();
        loop {
            match self.next().await {
                // Most answers come in one piece, which is not copied.
                Part::Data(data, _) if first.is_empty() && joined.is_empty() => first = data,
                Part::Data(data, _) => {
                    joined.extend_from_slice(&std::mem::take(&mut first));
                    joined.extend_from_slice(&data);
                }
                Part::End if joined.is_empty() => return Ok(first),
                Part::End => return Ok(Bytes::from(joined)),
                Part::Failed(failure) => return Err(failure),
            }
        }
    }

    /// Reads the body of a refusal and says what it means; the body is given as received, as far as
    /// it could be read, without our key.
    pub async fn refusal(&mut self) -> (Failure, Bytes) {
        let mut bytes = Vec::new();
        while let Part::Data(data, _) = self.next().await {
            let n_free = MAX_ERROR_BYTES.saturating_sub(bytes.len());
            bytes.extend_from_slice(data.get(..n_free).unwrap_or(&data));
            if bytes.len() >= MAX_ERROR_BYTES {
                break;
            }
        }
        let parts = &self.opened.parts;
        let view = View(&parts.headers);
        let now_ms = self.client.now_us().div_euclid(1_000);
        let decode = || decode_error(self.dialect, parts.status.as_u16(), &view, &bytes, now_ms);
        let mut failure = head::refusal(parts.status, &view, decode);
        redact::failure(&mut failure, self.secret.as_ref());
        redact::bytes(&mut bytes, self.secret.as_ref());
        (failure, Bytes::from(bytes))
    }

    /// Notes what a piece brought, for the record's stamps.
    pub fn note(&mut self, progress: Progress, at: Instant) {
        let sent = self.opened.trace.sent.unwrap_or(at);
        let offset = at.saturating_duration_since(sent);
        let timing = &mut self.opened.trace.attempt.timing;
        timing.stamp(progress.any_token, progress.n_visible, offset);
    }

    /// From now on no byte for this long is too long.
    pub fn stall_after(&mut self, limit: Duration) {
        self.opened.watch.stall_after(limit);
    }

    /// From now on the whole attempt may last until then: where a sooner end was set for its beginning.
    pub fn last_until(&mut self, deadline: Instant) {
        self.opened.watch.last_until(deadline);
    }

    /// The answer is known to be complete or broken: give the body's end this long, and no more.
    pub fn settle_within(&mut self, limit: Duration) {
        self.opened.watch.settle_within(limit);
    }

    /// Blanks our key in bytes that go to somebody else; `None` = it does not occur in them.
    #[must_use]
    pub fn without_key(&self, bytes: &[u8]) -> Option<Bytes> {
        redact::masked(bytes, self.secret.as_ref()).map(Bytes::from)
    }

    /// Blanks our key in a body that goes to somebody else piece by piece.
    #[must_use]
    pub fn veil(&self) -> Veil {
        Veil::new(self.secret.as_ref())
    }

    /// Blanks our key in an answer whose pieces have been blanked one by one.
    pub fn blank_joined(&self, response: &mut ChatResponse) {
        redact::joined(response, self.secret.as_ref());
    }

    /// Ends the attempt: the connection serves again if the body has ended, else it is closed.
    pub fn finish(self, usage: Option<Usage>, failure: Option<Failure>) -> Attempted {
        let Opened {
            parts,
            connection,
            mut trace,
            ..
        } = *self.opened;
        trace.note_usage(usage);
        redact::attempt(&mut trace.attempt, self.secret.as_ref());
        trace.attempt.failure = failure.map(|mut failure| {
            redact::failure(&mut failure, self.secret.as_ref());
            failure.status = failure.status.or(trace.attempt.status);
            failure
        });
        if self.is_complete {
            let keep_alive = head::keep_alive(&View(&parts.headers));
            self.client.keep(&self.origin, connection, keep_alive);
        }
        Attempted {
            attempt: trace.attempt,
            reply: None,
            limits: trace.limits,
            sent: trace.sent,
        }
    }
}

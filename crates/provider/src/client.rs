//! Makes one attempt.
//!
//! In: a [`Call`]. Out: [`Attempted`]: the record with its stamps, and the answer. A connection is
//! taken from the pool or dialled; a pooled one that turns out closed before a byte was sent is
//! replaced without a trace. One that closes later may have been read: that is a failed attempt, for
//! nobody is called more often than was declared. Everything happens in the caller's task: dropping
//! the future closes the connection and leaves nothing behind.

use std::sync::Arc;
use std::time::Duration;

use http::header::{
    CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT,
};
use http::{Method, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use trilemma_domain::{ChatResponse, Failure, Reply};
use trilemma_wire::client::{decode_error, decode_pipeline, decode_response};

use crate::address::Origin;
use crate::call::{Attempted, Call};
use crate::collect::{Read, Reading, expiry};
use crate::config::ClientConfig;
use crate::connect::{Connect, TcpConnector};
use crate::connection::{self, Connection, Outgoing};
use crate::dial::Dialler;
use crate::error::ProviderError;
use crate::exchange::{Sent, send};
use crate::head::{self, View};
use crate::pool::Pool;
use crate::tls::Tls;
use crate::trace::Trace;
use crate::watch::Watch;
use crate::{fault, redact};

/// No setting makes a wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 86_400);
/// Longest time for a message that is no call of a model.
const MESSAGE_WAIT: Duration = Duration::from_secs(30);
/// Pooled connections tried before a fresh one is dialled.
const MAX_POOLED_TRIES: u32 = 3;

/// Makes attempts and keeps connections; cheap to clone.
#[derive(Clone)]
pub struct Client<C: Connect = TcpConnector> {
    shared: Arc<Shared<C>>,
}

struct Shared<C: Connect> {
    config: ClientConfig,
    user_agent: HeaderValue,
    dialler: Dialler<C>,
    pool: Pool<C::Io>,
}

impl Client<TcpConnector> {
    /// Makes a client that calls over TCP.
    ///
    /// # Errors
    /// [`ProviderError::ExtraCa`] and [`ProviderError::UserAgent`] for settings that cannot work.
    pub fn new(config: ClientConfig) -> Result<Self, ProviderError> {
        Self::with_connector(config, TcpConnector)
    }
}

impl<C: Connect> Client<C> {
    /// Makes a client that opens its streams by `connector`.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_connector(mut config: ClientConfig, connector: C) -> Result<Self, ProviderError> {
        for limit in [
            &mut config.connect_timeout,
            &mut config.stall_timeout,
            &mut config.call_deadline,
            &mut config.settle_timeout,
            &mut config.idle_timeout,
        ] {
            *limit = (*limit).min(LONGEST_WAIT);
        }
        let user_agent =
            HeaderValue::from_str(&config.user_agent).map_err(|_| ProviderError::UserAgent {
                user_agent: config.user_agent.clone(),
            })?;
        let shared = Shared {
            dialler: Dialler {
                connector,
                // Read once, and not kept as text: a bundle of all authorities has 200 KB.
                tls: Arc::new(Tls::new(config.extra_ca_pem.take().as_deref())?),
                proxy: config.proxy.clone(),
            },
            pool: Pool::new(config.idle_timeout),
            user_agent,
            config,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Makes a client of the same settings but for the stall timeout. Both share what they trust,
    /// which takes a millisecond to read, and no connection.
    #[must_use]
    pub fn with_stall_timeout(&self, stall_timeout: Duration) -> Self {
        let shared = Shared {
            config: ClientConfig {
                stall_timeout: stall_timeout.min(LONGEST_WAIT),
                ..self.shared.config.clone()
            },
            user_agent: self.shared.user_agent.clone(),
            dialler: self.shared.dialler.clone(),
            pool: Pool::new(self.shared.config.idle_timeout),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Gives the settings, without the certificates, which have been read.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.shared.config
    }

    /// Makes one attempt; every failure is in the record, none is returned otherwise.
    pub async fn attempt(&self, call: &Call<'_>) -> Attempted {
        let mut trace = Trace::new(call, self.shared.config.clock.now_us());
        let done = match call.request.asked_pipeline() {
            Some(pipeline) if pipeline.runs_code() => {
                self.run_command(pipeline, call, &mut trace).await
            }
            Some(_) | None => self.run(call, &mut trace).await,
        };
        redact::attempt(&mut trace.attempt, call.secret);
        match done {
            Ok(mut response) => {
                redact::response(&mut response, call.secret);
                if let Some(usage) = &mut response.usage {
                    trace.mark(usage);
                }
                let reply = Reply {
                    response,
                    request_id: trace.attempt.request_id.clone(),
                    simulated: trace.is_simulated,
                };
                Attempted {
                    attempt: trace.attempt,
                    reply: Some(Box::new(reply)),
                    limits: trace.limits,
                    sent: trace.sent,
                }
            }
            Err(mut failure) => {
                redact::failure(&mut failure, call.secret);
                failure.status = failure.status.or(trace.attempt.status);
                trace.attempt.failure = Some(failure);
                Attempted {
                    attempt: trace.attempt,
                    reply: None,
                    limits: trace.limits,
                    sent: trace.sent,
                }
            }
        }
    }

    /// Posts a message that is no call of a model, such as an alarm; gives the status of the answer. The
    /// address is the user's own; what comes back is not read.
    ///
    /// # Errors
    /// [`Failure`] for an address that is none, or one that cannot be reached in time.
    pub async fn post_json(
        &self,
        url: &str,
        body: String,
        more_headers: &[(&str, &str)],
    ) -> Result<u16, Failure> {
        let uri: http::Uri = url.parse().map_err(|error| fault::unsendable(&error))?;
        // The query is no part of an origin.
        let base = url.split(['?', '#']).next().unwrap_or(url);
        let origin = Origin::of(base).map_err(|error| fault::unsendable(&error))?;
        let deadline = Instant::now() + self.shared.config.call_deadline.min(MESSAGE_WAIT);
        let dialled = timeout_at(deadline, self.shared.dialler.dial(&origin)).await;
        let mut connection =
            dialled.map_err(|_| fault::unsendable(&"nobody was reached in time"))??;
        let mut outgoing = Outgoing::new(Full::new(body.into()));
        *outgoing.method_mut() = Method::POST;
        *outgoing.uri_mut() = match (&connection.proxy, uri.path_and_query()) {
            (None, Some(path)) => path.clone().into(),
            _ => uri,
        };
        let headers = outgoing.headers_mut();
        headers.insert(USER_AGENT, self.shared.user_agent.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in more_headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let name = name.map_err(|error| fault::unsendable(&error))?;
            let value = HeaderValue::from_str(value);
            let mut value = value.map_err(|error| fault::unsendable(&error))?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        if let Ok(host) = HeaderValue::from_str(&origin.authority()) {
            headers.insert(HOST, host);
        }
        if let Some(proxy) = connection
            .proxy
            .as_ref()
            .and_then(|p| p.authorization.clone())
        {
            headers.insert(PROXY_AUTHORIZATION, proxy);
        }
        let mut watch = Watch::new(MESSAGE_WAIT, deadline);
        match send(&mut connection, outgoing, &mut watch).await {
            Sent::Answered(response) => Ok(response.status().as_u16()),
            Sent::Untouched => Err(fault::unsendable(&"the connection was closed")),
            Sent::Broken(error) => Err(fault::http(&error)),
            Sent::Expired(expired) => Err(expiry(expired, &self.shared.config)),
        }
    }

    async fn run(&self, call: &Call<'_>, trace: &mut Trace) -> Result<ChatResponse, Failure> {
        let answered = self.exchange(call, trace).await?;
        self.answer(call, answered, trace).await
    }

    /// Sends the request and waits for the response head.
    pub(crate) async fn exchange(
        &self,
        call: &Call<'_>,
        trace: &mut Trace,
    ) -> Result<Answered<C::Io>, Failure> {
        // A key that belongs elsewhere is found out before anybody is called.
        let mut headers = Some(self.headers(call)?);
        let limit = Instant::now() + self.shared.config.call_deadline;
        let deadline = call.deadline.map_or(limit, |deadline| deadline.min(limit));
        let origin = call.request.origin();
        let mut n_pooled = 0;
        loop {
            let pooled = (n_pooled < MAX_POOLED_TRIES)
                .then(|| self.shared.pool.take(origin))
                .flatten();
            let is_pooled = pooled.is_some();
            let mut connection = match pooled {
                Some(connection) => connection,
                // Apart: its future, TLS included, is larger than all that a request on a pooled connection needs.
                None => Box::pin(self.dial(origin, deadline, trace)).await?,
            };
            n_pooled += 1;
            let headers = match headers.take() {
                Some(headers) => headers,
                None => self.headers(call)?,
            };
            let outgoing = outgoing(&connection, call, headers)?;
            let mut watch = Watch::new(self.shared.config.stall_timeout, deadline);
            let ready = Instant::now();
            let sent = send(&mut connection, outgoing, &mut watch).await;
            trace.stamp_sent(ready, &connection.stamps);
            match sent {
                Sent::Answered(response) => {
                    return Ok(Answered {
                        connection,
                        response,
                        watch,
                    });
                }
                Sent::Untouched if is_pooled => {}
                Sent::Untouched => {
                    let closed = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
                    return Err(fault::connect(origin, &closed));
                }
                Sent::Broken(error) => return Err(fault::http(&error)),
                Sent::Expired(expired) => return Err(expiry(expired, &self.shared.config)),
            }
        }
    }

    fn headers(&self, call: &Call<'_>) -> Result<HeaderMap, Failure> {
        let mut headers = call.request.headers().clone();
        headers.insert(USER_AGENT, self.shared.user_agent.clone());
        if let Some(secret) = call.secret {
            let origin = call.request.origin();
            let (name, value) = secret
                .header(origin, call.request.dialect())
                .ok_or_else(|| fault::foreign_secret(secret.origin(), origin))?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    async fn answer(
        &self,
        call: &Call<'_>,
        answered: Answered<C::Io>,
        trace: &mut Trace,
    ) -> Result<ChatResponse, Failure> {
        let Answered {
            mut connection,
            response,
            mut watch,
        } = answered;
        let (parts, mut body) = response.into_parts();
        let dialect = call.request.dialect();
        let now_ms = self.shared.config.clock.now_ms();
        let view = View(&parts.headers);
        let status = parts.status.as_u16();
        trace.note_head(dialect, &parts, now_ms);
        let mut reading = Reading {
            config: &self.shared.config,
            connection: &mut connection,
            body: &mut body,
            watch: &mut watch,
            sent: trace.sent.unwrap_or_else(Instant::now),
            timing: &mut trace.attempt.timing,
            raw: self.shared.config.keep_raw.then(Vec::new),
        };
        let read = if !parts.status.is_success() {
            let (bytes, is_complete) = reading.refusal().await;
            let decode = || decode_error(dialect, status, &view, &bytes, now_ms);
            Read {
                result: Err(head::refusal(parts.status, &view, decode)),
                usage: None,
                is_complete,
            }
        } else if head::comes_as_events(call.request, &view) {
            reading.events(dialect).await
        } else if let Some(pipeline) = call.request.asked_pipeline() {
            let cost = &mut trace.attempt.cost;
            let decode = |bytes: &[u8]| {
                let reply = decode_pipeline(&pipeline.reply, bytes)?;
                *cost = reply.cost;
                Ok(reply.response)
            };
            reading.whole(decode).await
        } else {
            let decode = |bytes: &[u8]| decode_response(dialect, bytes);
            reading.whole(decode).await
        };
        trace.attempt.raw_body = reading.raw.take();
        drop(reading);
        trace.note_usage(read.usage);
        if read.is_complete {
            let origin = call.request.origin();
            let keep_alive = head::keep_alive(&view);
            self.shared.pool.put(origin, connection, keep_alive);
        }
        read.result
    }

    async fn dial(
        &self,
        origin: &Origin,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Box<Connection<C::Io>>, Failure> {
        let start = Instant::now();
        let limit = self.shared.config.connect_timeout;
        let result = timeout_at(
            deadline.min(start + limit),
            self.shared.dialler.dial(origin),
        )
        .await;
        match result {
            Ok(connection) => {
                trace.attempt.timing.connect = Some(start.elapsed());
                connection
            }
            Err(_) if Instant::now() >= deadline => Err(fault::deadline()),
            Err(_) => Err(fault::connect_timeout(origin, limit)),
        }
    }
}

impl<C: Connect> Client<C> {
    /// Keeps the connection of a body that has ended in order.
    pub(crate) fn keep(
        &self,
        origin: &Origin,
        connection: Box<Connection<C::Io>>,
        keep_alive: Option<Duration>,
    ) {
        self.shared.pool.put(origin, connection, keep_alive);
    }

    /// Gives microseconds since 1970-01-01 UTC.
    pub(crate) fn now_us(&self) -> i64 {
        self.shared.config.clock.now_us()
    }
}

/// A response head, and what its body will come by.
pub(crate) struct Answered<I: AsyncRead + AsyncWrite + Unpin> {
    pub(crate) connection: Box<Connection<I>>,
    pub(crate) response: Response<Incoming>,
    pub(crate) watch: Watch,
}

fn outgoing<I: AsyncRead + AsyncWrite + Unpin>(
    connection: &Connection<I>,
    call: &Call<'_>,
    headers: HeaderMap,
) -> Result<Outgoing, Failure> {
    let uri =
        connection::address(connection, call.request).map_err(|error| fault::unsendable(&error))?;
    let mut outgoing = Outgoing::new(Full::new(call.request.shared_body()));
    *outgoing.method_mut() = Method::POST;
    *outgoing.uri_mut() = uri;
    *outgoing.headers_mut() = headers;
    if let Some(authorization) = connection
        .proxy
        .as_ref()
        .and_then(|p| p.authorization.clone())
    {
        outgoing
            .headers_mut()
            .insert(PROXY_AUTHORIZATION, authorization);
    }
    Ok(outgoing)
}

mod command;
mod fetch;

#[cfg(test)]
mod tests;

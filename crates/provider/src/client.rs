//! Makes one attempt.
//!
//! In: a [`Call`]. Out: [`Attempted`]: the record with its stamps, and the answer. A connection is
//! taken from the pool or dialled; a pooled one that turns out closed before a byte was sent is
//! replaced without a trace. Everything happens in the caller's task: dropping the future closes
//! the connection and leaves nothing behind.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderMap, HeaderValue, LOCATION, PROXY_AUTHORIZATION, USER_AGENT};
use http::{Method, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout_at};
use trilemma_domain::{Attempt, ChatResponse, Dialect, Failure, Reply, Timing, Usage, UsageSource};
use trilemma_wire::client::{Headers, RateLimits, decode_error, rate_limits, request_id};

use crate::address::{Origin, Scheme};
use crate::call::{Attempted, Call};
use crate::collect::{Read, Reading, expiry};
use crate::config::ClientConfig;
use crate::connect::{Connect, TcpConnector};
use crate::connection::{self, Connection, Outgoing};
use crate::error::ProviderError;
use crate::exchange::{Sent, send};
use crate::pool::Pool;
use crate::stamped::{Layer, Stamped, Stamps};
use crate::tls::Tls;
use crate::watch::Watch;
use crate::{fault, redact, tunnel};

/// No setting makes a wait longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 86_400);
/// Pooled connections tried before a fresh one is dialled.
const MAX_POOLED_TRIES: u32 = 3;
/// The simulator's word for counts that no vendor reported.
const USAGE_HEADER: &str = "x-trilemma-usage";

/// Makes attempts and keeps connections; cheap to clone.
#[derive(Clone)]
pub struct Client<C: Connect = TcpConnector> {
    shared: Arc<Shared<C>>,
}

struct Shared<C: Connect> {
    config: ClientConfig,
    user_agent: HeaderValue,
    connector: C,
    tls: Tls,
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
            tls: Tls::new(config.extra_ca_pem.as_deref())?,
            pool: Pool::new(config.idle_timeout),
            user_agent,
            connector,
            config,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Gives the settings.
    #[must_use]
    pub fn config(&self) -> &ClientConfig {
        &self.shared.config
    }

    /// Makes one attempt; every failure is in the record, none is returned otherwise.
    pub async fn attempt(&self, call: &Call<'_>) -> Attempted {
        let mut trace = Trace::new(call, self.shared.config.clock.now_us());
        match self.run(call, &mut trace).await {
            Ok(mut response) => {
                if trace.is_estimated
                    && let Some(usage) = &mut response.usage
                {
                    usage.source = UsageSource::Estimated;
                }
                trace.attempt.usage = response.usage;
                let reply = Reply {
                    response,
                    request_id: trace.attempt.request_id.clone(),
                };
                Attempted {
                    attempt: trace.attempt,
                    reply: Some(Box::new(reply)),
                    limits: trace.limits,
                }
            }
            Err(mut failure) => {
                redact::failure(&mut failure, call.secret);
                if let Some(raw) = &mut trace.attempt.raw_body {
                    redact::body(raw, call.secret);
                }
                failure.status = failure.status.or(trace.attempt.status);
                trace.attempt.failure = Some(failure);
                Attempted {
                    attempt: trace.attempt,
                    reply: None,
                    limits: trace.limits,
                }
            }
        }
    }

    async fn run(&self, call: &Call<'_>, trace: &mut Trace) -> Result<ChatResponse, Failure> {
        let headers = self.headers(call)?;
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
                None => self.dial(origin, deadline, trace).await?,
            };
            n_pooled += 1;
            let outgoing = outgoing(&connection, call, headers.clone())?;
            let mut watch = Watch::new(self.shared.config.stall_timeout, deadline);
            let ready = Instant::now();
            let sent = send(&mut connection, outgoing, &mut watch).await;
            trace.stamp_sent(ready, &connection.stamps);
            match sent {
                Sent::Answered(response) => {
                    let answered = Answered {
                        connection,
                        response,
                        watch,
                    };
                    return self.answer(call, answered, trace).await;
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
            watch,
        } = answered;
        let (head, body) = response.into_parts();
        let dialect = call.request.dialect();
        let now_ms = self.shared.config.clock.now_ms();
        let view = View(&head.headers);
        let status = head.status.as_u16();
        trace.attempt.status = Some(status);
        trace.attempt.request_id = request_id(dialect, &view);
        trace.limits = rate_limits(dialect, &view, now_ms);
        trace.is_estimated = view
            .get(USAGE_HEADER)
            .is_some_and(|word| word == "estimated");
        let mut reading = Reading {
            config: &self.shared.config,
            connection: &mut connection,
            body,
            watch,
            sent: trace.sent.unwrap_or_else(Instant::now),
            timing: &mut trace.attempt.timing,
            raw: self.shared.config.keep_raw.then(Vec::new),
        };
        let (result, is_complete) = if head.status.is_success() {
            let Read {
                result,
                usage,
                is_complete,
            } = if comes_as_events(call, &view) {
                reading.events(dialect).await
            } else {
                reading.whole(dialect).await
            };
            trace.attempt.usage = marked(usage, trace.is_estimated);
            (
                result.map_err(|failure| failure.with_status(status)),
                is_complete,
            )
        } else {
            let (bytes, is_complete) = reading.refusal().await;
            let failure = refusal(head.status, &view, |view| {
                decode_error(dialect, status, view, &bytes, now_ms)
            });
            (Err(failure), is_complete)
        };
        trace.attempt.raw_body = reading.raw.take();
        drop(reading);
        if is_complete {
            let keep_alive = keep_alive(&view);
            self.shared
                .pool
                .put(call.request.origin(), connection, keep_alive);
        }
        result
    }

    async fn dial(
        &self,
        origin: &Origin,
        deadline: Instant,
        trace: &mut Trace,
    ) -> Result<Connection<C::Io>, Failure> {
        let start = Instant::now();
        let limit = self.shared.config.connect_timeout;
        let result = timeout_at(deadline.min(start + limit), self.shared.dial(origin)).await;
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

impl<C: Connect> Shared<C> {
    async fn dial(&self, origin: &Origin) -> Result<Connection<C::Io>, Failure> {
        let proxy = self
            .config
            .proxy
            .as_ref()
            .and_then(|proxy| proxy.server_for(origin));
        let peer = proxy.map_or(origin, |server| &server.origin);
        let io = self
            .connector
            .connect(peer)
            .await
            .map_err(|error| fault::connect(peer, &error))?;
        let stamps = Stamps::new();
        let mut io = Stamped::new(io, Arc::clone(&stamps));
        let (layer, forward) = match origin.scheme() {
            Scheme::Http => (Layer::Plain(io), proxy.cloned()),
            Scheme::Https => {
                if let Some(server) = proxy {
                    tunnel::open(&mut io, origin, server)
                        .await
                        .map_err(|error| fault::tunnel(&server.origin, &error))?;
                }
                (self.encrypt(origin, io).await?, None)
            }
        };
        Connection::over(layer, stamps, forward)
            .await
            .map_err(|error| fault::http(&error))
    }

    async fn encrypt(&self, origin: &Origin, io: Stamped<C::Io>) -> Result<Layer<C::Io>, Failure> {
        let name = ServerName::try_from(origin.host().to_owned())
            .map_err(|error| fault::unsendable(&error))?;
        let connector = self
            .tls
            .connector()
            .await
            .map_err(|error| fault::tls_setup(&error))?;
        let stream = connector
            .connect(name, io)
            .await
            .map_err(|error| fault::connect(origin, &error))?;
        Ok(Layer::Tls(Box::new(stream)))
    }
}

/// A response head, and what its body will come by.
struct Answered<I: AsyncRead + AsyncWrite + Unpin> {
    connection: Connection<I>,
    response: Response<Incoming>,
    watch: Watch,
}

/// The record of an attempt while it is being made.
struct Trace {
    attempt: Attempt,
    limits: RateLimits,
    sent: Option<Instant>,
    is_estimated: bool,
}

impl Trace {
    fn new(call: &Call<'_>, started_us: i64) -> Self {
        Self {
            attempt: Attempt {
                number: call.number,
                started_us,
                timing: Timing {
                    queued: call.queued,
                    ..Timing::default()
                },
                status: None,
                request_id: None,
                failure: None,
                usage: None,
                cost: None,
                raw_body: None,
            },
            limits: RateLimits::default(),
            sent: None,
            is_estimated: false,
        }
    }

    fn stamp_sent(&mut self, ready: Instant, stamps: &Stamps) {
        self.sent = stamps.written();
        self.attempt.timing.send = self.sent.map(|sent| sent.saturating_duration_since(ready));
        if let (Some(sent), Some(first)) = (self.sent, stamps.first_byte()) {
            self.attempt.timing.first_byte = Some(first.saturating_duration_since(sent));
        }
    }
}

/// Response headers as `wire` looks them up.
struct View<'a>(&'a HeaderMap);

impl Headers for View<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }
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

/// Says whether the body is a stream of events: by what it says of itself, else by what was asked.
///
/// A server that does not stream answers a stream request with one JSON object. Gemini's JSON may
/// also be an array that comes piece by piece, which the stream decoder reads.
fn comes_as_events(call: &Call<'_>, headers: &View<'_>) -> bool {
    let content_type = headers.get("content-type").unwrap_or_default().trim_start();
    let is = |name: &str| {
        content_type
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    if is("text/event-stream") {
        return true;
    }
    let is_one_json = is("application/json") && call.request.dialect() != Dialect::Gemini;
    call.request.is_stream() && !is_one_json
}

fn refusal(
    status: StatusCode,
    headers: &View<'_>,
    decode: impl FnOnce(&View<'_>) -> Failure,
) -> Failure {
    if status.is_redirection() {
        return fault::redirect(status.as_u16(), headers.get(LOCATION.as_str()));
    }
    if status.is_client_error() || status.is_server_error() {
        return decode(headers).with_status(status.as_u16());
    }
    fault::odd_status(status.as_u16())
}

/// How long the peer keeps an unused connection, by its `Keep-Alive: timeout=5`, less a second for
/// the way there; `None` = it does not say.
fn keep_alive(headers: &View<'_>) -> Option<Duration> {
    let seconds: u64 = headers
        .get("keep-alive")?
        .split(',')
        .find_map(|part| part.trim().strip_prefix("timeout="))?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.saturating_sub(1)))
}

fn marked(usage: Option<Usage>, is_estimated: bool) -> Option<Usage> {
    let mut usage = usage?;
    if is_estimated {
        usage.source = UsageSource::Estimated;
    }
    Some(usage)
}

#[cfg(test)]
mod tests;

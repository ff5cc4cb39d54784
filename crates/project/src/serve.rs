//! What `[serve]` states: how the gateway listens, waits, limits and spends.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use trilemma_domain::{ModelName, Usd, UsdPerMtok};

use crate::budget::ServeBudget;
use crate::key::KeySource;
use crate::live::{CanarySettings, ShadowSettings, TextSettings, TraceSettings};

/// How the gateway serves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServeSettings {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where metrics and health are; `None` = nowhere.
    pub admin: Option<SocketAddr>,
    /// What every client must show, beside the keys below; demanded outside loopback.
    pub token: Option<KeySource>,
    /// The policy that `model: "auto"` runs, relative to the project file; `None` = there is none.
    pub policy: Option<PathBuf>,
    /// Most failed calls of upstreams for one request, and the last one; at least 1.
    pub max_attempts: u32,
    /// Longest wait for leave to call: concurrency, rate limits, pauses.
    pub queue_timeout: Duration,
    /// Longest wait for the first token of an answer, reasoning included.
    pub first_token_timeout: Duration,
    /// Longest wait for a whole answer where somebody else can be asked: one that a policy judges, or that is not
    /// streamed; never more than half of the time that the request has left.
    pub answer_timeout: Duration,
    /// An upstream or a client that is silent for this long is given up.
    pub idle_timeout: Duration,
    /// Most time for one request, waits and repeated calls included.
    pub request_timeout: Duration,
    /// Time that open answers get to end when the gateway stops.
    pub drain_timeout: Duration,
    /// Largest request that is read, in bytes.
    pub max_request_bytes: u64,
    /// Most bytes of all requests under way together.
    pub max_bodies_bytes: u64,
    /// Most connections of clients at once.
    pub max_connections: u32,
    /// Most calls in flight for each upstream.
    pub concurrency: u32,
    /// What all clients together may spend; `None` = no limit.
    pub budget: Option<ServeBudget>,
    /// How much of a budget is taken to disk at once.
    pub lease: Usd,
    /// Clients with a key of their own.
    pub keys: Vec<ClientKey>,
    /// Models that answer `/v1/embeddings`.
    pub embeddings: Vec<EmbeddingModel>,
    /// Share of answers that scorers which need no expected answer score, in [0, 1].
    pub score_share: f64,
    /// What of prompts and answers is kept; `None` = nothing.
    pub texts: Option<TextSettings>,
    /// Who is asked beside the one that answers; `None` = nobody.
    pub shadow: Option<ShadowSettings>,
    /// Who gets a share of the traffic on trial; `None` = nobody.
    pub canary: Option<CanarySettings>,
    /// Where traces are sent; `None` = nowhere.
    pub traces: Option<TraceSettings>,
}

/// A model that turns texts into vectors; it is passed through and billed, not benchmarked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EmbeddingModel {
    /// What clients call it.
    pub id: String,
    /// Provider and the model's name there.
    pub model: ModelName,
    /// Price of its input; `None` = unknown.
    pub price: Option<UsdPerMtok>,
}

/// A client that shows a key of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClientKey {
    /// Its name in records and metrics.
    pub name: String,
    /// SHA-256 of the key, in hexadecimal digits.
    pub sha256: String,
    /// What it may spend, beside the budget of all; `None` = no limit of its own.
    pub budget: Option<ServeBudget>,
    /// Requests per minute; `None` = no limit of its own.
    pub rpm: Option<u32>,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8787)),
            admin: None,
            token: None,
            policy: None,
            max_attempts: 3,
            queue_timeout: Duration::from_secs(10),
            first_token_timeout: Duration::from_secs(120),
            answer_timeout: Duration::from_secs(120),
            idle_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(600),
            drain_timeout: Duration::from_secs(30),
            max_request_bytes: 32 << 20,
            max_bodies_bytes: 256 << 20,
            max_connections: 4_096,
            concurrency: 256,
            budget: None,
            lease: Usd::new(1.into()),
            keys: Vec::new(),
            embeddings: Vec::new(),
            score_share: 0.1,
            texts: None,
            shadow: None,
            canary: None,
            traces: None,
        }
    }
}

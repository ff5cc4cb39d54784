//! One request of a client, read and checked.

use bytes::Bytes;
use http::HeaderMap;
use tokio::time::Instant;
use trilemma_domain::Dialect;

use crate::peek::Peek;
use crate::traceparent::Parent;

/// One request of a client.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// What it wants.
    pub(crate) service: Service,
    /// The language that the client speaks.
    pub(crate) dialect: Dialect,
    pub(crate) body: Bytes,
    pub(crate) peek: Peek,
    /// The client by name; empty without a key of its own.
    pub(crate) client: String,
    /// What a policy sees besides the messages.
    pub(crate) facts: Facts,
    /// What the caller says of its privacy.
    pub(crate) wishes: Wishes,
    /// The caller's word for a conversation or a user.
    pub(crate) session: Option<String>,
    /// The caller's trace, where it has one.
    pub(crate) parent: Option<Parent>,
    /// Headers that belong to the vendor.
    pub(crate) vendor_headers: HeaderMap,
    pub(crate) began: Instant,
    /// Wall time of its arrival, microseconds since 1970.
    pub(crate) at_us: i64,
}

/// What a client wants of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// An answer.
    Chat,
    /// Vectors, in OpenAI's words.
    Embeddings,
}

impl Service {
    /// Where it is asked for in a dialect, in our words.
    pub(crate) fn place(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::Embeddings, _) => "/v1/embeddings",
            (Self::Chat, Dialect::Anthropic) => "/v1/messages",
            (Self::Chat, Dialect::Responses) => "/v1/responses",
            (Self::Chat, Dialect::OpenAi | Dialect::Azure | Dialect::Gemini) => {
                "/v1/chat/completions"
            }
        }
    }
}

/// What a policy sees of a request besides its messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The caller's word for the task.
    pub(crate) task: Option<String>,
    /// The caller's word for the class of its user.
    pub(crate) user_tier: Option<String>,
    /// The caller's word for the route by which it comes, beside the model's name.
    pub(crate) route: Option<String>,
    /// Labels.
    pub(crate) tags: Vec<String>,
}

/// What a caller says of its privacy.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wishes {
    /// Nothing of it is kept or sent elsewhere.
    pub(crate) is_private: bool,
    /// Its texts may be kept.
    pub(crate) consents: bool,
}

/// What becomes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It is given as it comes.
    Given,
    /// It is judged first, and asked for as a whole.
    Judged,
}

impl Ask {
    /// A request of which nothing is known but what it asks; it arrives now, at wall time 0.
    pub(crate) fn bare(service: Service, dialect: Dialect, body: Bytes, peek: Peek) -> Self {
        Self {
            service,
            dialect,
            body,
            peek,
            client: String::new(),
            facts: Facts::default(),
            wishes: Wishes::default(),
            session: None,
            parent: None,
            vendor_headers: HeaderMap::new(),
            began: Instant::now(),
            at_us: 0,
        }
    }
}

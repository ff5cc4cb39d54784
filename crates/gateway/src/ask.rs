//! One request of a client, read and checked.

use bytes::Bytes;
use http::HeaderMap;
use tokio::time::Instant;
use trilemma_domain::Dialect;

use crate::peek::Peek;
use crate::traceparent::Parent;
use crate::upstream::Size;

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

/// What a policy sees of a request besides its messages.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// The caller's word for the task.
    pub(crate) task: Option<String>,
    /// The caller's word for the class of its user.
    pub(crate) user_tier: Option<String>,
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

    /// What its worst case rests on.
    pub(crate) fn size(&self) -> Size {
        Size {
            n_bytes: self.body.len() as u64,
            n_image_addresses: n_image_addresses(&self.body),
            max_output: self.peek.max_output,
            n_answers: match self.service {
                Service::Chat => self.peek.n_answers,
                Service::Embeddings => 0,
            },
            is_unbounded: self.peek.stored.is_some() || names_files(&self.body),
        }
    }
}

/// Whether a body names what the vendor has stored, whose size it does not tell, or may do so:
/// nobody writes letters as escapes who has nothing to hide.
fn names_files(body: &[u8]) -> bool {
    [
        b"\"file_id\"".as_slice(),
        b"\"item_reference\"",
        b"\\u006",
        b"\\u007",
    ]
    .iter()
    .any(|needle| memchr::memmem::find(body, needle).is_some())
}

/// Images that are named by address, whose size the body does not tell.
fn n_image_addresses(body: &[u8]) -> u64 {
    let n_named = |needle: &[u8]| memchr::memmem::find_iter(body, needle).count() as u64;
    // Each image part of either dialect has one of these words; inline ones are counted too, which
    // only makes the worst case worse.
    n_named(b"image_url\"")
        .div_ceil(2)
        .max(n_named(b"\"image\""))
}

//! Response headers, as far as decoding needs them.
//!
//! In: a lookup by name. Out: the vendor's id of the request, the class of service that answers it.

use trilemma_domain::{Dialect, ServiceTier};

/// Looks up response headers.
pub trait Headers {
    /// Gives the first value of the header with this name.
    ///
    /// `name` is lower case; the lookup ignores case. `None` = absent or not text.
    fn get(&self, name: &str) -> Option<&str>;
}

/// Longest request id kept, in bytes; longer ones are no ids.
const MAX_ID_BYTES: usize = 200;

/// Finds the vendor's id of the request in a response head; `None` = the vendor gave none.
///
/// Header names: OpenAI `x-request-id`, Azure `apim-request-id` (its own support asks for it),
/// Anthropic `request-id`. Gemini documents none; proxies in front of it send `x-request-id`.
#[must_use]
pub fn request_id(dialect: Dialect, headers: &dyn Headers) -> Option<String> {
    let names: &[&str] = match dialect {
        Dialect::OpenAi | Dialect::Gemini | Dialect::Responses => &["x-request-id", "request-id"],
        Dialect::Azure => &["apim-request-id", "x-request-id", "x-ms-request-id"],
        Dialect::Anthropic => &["request-id", "x-request-id"],
    };
    names
        .iter()
        .filter_map(|name| headers.get(name))
        .map(str::trim)
        .find(|id| !id.is_empty() && id.len() <= MAX_ID_BYTES)
        .map(str::to_owned)
}

/// Finds the class of service that answers; `None` = the head does not say.
///
/// Gemini states it as `x-gemini-service-tier`, also where a request for `priority` was answered as `standard`
/// (ai.google.dev/gemini-api/docs/priority-inference, November 2026); the others state it in the body.
#[must_use]
pub fn service_tier(dialect: Dialect, headers: &dyn Headers) -> Option<ServiceTier> {
    match dialect {
        Dialect::Gemini => headers
            .get("x-gemini-service-tier")
            .and_then(|word| ServiceTier::of_word(word.trim())),
        Dialect::OpenAi | Dialect::Azure | Dialect::Anthropic | Dialect::Responses => None,
    }
}

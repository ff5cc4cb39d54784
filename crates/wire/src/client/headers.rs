//! Response headers, as far as decoding needs them.
//!
//! In: a lookup by name. Out: the vendor's id of the request.

use trilemma_domain::Dialect;

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

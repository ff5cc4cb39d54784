//! Which dialect, model and endpoint a method and path mean.
//!
//! In: the request line. Out: a [`Route`], or none. It does not look at headers or bodies, so the
//! model of dialects that name it in the body is absent here.

use trilemma_domain::Dialect;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// A chat answer (`POST`).
    Chat,
    /// Vectors of texts, in OpenAI's words (`POST`).
    Embeddings,
    /// The list of models (`GET`).
    Models,
}

/// Where a request is meant to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The language of the path.
    pub dialect: Dialect,
    /// What is asked for.
    pub endpoint: Endpoint,
    /// The model or deployment, where the path names it.
    pub model: Option<String>,
    /// Whether a stream is asked for, where the path says so.
    pub stream: Option<bool>,
    /// Gemini streams without `alt=sse` are one JSON array instead of events.
    pub json_array: bool,
}

impl Route {
    fn new(dialect: Dialect, endpoint: Endpoint) -> Self {
        Self {
            dialect,
            endpoint,
            model: None,
            stream: None,
            json_array: false,
        }
    }
}

/// Finds the route of `method` and `path` (with or without query); `None` = no such route.
///
/// Anything may stand before the known part of the path, as with gateways and proxies.
#[must_use]
pub fn route(method: &str, path: &str) -> Option<Route> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = path.trim_end_matches('/');
    match method {
        "POST" => chat_route(path, query),
        "GET" if path.ends_with("/v1beta/models") => {
            Some(Route::new(Dialect::Gemini, Endpoint::Models))
        }
        "GET" if path.ends_with("/models") => Some(Route::new(Dialect::OpenAi, Endpoint::Models)),
        _ => None,
    }
}

fn chat_route(path: &str, query: &str) -> Option<Route> {
    if let Some(before) = path.strip_suffix("/chat/completions") {
        return Some(match before.split_once("/openai/deployments/") {
            Some((_, deployment)) if !deployment.is_empty() => Route {
                model: Some(percent_decode(deployment)),
                ..Route::new(Dialect::Azure, Endpoint::Chat)
            },
            _ => Route::new(Dialect::OpenAi, Endpoint::Chat),
        });
    }
    if let Some(before) = path.strip_suffix("/embeddings") {
        return Some(match before.split_once("/openai/deployments/") {
            Some((_, deployment)) if !deployment.is_empty() => Route {
                model: Some(percent_decode(deployment)),
                ..Route::new(Dialect::Azure, Endpoint::Embeddings)
            },
            _ => Route::new(Dialect::OpenAi, Endpoint::Embeddings),
        });
    }
    if path.ends_with("/responses") {
        return Some(Route::new(Dialect::Responses, Endpoint::Chat));
    }
    if path.ends_with("/messages") {
        return Some(Route::new(Dialect::Anthropic, Endpoint::Chat));
    }
    let (_, last) = path.rsplit_once("/models/")?;
    let (model, action) = last.rsplit_once(':')?;
    let stream = match action {
        "generateContent" => false,
        "streamGenerateContent" => true,
        _ => return None,
    };
    Some(Route {
        model: Some(percent_decode(model)),
        stream: Some(stream),
        json_array: stream && !query.split('&').any(|pair| pair == "alt=sse"),
        ..Route::new(Dialect::Gemini, Endpoint::Chat)
    })
}

/// Undoes `%XX` (RFC 3986 §2.1); what is not valid stays as it is.
#[must_use]
pub fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        if let Some(byte) = hex {
            out.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

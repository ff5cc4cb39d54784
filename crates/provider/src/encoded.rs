//! A request, encoded once and sent as often as retries need it.
//!
//! In: a target and a neutral request. Out: path, headers and body as they go over the wire, and
//! the origin they go to. The key is not part of it.

use bytes::Bytes;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use trilemma_domain::{ChatRequest, Dialect, Failure, Target};
use trilemma_wire::client::encode_request;

use crate::address::{self, Origin};
use crate::fault;

/// A request ready to be sent; cheap to clone.
#[derive(Debug, Clone)]
pub struct EncodedRequest {
    dialect: Dialect,
    origin: Origin,
    path_and_query: PathAndQuery,
    headers: HeaderMap,
    body: Bytes,
    stream: bool,
}

impl EncodedRequest {
    /// Encodes `request` as `target` wants it.
    ///
    /// # Errors
    /// A failure of kind `Unsendable`: the base URL cannot be called, or the dialect cannot
    /// express the request.
    pub fn new(target: &Target, request: &ChatRequest) -> Result<Self, Failure> {
        let (origin, prefix) =
            address::split(&target.base_url).map_err(|error| fault::unsendable(&error))?;
        let wire = encode_request(target, request).map_err(|error| fault::unsendable(&error))?;
        let mut path = prefix;
        path.push_str(&wire.path_and_query);
        let path_and_query =
            PathAndQuery::try_from(path).map_err(|error| fault::unsendable(&error))?;
        let mut headers = HeaderMap::with_capacity(wire.headers.len() + 4);
        let host = HeaderValue::try_from(origin.authority());
        headers.insert(HOST, host.map_err(|error| fault::unsendable(&error))?);
        for (name, value) in wire.headers {
            let value = HeaderValue::try_from(value).map_err(|error| fault::unsendable(&error))?;
            headers.append(HeaderName::from_static(name), value);
        }
        Ok(Self {
            dialect: target.dialect,
            origin,
            path_and_query,
            headers,
            body: Bytes::from(wire.body),
            stream: request.stream,
        })
    }

    /// Gives the dialect that the answer will be in.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Gives where it goes.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Gives the body, such as for a fingerprint or an estimate of its tokens.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Gives path and query.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.path_and_query.as_str()
    }

    /// Says whether a stream of events was asked for.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.stream
    }

    pub(crate) fn uri_path(&self) -> PathAndQuery {
        self.path_and_query.clone()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn shared_body(&self) -> Bytes {
        self.body.clone()
    }
}

//! A request, encoded once and sent as often as retries need it.
//!
//! In: a target and a neutral request, or what a pipeline is asked. Out: path, headers and body as they
//! go over the wire, and the origin they go to; or what a program reads. The key is not part of it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use trilemma_domain::{
    ChatRequest, Dialect, Failure, Params, Pipeline, PipelineCall, Target, ToolChoice,
};
use trilemma_wire::client::{WireRequest, encode_embeddings, encode_request, encode_texts};

use crate::address::{self, Origin};
use crate::fault;

/// A request ready to be sent; cheap to clone.
#[derive(Debug, Clone)]
pub struct EncodedRequest {
    dialect: Dialect,
    origin: Origin,
    path_and_query: PathAndQuery,
    headers: Arc<HeaderMap>,
    body: Bytes,
    stream: bool,
    pipeline: Option<Arc<Pipeline>>,
}

/// Where a program is: nowhere. Nothing is ever sent to it.
const NOWHERE: &str = "http://localhost";

impl EncodedRequest {
    /// Encodes `request` as `target` wants it.
    ///
    /// # Errors
    /// A failure of kind `Unsendable`: the base URL cannot be called, the dialect cannot express the
    /// request, or the target is a pipeline, which is asked by [`Self::pipeline`].
    pub fn new(target: &Target, request: &ChatRequest) -> Result<Self, Failure> {
        if target.pipeline.is_some() {
            let text = "a pipeline is no model: it is benchmarked by its own request";
            return Err(fault::unsendable(&text));
        }
        let wire = encode_request(target, request).map_err(|error| fault::unsendable(&error))?;
        Self::of_wire(target, wire, request.stream)
    }

    /// A request for embeddings in OpenAI's words, without a body.
    ///
    /// # Errors
    /// As [`EncodedRequest::new`]; also when the dialect has no such words.
    pub fn embeddings(target: &Target) -> Result<Self, Failure> {
        let wire = encode_embeddings(target).map_err(|error| fault::unsendable(&error))?;
        Self::of_wire(target, wire, false)
    }

    /// A request for vectors of some texts.
    ///
    /// # Errors
    /// As [`EncodedRequest::embeddings`].
    pub fn texts(target: &Target, texts: &[&str]) -> Result<Self, Failure> {
        let body = Bytes::from(encode_texts(target, texts));
        Ok(Self::embeddings(target)?.with_body(body))
    }

    fn of_wire(target: &Target, wire: WireRequest, stream: bool) -> Result<Self, Failure> {
        let (origin, prefix) =
            address::split(&target.base_url).map_err(|error| fault::unsendable(&error))?;
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
            headers: Arc::new(headers),
            body: Bytes::from(wire.body),
            stream,
            pipeline: None,
        })
    }

    /// Makes the request of a pipeline out of its JSON: a body over HTTP, or a program's input.
    ///
    /// # Errors
    /// A failure of kind `Unsendable`: the base URL, the path or a header cannot be used.
    pub fn pipeline(target: &Target, pipeline: &Pipeline, json: Vec<u8>) -> Result<Self, Failure> {
        let (base_url, path, own) = match &pipeline.call {
            PipelineCall::Http { path, headers, .. } => {
                (target.base_url.as_str(), path.as_str(), Some(headers))
            }
            PipelineCall::Command { .. } => (NOWHERE, "/", None),
        };
        let unsendable = |error: &dyn std::fmt::Display| fault::unsendable(error);
        let (origin, mut full) = address::split(base_url).map_err(|error| unsendable(&error))?;
        full.push_str(path);
        if full.is_empty() {
            full.push('/');
        }
        let path_and_query = PathAndQuery::try_from(full).map_err(|error| unsendable(&error))?;
        let mut headers = HeaderMap::new();
        for (name, value) in own.into_iter().flatten() {
            let name = HeaderName::try_from(name).map_err(|error| unsendable(&error))?;
            let value = HeaderValue::try_from(value).map_err(|error| unsendable(&error))?;
            headers.insert(name, value);
        }
        let host = HeaderValue::try_from(origin.authority()).map_err(|error| unsendable(&error))?;
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self {
            dialect: target.dialect,
            origin,
            path_and_query,
            headers: Arc::new(headers),
            body: Bytes::from(json),
            stream: false,
            pipeline: Some(Arc::new(pipeline.clone())),
        })
    }

    /// A request for a document at an address, without body and key.
    pub(crate) fn document(url: &str) -> Result<Self, Failure> {
        let (origin, path) = address::split(url).map_err(|error| fault::unsendable(&error))?;
        let path = if path.is_empty() { "/" } else { &path };
        let path_and_query =
            PathAndQuery::try_from(path).map_err(|error| fault::unsendable(&error))?;
        let host = HeaderValue::try_from(origin.authority());
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(HOST, host.map_err(|error| fault::unsendable(&error))?);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, */*"));
        Ok(Self {
            // Nobody decodes the answer.
            dialect: Dialect::OpenAi,
            origin,
            path_and_query,
            headers: Arc::new(headers),
            body: Bytes::new(),
            stream: false,
            pipeline: None,
        })
    }

    /// Takes a body that is already in `target`'s words, such as a client's own.
    ///
    /// Path and headers are those that a request of ours would have there. What the body says of
    /// streaming must agree with `is_stream`.
    ///
    /// # Errors
    /// As [`EncodedRequest::new`].
    pub fn of_body(target: &Target, body: Bytes, is_stream: bool) -> Result<Self, Failure> {
        let empty = ChatRequest {
            model: String::new(),
            messages: Vec::new(),
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            response_format: None,
            params: Params::default(),
            stream: is_stream,
        };
        Ok(Self::new(target, &empty)?.with_body(body))
    }

    /// The same with another body.
    #[must_use]
    pub fn with_body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// Adds a header, such as one that a client sent for the vendor; it replaces ours.
    pub fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        Arc::make_mut(&mut self.headers).insert(name, value);
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

    /// The pipeline that is asked; `None` = a model.
    pub(crate) fn asked_pipeline(&self) -> Option<&Pipeline> {
        self.pipeline.as_deref()
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

//! What the tests share.

use serde_json::{Map, Value};
use trilemma_domain::{
    ChatRequest, Dialect, FailureKind, FaultSource, Message, Params, Part, Role, Target, ToolCall,
    ToolChoice,
};
use trilemma_wire::client::{
    EncodeError, Headers, StreamDecoder, StreamEnd, WireRequest, encode_request,
};

/// Headers as a list.
pub(crate) struct Head<'a>(pub(crate) &'a [(&'a str, &'a str)]);

impl Headers for Head<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    }
}

/// A stream's end with what all its reads brought.
#[derive(Debug, PartialEq)]
pub(crate) struct Streamed {
    pub(crate) end: StreamEnd,
    pub(crate) any_token: bool,
    pub(crate) n_visible: u32,
    pub(crate) terminal: bool,
}

impl Streamed {
    /// Kind of the fault.
    pub(crate) fn fault(&self) -> Option<FailureKind> {
        self.end.fault.as_ref().map(|fault| fault.kind)
    }

    /// The visible text.
    pub(crate) fn text(&self) -> &str {
        &self.end.response.text
    }
}

/// Reads a stream whole, byte by byte, and cut at every place: all must agree.
pub(crate) fn stream(dialect: Dialect, body: impl AsRef<[u8]>) -> Streamed {
    let body = body.as_ref();
    let whole = stream_in(dialect, &[body]);
    let single: Vec<&[u8]> = body.chunks(1).collect();
    assert_eq!(stream_in(dialect, &single), whole);
    for at in 1..body.len() {
        let (left, right) = body.split_at(at);
        assert_eq!(stream_in(dialect, &[left, right]), whole, "cut at {at}");
    }
    whole
}

/// Reads a stream in given pieces.
pub(crate) fn stream_in(dialect: Dialect, pieces: &[&[u8]]) -> Streamed {
    let mut decoder = StreamDecoder::new(dialect);
    let (mut any_token, mut n_visible, mut terminal) = (false, 0, false);
    for piece in pieces {
        let progress = decoder.push(piece);
        any_token |= progress.any_token;
        n_visible += progress.n_visible;
        terminal |= progress.terminal;
    }
    Streamed {
        end: decoder.finish(),
        any_token,
        n_visible,
        terminal,
    }
}

/// Server-sent events of these data lines.
pub(crate) fn events(data: &[&str]) -> String {
    data.iter()
        .map(|data| format!("data: {data}\n\n"))
        .collect()
}

/// Anthropic's events: the name repeats the type.
pub(crate) fn named_events(data: &[&str]) -> String {
    data.iter()
        .map(|data| {
            let value: Value = serde_json::from_str(data).unwrap();
            format!(
                "event: {}\ndata: {data}\n\n",
                value["type"].as_str().unwrap()
            )
        })
        .collect()
}

/// A target of a dialect.
pub(crate) fn target(dialect: Dialect, model: &str) -> Target {
    Target {
        provider: "p".to_owned(),
        dialect,
        base_url: "http://localhost".to_owned(),
        model: model.to_owned(),
        api_version: (dialect == Dialect::Azure).then(|| "2024-10-21".to_owned()),
        pipeline: None,
    }
}

/// A request of messages.
pub(crate) fn request(model: &str, messages: Vec<Message>) -> ChatRequest {
    ChatRequest {
        model: model.to_owned(),
        messages,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        response_format: None,
        params: Params::default(),
        stream: false,
    }
}

/// Encodes and gives the body as JSON.
pub(crate) fn body(dialect: Dialect, request: &ChatRequest) -> Value {
    let wire = encode(dialect, request).unwrap();
    serde_json::from_slice(&wire.body).unwrap()
}

/// Encodes for a target that has the request's model.
pub(crate) fn encode(dialect: Dialect, request: &ChatRequest) -> Result<WireRequest, EncodeError> {
    encode_request(&target(dialect, &request.model), request)
}

/// A message of one text.
pub(crate) fn says(role: Role, text: &str) -> Message {
    Message::text(role, text)
}

/// A message of parts.
pub(crate) fn parts(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

/// A text part.
pub(crate) fn text(text: &str) -> Part {
    Part::Text {
        text: text.to_owned(),
    }
}

/// A tool call.
pub(crate) fn call(id: &str, name: &str, arguments: Value) -> ToolCall {
    ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments,
    }
}

/// A tool result.
pub(crate) fn result(id: &str, text: &str) -> Part {
    Part::ToolResult {
        id: id.to_owned(),
        text: text.to_owned(),
    }
}

/// An object as a map.
pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Whose fault, in short.
pub(crate) fn blame(source: FaultSource) -> &'static str {
    match source {
        FaultSource::Caller => "caller",
        FaultSource::Vendor => "vendor",
        FaultSource::Network => "network",
        FaultSource::Us => "us",
    }
}

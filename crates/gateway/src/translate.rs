//! Answers in another dialect than the client's.
//!
//! In: a decoded answer, whole or piece by piece. Out: the bytes of the client's dialect. Calls of
//! vendors that give them no id get one, because clients must name them in their results.

use bytes::{Bytes, BytesMut};
use trilemma_domain::{ChatResponse, Dialect, FinishReason, Usage};
use trilemma_wire::client::{Piece, StreamDecoder};
use trilemma_wire::server::{Framing, StreamEncoder, StreamHead, encode_response};

/// Why an answer ended whose vendor does not say: it is not known to be whole.
const UNKNOWN: &str = "unknown";

/// Writes a stream in the client's dialect.
pub(crate) struct Translator {
    dialect: Dialect,
    /// The request's name: id of an answer that has none, and of its calls.
    name: String,
    created_unix_s: i64,
    include_usage: bool,
    encoder: Option<StreamEncoder>,
    n_calls: usize,
}

impl Translator {
    pub(crate) fn new(
        dialect: Dialect,
        name: String,
        created_unix_s: i64,
        include_usage: bool,
    ) -> Self {
        Self {
            dialect,
            name,
            created_unix_s,
            include_usage,
            encoder: None,
            n_calls: 0,
        }
    }

    /// Writes what came since the last call.
    pub(crate) fn take(&mut self, decoder: &mut StreamDecoder) -> Bytes {
        let mut out = BytesMut::new();
        let mut encoder = self.encoder.take();
        let head = encoder.is_none().then(|| self.stream_head(decoder));
        let usage = decoder.usage();
        let mut n_calls = self.n_calls;
        let (dialect, name) = (self.dialect, &self.name);
        decoder.tell(&mut |piece| {
            let encoder = encoder.get_or_insert_with(|| {
                begin(dialect, head.clone().unwrap_or_default(), usage, &mut out)
            });
            out.extend_from_slice(&encoded(encoder, piece, name, &mut n_calls));
        });
        self.n_calls = n_calls;
        self.encoder = encoder;
        out.freeze()
    }

    /// Writes what is left; `None` = calls of tools that cannot be told one after the other.
    pub(crate) fn rest(&mut self, decoder: &mut StreamDecoder) -> Option<Bytes> {
        let mut out = BytesMut::new();
        let usage = decoder.usage();
        let mut encoder = match self.encoder.take() {
            Some(encoder) => encoder,
            None => begin(self.dialect, self.stream_head(decoder), usage, &mut out),
        };
        let mut n_calls = self.n_calls;
        let name = &self.name;
        let is_whole = decoder.tell_rest(&mut |piece| {
            out.extend_from_slice(&encoded(&mut encoder, piece, name, &mut n_calls));
        });
        self.n_calls = n_calls;
        self.encoder = Some(encoder);
        is_whole.then(|| out.freeze())
    }

    /// Writes the end of a whole answer.
    pub(crate) fn end(&mut self, response: &ChatResponse) -> Bytes {
        let unknown = FinishReason::Other(UNKNOWN.to_owned());
        let finish = response.finish.as_ref().unwrap_or(&unknown);
        self.encoder
            .as_mut()
            .map(|encoder| Bytes::from(encoder.finish(finish, response.usage.as_ref())))
            .unwrap_or_default()
    }

    fn stream_head(&self, decoder: &StreamDecoder) -> StreamHead {
        let so_far = decoder.so_far();
        StreamHead {
            response_id: so_far
                .response_id
                .clone()
                .unwrap_or_else(|| self.name.clone()),
            model: so_far.served_model.clone().unwrap_or_default(),
            system_fingerprint: so_far.system_fingerprint.clone(),
            created_unix_s: self.created_unix_s,
            include_usage: self.include_usage,
        }
    }

    /// A stream made of an answer that came as a whole.
    pub(crate) fn of_whole(&mut self, response: &ChatResponse) -> Bytes {
        let head = StreamHead {
            response_id: response
                .response_id
                .clone()
                .unwrap_or_else(|| self.name.clone()),
            model: response.served_model.clone().unwrap_or_default(),
            system_fingerprint: response.system_fingerprint.clone(),
            created_unix_s: self.created_unix_s,
            include_usage: self.include_usage,
        };
        let mut out = BytesMut::new();
        let mut encoder = begin(self.dialect, head, response.usage, &mut out);
        if let Some(reasoning) = &response.reasoning {
            out.extend_from_slice(&encoder.reasoning(reasoning));
        }
        if !response.text.is_empty() {
            out.extend_from_slice(&encoder.text(&response.text));
        }
        if let Some(refusal) = &response.refusal {
            out.extend_from_slice(&encoder.refusal(refusal));
        }
        for call in with_ids(response, &self.name).tool_calls {
            out.extend_from_slice(&encoder.tool_call(&call));
        }
        self.encoder = Some(encoder);
        out.extend_from_slice(&self.end(response));
        out.freeze()
    }
}

/// Writes a whole answer in the client's dialect.
pub(crate) fn whole(
    dialect: Dialect,
    response: &ChatResponse,
    name: &str,
    created_unix_s: i64,
) -> Bytes {
    let mut response = with_ids(response, name);
    if response.response_id.is_none() {
        response.response_id = Some(name.to_owned());
    }
    // Only the beginning is known of them, which would look like all of it.
    response.first_tokens.clear();
    Bytes::from(encode_response(dialect, &response, created_unix_s))
}

fn with_ids(response: &ChatResponse, name: &str) -> ChatResponse {
    let mut response = response.clone();
    for (idx, call) in response.tool_calls.iter_mut().enumerate() {
        if call.id.is_empty() {
            call.id = call_id(name, idx);
        }
    }
    response
}

fn call_id(name: &str, idx: usize) -> String {
    format!("call_{name}_{idx}")
}

fn begin(
    dialect: Dialect,
    head: StreamHead,
    usage: Option<Usage>,
    out: &mut BytesMut,
) -> StreamEncoder {
    let mut encoder = StreamEncoder::new(dialect, head, Framing::Events);
    if let Some(usage) = usage {
        encoder.count(usage);
    }
    out.extend_from_slice(&encoder.start());
    encoder
}

fn encoded(
    encoder: &mut StreamEncoder,
    piece: Piece<'_>,
    name: &str,
    n_calls: &mut usize,
) -> Vec<u8> {
    match piece {
        Piece::Reasoning(text) => encoder.reasoning(text),
        Piece::Text(text) => encoder.text(text),
        Piece::Refusal(text) => encoder.refusal(text),
        Piece::CallArguments(text) => encoder.call_arguments(text),
        Piece::CallBegin { id, name: tool } => {
            let idx = *n_calls;
            *n_calls += 1;
            if id.is_empty() {
                encoder.call_begin(&call_id(name, idx), tool)
            } else {
                encoder.call_begin(id, tool)
            }
        }
    }
}

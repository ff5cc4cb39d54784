//! Streams of events, by dialect.
//!
//! In: pieces of an answer as they become known. Out: the bytes of each dialect's events. The
//! encoder keeps no text, but for Responses, whose last events repeat it; it opens no connection and
//! does not pace. Calling [`StreamEncoder::start`]
//! first and [`StreamEncoder::finish`] last is up to the caller; leaving `finish` out makes the
//! truncated stream that faults need.

use trilemma_domain::{Dialect, FinishReason, TokenPlace, ToolCall, Usage};

use super::error::{ErrorReply, encode_error_event};
use super::{anthropic, gemini, openai, responses};

/// What a stream says of itself besides content.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamHead {
    /// The vendor's id of the response.
    pub response_id: String,
    /// The model that answers.
    pub model: String,
    /// Fingerprint of the back end; only OpenAI's dialect can say it.
    pub system_fingerprint: Option<String>,
    /// Date in OpenAI's chunks, seconds since 1970.
    pub created_unix_s: i64,
    /// OpenAI: whether a usage chunk comes at the end.
    pub include_usage: bool,
}

/// How Gemini's events are framed; the other dialects know only events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// Server-sent events.
    #[default]
    Events,
    /// One JSON array, as without `alt=sse`.
    JsonArray,
}

/// Writes one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    inner: Inner,
}

#[derive(Debug)]
enum Inner {
    OpenAi(openai::Encoder),
    Anthropic(anthropic::Encoder),
    Gemini(gemini::Encoder),
    Responses(responses::Encoder),
}

impl StreamEncoder {
    /// Makes an encoder; `framing` matters only to Gemini.
    #[must_use]
    pub fn new(dialect: Dialect, head: StreamHead, framing: Framing) -> Self {
        Self {
            inner: match dialect {
                Dialect::OpenAi => Inner::OpenAi(openai::Encoder::new(head, false)),
                Dialect::Azure => Inner::OpenAi(openai::Encoder::new(head, true)),
                Dialect::Anthropic => Inner::Anthropic(anthropic::Encoder::new(head)),
                Dialect::Gemini => Inner::Gemini(gemini::Encoder::new(head, framing)),
                Dialect::Responses => Inner::Responses(responses::Encoder::new(head)),
            },
        }
    }

    /// Value of the `content-type` header of the stream.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match &self.inner {
            Inner::Gemini(encoder) => encoder.content_type(),
            Inner::OpenAi(_) | Inner::Anthropic(_) | Inner::Responses(_) => {
                "text/event-stream; charset=utf-8"
            }
        }
    }

    /// Sets the tokens so far. Anthropic writes them at the start, Gemini on every event; OpenAI
    /// and Responses only the figures given to [`Self::finish`].
    pub fn count(&mut self, usage: Usage) {
        match &mut self.inner {
            Inner::OpenAi(_) | Inner::Responses(_) => {}
            Inner::Anthropic(encoder) => encoder.usage = Some(usage),
            Inner::Gemini(encoder) => encoder.usage = Some(usage),
        }
    }

    /// The events before any content; none in Gemini.
    #[must_use]
    pub fn start(&mut self) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.start(),
            Inner::Anthropic(encoder) => encoder.start(),
            Inner::Gemini(_) => Vec::new(),
            Inner::Responses(encoder) => encoder.start(),
        }
    }

    /// A piece of visible text.
    #[must_use]
    pub fn text(&mut self, text: &str) -> Vec<u8> {
        self.text_with(text, &[])
    }

    /// A piece of visible text with the log-probabilities of its tokens; only OpenAI's dialect can say them.
    #[must_use]
    pub fn text_with(&mut self, text: &str, places: &[TokenPlace]) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.text(text, places),
            Inner::Anthropic(encoder) => encoder.text(text),
            Inner::Gemini(encoder) => encoder.text(text),
            Inner::Responses(encoder) => encoder.text(text),
        }
    }

    /// A piece of reasoning; OpenAI's dialect in the words of compatible servers
    /// (`reasoning_content`).
    #[must_use]
    pub fn reasoning(&mut self, text: &str) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.reasoning(text),
            Inner::Anthropic(encoder) => encoder.reasoning(text),
            Inner::Gemini(encoder) => encoder.reasoning(text),
            Inner::Responses(encoder) => encoder.reasoning(text),
        }
    }

    /// A piece of a refusal: marked in OpenAI's dialect, plain text in Anthropic's; in Gemini's
    /// the event that blocks the prompt, which ends the answer.
    #[must_use]
    pub fn refusal(&mut self, text: &str) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.refusal(text),
            Inner::Anthropic(encoder) => encoder.text(text),
            Inner::Gemini(encoder) => encoder.refusal(),
            Inner::Responses(encoder) => encoder.refusal(text),
        }
    }

    /// A whole call of a tool.
    #[must_use]
    pub fn tool_call(&mut self, call: &ToolCall) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.tool_call(call),
            Inner::Anthropic(encoder) => encoder.tool_call(call),
            Inner::Gemini(encoder) => encoder.tool_call(call),
            Inner::Responses(encoder) => encoder.tool_call(call),
        }
    }

    /// A call of a tool begins; [`Self::call_arguments`] follows. Not for Gemini, whose calls come
    /// in one piece: there it writes nothing.
    #[must_use]
    pub fn call_begin(&mut self, id: &str, name: &str) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.call_begin(id, name),
            Inner::Anthropic(encoder) => encoder.call_begin(id, name),
            Inner::Responses(encoder) => encoder.call_begin(id, name),
            Inner::Gemini(_) => Vec::new(),
        }
    }

    /// The next piece of the JSON text of the arguments of the call that began last.
    #[must_use]
    pub fn call_arguments(&mut self, piece: &str) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.call_arguments(piece),
            Inner::Anthropic(encoder) => encoder.call_arguments(piece),
            Inner::Responses(encoder) => encoder.call_arguments(piece),
            Inner::Gemini(_) => Vec::new(),
        }
    }

    /// The end: finish reason, usage and the dialect's terminal event (Gemini has none).
    #[must_use]
    pub fn finish(&mut self, finish: &FinishReason, usage: Option<&Usage>) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.finish(finish, usage),
            Inner::Anthropic(encoder) => encoder.finish(finish, usage),
            Inner::Gemini(encoder) => encoder.finish(finish, usage),
            Inner::Responses(encoder) => encoder.finish(finish, usage),
        }
    }

    /// An error in the middle of the stream, after which nothing more should be written.
    #[must_use]
    pub fn error(&mut self, error: &ErrorReply) -> Vec<u8> {
        match &mut self.inner {
            Inner::OpenAi(encoder) => encoder.error(error),
            Inner::Anthropic(_) => encode_error_event(Dialect::Anthropic, error),
            Inner::Responses(_) => encode_error_event(Dialect::Responses, error),
            Inner::Gemini(encoder) => encoder.error(error),
        }
    }
}

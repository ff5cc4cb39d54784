//! Streams of generateContent.
//!
//! In: pieces. Out: partial responses, as events or as members of one JSON array, each with the
//! usage so far. There is no terminal event; the last response has the finish reason.

use trilemma_domain::{Dialect, FinishReason, ToolCall, Usage};

use super::response::{Body, CandidateBody, Content, Feedback, PartBody, UsageBody, finish_word};
use crate::server::error::{ErrorReply, encode_error};
use crate::server::stream::{Framing, StreamHead};
use crate::server::text::json;

/// State of one stream.
#[derive(Debug)]
pub(in crate::server) struct Encoder {
    head: StreamHead,
    framing: Framing,
    /// Tokens so far, told on every event.
    pub(in crate::server) usage: Option<Usage>,
    begun: bool,
    refused: bool,
}

impl Encoder {
    pub(in crate::server) fn new(head: StreamHead, framing: Framing) -> Self {
        Self {
            head,
            framing,
            usage: None,
            begun: false,
            refused: false,
        }
    }

    pub(in crate::server) fn content_type(&self) -> &'static str {
        match self.framing {
            Framing::Events => "text/event-stream",
            Framing::JsonArray => "application/json; charset=UTF-8",
        }
    }

    pub(in crate::server) fn text(&mut self, text: &str) -> Vec<u8> {
        self.event(Some(PartBody::text(text)), None)
    }

    pub(in crate::server) fn reasoning(&mut self, text: &str) -> Vec<u8> {
        self.event(Some(PartBody::thought(text)), None)
    }

    pub(in crate::server) fn tool_call(&mut self, call: &ToolCall) -> Vec<u8> {
        self.event(Some(PartBody::call(call)), None)
    }

    pub(in crate::server) fn refusal(&mut self) -> Vec<u8> {
        self.refused = true;
        let body = json(&Body {
            candidates: Vec::new(),
            prompt_feedback: Some(Feedback::refused()),
            usage_metadata: self.usage.as_ref().map(UsageBody::from),
            model_version: &self.head.model,
            response_id: Some(&self.head.response_id),
        });
        self.frame(&body)
    }

    pub(in crate::server) fn finish(
        &mut self,
        finish: &FinishReason,
        usage: Option<&Usage>,
    ) -> Vec<u8> {
        self.usage = usage.copied().or(self.usage);
        let mut out = if self.refused {
            Vec::new()
        } else {
            let part = (*finish != FinishReason::ContentFilter).then(|| PartBody::text(""));
            self.event(part, Some(finish))
        };
        if self.framing == Framing::JsonArray {
            out.extend_from_slice(if self.begun { b"]" } else { b"[]" });
        }
        out
    }

    pub(in crate::server) fn error(&mut self, error: &ErrorReply) -> Vec<u8> {
        let body = encode_error(Dialect::Gemini, error);
        let mut out = self.frame(&body);
        if self.framing == Framing::JsonArray {
            out.push(b']');
        }
        out
    }

    fn event(&mut self, part: Option<PartBody<'_>>, finish: Option<&FinishReason>) -> Vec<u8> {
        let body = json(&Body {
            candidates: vec![CandidateBody {
                content: part.map(|part| Content {
                    parts: vec![part],
                    role: "model",
                }),
                finish_reason: finish.map(finish_word),
                index: 0,
            }],
            prompt_feedback: None,
            usage_metadata: self.usage.as_ref().map(UsageBody::from),
            model_version: &self.head.model,
            response_id: Some(&self.head.response_id),
        });
        self.frame(&body)
    }

    fn frame(&mut self, body: &[u8]) -> Vec<u8> {
        let (before, after): (&[u8], &[u8]) = match (self.framing, self.begun) {
            (Framing::Events, _) => (b"data: ", b"\r\n\r\n"),
            (Framing::JsonArray, false) => (b"[", b""),
            (Framing::JsonArray, true) => (b",\r\n", b""),
        };
        self.begun = true;
        [before, body, after].concat()
    }
}

//! Streams of chat completions.
//!
//! In: pieces. Out: `chat.completion.chunk` events: a role chunk with empty content, deltas, a chunk
//! with the finish reason, the usage chunk with empty `choices` if it was asked for, `[DONE]`.
//! Azure's form begins with a chunk without choices, id and model.

use serde::Serialize;
use trilemma_domain::{Dialect, FinishReason, TokenPlace, ToolCall, Usage};

use super::logprobs::{LogprobsBody, logprobs};
use super::response::{UsageBody, arguments_text, finish_word};
use crate::server::error::{ErrorReply, encode_error_event};
use crate::server::response::Withheld;
use crate::server::stream::StreamHead;
use crate::server::text::push_event;

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
    choices: &'a [Choice<'a>],
    /// Absent, null on every chunk but the last, or the figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<UsageBody>>,
}

#[derive(Serialize)]
struct AzureFirst {
    choices: [(); 0],
    created: i64,
    id: &'static str,
    model: &'static str,
    object: &'static str,
    prompt_filter_results: [AzureFilter; 1],
}

#[derive(Serialize)]
struct AzureFilter {
    prompt_index: u32,
    content_filter_results: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize, Default)]
struct Choice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<LogprobsBody<'a>>,
    finish_reason: Option<&'a str>,
}

#[derive(Serialize, Default)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_calls: Option<[CallDelta<'a>; 1]>,
}

#[derive(Serialize)]
struct CallDelta<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "type")]
    kind: Option<&'static str>,
    function: FunctionDelta<'a>,
}

#[derive(Serialize)]
struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

/// State of one stream.
#[derive(Debug)]
pub(in crate::server) struct Encoder {
    head: StreamHead,
    azure: bool,
    n_calls: u32,
    withheld: Withheld,
}

impl Encoder {
    pub(in crate::server) fn new(head: StreamHead, azure: bool) -> Self {
        Self {
            head,
            azure,
            n_calls: 0,
            withheld: Withheld::Silently,
        }
    }

    pub(in crate::server) fn start(&mut self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        if self.azure {
            push_event(
                &mut out,
                &AzureFirst {
                    choices: [],
                    created: 0,
                    id: "",
                    model: "",
                    object: "",
                    prompt_filter_results: [AzureFilter {
                        prompt_index: 0,
                        content_filter_results: Empty {},
                    }],
                },
            );
        }
        self.push_delta(
            &mut out,
            Delta {
                role: Some("assistant"),
                content: Some(""),
                ..Delta::default()
            },
        );
        out
    }

    pub(in crate::server) fn text(&self, text: &str, places: &[TokenPlace]) -> Vec<u8> {
        let mut out = Vec::with_capacity(320);
        let choice = Choice {
            delta: Delta {
                content: Some(text),
                ..Delta::default()
            },
            logprobs: logprobs(places),
            ..Choice::default()
        };
        self.push_chunk(&mut out, &[choice], None);
        out
    }

    pub(in crate::server) fn reasoning(&self, text: &str) -> Vec<u8> {
        self.delta(Delta {
            reasoning_content: Some(text),
            ..Delta::default()
        })
    }

    pub(in crate::server) fn refusal(&mut self, text: &str) -> Vec<u8> {
        self.withheld = Withheld::InWords;
        self.delta(Delta {
            refusal: Some(text),
            ..Delta::default()
        })
    }

    pub(in crate::server) fn tool_call(&mut self, call: &ToolCall) -> Vec<u8> {
        let mut out = self.call_begin(&call.id, &call.name);
        out.extend(self.call_arguments(&arguments_text(call)));
        out
    }

    pub(in crate::server) fn call_begin(&mut self, id: &str, name: &str) -> Vec<u8> {
        let index = self.n_calls;
        self.n_calls = self.n_calls.saturating_add(1);
        self.call_delta(CallDelta {
            index,
            id: Some(id),
            kind: Some("function"),
            function: FunctionDelta {
                name: Some(name),
                arguments: "",
            },
        })
    }

    pub(in crate::server) fn call_arguments(&self, arguments: &str) -> Vec<u8> {
        self.call_delta(CallDelta {
            index: self.n_calls.saturating_sub(1),
            id: None,
            kind: None,
            function: FunctionDelta {
                name: None,
                arguments,
            },
        })
    }

    fn call_delta(&self, delta: CallDelta<'_>) -> Vec<u8> {
        self.delta(Delta {
            tool_calls: Some([delta]),
            ..Delta::default()
        })
    }

    pub(in crate::server) fn finish(
        &self,
        finish: &FinishReason,
        usage: Option<&Usage>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(768);
        let last = Choice {
            finish_reason: Some(finish_word(finish, self.withheld)),
            ..Choice::default()
        };
        self.push_chunk(&mut out, &[last], None);
        if self.head.include_usage {
            self.push_chunk(&mut out, &[], usage.map(UsageBody::from));
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
        out
    }

    pub(in crate::server) fn error(&self, error: &ErrorReply) -> Vec<u8> {
        let dialect = if self.azure {
            Dialect::Azure
        } else {
            Dialect::OpenAi
        };
        encode_error_event(dialect, error)
    }

    fn delta(&self, delta: Delta<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(320);
        self.push_delta(&mut out, delta);
        out
    }

    fn push_delta(&self, out: &mut Vec<u8>, delta: Delta<'_>) {
        let choice = Choice {
            delta,
            ..Choice::default()
        };
        self.push_chunk(out, &[choice], None);
    }

    fn push_chunk(&self, out: &mut Vec<u8>, choices: &[Choice<'_>], usage: Option<UsageBody>) {
        push_event(
            out,
            &Chunk {
                id: &self.head.response_id,
                object: "chat.completion.chunk",
                created: self.head.created_unix_s,
                model: &self.head.model,
                system_fingerprint: self.head.system_fingerprint.as_deref(),
                choices,
                usage: self.head.include_usage.then_some(usage),
            },
        );
    }
}

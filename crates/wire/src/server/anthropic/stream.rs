//! Streams of Messages.
//!
//! In: pieces. Out: the named events from `message_start` to `message_stop`. Consecutive pieces of
//! one kind share a content block; a piece of another kind closes it and opens the next.

use serde::Serialize;
use trilemma_domain::{FinishReason, ToolCall, Usage};

use super::response::{Block, MessageBody, UsageBody, finish_word};
use crate::server::stream::StreamHead;
use crate::server::text::push_named_event;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event<'a> {
    MessageStart {
        message: MessageBody<'a>,
    },
    Ping,
    ContentBlockStart {
        index: u32,
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        index: u32,
        delta: Delta<'a>,
    },
    ContentBlockStop {
        index: u32,
    },
    MessageDelta {
        delta: End<'a>,
        usage: UsageBody,
    },
    MessageStop,
}

impl Event<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::Ping => "ping",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: &'a str },
}

#[derive(Serialize)]
struct End<'a> {
    stop_reason: Option<&'a str>,
    stop_sequence: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
    Call,
}

/// State of one stream.
#[derive(Debug)]
pub(in crate::server) struct Encoder {
    head: StreamHead,
    /// Tokens so far; the input's are told at the start.
    pub(in crate::server) usage: Option<Usage>,
    open: Option<Open>,
    next_index: u32,
}

impl Encoder {
    pub(in crate::server) fn new(head: StreamHead) -> Self {
        Self {
            head,
            usage: None,
            open: None,
            next_index: 0,
        }
    }

    pub(in crate::server) fn start(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        push(
            &mut out,
            &Event::MessageStart {
                message: MessageBody {
                    id: &self.head.response_id,
                    kind: "message",
                    role: "assistant",
                    model: &self.head.model,
                    content: Vec::new(),
                    stop_reason: None,
                    stop_sequence: None,
                    usage: UsageBody::from(&self.usage.unwrap_or_default()),
                },
            },
        );
        push(&mut out, &Event::Ping);
        out
    }

    pub(in crate::server) fn text(&mut self, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let index = self.open_block(&mut out, Open::Text);
        push(
            &mut out,
            &Event::ContentBlockDelta {
                index,
                delta: Delta::Text { text },
            },
        );
        out
    }

    pub(in crate::server) fn reasoning(&mut self, thinking: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        let index = self.open_block(&mut out, Open::Thinking);
        push(
            &mut out,
            &Event::ContentBlockDelta {
                index,
                delta: Delta::Thinking { thinking },
            },
        );
        out
    }

    pub(in crate::server) fn tool_call(&mut self, call: &ToolCall) -> Vec<u8> {
        let mut out = self.call_begin(&call.id, &call.name);
        out.extend(self.call_arguments(&call.arguments.to_string()));
        self.close_block(&mut out);
        out
    }

    pub(in crate::server) fn call_begin(&mut self, id: &str, name: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.close_block(&mut out);
        let index = self.next_index;
        self.next_index = index.saturating_add(1);
        self.open = Some(Open::Call);
        push(
            &mut out,
            &Event::ContentBlockStart {
                index,
                content_block: Block::ToolUse {
                    id,
                    name,
                    input: serde_json::Value::Object(serde_json::Map::new()),
                },
            },
        );
        out
    }

    pub(in crate::server) fn call_arguments(&self, partial_json: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        push(
            &mut out,
            &Event::ContentBlockDelta {
                index: self.next_index.saturating_sub(1),
                delta: Delta::InputJson { partial_json },
            },
        );
        out
    }

    pub(in crate::server) fn finish(
        &mut self,
        finish: &FinishReason,
        usage: Option<&Usage>,
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        self.close_block(&mut out);
        let usage = usage.copied().or(self.usage).unwrap_or_default();
        push(
            &mut out,
            &Event::MessageDelta {
                delta: End {
                    stop_reason: Some(finish_word(finish)),
                    stop_sequence: None,
                },
                usage: UsageBody::from(&usage),
            },
        );
        push(&mut out, &Event::MessageStop);
        out
    }

    /// Makes sure that a block of this kind is open and gives its index.
    fn open_block(&mut self, out: &mut Vec<u8>, kind: Open) -> u32 {
        if self.open != Some(kind) {
            self.close_block(out);
            let index = self.next_index;
            self.next_index = index.saturating_add(1);
            self.open = Some(kind);
            let content_block = match kind {
                Open::Text | Open::Call => Block::Text { text: "" },
                Open::Thinking => Block::Thinking {
                    thinking: "",
                    signature: "",
                },
            };
            push(
                out,
                &Event::ContentBlockStart {
                    index,
                    content_block,
                },
            );
        }
        self.next_index.saturating_sub(1)
    }

    fn close_block(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            let index = self.next_index.saturating_sub(1);
            push(out, &Event::ContentBlockStop { index });
        }
    }
}

fn push(out: &mut Vec<u8>, event: &Event<'_>) {
    push_named_event(out, event.name(), event);
}

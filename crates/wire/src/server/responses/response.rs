//! Whole answers of Responses.
//!
//! In: a neutral answer. Out: a `response` body. Usage follows OpenAI's meaning: cached tokens are
//! part of `input_tokens`, reasoning of `output_tokens`; details that nobody reported are zeros,
//! which the dialect demands.

use serde::Serialize;
use serde_json::{Map, Value};
use trilemma_domain::{ChatResponse, FinishReason, Usage};

use crate::server::openai::arguments_text;
use crate::server::response::Withheld;
use crate::server::text::json;

/// One response, whole or as the events of a stream carry it.
#[derive(Serialize)]
pub(super) struct ResponseBody<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created_at: i64,
    pub(super) status: &'static str,
    pub(super) background: bool,
    pub(super) error: Option<()>,
    pub(super) incomplete_details: Option<Incomplete<'a>>,
    pub(super) instructions: Option<()>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) metadata: Map<String, Value>,
    pub(super) model: &'a str,
    pub(super) output: Vec<Item<'a>>,
    pub(super) parallel_tool_calls: bool,
    pub(super) previous_response_id: Option<()>,
    pub(super) store: bool,
    pub(super) temperature: Option<f64>,
    pub(super) tool_choice: &'static str,
    pub(super) tools: [(); 0],
    pub(super) top_p: Option<f64>,
    pub(super) usage: Option<UsageBody>,
}

impl<'a> ResponseBody<'a> {
    /// A response that has just begun.
    pub(super) fn begun(id: &'a str, model: &'a str, created_at: i64) -> Self {
        Self {
            id,
            object: "response",
            created_at,
            status: "in_progress",
            background: false,
            error: None,
            incomplete_details: None,
            instructions: None,
            max_output_tokens: None,
            metadata: Map::new(),
            model,
            output: Vec::new(),
            parallel_tool_calls: true,
            previous_response_id: None,
            store: false,
            temperature: None,
            tool_choice: "auto",
            tools: [],
            top_p: None,
            usage: None,
        }
    }

    /// Sets how it ended.
    pub(super) fn end(
        &mut self,
        finish: &'a FinishReason,
        withheld: Withheld,
        usage: Option<&Usage>,
    ) {
        let reason = incomplete_reason(finish, withheld);
        self.status = match reason {
            Some(_) => "incomplete",
            None => "completed",
        };
        self.incomplete_details = reason.map(|reason| Incomplete { reason });
        self.usage = usage.map(UsageBody::from);
    }
}

/// Why an answer is not whole.
#[derive(Serialize)]
pub(super) struct Incomplete<'a> {
    reason: &'a str,
}

/// One item of the output.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    /// What the model says.
    Message {
        /// Its id.
        id: String,
        /// How far it has come.
        status: &'static str,
        /// Who says it.
        role: &'static str,
        /// Its parts.
        content: Vec<Part<'a>>,
    },
    /// What it thinks.
    Reasoning {
        /// Its id.
        id: String,
        /// Its texts.
        summary: Vec<Part<'a>>,
    },
    /// A call of a tool.
    FunctionCall {
        /// Its id as an item.
        id: String,
        /// Its id as a call.
        call_id: &'a str,
        /// The tool.
        name: &'a str,
        /// Its arguments as JSON text.
        arguments: &'a str,
        /// How far it has come.
        status: &'static str,
    },
}

/// One part of an item.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    /// Visible text.
    OutputText {
        /// The text.
        text: &'a str,
        /// Sources; never any.
        annotations: [(); 0],
    },
    /// Text of a refusal.
    Refusal {
        /// The text.
        refusal: &'a str,
    },
    /// Reasoning.
    SummaryText {
        /// The text.
        text: &'a str,
    },
}

/// Usage as OpenAI reports it.
#[derive(Serialize)]
pub(super) struct UsageBody {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Serialize)]
struct InputDetails {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
}

#[derive(Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl From<&Usage> for UsageBody {
    fn from(usage: &Usage) -> Self {
        let input = usage.input_total();
        Self {
            input_tokens: input,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cache_read.unwrap_or(0),
                cache_write_tokens: usage.cache_write_5m.or(usage.cache_write_1h),
            },
            output_tokens: usage.output,
            output_tokens_details: OutputDetails {
                reasoning_tokens: usage.reasoning.unwrap_or(0),
            },
            total_tokens: input.saturating_add(usage.output),
        }
    }
}

/// Why an answer that ended so is not whole; `None` = it is. A refusal in words is whole; one without
/// a word would look like an answer that was given.
pub(super) fn incomplete_reason(finish: &FinishReason, withheld: Withheld) -> Option<&str> {
    match (finish, withheld) {
        (FinishReason::Stop | FinishReason::ToolCalls, _)
        | (FinishReason::Refusal, Withheld::InWords) => None,
        (FinishReason::Length, _) => Some("max_output_tokens"),
        (FinishReason::ContentFilter, _) | (FinishReason::Refusal, Withheld::Silently) => {
            Some("content_filter")
        }
        (FinishReason::Other(word), _) => Some(word),
    }
}

/// Id of the item at a place of an answer.
pub(super) fn item_id(kind: &str, response_id: &str, idx: u32) -> String {
    let name = response_id.strip_prefix("resp_").unwrap_or(response_id);
    format!("{kind}_{name}_{idx}")
}

/// Writes the body of a whole answer.
pub(in crate::server) fn response(response: &ChatResponse, created_unix_s: i64) -> Vec<u8> {
    let id = response.response_id.as_deref().unwrap_or("resp_0");
    let model = response.served_model.as_deref().unwrap_or_default();
    let mut body = ResponseBody::begun(id, model, created_unix_s);
    // Whoever does not say why it ended may have cut it.
    let unknown = FinishReason::Other("unknown".to_owned());
    let finish = response.finish.as_ref().unwrap_or(&unknown);
    let withheld = Withheld::of(response.refusal.as_deref());
    body.end(finish, withheld, response.usage.as_ref());
    let status = body.status;
    let mut idx = 0u32..;
    let mut next_id = |kind| item_id(kind, id, idx.next().unwrap_or_default());
    if let Some(text) = response.reasoning.as_deref() {
        body.output.push(Item::Reasoning {
            id: next_id("rs"),
            summary: vec![Part::SummaryText { text }],
        });
    }
    let mut content = Vec::new();
    if !response.text.is_empty() {
        content.push(Part::OutputText {
            text: &response.text,
            annotations: [],
        });
    }
    if let Some(refusal) = response.refusal.as_deref() {
        content.push(Part::Refusal { refusal });
    }
    if !content.is_empty() {
        body.output.push(Item::Message {
            id: next_id("msg"),
            status,
            role: "assistant",
            content,
        });
    }
    let arguments: Vec<String> = response.tool_calls.iter().map(arguments_text).collect();
    for (call, arguments) in response.tool_calls.iter().zip(&arguments) {
        body.output.push(Item::FunctionCall {
            id: next_id("fc"),
            call_id: &call.id,
            name: &call.name,
            arguments,
            status,
        });
    }
    json(&body)
}

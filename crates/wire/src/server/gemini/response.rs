//! Whole answers of generateContent.
//!
//! In: a neutral answer. Out: a `GenerateContentResponse` body. Usage follows Google's meaning:
//! cached tokens are part of `promptTokenCount`, thoughts are not part of `candidatesTokenCount`.
//! A refusal is a blocked prompt: no candidates and a `blockReason`.

use serde::Serialize;
use serde_json::Value;
use trilemma_domain::{ChatResponse, FinishReason, ToolCall, Usage};

use crate::server::text::json;

/// One response: the whole answer, or one event of a stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) candidates: Vec<CandidateBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prompt_feedback: Option<Feedback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage_metadata: Option<UsageBody>,
    pub(super) model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_id: Option<&'a str>,
}

/// The answer itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CandidateBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<String>,
    pub(super) index: u32,
}

/// Parts of the model's message.
#[derive(Serialize)]
pub(super) struct Content<'a> {
    pub(super) parts: Vec<PartBody<'a>>,
    pub(super) role: &'static str,
}

/// One part.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<FunctionCall<'a>>,
}

/// A call of a tool.
#[derive(Serialize)]
pub(super) struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    name: &'a str,
    args: Value,
}

/// Why a prompt was blocked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feedback {
    block_reason: &'static str,
}

impl Feedback {
    /// The block that stands for a refusal.
    pub(super) fn refused() -> Self {
        Self {
            block_reason: "PROHIBITED_CONTENT",
        }
    }
}

/// Usage as Google reports it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageBody {
    prompt_token_count: u64,
    candidates_token_count: u64,
    total_token_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_content_token_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thoughts_token_count: Option<u64>,
}

impl From<&Usage> for UsageBody {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_token_count: usage.input_total(),
            candidates_token_count: usage.output_visible(),
            total_token_count: usage.input_total().saturating_add(usage.output),
            cached_content_token_count: usage.cache_read,
            thoughts_token_count: usage.reasoning,
        }
    }
}

impl<'a> PartBody<'a> {
    /// Visible text.
    pub(super) fn text(text: &'a str) -> Self {
        Self {
            text: Some(text),
            ..Self::default()
        }
    }

    /// Reasoning.
    pub(super) fn thought(text: &'a str) -> Self {
        Self {
            text: Some(text),
            thought: Some(true),
            ..Self::default()
        }
    }

    /// A call of a tool; arguments that are no JSON object travel under the name `raw`.
    pub(super) fn call(call: &'a ToolCall) -> Self {
        let args = match &call.arguments {
            Value::Object(_) => call.arguments.clone(),
            other => serde_json::json!({ "raw": other }),
        };
        Self {
            function_call: Some(FunctionCall {
                id: &call.id,
                name: &call.name,
                args,
            }),
            ..Self::default()
        }
    }
}

/// Google's word for a finish reason; calls of tools end with `STOP`.
pub(super) fn finish_word(finish: &FinishReason) -> String {
    match finish {
        FinishReason::Stop | FinishReason::ToolCalls => "STOP".to_owned(),
        FinishReason::Length => "MAX_TOKENS".to_owned(),
        FinishReason::ContentFilter => "SAFETY".to_owned(),
        FinishReason::Refusal => "PROHIBITED_CONTENT".to_owned(),
        FinishReason::Other(word) => word.to_uppercase(),
    }
}

/// Writes the body of a whole answer.
pub(in crate::server) fn response(response: &ChatResponse) -> Vec<u8> {
    let refused = response.refusal.is_some();
    let mut parts = Vec::new();
    if let Some(reasoning) = response.reasoning.as_deref() {
        parts.push(PartBody::thought(reasoning));
    }
    if !response.text.is_empty() {
        parts.push(PartBody::text(&response.text));
    }
    parts.extend(response.tool_calls.iter().map(PartBody::call));
    let candidates = if refused {
        Vec::new()
    } else {
        vec![CandidateBody {
            content: (!parts.is_empty()).then_some(Content {
                parts,
                role: "model",
            }),
            finish_reason: response.finish.as_ref().map(finish_word),
            index: 0,
        }]
    };
    json(&Body {
        candidates,
        prompt_feedback: refused.then(Feedback::refused),
        usage_metadata: response.usage.as_ref().map(UsageBody::from),
        model_version: response.served_model.as_deref().unwrap_or_default(),
        response_id: response.response_id.as_deref(),
    })
}

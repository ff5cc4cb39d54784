//! Whole answers of chat completions.
//!
//! In: a neutral answer. Out: a `chat.completion` body with one choice. Usage follows OpenAI's
//! meaning: cached tokens are part of `prompt_tokens`, reasoning of `completion_tokens`.

use serde::Serialize;
use trilemma_domain::{ChatResponse, FinishReason, ToolCall, Usage};

use super::logprobs::{LogprobsBody, logprobs};
use crate::server::response::Withheld;
use crate::server::text::json;

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system_fingerprint: Option<&'a str>,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: MessageBody<'a>,
    logprobs: Option<LogprobsBody<'a>>,
    finish_reason: Option<&'a str>,
}

#[derive(Serialize)]
struct MessageBody<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallBody<'a>>,
}

#[derive(Serialize)]
struct CallBody<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: FunctionBody<'a>,
}

#[derive(Serialize)]
struct FunctionBody<'a> {
    name: &'a str,
    arguments: String,
}

/// Usage as OpenAI reports it.
#[derive(Serialize)]
pub(super) struct UsageBody {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

impl From<&Usage> for UsageBody {
    fn from(usage: &Usage) -> Self {
        let input = usage.input_total();
        let written = usage.cache_write_5m.or(usage.cache_write_1h);
        Self {
            prompt_tokens: input,
            completion_tokens: usage.output,
            total_tokens: input.saturating_add(usage.output),
            prompt_tokens_details: (usage.cache_read.is_some() || written.is_some()).then(|| {
                PromptDetails {
                    cached_tokens: usage.cache_read.unwrap_or(0),
                    cache_write_tokens: written,
                }
            }),
            completion_tokens_details: usage
                .reasoning
                .map(|reasoning_tokens| CompletionDetails { reasoning_tokens }),
        }
    }
}

/// OpenAI's word for a finish reason. A refusal of the model ends with `stop`, because its text marks
/// it; without such a text nothing would tell it from an answer, so it is a filtered one.
pub(super) fn finish_word(finish: &FinishReason, withheld: Withheld) -> &str {
    match (finish, withheld) {
        (FinishReason::Refusal, Withheld::Silently) => "content_filter",
        (FinishReason::Stop | FinishReason::Refusal, _) => "stop",
        (FinishReason::Length, _) => "length",
        (FinishReason::ToolCalls, _) => "tool_calls",
        (FinishReason::ContentFilter, _) => "content_filter",
        (FinishReason::Other(word), _) => word,
    }
}

/// Arguments of a call as the string that OpenAI puts on the wire.
pub(in crate::server) fn arguments_text(call: &ToolCall) -> String {
    match &call.arguments {
        serde_json::Value::String(raw) => raw.clone(),
        value => value.to_string(),
    }
}

/// Writes the body of a whole answer.
pub(in crate::server) fn response(response: &ChatResponse, created_unix_s: i64) -> Vec<u8> {
    let has_text =
        !response.text.is_empty() || (response.tool_calls.is_empty() && response.refusal.is_none());
    json(&Completion {
        id: response.response_id.as_deref().unwrap_or("chatcmpl-0"),
        object: "chat.completion",
        created: created_unix_s,
        model: response.served_model.as_deref().unwrap_or_default(),
        choices: [Choice {
            index: 0,
            message: MessageBody {
                role: "assistant",
                content: has_text.then_some(response.text.as_str()),
                reasoning_content: response.reasoning.as_deref(),
                refusal: response.refusal.as_deref(),
                tool_calls: response
                    .tool_calls
                    .iter()
                    .map(|call| CallBody {
                        id: &call.id,
                        kind: "function",
                        function: FunctionBody {
                            name: &call.name,
                            arguments: arguments_text(call),
                        },
                    })
                    .collect(),
            },
            logprobs: logprobs(&response.first_tokens),
            finish_reason: response
                .finish
                .as_ref()
                .map(|finish| finish_word(finish, Withheld::of(response.refusal.as_deref()))),
        }],
        usage: response.usage.as_ref().map(UsageBody::from),
        system_fingerprint: response.system_fingerprint.as_deref(),
    })
}

//! Whole answers of Messages.
//!
//! In: a neutral answer. Out: a `message` body. Usage follows Anthropic's meaning: `input_tokens`
//! excludes cached ones, thinking is part of `output_tokens`.

use serde::Serialize;
use serde_json::Value;
use trilemma_domain::{ChatResponse, FinishReason, ServiceTier, Usage};

use crate::server::text::json;

/// One message, whole or at the start of a stream.
#[derive(Serialize)]
pub(super) struct MessageBody<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: Vec<Block<'a>>,
    pub(super) stop_reason: Option<&'a str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) usage: UsageBody,
}

/// One content block.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block<'a> {
    /// Visible text.
    Text {
        /// The text.
        text: &'a str,
    },
    /// Reasoning.
    Thinking {
        /// Its text.
        thinking: &'a str,
        /// The vendor's signature of it.
        signature: &'static str,
    },
    /// A call of a tool.
    ToolUse {
        /// Id of the call.
        id: &'a str,
        /// Name of the tool.
        name: &'a str,
        /// The arguments.
        input: Value,
    },
}

/// Usage as Anthropic reports it.
#[derive(Serialize)]
pub(super) struct UsageBody {
    input_tokens: u64,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation: Option<CacheCreation>,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
    service_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct CacheCreation {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

impl From<&Usage> for UsageBody {
    fn from(usage: &Usage) -> Self {
        let (short, long) = (usage.cache_write_5m, usage.cache_write_1h);
        let written = (short.is_some() || long.is_some())
            .then(|| short.unwrap_or(0).saturating_add(long.unwrap_or(0)));
        Self {
            input_tokens: usage.input_uncached,
            cache_creation_input_tokens: written,
            cache_read_input_tokens: usage.cache_read,
            cache_creation: written.map(|_| CacheCreation {
                ephemeral_5m_input_tokens: short.unwrap_or(0),
                ephemeral_1h_input_tokens: long.unwrap_or(0),
            }),
            output_tokens: usage.output,
            output_tokens_details: usage
                .reasoning
                .map(|thinking_tokens| OutputDetails { thinking_tokens }),
            // Nobody knows it of another vendor, unless it says so.
            service_tier: usage.tier.and_then(tier_word),
        }
    }
}

/// Anthropic's word for a class of service.
fn tier_word(tier: ServiceTier) -> Option<&'static str> {
    match tier {
        ServiceTier::Standard => Some("standard"),
        ServiceTier::Priority => Some("priority"),
        ServiceTier::Batch => Some("batch"),
        ServiceTier::Flex | ServiceTier::Other => None,
    }
}

/// Anthropic's word for a finish reason; both kinds of withheld answers are `refusal` there.
pub(super) fn finish_word(finish: &FinishReason) -> &str {
    match finish {
        FinishReason::Stop => "end_turn",
        FinishReason::Length => "max_tokens",
        FinishReason::ToolCalls => "tool_use",
        FinishReason::ContentFilter | FinishReason::Refusal => "refusal",
        FinishReason::Other(word) => word,
    }
}

/// Writes the body of a whole answer. Usage is mandatory in this dialect: an unknown one is zeros.
pub(in crate::server) fn response(response: &ChatResponse) -> Vec<u8> {
    let mut content = Vec::new();
    if let Some(thinking) = response.reasoning.as_deref() {
        content.push(Block::Thinking {
            thinking,
            signature: "",
        });
    }
    for text in [Some(response.text.as_str()), response.refusal.as_deref()]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
    {
        content.push(Block::Text { text });
    }
    for call in &response.tool_calls {
        content.push(Block::ToolUse {
            id: &call.id,
            name: &call.name,
            input: call.arguments.clone(),
        });
    }
    json(&MessageBody {
        id: response.response_id.as_deref().unwrap_or("msg_0"),
        kind: "message",
        role: "assistant",
        model: response.served_model.as_deref().unwrap_or_default(),
        content,
        stop_reason: response.finish.as_ref().map(finish_word),
        stop_sequence: None,
        usage: UsageBody::from(&response.usage.unwrap_or_default()),
    })
}

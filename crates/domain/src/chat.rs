//! A conversation in vendor-neutral words: what `wire` encodes for each dialect and reads back.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::logprobs::TokenPlace;
use crate::params::Params;
use crate::usage::Usage;

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions of the application ("developer" in newer OpenAI models).
    System,
    /// The person or program that asks.
    User,
    /// The model.
    Assistant,
    /// The result of a tool that the model called.
    Tool,
}

/// One piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Part {
    /// Plain text.
    Text {
        /// The text, unescaped.
        text: String,
    },
    /// An image, by address or inline.
    Image {
        /// Address to fetch it from; exclusive with `data`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        /// Base64 bytes; exclusive with `url`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<String>,
        /// Such as `image/png`; needed with `data`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
    },
    /// A document such as a PDF, inline.
    File {
        /// Base64 bytes.
        data: String,
        /// Such as `application/pdf`.
        media_type: String,
        /// File name shown to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A document such as a PDF, by an address that the vendor fetches.
    FileUrl {
        /// The address.
        url: String,
        /// Such as `application/pdf`; `None` = nobody said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
        /// File name shown to the model.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// A call that the model made earlier in the conversation.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult {
        /// Id of the call that this answers.
        id: String,
        /// The answer as text.
        text: String,
    },
    /// Everything up to here is worth caching by the vendor (a "cache breakpoint").
    CacheBreakpoint,
}

/// A call of a tool by the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The vendor's id of this call; empty where the vendor gives none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as JSON; a string holds arguments that are not valid JSON, as received.
    #[serde(default)]
    pub arguments: Value,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// Its pieces, in order.
    pub parts: Vec<Part>,
}

impl Part {
    /// Whether it is a picture or a document, and no text.
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        matches!(
            self,
            Self::Image { .. } | Self::File { .. } | Self::FileUrl { .. }
        )
    }
}

impl Message {
    /// Makes a message of one text.
    #[must_use]
    pub fn text(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            parts: vec![Part::Text { text: text.into() }],
        }
    }

    /// Joins the text parts, without separator.
    #[must_use]
    pub fn joined_text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                Part::Image { .. }
                | Part::File { .. }
                | Part::FileUrl { .. }
                | Part::ToolCall(_)
                | Part::ToolResult { .. }
                | Part::CacheBreakpoint => None,
            })
            .collect()
    }
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The name by which it is called.
    pub name: String,
    /// What it does, for the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default = "empty_object")]
    pub parameters: Value,
    /// Whether arguments must keep to the schema; `None` = as the vendor does without a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

fn empty_object() -> Value {
    Value::Object(Map::new())
}

/// How free the model is to call tools.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// The model decides (every vendor's default).
    #[default]
    Auto,
    /// No call.
    None,
    /// At least one call.
    Required,
    /// This tool.
    Named(String),
}

/// The shape that the answer must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat {
    /// Any JSON object.
    JsonObject,
    /// JSON that fits a schema.
    JsonSchema {
        /// A name for the schema, letters, digits, `_` and `-`.
        name: String,
        /// The JSON Schema.
        schema: Value,
        /// Whether the answer must keep to it; `None` = it must, wherever the vendor can see to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

/// Everything that is asked of a model in one call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The model's name on the wire.
    pub model: String,
    /// The conversation; system messages come first.
    pub messages: Vec<Message>,
    /// Tools on offer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// How free the model is to call them.
    #[serde(default)]
    pub tool_choice: ToolChoice,
    /// Required shape of the answer; `None` = free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat>,
    /// Sampling and length parameters.
    #[serde(default)]
    pub params: Params,
    /// Whether the answer is asked for as a stream of events.
    #[serde(default)]
    pub stream: bool,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done, or met a stop sequence.
    Stop,
    /// It ran out of output tokens or context: the answer is incomplete.
    Length,
    /// It calls tools.
    ToolCalls,
    /// The vendor's filter cut or withheld the answer.
    ContentFilter,
    /// The model declined, as the vendor reports it.
    Refusal,
    /// Anything else, in the vendor's word.
    Other(String),
}

/// A complete answer in vendor-neutral words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChatResponse {
    /// Visible text; empty when the model only called tools or was filtered.
    pub text: String,
    /// Reasoning text, where the vendor shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Text of an explicit refusal, where the vendor marks one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Tool calls, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Why the model stopped; `None` when the vendor did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish: Option<FinishReason>,
    /// The model that answered, as the vendor names it; `None` when it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served_model: Option<String>,
    /// The vendor's fingerprint of its back end, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_fingerprint: Option<String>,
    /// The vendor's id of the response body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_id: Option<String>,
    /// Tokens, normalised; `None` when the vendor reported none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Tokens as the vendor reported them, untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_usage: Option<Value>,
    /// Log-probabilities of its first tokens, at most [`TokenPlace::MOST_PLACES`]; empty where they were not
    /// asked for or the vendor gives none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first_tokens: Vec<TokenPlace>,
}

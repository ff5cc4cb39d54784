//! Candidates: endpoint + pinned model snapshot + parameters + prompt variant.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::chat::{ResponseFormat, ToolChoice};
use crate::ids::CandidateId;
use crate::money::{Usd, UsdPerMtok};
use crate::params::Params;
use crate::pipeline::Pipeline;

/// The language that an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// OpenAI chat completions, and every server compatible with it.
    OpenAi,
    /// OpenAI chat completions as Azure serves them.
    Azure,
    /// Anthropic Messages.
    Anthropic,
    /// Google Gemini generateContent.
    Gemini,
    /// OpenAI Responses, without stored state.
    Responses,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::Azure,
        Self::Anthropic,
        Self::Gemini,
        Self::Responses,
    ];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Azure => "azure",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Responses => "responses",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A model's name within a provider: `provider/model`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelName {
    /// The provider, as the catalog or the project calls it.
    pub provider: String,
    /// The model, as the provider calls it on the wire.
    pub model: String,
}

impl ModelName {
    /// Reads `provider/model`; the model part may itself contain slashes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (provider, model) = text.split_once('/')?;
        (!provider.is_empty() && !model.is_empty()).then(|| Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
        })
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// Something that a model or endpoint can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Calls tools.
    Tools,
    /// Answers in JSON that fits a given schema.
    JsonSchema,
    /// Answers in JSON.
    JsonMode,
    /// Reads images.
    Vision,
    /// Reads documents such as PDF.
    Files,
    /// Reasons before it answers.
    Reasoning,
    /// Streams its answer.
    Streaming,
    /// Reports log-probabilities.
    Logprobs,
    /// Takes a seed.
    Seed,
    /// Reuses cached prompt prefixes.
    PromptCache,
}

impl Capability {
    /// All capabilities.
    pub const ALL: [Self; 10] = [
        Self::Tools,
        Self::JsonSchema,
        Self::JsonMode,
        Self::Vision,
        Self::Files,
        Self::Reasoning,
        Self::Streaming,
        Self::Logprobs,
        Self::Seed,
        Self::PromptCache,
    ];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::JsonSchema => "json_schema",
            Self::JsonMode => "json_mode",
            Self::Vision => "vision",
            Self::Files => "files",
            Self::Reasoning => "reasoning",
            Self::Streaming => "streaming",
            Self::Logprobs => "logprobs",
            Self::Seed => "seed",
            Self::PromptCache => "prompt_cache",
        }
    }
}

/// Where a candidate is called; holds no key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The provider's name in project or catalog; keys are looked up by it.
    pub provider: String,
    /// The language spoken there.
    pub dialect: Dialect,
    /// Address up to and including the version part, without trailing slash,
    /// such as `https://api.openai.com/v1`.
    pub base_url: String,
    /// The model's name on the wire (Azure: the deployment).
    pub model: String,
    /// Azure only: value of `api-version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// How it is called where it is no model; the dialect then says how keys, errors and limits are
    /// written. `None` = a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<Box<Pipeline>>,
}

/// A prompt template as written, with where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptText {
    /// Name in `[prompts]`.
    pub name: String,
    /// Template source (minijinja, role-marked).
    pub source: String,
}

/// Prices of the project's own contract, USD per million tokens; they override the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPrice {
    /// Uncached input.
    pub input: UsdPerMtok,
    /// Output, reasoning included.
    pub output: UsdPerMtok,
    /// Input read from cache; absent = as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<UsdPerMtok>,
    /// Input written to cache; absent = as `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<UsdPerMtok>,
    /// A thousand web searches that the vendor runs for calls; absent = unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_search_1k: Option<Usd>,
}

/// One thing that could be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Unique name within the project.
    pub id: CandidateId,
    /// Where it is called.
    pub target: Target,
    /// Which catalog model it is: for price, pins and family. `None` = unknown to the catalog.
    pub identity: Option<ModelName>,
    /// The prompt variant; `None` = the item's input as it is.
    pub prompt: Option<PromptText>,
    /// Parameters.
    pub params: Params,
    /// Shape asked of the answer.
    pub response_format: Option<ResponseFormat>,
    /// How free it is to call the item's tools.
    #[serde(default)]
    pub tool_choice: ToolChoice,
    /// Own contract prices.
    pub price: Option<OwnPrice>,
    /// Whether answers are streamed (needed for TTFT).
    pub stream: bool,
}

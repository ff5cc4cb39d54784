//! Pipelines: a retrieval chain, an agent or another service that is called like a model.
//!
//! They say how an answer is asked for and where it stands in what comes back. A pipeline reports its
//! usage and cost itself; what it does not report is unknown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a candidate that is no model is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Over HTTP, or as a program.
    pub call: PipelineCall,
    /// Where the answer and its figures stand in what comes back.
    pub reply: ReplyShape,
    /// What the pipeline is at, such as a commit. Only answers of a stated version are replayed in a
    /// later run: the same request may mean something else tomorrow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Most calls at once, at least 1; `None` = as many as the run makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
}

/// The two ways to call a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PipelineCall {
    /// By `POST` of a JSON body.
    Http {
        /// Path and query behind the base URL, from `/` on; empty = the base URL itself.
        path: String,
        /// Headers besides the usual ones; never a key.
        headers: BTreeMap<String, String>,
        /// The body; its texts are templates.
        body: Value,
    },
    /// By a program that reads one JSON object from its standard input.
    Command {
        /// The program and its arguments; never empty.
        argv: Vec<String>,
        /// Names of environment variables that it may see besides the usual ones.
        env: Vec<String>,
    },
}

/// Where an answer and its figures stand in a reply.
///
/// Each place is a path of names and positions, such as `choices.0.message.content`, or a JSON
/// pointer, such as `/choices/0/message/content`. `None` = the reply does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReplyShape {
    /// The answer; `None` = the whole reply is the answer, as text.
    pub answer: Option<String>,
    /// Input tokens, those from a cache included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<String>,
    /// Input tokens read from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read_tokens: Option<String>,
    /// Output tokens, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<String>,
    /// Output tokens spent on reasoning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<String>,
    /// What the call cost, in US dollars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<String>,
    /// The model or version that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Pipeline {
    /// Whether calling it runs a program on this machine.
    #[must_use]
    pub fn runs_code(&self) -> bool {
        matches!(self.call, PipelineCall::Command { .. })
    }
}

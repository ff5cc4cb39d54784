//! Where answers come from.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::FaultKind;
use super::spread::Spread;

/// Where a model's answers come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answers {
    /// The text of the last user message.
    Echo,
    /// Always this text.
    Text {
        /// The text.
        text: String,
    },
    /// A text of this many o200k tokens, for load.
    Tokens {
        /// How many, at least 1, rounded.
        count: Spread,
    },
    /// The first rule that fits.
    Script {
        /// The rules, in order; a prompt that fits none is answered with an error.
        rules: Vec<ScriptRule>,
    },
    /// Recorded answers, joined by the prompt.
    Replay {
        /// Whose answers; `None` = those recorded under the model's own name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
    },
}

/// Answers to the prompts that fit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptRule {
    /// Fits when the last user message contains this; `None` = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// Fits when the prompt joins to this item of the golden set; `None` = any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The answers, by order of call; after the last comes the first again.
    pub answers: Vec<ScriptAnswer>,
}

/// One scripted answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptAnswer {
    /// Visible text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Reasoning, told before the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// Text of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Calls of tools, told after the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ScriptToolCall>,
    /// What goes wrong with it, each time that it is given, unless a rule of the model strikes the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultKind>,
}

/// One scripted call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptToolCall {
    /// The tool.
    pub name: String,
    /// The arguments.
    pub arguments: Value,
}

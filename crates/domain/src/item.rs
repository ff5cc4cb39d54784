//! One case of the golden set.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::chat::{Message, Role, Tool, ToolCall};
use crate::ids::ItemId;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// One text.
    Text(String),
    /// A conversation.
    Messages(Vec<Message>),
}

impl Input {
    /// The text of the last user message, which is what length limits and routes look at.
    #[must_use]
    pub fn last_user_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Messages(messages) => messages
                .iter()
                .rev()
                .find(|message| message.role == Role::User)
                .map(Message::joined_text)
                .unwrap_or_default(),
        }
    }
}

/// What a right answer looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// This text.
    Text(String),
    /// Several texts: alternatives, or the members of a set; the scorer says which.
    List(Vec<String>),
    /// A JSON value.
    Json(Value),
    /// These tool calls.
    ToolCalls(Vec<ToolCall>),
}

/// One case of the golden set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Unique name within the golden set.
    pub id: ItemId,
    /// What is asked.
    pub input: Input,
    /// The expected answer; `None` where only criteria exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// Criteria for a judge, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub criteria: Vec<String>,
    /// Labels for slices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Items that are not independent of each other share one cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// How hard it is, in the team's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<String>,
    /// How much it counts; above zero, 1 by default.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub weight: f64,
    /// Tools on offer in this case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Anything else; templates can use it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

fn one() -> f64 {
    1.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_one(weight: &f64) -> bool {
    (*weight - 1.0).abs() < f64::EPSILON
}

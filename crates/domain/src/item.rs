//! One case of the golden set.

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::chat::{Message, Role, Tool, ToolCall};
use crate::extras::{Extras, ItemExtras};
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
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Record<'_>")]
pub struct Item {
    /// Unique name within the golden set.
    pub id: ItemId,
    /// What is asked.
    pub input: Input,
    /// The expected answer; `None` where only criteria exist.
    pub expected: Option<Expected>,
    /// How much it counts; above zero, 1 by default.
    pub weight: f64,
    /// Criteria, tags, cluster, difficulty, tools and metadata.
    pub extras: Extras,
}

impl Item {
    /// Makes an item that asks this and has nothing else; its weight is 1.
    #[must_use]
    pub fn new(id: impl Into<ItemId>, input: Input) -> Self {
        Self {
            id: id.into(),
            input,
            expected: None,
            weight: one(),
            extras: Extras::default(),
        }
    }
}

/// An item as it is written: all fields side by side, those that are empty left out.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Item")]
struct Record<'a> {
    id: Cow<'a, ItemId>,
    input: Cow<'a, Input>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected: Option<Cow<'a, Expected>>,
    #[serde(default, skip_serializing_if = "is_empty")]
    criteria: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "is_empty")]
    tags: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    difficulty: Option<Cow<'a, str>>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    weight: f64,
    #[serde(default, skip_serializing_if = "is_empty")]
    tools: Cow<'a, [Tool]>,
    #[serde(default, skip_serializing_if = "is_empty_map")]
    metadata: Cow<'a, Map<String, Value>>,
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let extras = &*self.extras;
        Record {
            id: Cow::Borrowed(&self.id),
            input: Cow::Borrowed(&self.input),
            expected: self.expected.as_ref().map(Cow::Borrowed),
            criteria: Cow::Borrowed(&extras.criteria),
            tags: Cow::Borrowed(&extras.tags),
            cluster: extras.cluster.as_deref().map(Cow::Borrowed),
            difficulty: extras.difficulty.as_deref().map(Cow::Borrowed),
            weight: self.weight,
            tools: Cow::Borrowed(&extras.tools),
            metadata: Cow::Borrowed(&extras.metadata),
        }
        .serialize(serializer)
    }
}

impl From<Record<'_>> for Item {
    fn from(record: Record<'_>) -> Self {
        Self {
            id: record.id.into_owned(),
            input: record.input.into_owned(),
            expected: record.expected.map(Cow::into_owned),
            weight: record.weight,
            extras: Extras::from(ItemExtras {
                criteria: record.criteria.into_owned(),
                tags: record.tags.into_owned(),
                cluster: record.cluster.map(Cow::into_owned),
                difficulty: record.difficulty.map(Cow::into_owned),
                tools: record.tools.into_owned(),
                metadata: record.metadata.into_owned(),
            }),
        }
    }
}

fn is_empty<T: Clone>(list: &[T]) -> bool {
    list.is_empty()
}

fn is_empty_map(map: &Map<String, Value>) -> bool {
    map.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_side_by_side_and_read_back() {
        assert!(size_of::<Item>() <= 96, "{}", size_of::<Item>());
        let check = |item: &Item, json: &str| {
            assert_eq!(serde_json::to_string(item).unwrap(), json);
            assert_eq!(serde_json::from_str::<Item>(json).unwrap(), *item);
        };
        let plain = Item::new("a", Input::Text("q".to_owned()));
        check(&plain, r#"{"id":"a","input":{"text":"q"}}"#);
        let full = Item {
            expected: Some(Expected::Text("4".to_owned())),
            weight: 2.5,
            extras: Extras::from(ItemExtras {
                criteria: vec!["is polite".to_owned()],
                tags: vec!["t".to_owned()],
                cluster: Some("c".to_owned()),
                difficulty: Some("hard".to_owned()),
                tools: vec![Tool {
                    name: "f".to_owned(),
                    description: None,
                    parameters: Value::from(1),
                    strict: None,
                }],
                metadata: Map::from_iter([("k".to_owned(), Value::Null)]),
            }),
            ..plain
        };
        check(
            &full,
            r#"{"id":"a","input":{"text":"q"},"expected":{"text":"4"},"criteria":["is polite"],"tags":["t"],"cluster":"c","difficulty":"hard","weight":2.5,"tools":[{"name":"f","parameters":1}],"metadata":{"k":null}}"#,
        );
    }
}

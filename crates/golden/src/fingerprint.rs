//! Content hashes of items and of whole sets.
//!
//! In: items. Out: [`Fingerprint`]s that are equal exactly where the content is equal. The method:
//! SHA-256 over length-prefixed fields in a fixed order, each list preceded by its length, JSON values
//! with sorted keys; so neither the file format, the order of keys nor white space between values
//! counts. A set's hash covers the sorted hashes of its items: the order of items does not count
//! either, their number does.

use serde_json::Value;
use trilemma_domain::{
    Expected, Fingerprint, FingerprintBuilder, Input, Item, Message, Part, Role, Tool, ToolCall,
};

/// Hashes all of an item: its id, what is asked, what is expected and everything else.
#[must_use]
pub fn item_fingerprint(item: &Item) -> Fingerprint {
    let mut feed = Feed::new("trilemma-item-v1");
    feed.text(item.id.as_str());
    feed.input(&item.input);
    feed.tools(&item.extras.tools);
    feed.expected(item.expected.as_ref());
    feed.texts(&item.extras.criteria);
    feed.texts(&item.extras.tags);
    feed.optional(item.extras.cluster.as_deref());
    feed.optional(item.extras.difficulty.as_deref());
    feed.text(&item.weight.to_string());
    feed.count(item.extras.metadata.len());
    let mut keys: Vec<_> = item.extras.metadata.iter().collect();
    keys.sort_by_key(|(key, _)| key.as_str());
    for (key, value) in keys {
        feed.text(key);
        feed.json(value);
    }
    feed.finish()
}

/// Hashes what is asked in an item: its input and tools, and nothing else.
#[must_use]
pub fn input_fingerprint(item: &Item) -> Fingerprint {
    asked_fingerprint(&item.input, &item.extras.tools)
}

/// Hashes an input with its tools, as [`input_fingerprint`] does.
pub(crate) fn asked_fingerprint(input: &Input, tools: &[Tool]) -> Fingerprint {
    let mut feed = Feed::new("trilemma-input-v1");
    feed.input(input);
    feed.tools(tools);
    feed.finish()
}

/// Hashes a set from the hashes of its items, in any order.
#[must_use]
pub fn set_fingerprint(items: &[Fingerprint]) -> Fingerprint {
    let mut sorted = items.to_vec();
    sorted.sort_unstable();
    let mut feed = Feed::new("trilemma-golden-set-v1");
    feed.count(sorted.len());
    for item in &sorted {
        feed.bytes(item.as_bytes());
    }
    feed.finish()
}

/// Writes JSON with sorted keys and no white space, the same for equal values.
pub(crate) fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
        Value::Array(members) => {
            out.push('[');
            for (idx, member) in members.iter().enumerate() {
                if idx > 0 {
                    out.push(',');
                }
                write_canonical(member, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            out.push('{');
            for (idx, (key, member)) in members.into_iter().enumerate() {
                if idx > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_canonical(member, out);
            }
            out.push('}');
        }
    }
}

/// A hash in the making.
struct Feed(FingerprintBuilder);

impl Feed {
    fn new(purpose: &str) -> Self {
        Self(Fingerprint::builder().field(purpose))
    }

    fn finish(self) -> Fingerprint {
        self.0.finish()
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0 = self.0.clone().field(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn count(&mut self, count: usize) {
        self.bytes(&(count as u64).to_be_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.text("none"),
            Some(text) => {
                self.text("some");
                self.text(text);
            }
        }
    }

    fn texts(&mut self, texts: &[String]) {
        self.count(texts.len());
        for text in texts {
            self.text(text);
        }
    }

    fn json(&mut self, value: &Value) {
        self.text(&canonical_json(value));
    }

    fn input(&mut self, input: &Input) {
        match input {
            Input::Text(text) => {
                self.text("text");
                self.text(text);
            }
            Input::Messages(messages) => {
                self.text("messages");
                self.count(messages.len());
                for message in messages {
                    self.message(message);
                }
            }
        }
    }

    fn message(&mut self, message: &Message) {
        self.text(match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        });
        self.count(message.parts.len());
        for part in &message.parts {
            self.part(part);
        }
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text } => {
                self.text("text");
                self.text(text);
            }
            Part::Image {
                url,
                data,
                media_type,
            } => {
                self.text("image");
                self.optional(url.as_deref());
                self.optional(data.as_deref());
                self.optional(media_type.as_deref());
            }
            Part::File {
                data,
                media_type,
                name,
            } => {
                self.text("file");
                self.text(data);
                self.text(media_type);
                self.optional(name.as_deref());
            }
            Part::FileUrl {
                url,
                media_type,
                name,
            } => {
                self.text("file_url");
                self.text(url);
                self.optional(media_type.as_deref());
                self.optional(name.as_deref());
            }
            Part::ToolCall(call) => {
                self.text("tool_call");
                self.call(call);
            }
            Part::ToolResult { id, text } => {
                self.text("tool_result");
                self.text(id);
                self.text(text);
            }
            Part::CacheBreakpoint => self.text("cache_breakpoint"),
        }
    }

    fn call(&mut self, call: &ToolCall) {
        self.text(&call.id);
        self.text(&call.name);
        self.json(&call.arguments);
    }

    fn tools(&mut self, tools: &[Tool]) {
        self.count(tools.len());
        for tool in tools {
            self.text(&tool.name);
            self.optional(tool.description.as_deref());
            self.json(&tool.parameters);
        }
    }

    fn expected(&mut self, expected: Option<&Expected>) {
        match expected {
            None => self.text("none"),
            Some(Expected::Text(text)) => {
                self.text("text");
                self.text(text);
            }
            Some(Expected::List(texts)) => {
                self.text("list");
                self.texts(texts);
            }
            Some(Expected::Json(value)) => {
                self.text("json");
                self.json(value);
            }
            Some(Expected::ToolCalls(calls)) => {
                self.text("tool_calls");
                self.count(calls.len());
                for call in calls {
                    self.call(call);
                }
            }
        }
    }
}

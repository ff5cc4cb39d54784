//! Kept requests as the project's prompts make them: what was filled in, not what came out.
//!
//! In: the line of a kept request. Out: the same line with the item's input and fields in place of the messages, so that
//! the project's prompts make the same messages of it; or nothing, where they would not: a benchmark would then ask
//! something else, or fail. Requests of a candidate without a prompt stay as they are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use trilemma_domain::{Input, Item, Message, PromptText};
use trilemma_project::{Project, Prompt, recover};

/// Columns of a kept request that a prompt's field must not stand for.
const OURS: [&str; 9] = [
    "schema_version",
    "request",
    "session",
    "messages",
    "tools",
    "tool_calls",
    "response_format",
    "answer",
    "tags",
];

/// The project's prompts, and what became of the requests that were read.
pub(super) struct Unwrapper {
    /// Every prompt once, by name.
    prompts: BTreeMap<String, (PromptText, Prompt)>,
    /// Each candidate's prompt; "" = it has none.
    by_candidate: BTreeMap<String, String>,
    /// Names of fields that were found.
    pub(super) fields: BTreeSet<String>,
    /// Requests that no prompt makes.
    pub(super) n_foreign: u64,
}

impl Unwrapper {
    pub(super) fn of(project: &Project) -> Self {
        let mut prompts = BTreeMap::new();
        let mut by_candidate = BTreeMap::new();
        for candidate in &project.candidates {
            let name = candidate.prompt.as_ref().map(|prompt| prompt.name.clone());
            if let Some(text) = &candidate.prompt
                && let Ok(prompt) = Prompt::parse(text)
            {
                prompts.insert(text.name.clone(), (text.clone(), prompt));
            }
            by_candidate.insert(candidate.id.to_string(), name.unwrap_or_default());
        }
        Self {
            prompts,
            by_candidate,
            fields: BTreeSet::new(),
            n_foreign: 0,
        }
    }

    /// The line to draw from; `None` = no prompt makes this request.
    pub(super) fn line(&mut self, mut line: Map<String, Value>) -> Option<Map<String, Value>> {
        if self.prompts.is_empty() {
            return Some(line);
        }
        let found = self.found(&line);
        let Some((input, fields)) = found else {
            self.n_foreign += 1;
            return None;
        };
        if let Input::Text(text) = input {
            line.insert("messages".to_owned(), Value::from(text));
        } else if let Input::Messages(messages) = input {
            line.insert("messages".to_owned(), serde_json::to_value(messages).ok()?);
        }
        for (name, value) in fields {
            self.fields.insert(name.clone());
            line.insert(name, value);
        }
        Some(line)
    }

    fn found(&self, line: &Map<String, Value>) -> Option<(Input, Map<String, Value>)> {
        let messages: Vec<Message> = serde_json::from_value(line.get("messages")?.clone()).ok()?;
        let candidate = line.get("candidate").and_then(Value::as_str);
        let own = candidate.and_then(|id| self.by_candidate.get(id));
        if own.is_some_and(String::is_empty) {
            let input = Input::Messages(messages);
            let item = Item::new("kept", input.clone());
            return self.is_asked(&item).then(|| (input, Map::new()));
        }
        // Its own prompt first; the candidate may have had another then.
        let first = own.and_then(|name| self.prompts.get(name));
        first
            .into_iter()
            .chain(self.prompts.values())
            .find_map(|(text, _)| {
                let found = recover(text, &messages)?;
                let is_ours = found
                    .fields
                    .keys()
                    .any(|name| OURS.contains(&name.as_str()));
                (!is_ours && self.is_asked(&found.item())).then_some((found.input, found.fields))
            })
    }

    /// Whether every prompt of the project can be made of an item.
    fn is_asked(&self, item: &Item) -> bool {
        let mut prompts = self.prompts.values();
        prompts.all(|(_, prompt)| prompt.render(item).is_ok())
    }
}

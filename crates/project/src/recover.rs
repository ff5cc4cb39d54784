//! From messages that a prompt made back to what it was made of.
//!
//! In: a template and messages of a client. Out: the input and the fields with which the template makes the same
//! messages, or nothing. What is found is filled in again and compared, so that a guess is never taken: white space at
//! a message's end aside, each byte is the same. Templates with conditions, loops, filters or two fields without a text
//! between them are not read backwards.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use trilemma_domain::{Extras, Input, Item, ItemExtras, Message, Part, PromptText, Role};

use crate::prompt::{Mark, Prompt, split};

/// Places at which texts of a template are tried; beyond it a message is no use of it.
const MAX_TRIES: usize = 10_000;
/// Names of the template engine's that stand for more than a text.
const TAKEN: [&str; 4] = ["id", "messages", "metadata", "tags"];

/// What an item has to hold for a prompt to make some messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// What it asks.
    pub input: Input,
    /// Its other fields, by name.
    pub fields: Map<String, Value>,
}

/// One message of a template, or the item's own.
enum Block {
    Made { role: Role, pieces: Vec<Piece> },
    Conversation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(String),
}

type Found = BTreeMap<String, String>;

/// Reads a prompt backwards; `None` = it did not make these messages, or cannot be read so.
#[must_use]
pub fn recover(prompt: &PromptText, messages: &[Message]) -> Option<Recovered> {
    let blocks = blocks(&prompt.source)?;
    let place = blocks
        .iter()
        .position(|block| matches!(block, Block::Conversation));
    let (before, own, after) = match place {
        None if blocks.len() != messages.len() => return None,
        None => (messages, &[][..], &[][..]),
        Some(place) => {
            let n_after = blocks.len().checked_sub(place + 1)?;
            let end = messages.len().checked_sub(n_after)?;
            let (rest, after) = messages.split_at_checked(end)?;
            let (before, own) = rest.split_at_checked(place)?;
            (before, own, after)
        }
    };
    let mut found = Found::new();
    let made = blocks.iter().filter_map(|block| match block {
        Block::Made { role, pieces } => Some((*role, pieces)),
        Block::Conversation => None,
    });
    for ((role, pieces), message) in made.zip(before.iter().chain(after)) {
        let text = text_of(message).filter(|_| message.role == role)?;
        // What ends a file is not always sent.
        let pieces = trimmed(pieces);
        let mut n_left = MAX_TRIES;
        if !fill(&pieces, text.trim_end(), &mut found, &mut n_left) {
            return None;
        }
    }
    let input = match (place, found.remove("input")) {
        (Some(_), _) => Input::Messages(own.to_vec()),
        (None, Some(input)) => Input::Text(input),
        (None, None) if found.is_empty() => return None,
        // A template may have its own names for everything: then what was asked as a whole is the input.
        (None, None) => {
            let mut users = messages.iter().rev();
            let last = users.find(|message| message.role == Role::User)?;
            Input::Text(last.joined_text())
        }
    };
    let fields = found
        .into_iter()
        .map(|(name, text)| (name, Value::from(text)))
        .collect();
    let recovered = Recovered { input, fields };
    recovered.makes(prompt, messages).then_some(recovered)
}

impl Recovered {
    /// As an item that asks the same.
    #[must_use]
    pub fn item(&self) -> Item {
        Item {
            extras: Extras::from(ItemExtras {
                metadata: self.fields.clone(),
                ..ItemExtras::default()
            }),
            ..Item::new("recovered", self.input.clone())
        }
    }

    fn makes(&self, prompt: &PromptText, messages: &[Message]) -> bool {
        let made = Prompt::parse(prompt).ok();
        let made = made.and_then(|prompt| prompt.render(&self.item()).ok());
        made.is_some_and(|made| {
            made.len() == messages.len()
                && made
                    .iter()
                    .zip(messages)
                    .all(|(one, other)| same(one, other))
        })
    }
}

fn same(one: &Message, other: &Message) -> bool {
    match (text_of(one), text_of(other)) {
        (Some(text), Some(other_text)) => {
            one.role == other.role && text.trim_end() == other_text.trim_end()
        }
        // What is more than text can only be the conversation's own.
        _ => one == other,
    }
}

/// A message's text; `None` = it is more than text.
fn text_of(message: &Message) -> Option<String> {
    let is_text = message
        .parts
        .iter()
        .all(|part| matches!(part, Part::Text { .. } | Part::CacheBreakpoint));
    is_text.then(|| message.joined_text())
}

/// The messages of a template; `None` = it cannot be read backwards.
fn blocks(source: &str) -> Option<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut has_conversation = false;
    for chunk in split(source) {
        match chunk.mark {
            Mark::Cache => {}
            Mark::Conversation if has_conversation => return None,
            Mark::Conversation => {
                has_conversation = true;
                blocks.push(Block::Conversation);
            }
            Mark::Role(role) => blocks.push(Block::Made {
                role,
                pieces: pieces(&chunk.text)?,
            }),
        }
    }
    Some(blocks)
}

/// Texts and fields of a template's message, in turn.
fn pieces(template: &str) -> Option<Vec<Piece>> {
    if template.contains("{%") || template.contains("{#") {
        return None;
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = template;
    while let Some((text, more)) = rest.split_once("{{") {
        let (name, more) = more.split_once("}}")?;
        let name = name.trim();
        let name = name.strip_prefix("metadata.").unwrap_or(name);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_beside = text.is_empty() && matches!(pieces.last(), Some(Piece::Field(_)));
        if !is_name || TAKEN.contains(&name) || is_beside {
            return None;
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text.to_owned()));
        }
        pieces.push(Piece::Field(name.to_owned()));
        rest = more;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    Some(pieces)
}

/// Without the white space at the end of a template's message.
fn trimmed(pieces: &[Piece]) -> Vec<Piece> {
    let mut pieces = pieces.to_vec();
    if let Some(Piece::Text(last)) = pieces.last_mut() {
        last.truncate(last.trim_end().len());
        if last.is_empty() {
            pieces.pop();
        }
    }
    pieces
}

/// Finds the fields of a text, shortest first.
fn fill(pieces: &[Piece], text: &str, found: &mut Found, n_left: &mut usize) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Text(own), rest @ ..] => text
            .strip_prefix(own.as_str())
            .is_some_and(|text| fill(rest, text, found, n_left)),
        [Piece::Field(name)] => take(name, text, found),
        [Piece::Field(name), rest @ ..] => {
            let Some(Piece::Text(next)) = rest.first() else {
                return false;
            };
            for (at, _) in text.match_indices(next.as_str()) {
                let Some(left) = n_left.checked_sub(1) else {
                    return false;
                };
                *n_left = left;
                let Some((value, more)) = text.split_at_checked(at) else {
                    return false;
                };
                let mut tried = found.clone();
                if take(name, value, &mut tried) && fill(rest, more, &mut tried, n_left) {
                    *found = tried;
                    return true;
                }
            }
            false
        }
    }
}

/// Takes a field's value; false = it has another already.
fn take(name: &str, value: &str, found: &mut Found) -> bool {
    match found.get(name) {
        Some(known) => known == value,
        None => {
            found.insert(name.to_owned(), value.to_owned());
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(source: &str, messages: &[(Role, &str)], expected: Option<(Value, Value)>) {
        let prompt = PromptText {
            name: "p".to_owned(),
            source: source.to_owned(),
        };
        let messages: Vec<_> = messages
            .iter()
            .map(|(role, text)| Message::text(*role, *text))
            .collect();
        let found = recover(&prompt, &messages);
        let found = found.map(|found| {
            let input = match found.input {
                Input::Text(text) => Value::from(text),
                Input::Messages(messages) => messages.iter().map(Message::joined_text).collect(),
            };
            (input, Value::Object(found.fields))
        });
        assert_eq!(found, expected, "{source}");
    }

    const SORT: &str = "=== system ===\nSort for {{ shop }}.\n=== user ===\n\
                        Ticket of {{ product }}: {{ input }}\nAnswer in one word for {{ shop }}.\n";

    #[test]
    fn a_prompt_is_read_backwards() {
        check(
            SORT,
            &[
                (Role::System, "Sort for A."),
                (
                    Role::User,
                    "Ticket of lamp: it: is\nbroken\nAnswer in one word for A.",
                ),
            ],
            Some((
                json!("it: is\nbroken"),
                json!({"product": "lamp", "shop": "A"}),
            )),
        );
        // The first place that fits is not always the one.
        check(
            "a {{ x }} b {{ input }} b end",
            &[(Role::User, "a 1 b 2 b 3 b end")],
            Some((json!("2 b 3"), json!({"x": "1"}))),
        );
        check(
            "=== system ===\nBe brief.\n=== conversation ===\n",
            &[
                (Role::System, "Be brief."),
                (Role::User, "hi"),
                (Role::Assistant, "yes?"),
                (Role::User, "bye"),
            ],
            Some((json!(["hi", "yes?", "bye"]), json!({}))),
        );
        check(
            "Q: {{ metadata.question }}\n",
            &[(Role::User, "Q: why?\n")],
            Some((json!("Q: why?\n"), json!({"question": "why?"}))),
        );
    }

    #[test]
    fn what_it_did_not_make_is_none_of_it() {
        let sort = |system, user| [(Role::System, system), (Role::User, user)];
        let right = "Ticket of lamp: x\nAnswer in one word for A.";
        check(SORT, &sort("Sort for B.", right), None);
        check(SORT, &sort("Sort for A.", "Ticket of lamp: x"), None);
        check(SORT, &[(Role::User, right)], None);
        check(
            SORT,
            &[(Role::User, "Sort for A."), (Role::User, right)],
            None,
        );
        for source in [
            "{{ input }}{{ x }}",
            "{{ input | upper }}",
            "{% if x %}{{ input }}{% endif %}",
            "{{ id }}",
            "fixed",
        ] {
            check(source, &[(Role::User, "fixed")], None);
        }
    }

    #[test]
    fn no_text_takes_long() {
        let source = "{{ a }}x{{ b }}x{{ c }}x{{ d }}x{{ e }}y";
        check(source, &[(Role::User, &"x".repeat(5_000))], None);
    }
}

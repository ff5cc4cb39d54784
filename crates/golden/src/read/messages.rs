//! What is asked: text or a conversation, in our own shape or in OpenAI's.
//!
//! In: the cell of the input. Out: [`Input`]. Both shapes can be mixed. Ours: `{"role", "parts"}`
//! with the parts of the domain, where an image or file may be named by `path`. OpenAI's: `content`
//! as text or parts (chat completions and responses), role `developer`, `tool_calls`, `tool_call_id`.
//! Sources: OpenAI API reference, chat completions and responses, 2026-11.

use std::path::Path;

use serde_json::{Map, Value};
use trilemma_domain::{Input, Message, Part, Role};

use super::calls;
use super::fault::{Fault, describe};
use super::part;
use super::record::Cell;

/// Reads the input; `base` is the folder of attachments.
pub(crate) fn input(cell: Cell, base: Option<&Path>) -> Result<Input, Fault> {
    match cell {
        Cell::Number(digits) => Ok(Input::Text(digits)),
        Cell::Untyped(text) => Ok(conversation_in_text(&text, base)?.unwrap_or(Input::Text(text))),
        Cell::Json(Value::String(text)) => Ok(Input::Text(text)),
        Cell::Json(Value::Array(members)) => conversation(members, base),
        Cell::Json(Value::Object(object)) => wrapped(object, base),
        Cell::Json(Value::Number(number)) => Ok(Input::Text(number.to_string())),
        Cell::Json(other @ (Value::Null | Value::Bool(_))) => Err(not_an_input(&describe(&other))),
    }
}

/// Reads a conversation that stands as JSON in a cell without types; `None` where the text is none.
fn conversation_in_text(text: &str, base: Option<&Path>) -> Result<Option<Input>, Fault> {
    let trimmed = text.trim_start();
    if !trimmed.starts_with("[") || !trimmed.contains("\"role\"") {
        return Ok(None);
    }
    match serde_json::from_str::<Value>(trimmed) {
        Ok(Value::Array(members)) if members.iter().all(|m| m.get("role").is_some()) => {
            conversation(members, base).map(Some)
        }
        Ok(_) | Err(_) => Ok(None),
    }
}

fn not_an_input(found: &str) -> Fault {
    Fault::new(
        format!("expected a text or a list of messages, found {found}"),
        r#"write "input": "text" or "input": [{"role": "user", "content": "text"}]"#,
    )
}

fn wrapped(mut object: Map<String, Value>, base: Option<&Path>) -> Result<Input, Fault> {
    if object.contains_key("role") {
        return conversation(vec![Value::Object(object)], base);
    }
    if object.len() == 1 {
        match (object.remove("text"), object.remove("messages")) {
            (Some(Value::String(text)), _) => return Ok(Input::Text(text)),
            (_, Some(Value::Array(members))) => {
                return conversation(members, base).map_err(|fault| fault.under(".messages"));
            }
            (text, messages) => {
                object.extend(text.map(|value| ("text".to_owned(), value)));
                object.extend(messages.map(|value| ("messages".to_owned(), value)));
            }
        }
    }
    Err(not_an_input(&describe(&Value::Object(object))))
}

fn conversation(members: Vec<Value>, base: Option<&Path>) -> Result<Input, Fault> {
    let only_parts = !members.is_empty()
        && members
            .iter()
            .all(|member| member.get("type").is_some() && member.get("role").is_none());
    if only_parts {
        let parts = part::parts(members, base)?;
        return Ok(Input::Messages(vec![Message {
            role: Role::User,
            parts,
        }]));
    }
    members
        .into_iter()
        .enumerate()
        .map(|(idx, member)| message(member, base).map_err(|fault| fault.in_member(idx)))
        .collect::<Result<Vec<_>, _>>()
        .map(Input::Messages)
}

fn message(value: Value, base: Option<&Path>) -> Result<Message, Fault> {
    let Value::Object(mut object) = value else {
        return Err(Fault::new(
            format!("expected a message, found {}", describe(&value)),
            r#"write {"role": "user", "content": "text"}"#,
        ));
    };
    let role = role(object.remove("role"))?;
    let answers = part::optional(&mut object, "tool_call_id")?;
    let mut parts = match (object.remove("content"), object.remove("parts")) {
        (None | Some(Value::Null), None) => Vec::new(),
        (None | Some(Value::Null), Some(value)) => {
            content(value, base).map_err(|fault| fault.under(".parts"))?
        }
        (Some(value), None) => content(value, base).map_err(|fault| fault.under(".content"))?,
        (Some(_), Some(_)) => {
            return Err(Fault::new(
                "a message has `content` and `parts`",
                "keep one of the two",
            ));
        }
    };
    if let Some(calls) = object.remove("tool_calls").filter(|value| !value.is_null()) {
        let calls = calls::tool_calls(calls).map_err(|fault| fault.under(".tool_calls"))?;
        parts.extend(calls.into_iter().map(Part::ToolCall));
    }
    if let Some(call) = object.remove("function_call").filter(|v| !v.is_null()) {
        let call = calls::tool_call(call).map_err(|fault| fault.under(".function_call"))?;
        parts.push(Part::ToolCall(call));
    }
    refuse_unknown(&object)?;
    if let Some(id) = answers {
        parts = vec![tool_result(id, &parts)?];
    } else if role == Role::Tool && !parts.iter().any(|p| matches!(p, Part::ToolResult { .. })) {
        return Err(Fault::new(
            "a message of role `tool` does not say which call it answers",
            "add `tool_call_id`",
        ));
    }
    Ok(Message { role, parts })
}

/// Members of recorded messages that mean nothing to another model.
const IGNORED_KEYS: [&str; 6] = [
    "annotations",
    "audio",
    "name",
    "reasoning_content",
    "refusal",
    "status",
];

fn refuse_unknown(object: &Map<String, Value>) -> Result<(), Fault> {
    let unknown = object
        .iter()
        .find(|(key, value)| !value.is_null() && !IGNORED_KEYS.contains(&key.as_str()));
    match unknown {
        None => Ok(()),
        Some((key, _)) => Err(Fault::new(
            "is not a field of a message",
            "known are role, content, parts, tool_calls and tool_call_id",
        )
        .under(&format!(".{key}"))),
    }
}

fn role(value: Option<Value>) -> Result<Role, Fault> {
    let hint = "roles are system, developer, user, assistant and tool";
    match value.as_ref().and_then(Value::as_str) {
        Some("system" | "developer") => Ok(Role::System),
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some("tool") => Ok(Role::Tool),
        _ => Err(Fault::new(
            value.map_or_else(
                || "the message has no role".to_owned(),
                |found| format!("expected a role, found {}", describe(&found)),
            ),
            hint,
        )
        .under(".role")),
    }
}

fn content(value: Value, base: Option<&Path>) -> Result<Vec<Part>, Fault> {
    match value {
        Value::String(text) => Ok(vec![Part::Text { text }]),
        Value::Array(members) => part::parts(members, base),
        other => Err(Fault::new(
            format!(
                "expected a text or a list of parts, found {}",
                describe(&other)
            ),
            r#"write "content": "text""#,
        )),
    }
}

fn tool_result(id: String, parts: &[Part]) -> Result<Part, Fault> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Text { text: piece } => text.push_str(piece),
            Part::CacheBreakpoint => {}
            Part::Image { .. }
            | Part::File { .. }
            | Part::FileUrl { .. }
            | Part::ToolCall(_)
            | Part::ToolResult { .. } => {
                return Err(Fault::new(
                    "the result of a tool holds something other than text",
                    "give the result as text",
                )
                .under(".content"));
            }
        }
    }
    Ok(Part::ToolResult { id, text })
}

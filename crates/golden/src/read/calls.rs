//! Tools on offer and calls of tools, in our own shape or in a vendor's.
//!
//! In: JSON. Out: [`Tool`]s and [`ToolCall`]s. Known shapes: ours (`name`, `arguments`; `name`,
//! `description`, `parameters`), OpenAI's `{"type": "function", "function": {…}}` and its flat form,
//! and `input_schema` in place of `parameters`. Arguments written as a JSON text are unpacked.

use serde_json::{Map, Value};
use trilemma_domain::{Tool, ToolCall};

use super::fault::{Fault, describe};

/// Reads a list of tool calls.
pub(crate) fn tool_calls(value: Value) -> Result<Vec<ToolCall>, Fault> {
    list(value, tool_call)
}

/// Reads a list of tools.
pub(crate) fn tools(value: Value) -> Result<Vec<Tool>, Fault> {
    list(value, tool)
}

fn list<T>(value: Value, read: impl Fn(Value) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    match value {
        Value::Array(members) => members
            .into_iter()
            .enumerate()
            .map(|(idx, member)| read(member).map_err(|fault| fault.in_member(idx)))
            .collect(),
        other => Err(Fault::new(
            format!("expected a list, found {}", describe(&other)),
            "put it in [ ]",
        )),
    }
}

/// Reads one tool call.
pub(crate) fn tool_call(value: Value) -> Result<ToolCall, Fault> {
    let mut object = object(value, r#"write {"name": "…", "arguments": {…}}"#)?;
    let id = match object.remove("id").or_else(|| object.remove("call_id")) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(id)) => id,
        Some(other) => return Err(not_text(&other).under(".id")),
    };
    let mut inner = unwrap_function(object)?;
    let name = name(&mut inner)?;
    let arguments = match inner.remove("arguments") {
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(Value::String(text)) if text.trim().is_empty() => Value::Object(Map::new()),
        Some(Value::String(text)) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Some(value) => value,
    };
    Ok(ToolCall {
        id,
        name,
        arguments,
    })
}

fn tool(value: Value) -> Result<Tool, Fault> {
    let object = object(value, r#"write {"name": "…", "parameters": {…}}"#)?;
    let mut inner = unwrap_function(object)?;
    let name = name(&mut inner)?;
    let description = match inner.remove("description") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(other) => return Err(not_text(&other).under(".description")),
    };
    let parameters = match inner
        .remove("parameters")
        .or_else(|| inner.remove("input_schema"))
    {
        None | Some(Value::Null) => Value::Object(Map::new()),
        Some(schema @ Value::Object(_)) => schema,
        Some(other) => {
            return Err(Fault::new(
                format!("expected a JSON Schema, found {}", describe(&other)),
                r#"such as {"type": "object", "properties": {…}}"#,
            )
            .under(".parameters"));
        }
    };
    Ok(Tool {
        name,
        description,
        parameters,
        strict: None,
    })
}

fn object(value: Value, hint: &str) -> Result<Map<String, Value>, Fault> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(Fault::new(
            format!("expected an object, found {}", describe(&other)),
            hint,
        )),
    }
}

fn unwrap_function(mut object: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    match object.remove("function") {
        None => Ok(object),
        Some(Value::Object(inner)) => Ok(inner),
        Some(other) => Err(Fault::new(
            format!("expected an object, found {}", describe(&other)),
            r#"write {"type": "function", "function": {"name": "…"}}"#,
        )
        .under(".function")),
    }
}

fn name(object: &mut Map<String, Value>) -> Result<String, Fault> {
    match object.remove("name") {
        Some(Value::String(name)) if !name.is_empty() => Ok(name),
        Some(other) => Err(not_text(&other).under(".name")),
        None => Err(Fault::new("is missing", "a tool is called by its name").under(".name")),
    }
}

fn not_text(found: &Value) -> Fault {
    Fault::new(
        format!(
            "expected a text that is not empty, found {}",
            describe(found)
        ),
        "put it in quotation marks",
    )
}

//! The simple fields of an item: texts, lists of texts, numbers, the expected answer.
//!
//! In: one cell. Out: a value of the domain, or what is wrong with the cell. Cells of CSV have no
//! types: there, an empty cell is absent, and a cell that is one JSON object or list is read as such
//! where lists or objects make sense.

use serde_json::{Map, Value};
use trilemma_domain::{Expected, Tool};

use super::calls;
use super::fault::{Fault, describe};
use super::record::Cell;

/// Reads a text; numbers and booleans are taken as they are written.
pub(crate) fn text(cell: Cell) -> Result<Option<String>, Fault> {
    if cell.is_absent() {
        return Ok(None);
    }
    match cell {
        Cell::Untyped(text) | Cell::Number(text) | Cell::Json(Value::String(text)) => {
            Ok(Some(text))
        }
        Cell::Json(value) => match scalar(&value) {
            Some(text) => Ok(Some(text)),
            None => Err(Fault::new(
                format!("expected a text, found {}", describe(&value)),
                "put it in quotation marks",
            )),
        },
    }
}

/// Reads an id: a text that is not empty, or a number.
pub(crate) fn id(cell: Cell) -> Result<Option<String>, Fault> {
    match cell {
        Cell::Json(Value::Bool(_)) => Err(Fault::new(
            "expected a text or a number, found a boolean",
            "give each item a name of its own",
        )),
        Cell::Json(Value::String(text)) if text.is_empty() => Err(Fault::new(
            "the id is empty",
            "give it a name, or leave `id` out: one is then made from the content",
        )),
        other => text(other),
    }
}

/// Reads a list of texts, or one text as a list of one; `separators` part an untyped cell.
pub(crate) fn texts(cell: Cell, separators: &[char]) -> Result<Vec<String>, Fault> {
    let value = match cell {
        Cell::Untyped(text) => match json_container(&text) {
            Some(value) => value,
            None if separators.is_empty() && !text.is_empty() => return Ok(vec![text]),
            None => {
                return Ok(text
                    .split(separators)
                    .map(str::trim)
                    .filter(|part| !part.is_empty())
                    .map(str::to_owned)
                    .collect());
            }
        },
        other => other.into_json(),
    };
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(members) => members
            .iter()
            .enumerate()
            .map(|(idx, member)| {
                scalar(member).ok_or_else(|| {
                    Fault::new(
                        format!("expected a text, found {}", describe(member)),
                        "write a list of texts",
                    )
                    .in_member(idx)
                })
            })
            .collect(),
        other => match scalar(&other) {
            Some(text) => Ok(vec![text]),
            None => Err(Fault::new(
                format!("expected a list of texts, found {}", describe(&other)),
                r#"write ["first", "second"]"#,
            )),
        },
    }
}

/// Reads a weight: a finite number; whether it is above zero is for the lint to say.
pub(crate) fn weight(cell: Cell) -> Result<Option<f64>, Fault> {
    let Some(text) = text(cell)? else {
        return Ok(None);
    };
    match text.trim().parse::<f64>() {
        Ok(weight) if weight.is_finite() => Ok(Some(weight)),
        Ok(_) | Err(_) => Err(Fault::new(
            format!("expected a number, found {}", crate::problem::quote(&text)),
            "leave it out for the usual weight of 1",
        )),
    }
}

/// Reads the tools on offer.
pub(crate) fn tools(cell: Cell) -> Result<Vec<Tool>, Fault> {
    match typed(cell)? {
        Value::Null => Ok(Vec::new()),
        value => calls::tools(value),
    }
}

/// Reads an object of metadata.
pub(crate) fn metadata(cell: Cell) -> Result<Map<String, Value>, Fault> {
    match typed(cell)? {
        Value::Null => Ok(Map::new()),
        Value::Object(object) => Ok(object),
        other => Err(Fault::new(
            format!("expected an object, found {}", describe(&other)),
            r#"write {"key": "value"}"#,
        )),
    }
}

/// Reads the expected answer.
///
/// Text, numbers and booleans are text; a list of those is a list; any other list and any object is
/// JSON. `{"tool_calls": […]}` means tool calls, `{"json": …}` means the JSON inside, whatever it is.
pub(crate) fn expected(cell: Cell) -> Result<Option<Expected>, Fault> {
    let value = match cell {
        Cell::Untyped(text) if text.is_empty() => return Ok(None),
        Cell::Untyped(text) => match json_container(&text) {
            Some(value) => value,
            None => return Ok(Some(Expected::Text(text))),
        },
        Cell::Number(digits) => return Ok(Some(Expected::Text(digits))),
        Cell::Json(value) => value,
    };
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(Expected::Text(text))),
        Value::Bool(_) | Value::Number(_) => Ok(scalar(&value).map(Expected::Text)),
        Value::Array(members) => Ok(Some(
            match members.iter().map(scalar).collect::<Option<Vec<_>>>() {
                Some(texts) => Expected::List(texts),
                None => Expected::Json(Value::Array(members)),
            },
        )),
        Value::Object(object) => expected_object(object).map(Some),
    }
}

fn expected_object(mut object: Map<String, Value>) -> Result<Expected, Fault> {
    if object.len() == 1 {
        if let Some(value) = object.remove("json") {
            return Ok(Expected::Json(value));
        }
        if let Some(value) = object.remove("tool_calls") {
            return calls::tool_calls(value)
                .map(Expected::ToolCalls)
                .map_err(|fault| fault.under(".tool_calls"));
        }
    }
    Ok(Expected::Json(Value::Object(object)))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Reads an untyped text as JSON where it is one object or list.
fn json_container(text: &str) -> Option<Value> {
    let trimmed = text.trim_start();
    if trimmed.starts_with(['{', '[']) {
        serde_json::from_str(trimmed).ok()
    } else {
        None
    }
}

fn typed(cell: Cell) -> Result<Value, Fault> {
    match cell {
        Cell::Untyped(text) if text.trim().is_empty() => Ok(Value::Null),
        Cell::Untyped(text) => serde_json::from_str(&text).map_err(|error| {
            Fault::new(
                format!("expected JSON: {error}"),
                "write it as in a JSONL file",
            )
        }),
        other => Ok(other.into_json()),
    }
}

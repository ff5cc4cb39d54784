//! The texts inside an item, for everything that looks at words rather than structure.
//!
//! In: an item. Out: each text once, in order. Base64 data is not text; tool arguments are.

use serde_json::Value;
use trilemma_domain::{Expected, Input, Item, Part, ToolCall};

use crate::fingerprint::canonical_json;

/// Calls `take` with every text of the input.
pub(crate) fn input_texts(input: &Input, take: &mut dyn FnMut(&str)) {
    match input {
        Input::Text(text) => take(text),
        Input::Messages(messages) => {
            for part in messages.iter().flat_map(|message| &message.parts) {
                part_text(part, take);
            }
        }
    }
}

fn part_text(part: &Part, take: &mut dyn FnMut(&str)) {
    match part {
        Part::Text { text } | Part::ToolResult { text, .. } => take(text),
        Part::ToolCall(call) => {
            take(&call.name);
            take(&canonical_json(&call.arguments));
        }
        Part::Image { .. } | Part::File { .. } | Part::FileUrl { .. } | Part::CacheBreakpoint => {}
    }
}

/// Whether the input holds an image or a file.
pub(crate) fn has_attachments(input: &Input) -> bool {
    match input {
        Input::Text(_) => false,
        Input::Messages(messages) => messages
            .iter()
            .flat_map(|message| &message.parts)
            .any(Part::is_attachment),
    }
}

/// Changes every text of an item, wherever it stands: input, expected answer, criteria, metadata.
pub(crate) fn map_texts(item: &mut Item, change: &dyn Fn(&str) -> Option<String>) {
    let edit = |text: &mut String| {
        if let Some(changed) = change(text) {
            *text = changed;
        }
    };
    match &mut item.input {
        Input::Text(text) => edit(text),
        Input::Messages(messages) => {
            for part in messages.iter_mut().flat_map(|message| &mut message.parts) {
                match part {
                    Part::Text { text } | Part::ToolResult { text, .. } => edit(text),
                    Part::ToolCall(call) => map_call(call, change),
                    Part::Image { .. }
                    | Part::File { .. }
                    | Part::FileUrl { .. }
                    | Part::CacheBreakpoint => {}
                }
            }
        }
    }
    match &mut item.expected {
        None => {}
        Some(Expected::Text(text)) => edit(text),
        Some(Expected::List(texts)) => texts.iter_mut().for_each(edit),
        Some(Expected::Json(value)) => map_json(value, change),
        Some(Expected::ToolCalls(calls)) => {
            for call in calls {
                map_call(call, change);
            }
        }
    }
    if !item.extras.is_empty() {
        item.extras.criteria.iter_mut().for_each(edit);
        for (_, value) in item.extras.metadata.iter_mut() {
            map_json(value, change);
        }
    }
}

fn map_call(call: &mut ToolCall, change: &dyn Fn(&str) -> Option<String>) {
    map_json(&mut call.arguments, change);
}

fn map_json(value: &mut Value, change: &dyn Fn(&str) -> Option<String>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(members) => members.iter_mut().for_each(|m| map_json(m, change)),
        Value::Object(members) => {
            for (_, member) in members.iter_mut() {
                map_json(member, change);
            }
        }
    }
}

/// Whether the input asks nothing: no text but white space, no image, no file.
pub(crate) fn is_empty(input: &Input) -> bool {
    let mut empty = !has_attachments(input);
    input_texts(input, &mut |text| empty &= text.trim().is_empty());
    empty
}

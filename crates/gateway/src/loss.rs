//! What of a request another dialect cannot be told.
//!
//! In: a request as it came and as it was understood. Out: the names of the fields that get lost on
//! the way. Top-level fields without a neutral word are known by the reader; deeper ones are found by
//! writing what was understood in the client's own dialect again and looking for what is missing.

use std::collections::BTreeSet;

use serde_json::Value;
use trilemma_domain::{ChatRequest, Dialect, Part, Target};
use trilemma_wire::client::encode_request;

/// Pairs of field and field within, whose absence says nothing: two ways to write the same.
const SAME: [(&str, &str); 6] = [
    ("content", "type"),
    ("content", "text"),
    ("system", "type"),
    ("system", "text"),
    ("tool_choice", "type"),
    ("tools", "type"),
];
/// Top-level fields that hold what can nest.
const NESTING: [&str; 6] = [
    "messages",
    "system",
    "tools",
    "tool_choice",
    "response_format",
    "output_config",
];
/// Fields whose content is the caller's own JSON, which is carried as it is.
const OPAQUE: [&str; 5] = ["parameters", "input_schema", "schema", "input", "arguments"];

/// Names what `upstream` cannot be told of a request; empty = everything arrives.
pub(crate) fn lost(
    client: Dialect,
    body: &[u8],
    chat: &ChatRequest,
    upstream: Dialect,
) -> Vec<String> {
    let mut lost: BTreeSet<String> = chat.params.extra_body.keys().cloned().collect();
    if upstream == Dialect::Anthropic && chat.params.seed.is_some() {
        lost.insert("seed".to_owned());
    }
    let is_openai = matches!(upstream, Dialect::OpenAi | Dialect::Azure);
    if is_openai && chat.params.reasoning_tokens.is_some() {
        lost.insert("thinking.budget_tokens".to_owned());
    }
    let has_breakpoint = chat
        .messages
        .iter()
        .flat_map(|message| &message.parts)
        .any(|part| matches!(part, Part::CacheBreakpoint));
    if upstream != Dialect::Anthropic && has_breakpoint {
        lost.insert("cache_control".to_owned());
    }
    lost.extend(lost_within(client, body, chat));
    lost.into_iter().collect()
}

fn lost_within(client: Dialect, body: &[u8], chat: &ChatRequest) -> BTreeSet<String> {
    let target = Target {
        provider: String::new(),
        dialect: client,
        base_url: String::new(),
        model: chat.model.clone(),
        api_version: None,
        pipeline: None,
    };
    let Ok(again) = encode_request(&target, chat) else {
        return BTreeSet::new();
    };
    let pairs = |body: &[u8]| {
        let mut pairs = BTreeSet::new();
        if let Ok(Value::Object(fields)) = serde_json::from_slice(body) {
            for name in NESTING {
                if let Some(value) = fields.get(name) {
                    collect(name, value, &mut pairs);
                }
            }
        }
        pairs
    };
    let ours = pairs(&again.body);
    pairs(body)
        .into_iter()
        .filter(|(outer, inner)| !SAME.contains(&(outer.as_str(), inner.as_str())))
        .filter(|pair| !ours.contains(pair))
        .map(|(outer, inner)| format!("{outer}.{inner}"))
        .collect()
}

/// Notes each field with the field that it stands in.
fn collect(outer: &str, value: &Value, pairs: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Array(parts) => {
            for part in parts {
                collect(outer, part, pairs);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                if value.is_null() {
                    continue;
                }
                pairs.insert((outer.to_owned(), name.clone()));
                if !OPAQUE.contains(&name.as_str()) {
                    collect(name, value, pairs);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_wire::server::{decode_request, route};

    fn check(path: &str, body: &Value, upstream: Dialect, expected: &[&str]) {
        let route = route("POST", path).unwrap();
        let body = body.to_string();
        let chat = decode_request(&route, body.as_bytes()).unwrap().chat;
        let found = lost(route.dialect, body.as_bytes(), &chat, upstream);
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn what_cannot_be_said_is_named() {
        let openai = serde_json::json!({
            "model": "m", "frequency_penalty": 1, "seed": 3, "temperature": 0.5,
            "messages": [
                {"role": "user", "name": "eve", "content": [
                    {"type": "text", "text": "a"},
                    {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
                ]},
            ],
            "tools": [{"type": "function", "function": {
                "name": "f", "strict": true, "parameters": {"type": "object", "x-odd": 1},
            }}],
        });
        check(
            "/v1/chat/completions",
            &openai,
            Dialect::Anthropic,
            &[
                "frequency_penalty",
                "function.strict",
                "image_url.detail",
                "messages.name",
                "seed",
            ],
        );
        let anthropic = serde_json::json!({
            "model": "m", "max_tokens": 5, "top_k": 3,
            "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": "a"}],
        });
        check(
            "/v1/messages",
            &anthropic,
            Dialect::OpenAi,
            &["cache_control", "top_k"],
        );
        let plain = serde_json::json!({
            "model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "a"}],
        });
        check("/v1/messages", &plain, Dialect::Gemini, &[]);
        check("/v1/chat/completions", &plain, Dialect::Gemini, &[]);
    }
}

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
const SAME: [(&str, &str); 15] = [
    ("content", "type"),
    ("content", "text"),
    ("system", "type"),
    ("system", "text"),
    ("tool_choice", "type"),
    ("tools", "type"),
    ("input", "type"),
    ("output", "type"),
    ("output", "text"),
    ("text", "format"),
    ("format", "type"),
    // What clients of Responses send back of earlier answers beside their content.
    ("input", "id"),
    ("input", "status"),
    ("content", "annotations"),
    ("content", "logprobs"),
];
/// Top-level fields that hold what can nest.
const NESTING: [&str; 9] = [
    "messages",
    "system",
    "tools",
    "tool_choice",
    "response_format",
    "output_config",
    "input",
    "text",
    "reasoning",
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
    // What says `null` says nothing that could get lost.
    let says = chat.params.extra_body.iter();
    let says = says.filter(|(_, value)| !value.is_null());
    let mut lost: BTreeSet<String> = says.map(|(name, _)| name.clone()).collect();
    let knows_seed = !matches!(upstream, Dialect::Anthropic | Dialect::Responses);
    if !knows_seed && chat.params.seed.is_some() {
        lost.insert("seed".to_owned());
    }
    let is_openai = matches!(
        upstream,
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses
    );
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
                // A schema that need not be kept to is what every dialect takes it for.
                let is_lax = name == "strict" && *value == Value::Bool(false);
                if value.is_null() || is_lax {
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
        let responses = serde_json::json!({
            "model": "m", "metadata": {"a": "b"}, "store": false, "instructions": "be brief",
            "input": [
                {"role": "user", "content": [
                    {"type": "input_text", "text": "a"},
                    {"type": "input_image", "image_url": "https://x.example/a.png", "detail": "low"},
                ]},
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
                {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                    "content": [{"type": "output_text", "text": "b", "annotations": []}]},
                {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f",
                    "arguments": "{\"input\":1}", "status": "completed"},
                {"type": "function_call_output", "call_id": "c", "output": "r"},
            ],
            "text": {"verbosity": "low", "format": {"type": "text"}},
            "reasoning": {"effort": "low", "summary": "auto"},
            "tools": [{"type": "function", "name": "f", "strict": true, "parameters": {"type": "object"}}],
        });
        let lost = [
            "content.detail",
            "input.encrypted_content",
            "input.summary",
            "metadata",
            "reasoning.summary",
            "text.verbosity",
            "tools.strict",
        ];
        for upstream in [Dialect::OpenAi, Dialect::Anthropic, Dialect::Gemini] {
            check("/v1/responses", &responses, upstream, &lost);
        }
        let plain = serde_json::json!({
            "model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "a"}],
        });
        check("/v1/messages", &plain, Dialect::Gemini, &[]);
        check("/v1/chat/completions", &plain, Dialect::Gemini, &[]);
    }
}

//! What of a request another dialect cannot be told.
//!
//! In: a request as it came and as it was understood. Out: the names of the fields that get lost on
//! the way. Top-level fields without a word there are known by who carries them (see `carry`); deeper ones are
//! found by writing what was understood in the client's own dialect again and counting what is missing: one
//! picture does not stand for another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trilemma_domain::{ChatRequest, Dialect, Part, Role, Target, Tool};
use trilemma_wire::client::{encode_request, has_output_format};

use crate::carry::carried;

/// Pairs of field and field within, whose absence says nothing: two ways to write the same.
const SAME: [(&str, &str); 18] = [
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
    // A document made of blocks is these blocks; of all others, the bytes are looked at.
    ("content", "source"),
    ("source", "type"),
    ("source", "content"),
];
/// Pairs of which there may be fewer: neighbouring messages of one speaker are joined, and so are texts.
const JOINED: [(&str, &str); 5] = [
    ("messages", "role"),
    ("messages", "content"),
    ("input", "role"),
    ("input", "content"),
    ("text", "format"),
];
/// Highest temperature that Anthropic's models take.
pub(crate) const MAX_TEMPERATURE_OF_CLAUDE: f64 = 1.0;
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
    target: &Target,
) -> Vec<String> {
    let upstream = target.dialect;
    let mut lost: BTreeSet<String> = carried(client, target, chat).lost.into_iter().collect();
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
    let stands_in_front = matches!(upstream, Dialect::Anthropic | Dialect::Gemini);
    if stands_in_front && has_late_system(chat) {
        // Instructions in the middle of a conversation are moved to its front.
        let list = if client == Dialect::Responses {
            "input"
        } else {
            "messages"
        };
        lost.insert(format!("{list}.role"));
    }
    if upstream == Dialect::Anthropic
        && chat
            .params
            .temperature
            .is_some_and(|asked| asked > MAX_TEMPERATURE_OF_CLAUDE)
    {
        lost.insert("temperature".to_owned());
    }
    let keeps_strict = match upstream {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => true,
        Dialect::Anthropic => has_output_format(&target.model),
        Dialect::Gemini => false,
    };
    if !keeps_strict && chat.tools.iter().any(is_strict) {
        let outer = match client {
            Dialect::OpenAi | Dialect::Azure => "function",
            Dialect::Anthropic | Dialect::Responses | Dialect::Gemini => "tools",
        };
        lost.insert(format!("{outer}.strict"));
    }
    lost.extend(lost_within(client, body, chat));
    lost.into_iter().collect()
}

fn is_strict(tool: &Tool) -> bool {
    tool.strict == Some(true)
}

/// Whether instructions come after something else.
fn has_late_system(chat: &ChatRequest) -> bool {
    let mut all = chat.messages.iter();
    all.by_ref().any(|message| message.role != Role::System)
        && all.any(|message| message.role == Role::System)
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
        let mut pairs = Pairs::new();
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
        .filter(|(pair, n)| {
            let name = (pair.0.as_str(), pair.1.as_str());
            let kept = ours.get(pair).copied().unwrap_or(0);
            let is_less = if JOINED.contains(&name) {
                kept == 0
            } else {
                kept < *n
            };
            is_less && !SAME.contains(&name)
        })
        .map(|((outer, inner), _)| format!("{outer}.{inner}"))
        .collect()
}

/// How often each field stands in a field of some name.
type Pairs = BTreeMap<(String, String), usize>;

/// Counts each field with the field that it stands in.
fn collect(outer: &str, value: &Value, pairs: &mut Pairs) {
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
                *pairs.entry((outer.to_owned(), name.clone())).or_default() += 1;
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
        let target = Target {
            provider: String::new(),
            dialect: upstream,
            base_url: String::new(),
            model: "m".to_owned(),
            api_version: None,
            pipeline: None,
        };
        let found = lost(route.dialect, body.as_bytes(), &chat, &target);
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
        ];
        check("/v1/responses", &responses, Dialect::OpenAi, &lost);
        let more = [&lost[..], &["text.verbosity"]].concat();
        check("/v1/responses", &responses, Dialect::Anthropic, &more);
        let more = [&more[..], &["tools.strict"]].concat();
        check("/v1/responses", &responses, Dialect::Gemini, &more);
        let plain = serde_json::json!({
            "model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "a"}],
        });
        check("/v1/messages", &plain, Dialect::Gemini, &[]);
        check("/v1/chat/completions", &plain, Dialect::Gemini, &[]);
    }

    #[test]
    fn one_picture_does_not_stand_for_another() {
        let picture = |detail: &str| {
            serde_json::json!({"type": "image_url",
                "image_url": {"url": "https://x.example/a.png", "detail": detail}})
        };
        // Both pictures are carried; how closely to look at them, and what the assistant said aloud, are not.
        let body = serde_json::json!({"model": "m", "messages": [
            {"role": "user", "content": [picture("low")]},
            {"role": "assistant", "content": "b", "audio": {"id": "x"}},
            {"role": "user", "content": [{"type": "text", "text": "c"}, picture("low")]},
        ]});
        check(
            "/v1/chat/completions",
            &body,
            Dialect::Gemini,
            &["audio.id", "image_url.detail", "messages.audio"],
        );
        // Pictures of results are carried, each of them.
        let source =
            serde_json::json!({"type": "base64", "media_type": "image/png", "data": "aGk="});
        let anthropic = serde_json::json!({"model": "m", "max_tokens": 5, "messages": [
            {"role": "user", "content": [{"type": "image", "source": source}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t",
                "content": [{"type": "image", "source": source}]}]},
        ]});
        check("/v1/messages", &anthropic, Dialect::OpenAi, &[]);
        let mut without = decode_request(
            &route("POST", "/v1/messages").unwrap(),
            anthropic.to_string().as_bytes(),
        )
        .unwrap()
        .chat;
        without.messages.last_mut().unwrap().parts.truncate(1);
        let body = anthropic.to_string();
        let lost = lost_within(Dialect::Anthropic, body.as_bytes(), &without);
        assert!(lost.contains("source.data"), "{lost:?}");
    }

    #[test]
    fn what_is_moved_or_lowered_is_named() {
        let body = serde_json::json!({"model": "m", "temperature": 1.7, "messages": [
            {"role": "user", "content": "a"}, {"role": "system", "content": "b"},
        ]});
        let path = "/v1/chat/completions";
        check(
            path,
            &body,
            Dialect::Anthropic,
            &["messages.role", "temperature"],
        );
        check(path, &body, Dialect::Gemini, &["messages.role"]);
        check(path, &body, Dialect::OpenAi, &[]);
    }
}

//! What of a request another dialect cannot be told.
//!
//! In: a request as it came and as it was understood. Out: the names of the fields that get lost on
//! the way. Top-level fields without a word there are known by who carries them (see `carry`); deeper ones are
//! found by writing what was understood in the client's own dialect again and counting what is missing: one
//! picture does not stand for another.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trilemma_domain::{ChatRequest, Dialect, Part, ResponseFormat, Role, Target, Tool};
use trilemma_wire::client::{encode_request, has_output_format, holds_to_schema};

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

/// Names the schema of the answer where the upstream promises more or less of it than the client asks for; `chat` is as
/// the upstream gets it.
pub(crate) fn promised_otherwise(
    client: Dialect,
    chat: &ChatRequest,
    target: &Target,
) -> Option<&'static str> {
    let is_held = holds_to_schema(target, chat)?;
    let asked = match (&chat.response_format, client) {
        // The vendor of this dialect holds answers to every schema.
        (_, Dialect::Anthropic | Dialect::Gemini) => true,
        (Some(ResponseFormat::JsonSchema { strict, .. }), _) => strict.unwrap_or(true),
        (_, _) => return None,
    };
    (is_held != asked).then_some(match client {
        Dialect::OpenAi | Dialect::Azure => "json_schema.strict",
        Dialect::Responses => "format.strict",
        Dialect::Anthropic => "output_config.format",
        Dialect::Gemini => "generationConfig.responseJsonSchema",
    })
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
    let kept;
    let chat = if client == Dialect::Anthropic && chat.response_format.is_some() {
        kept = kept_by_claude(chat);
        &kept
    } else {
        chat
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

/// The same with a schema that is kept to, as Anthropic's always are: the word is for vendors who promise so of some only.
fn kept_by_claude(chat: &ChatRequest) -> ChatRequest {
    let mut chat = chat.clone();
    if let Some(ResponseFormat::JsonSchema { strict, .. }) = &mut chat.response_format {
        *strict = None;
    }
    chat
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
mod tests;

//! In what a request differs from what was measured.
//!
//! In: a request, the candidate that it goes to, what the measured requests were like. Out: a word for each thing that
//! the client sets to something else: parameters, prompt, shape of the answer, tools, images, files, fields of its
//! vendor's. One comparison for requests that name a candidate and for those that a policy decides. Where nothing was
//! measured on this machine, tools, images and files count as other than what was. Fields that shape no answer (names
//! of users, caching, log-probabilities) are passed over. Of clients' own words only names of fields come out, and of
//! those a length and a number.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use trilemma_domain::{
    Candidate, ChatRequest, Dialect, Input, Item, Message, Params, Part, ResponseFormat, Role, Tool,
};
use trilemma_wire::client::ANTHROPIC_DEFAULT_MAX_TOKENS;

use crate::ask::Ask;
use crate::upstream::{Named, Upstream};

/// Fields of clients that are named in one record.
const MAX_FIELDS: usize = 16;
/// Characters of such a name.
const MAX_CHARS: usize = 60;
/// Fields that shape no answer.
pub(crate) const SHAPELESS: [&str; 13] = [
    "model",
    "stream",
    "stream_options",
    "metadata",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "cache_control",
    "store",
    "include",
    "logprobs",
    "top_logprobs",
];
/// What neutral words know of fields that nest, and what shapes no answer there.
const KNOWN_WITHIN: [(&str, &str); 8] = [
    ("text", "format"),
    ("reasoning", "effort"),
    ("reasoning", "summary"),
    ("reasoning", "generate_summary"),
    ("thinking", "budget_tokens"),
    ("thinking", "display"),
    ("output_config", "effort"),
    ("output_config", "format"),
];

/// What the measured requests were like beyond the candidates' own settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MeasuredRequests {
    has_system: bool,
    has_images: bool,
    has_files: bool,
    tools: Vec<Tool>,
    changed: BTreeSet<String>,
}

impl MeasuredRequests {
    /// Adds an item that was asked.
    pub fn add(&mut self, item: &Item) {
        if let Input::Messages(messages) = &item.input {
            self.has_system |= has_system(messages);
            self.has_images |= has_images(messages);
            self.has_files |= has_files(messages);
        }
        for tool in &item.extras.tools {
            if !self.tools.contains(tool) {
                self.tools.push(tool.clone());
            }
        }
    }

    /// Says that a candidate answers by other settings than those that were measured.
    pub fn add_changed(&mut self, candidate: &str) {
        self.changed.insert(candidate.to_owned());
    }

    /// Whether instructions beside a candidate's prompt were measured.
    pub(crate) fn has_system(&self) -> bool {
        self.has_system
    }

    pub(crate) fn has_changed(&self, candidate: &str) -> bool {
        self.changed.contains(candidate)
    }
}

/// Gives a word for each thing in which a request differs from what was measured; nothing is allocated where it
/// differs in nothing.
pub(crate) fn compare(
    ask: &Ask,
    chat: &ChatRequest,
    (named, measured): (&Named, Option<&MeasuredRequests>),
    note: &mut dyn FnMut(&str),
) {
    let upstream = &named.upstream;
    let candidate = &upstream.parts.candidate;
    if measured.is_some_and(|measured| measured.has_changed(upstream.id())) {
        note(&format!("candidate {}", upstream.id()));
    }
    params(&chat.params, (named, candidate), note);
    if !same_shape(
        chat.response_format.as_ref(),
        candidate.response_format.as_ref(),
    ) {
        note("response_format");
    }
    if !has_prompt(upstream, &chat.messages, measured) {
        note("prompt");
    }
    let knows = |is_known: fn(&MeasuredRequests) -> bool| measured.is_some_and(is_known);
    if has_images(&chat.messages) && !knows(|measured| measured.has_images) {
        note("image");
    }
    if has_files(&chat.messages) && !knows(|measured| measured.has_files) {
        note("file");
    }
    if !chat.tools.is_empty() {
        let known = measured.map_or(&[][..], |measured| &measured.tools);
        let is_known = |tool: &Tool| known.iter().any(|other| is_same_tool(tool, other));
        if !chat.tools.iter().all(is_known) {
            note("tools");
        }
        if chat.tool_choice != candidate.tool_choice {
            note("tool_choice");
        }
    }
    fields(chat, (named, candidate), note);
    within(ask, upstream, note);
}

/// Parameters with neutral words.
fn params(asked: &Params, (named, candidate): (&Named, &Candidate), note: &mut dyn FnMut(&str)) {
    let measured = &candidate.params;
    let fills = named.is_candidate;
    /// What is sent: the client's value, else the measured one where it fills in.
    fn sent<T: PartialEq + Copy>(asked: Option<T>, measured: Option<T>, fills: bool) -> bool {
        asked.or(measured.filter(|_| fills)) != measured
    }
    // Anthropic's dialect has a length also where nobody states one.
    let default = (candidate.target.dialect == Dialect::Anthropic).then(|| {
        ANTHROPIC_DEFAULT_MAX_TOKENS.saturating_add(measured.reasoning_tokens.unwrap_or(0))
    });
    let length = measured.max_output_tokens.or(default);
    if sent(
        asked.max_output_tokens.or(default.filter(|_| !fills)),
        length,
        fills,
    ) {
        note("max_output_tokens");
    }
    if sent(asked.temperature, measured.temperature, fills) {
        note("temperature");
    }
    if sent(asked.top_p, measured.top_p, fills) {
        note("top_p");
    }
    if sent(
        asked.reasoning_effort.as_deref(),
        measured.reasoning_effort.as_deref(),
        fills,
    ) {
        note("reasoning_effort");
    }
    if sent(asked.reasoning_tokens, measured.reasoning_tokens, fills) {
        note("reasoning_tokens");
    }
    if sent(asked.seed, measured.seed, fills) {
        note("seed");
    }
    let fills_stop = fills && asked.stop.is_empty();
    if !fills_stop && asked.stop != measured.stop {
        note("stop");
    }
}

/// Top-level fields without a neutral word.
fn fields(
    chat: &ChatRequest,
    (named, candidate): (&Named, &Candidate),
    note: &mut dyn FnMut(&str),
) {
    let asked = &chat.params.extra_body;
    let measured = &candidate.params.extra_body;
    let others = asked.iter().filter(|(name, value)| {
        measured.get(*name) != Some(value) && !says_nothing(name, value, chat)
    });
    for (name, _) in others.take(MAX_FIELDS) {
        note(shortened(name));
    }
    if !named.is_candidate {
        let is_left_out = |name: &str| asked.get(name).is_none_or(Value::is_null);
        for name in measured.keys().filter(|name| is_left_out(name)) {
            note(name);
        }
    }
}

/// Whether two tools are the same; a schema that need not be kept to is what holds without a word.
fn is_same_tool(one: &Tool, other: &Tool) -> bool {
    let bare = |tool: &Tool| Tool {
        strict: tool.strict.filter(|is_strict| *is_strict),
        ..tool.clone()
    };
    bare(one) == bare(other)
}

/// Whether a field's value is what holds without it, or shapes no answer.
fn says_nothing(name: &str, value: &Value, chat: &ChatRequest) -> bool {
    match name {
        _ if SHAPELESS.contains(&name) || value.is_null() => true,
        "n" => value.as_u64() == Some(1),
        // What stands within is told by its own name.
        "text" => true,
        "service_tier" => matches!(value.as_str(), Some("auto" | "default" | "standard_only")),
        "truncation" => value.as_str() == Some("disabled"),
        "parallel_tool_calls" => chat.tools.is_empty() || value.as_bool() == Some(true),
        "presence_penalty" | "frequency_penalty" => value.as_f64() == Some(0.0),
        _ => false,
    }
}

fn shortened(name: &str) -> &str {
    let end = name.char_indices().nth(MAX_CHARS).map(|(at, _)| at);
    end.and_then(|end| name.get(..end)).unwrap_or(name)
}

/// Fields that nest, of which neutral words know a part.
#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default)]
    output_config: Option<&'a RawValue>,
}

fn within(ask: &Ask, upstream: &Upstream, note: &mut dyn FnMut(&str)) {
    if !matches!(ask.dialect, Dialect::Responses | Dialect::Anthropic) {
        return;
    }
    let Ok(nested) = serde_json::from_slice::<Nested<'_>>(&ask.body) else {
        return;
    };
    let side = upstream.side(ask.dialect);
    let named = [
        ("text", nested.text),
        ("reasoning", nested.reasoning),
        ("thinking", nested.thinking),
        ("output_config", nested.output_config),
    ];
    for (outer, raw) in named {
        let map = raw.and_then(|raw| serde_json::from_str::<Map<String, Value>>(raw.get()).ok());
        for (inner, value) in map.into_iter().flatten().take(MAX_FIELDS) {
            let is_known = KNOWN_WITHIN.contains(&(outer, inner.as_str()))
                || (outer == "thinking"
                    && inner == "type"
                    && matches!(value.as_str(), Some("enabled" | "disabled")));
            let measured = || {
                let side = side?;
                let (_, json) = side.defaults.iter().find(|(name, _)| name == outer)?;
                let fields: Value = serde_json::from_str(json).ok()?;
                fields.get(&inner).cloned()
            };
            if !is_known && !value.is_null() && measured().as_ref() != Some(&value) {
                note(&format!("{outer}.{}", shortened(&inner)));
            }
        }
    }
}

/// Shapes are the same whatever they are called.
fn same_shape(asked: Option<&ResponseFormat>, measured: Option<&ResponseFormat>) -> bool {
    match (asked, measured) {
        (
            Some(ResponseFormat::JsonSchema { schema, .. }),
            Some(ResponseFormat::JsonSchema { schema: other, .. }),
        ) => schema == other,
        (asked, measured) => asked == measured,
    }
}

/// Whether a request uses the prompt that was measured.
fn has_prompt(
    upstream: &Upstream,
    messages: &[Message],
    measured: Option<&MeasuredRequests>,
) -> bool {
    match &upstream.prompt {
        Some(fixed) => fixed.are_in(messages),
        // Instructions of the client's own are a prompt, where what was measured had none.
        None => !has_system(messages) || measured.is_none_or(MeasuredRequests::has_system),
    }
}

fn has_system(messages: &[Message]) -> bool {
    messages.iter().any(|message| message.role == Role::System)
}

fn has_images(messages: &[Message]) -> bool {
    has_part(messages, |part| matches!(part, Part::Image { .. }))
}

fn has_files(messages: &[Message]) -> bool {
    has_part(messages, |part| {
        matches!(part, Part::File { .. } | Part::FileUrl { .. })
    })
}

fn has_part(messages: &[Message], is_meant: fn(&Part) -> bool) -> bool {
    let mut parts = messages.iter().flat_map(|message| &message.parts);
    parts.any(is_meant)
}

#[cfg(test)]
mod tests;

//! Fields beside the conversation for which another dialect has a word, too.
//!
//! In: what a request says beside its neutral words. Out: the same in the fields of the upstream's dialect, and the
//! names of what has no word there. Fields that only help the vendor's bookkeeping (`prompt_cache_key`,
//! `safety_identifier`) go to OpenAI alone, because compatible servers refuse fields that they do not know.
//!
//! Source: OpenAI's references of chat completions and Responses, Anthropic's of Messages, November 2026.

use serde_json::{Map, Value, json};
use trilemma_domain::{ChatRequest, Dialect, Target, ToolChoice};

/// OpenAI's own address.
const OPENAI: &str = "https://api.openai.com/";

/// What becomes of the fields that neutral words leave out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Carried {
    /// Fields of the upstream's dialect.
    pub(crate) fields: Map<String, Value>,
    /// Names of what it cannot be told.
    pub(crate) lost: Vec<String>,
}

/// Finds words of an upstream for what a client of another dialect says beside the neutral words.
pub(crate) fn carried(client: Dialect, target: &Target, chat: &ChatRequest) -> Carried {
    let mut carried = Carried::default();
    for (name, value) in &chat.params.extra_body {
        if says_nothing(name, value) {
            continue;
        }
        match word(client, target, (name, value), chat) {
            Word::Field(name, value) => {
                carried.fields.insert(name.to_owned(), value);
            }
            Word::Needless => {}
            Word::Missing => carried.lost.push(told(name)),
        }
    }
    carried
}

enum Word {
    /// The upstream's field.
    Field(&'static str, Value),
    /// The upstream does so without a word.
    Needless,
    /// It has none.
    Missing,
}

fn word(
    client: Dialect,
    target: &Target,
    (name, value): (&str, &Value),
    chat: &ChatRequest,
) -> Word {
    let is_openais = |dialect| {
        matches!(
            dialect,
            Dialect::OpenAi | Dialect::Azure | Dialect::Responses
        )
    };
    let upstream = target.dialect;
    let is_family = is_openais(client) && is_openais(upstream);
    let knows_all = upstream == Dialect::Responses || target.base_url.starts_with(OPENAI);
    match name {
        "parallel_tool_calls" if value.as_bool() == Some(false) => one_call(upstream, chat),
        // Every vendor's models may call several at once.
        "parallel_tool_calls" => Word::Needless,
        // All that is left of Anthropic's is that calls come one at a time.
        "tool_choice" => one_call(upstream, chat),
        "verbosity" => verbosity(upstream, value),
        "text" => value
            .get("verbosity")
            .map_or(Word::Needless, |value| verbosity(upstream, value)),
        "service_tier" if is_family => Word::Field("service_tier", value.clone()),
        "service_tier" => service_tier(upstream, value, knows_all || upstream == Dialect::Azure),
        "user" if is_family => Word::Field("user", value.clone()),
        "prompt_cache_key" if is_family && knows_all => {
            Word::Field("prompt_cache_key", value.clone())
        }
        "safety_identifier" if is_family && knows_all => {
            Word::Field("safety_identifier", value.clone())
        }
        // Chat completions take them for stored answers only.
        "metadata" if is_family && upstream == Dialect::Responses => {
            Word::Field("metadata", value.clone())
        }
        _ => Word::Missing,
    }
}

/// Calls of tools come one at a time.
fn one_call(upstream: Dialect, chat: &ChatRequest) -> Word {
    if chat.tools.is_empty() {
        return Word::Needless;
    }
    match upstream {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => {
            Word::Field("parallel_tool_calls", Value::Bool(false))
        }
        Dialect::Anthropic => {
            let kind = match &chat.tool_choice {
                ToolChoice::None => return Word::Needless,
                ToolChoice::Auto => "auto",
                ToolChoice::Required => "any",
                ToolChoice::Named(_) => "tool",
            };
            // It joins what the choice says beside it.
            let choice = json!({"type": kind, "disable_parallel_tool_use": true});
            Word::Field("tool_choice", choice)
        }
        Dialect::Gemini => Word::Missing,
    }
}

/// A class of service in the words of another vendor: left to the account (`auto`, which holds without a word), or
/// the ordinary one. Of the others (`flex`, `priority`, `scale`) no two vendors sell the same.
fn service_tier(upstream: Dialect, value: &Value, is_openais: bool) -> Word {
    match (value.as_str(), upstream) {
        (Some("auto"), _) => Word::Needless,
        (Some("default"), Dialect::Anthropic) => {
            Word::Field("service_tier", Value::from("standard_only"))
        }
        (Some("standard_only"), Dialect::OpenAi | Dialect::Azure | Dialect::Responses)
            if is_openais =>
        {
            Word::Field("service_tier", Value::from("default"))
        }
        (_, _) => Word::Missing,
    }
}

fn verbosity(upstream: Dialect, value: &Value) -> Word {
    match upstream {
        Dialect::OpenAi | Dialect::Azure => Word::Field("verbosity", value.clone()),
        Dialect::Responses => Word::Field("text", json!({"verbosity": value})),
        Dialect::Anthropic | Dialect::Gemini => Word::Missing,
    }
}

/// Whether a field's value is what holds without it.
fn says_nothing(name: &str, value: &Value) -> bool {
    match name {
        _ if value.is_null() => true,
        "n" => value.as_u64() == Some(1),
        // Nothing is stored of what is translated.
        "store" | "logprobs" => value.as_bool() == Some(false),
        "presence_penalty" | "frequency_penalty" => value.as_f64() == Some(0.0),
        _ => false,
    }
}

/// The client's own name of what is lost.
fn told(name: &str) -> String {
    match name {
        "text" => "text.verbosity".to_owned(),
        "tool_choice" => "tool_choice.disable_parallel_tool_use".to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_wire::server::{decode_request, route};

    fn check(
        path: &str,
        more: Value,
        (dialect, address): (Dialect, &str),
        fields: Value,
        lost: &[&str],
    ) {
        let mut body = json!({"model": "m", "max_tokens": 5,
            "messages": [{"role": "user", "content": "a"}], "input": "a"});
        let Value::Object(more) = more else { panic!() };
        body.as_object_mut().unwrap().extend(more);
        if path.ends_with("responses") {
            body.as_object_mut().unwrap().remove("messages");
            body.as_object_mut().unwrap().remove("max_tokens");
        } else {
            body.as_object_mut().unwrap().remove("input");
        }
        let route = route("POST", path).unwrap();
        let chat = decode_request(&route, body.to_string().as_bytes())
            .unwrap()
            .chat;
        let target = Target {
            provider: String::new(),
            dialect,
            base_url: address.to_owned(),
            model: "m".to_owned(),
            api_version: None,
            pipeline: None,
        };
        let found = carried(route.dialect, &target, &chat);
        assert_eq!(Value::Object(found.fields), fields, "{body}");
        assert_eq!(found.lost, lost, "{body}");
    }

    #[test]
    fn words_that_both_sides_have_are_carried() {
        const ELSEWHERE: &str = "https://x.example/v1";
        let tools = json!([{"type": "function", "function": {"name": "f"}}]);
        let chat = json!({"parallel_tool_calls": false, "tools": tools, "verbosity": "low",
            "service_tier": "flex", "user": "u", "prompt_cache_key": "k", "safety_identifier": "s",
            "metadata": {"a": "b"}, "n": 1, "top_k": 3, "logit_bias": null});
        check(
            "/v1/chat/completions",
            chat.clone(),
            (Dialect::Responses, ELSEWHERE),
            json!({"parallel_tool_calls": false, "text": {"verbosity": "low"}, "service_tier": "flex",
                "user": "u", "prompt_cache_key": "k", "safety_identifier": "s",
                "metadata": {"a": "b"}}),
            &["top_k"],
        );
        check(
            "/v1/chat/completions",
            chat.clone(),
            (Dialect::Anthropic, ELSEWHERE),
            json!({"tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
            &[
                "metadata",
                "prompt_cache_key",
                "safety_identifier",
                "service_tier",
                "top_k",
                "user",
                "verbosity",
            ],
        );
        let responses = json!({"parallel_tool_calls": false, "text": {"verbosity": "low"},
            "tools": [{"type": "function", "name": "f"}], "prompt_cache_key": "k", "metadata": {}});
        check(
            "/v1/responses",
            responses.clone(),
            (Dialect::OpenAi, ELSEWHERE),
            json!({"parallel_tool_calls": false, "verbosity": "low"}),
            &["metadata", "prompt_cache_key"],
        );
        check(
            "/v1/responses",
            responses.clone(),
            (Dialect::OpenAi, "https://api.openai.com/v1"),
            json!({"parallel_tool_calls": false, "verbosity": "low", "prompt_cache_key": "k"}),
            &["metadata"],
        );
        check(
            "/v1/responses",
            responses,
            (Dialect::Gemini, ELSEWHERE),
            json!({}),
            &[
                "metadata",
                "parallel_tool_calls",
                "prompt_cache_key",
                "text.verbosity",
            ],
        );
        let anthropic = json!({"tools": [{"name": "f", "input_schema": {}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true}});
        check(
            "/v1/messages",
            anthropic.clone(),
            (Dialect::OpenAi, ELSEWHERE),
            json!({"parallel_tool_calls": false}),
            &[],
        );
        check(
            "/v1/messages",
            anthropic,
            (Dialect::Gemini, ELSEWHERE),
            json!({}),
            &["tool_choice.disable_parallel_tool_use"],
        );
        // OpenAI refuses the word where there are no tools.
        check(
            "/v1/chat/completions",
            json!({"parallel_tool_calls": false}),
            (Dialect::Responses, ELSEWHERE),
            json!({}),
            &[],
        );
    }

    #[test]
    fn the_ordinary_class_of_service_has_a_word_on_both_sides() {
        const ELSEWHERE: &str = "https://x.example/v1";
        // Both leave the class of service to the account unless they are told the ordinary one.
        let tier = |word: &str| json!({ "service_tier": word });
        let (openai, claude) = (
            (Dialect::OpenAi, "https://api.openai.com/v1"),
            (Dialect::Anthropic, ELSEWHERE),
        );
        for path in ["/v1/chat/completions", "/v1/responses"] {
            check(path, tier("auto"), claude, json!({}), &[]);
            check(path, tier("default"), claude, tier("standard_only"), &[]);
            for word in ["flex", "priority", "scale"] {
                check(path, tier(word), claude, json!({}), &["service_tier"]);
            }
            let gemini = (Dialect::Gemini, ELSEWHERE);
            check(path, tier("default"), gemini, json!({}), &["service_tier"]);
        }
        check("/v1/messages", tier("auto"), openai, json!({}), &[]);
        let ordinary = tier("standard_only");
        check(
            "/v1/messages",
            ordinary.clone(),
            openai,
            tier("default"),
            &[],
        );
        // A compatible server may not know the field.
        let other = (Dialect::OpenAi, ELSEWHERE);
        check(
            "/v1/messages",
            ordinary,
            other,
            json!({}),
            &["service_tier"],
        );
    }
}

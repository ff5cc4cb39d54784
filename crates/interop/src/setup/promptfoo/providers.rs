//! Providers of promptfoo as candidates.
//!
//! In: the `providers` (or `targets`) of a configuration. Out: candidates, with the parameters that have a
//! counterpart; the others are told.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use trilemma_domain::{Params, Pipeline, PipelineCall, ReplyShape};

use super::prompts::slug;
use crate::setup::draft::{DraftCall, DraftCandidate, Losses};
use crate::setup::template::plain;

/// Settings that say how to call, not what to ask.
const SILENT: [&str; 10] = [
    "apiKey",
    "apiKeyEnvar",
    "apiBaseUrl",
    "apiHost",
    "basePath",
    "organization",
    "cost",
    "showThinking",
    "maxRetries",
    "headers",
];

/// Reads all candidates.
pub(super) fn candidates(value: &Value, losses: &mut Losses) -> Vec<DraftCandidate> {
    let list = match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let mut candidates: Vec<DraftCandidate> = Vec::new();
    for (idx, entry) in list.iter().enumerate() {
        let place = format!("providers[{idx}]");
        let (id, fields) = entry_of(entry);
        let config = fields
            .get("config")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        for key in ["transform", "delay", "prompts", "inputs"] {
            if fields.contains_key(key) {
                losses.add(
                    &place,
                    format!("provider setting {key}"),
                    "it has no counterpart here",
                );
            }
        }
        let call = match call(&id, &config) {
            Ok(call) => call,
            Err(why) => {
                losses.add(&place, format!("provider {}", short(&id)), why);
                continue;
            }
        };
        let params = match &call {
            DraftCall::Model { .. } => params(&config, &place, losses),
            DraftCall::Http { .. } => Params::default(),
        };
        let label = fields.get("label").map(plain);
        let wanted = label.unwrap_or_else(|| match &call {
            DraftCall::Model { model, .. } => model.clone(),
            DraftCall::Http { base_url, .. } => {
                slug(base_url.split("://").nth(1).unwrap_or(base_url))
            }
        });
        let mut name = wanted.clone();
        let mut n = 2;
        while candidates.iter().any(|one| one.id == name) {
            name = format!("{wanted}-{n}");
            n += 1;
        }
        candidates.push(DraftCandidate {
            id: name,
            call,
            prompt: None,
            params,
        });
    }
    candidates
}

fn short(id: &str) -> String {
    id.chars().take(60).collect()
}

/// An entry is an id, an object with an id, or an object whose only key is the id.
fn entry_of(entry: &Value) -> (String, Map<String, Value>) {
    match entry {
        Value::String(id) => (id.clone(), Map::new()),
        Value::Object(fields) => match fields.get("id") {
            Some(id) => (plain(id), fields.clone()),
            None => match fields.iter().next() {
                Some((id, Value::Object(inner))) => (id.clone(), inner.clone()),
                Some((id, _)) => (id.clone(), Map::new()),
                None => (String::new(), Map::new()),
            },
        },
        _ => (String::new(), Map::new()),
    }
}

/// Who is called by a name such as `openai:chat:gpt-4o`.
///
/// # Errors
/// Why nobody is.
pub(crate) fn call(id: &str, config: &Map<String, Value>) -> Result<DraftCall, String> {
    if id == "http" || id == "https" || id.starts_with("http://") || id.starts_with("https://") {
        return http(id, config);
    }
    let (service, rest) = id.split_once(':').unwrap_or((id, ""));
    match service {
        "echo" => return Err("it only repeats the prompt".to_owned()),
        "file" | "exec" | "python" | "golang" | "ruby" | "javascript" | "package" => {
            return Err(
                "it runs code; a `command` candidate does, with JSON on its standard input"
                    .to_owned(),
            );
        }
        _ if rest.is_empty() => return Err("it names no model".to_owned()),
        _ => {}
    }
    let model = ["chat:", "messages:", "responses:"]
        .iter()
        .find_map(|kind| rest.strip_prefix(kind))
        .unwrap_or(rest);
    let kinds = [
        "completion:",
        "embedding:",
        "embeddings:",
        "image:",
        "realtime:",
        "assistant:",
        "moderation:",
        "transcription:",
        "agents:",
    ];
    if kinds.iter().any(|kind| rest.starts_with(kind)) {
        return Err("only chat models can be candidates".to_owned());
    }
    let text = |key: &str| config.get(key).map(plain).filter(|text| !text.is_empty());
    let base_url = text("apiBaseUrl")
        .or_else(|| text("apiHost").map(|host| format!("https://{host}")))
        .or_else(|| (service == "ollama").then(|| "http://localhost:11434/v1".to_owned()));
    Ok(DraftCall::Model {
        provider: match service {
            "vertex" | "palm" => "google".to_owned(),
            "azureopenai" => "azure".to_owned(),
            other => other.to_owned(),
        },
        model: model.to_owned(),
        base_url,
        key_env: text("apiKeyEnvar"),
    })
}

fn http(id: &str, config: &Map<String, Value>) -> Result<DraftCall, String> {
    let url = if id.contains("://") {
        id.to_owned()
    } else {
        config.get("url").map(plain).unwrap_or_default()
    };
    let method = config
        .get("method")
        .map(plain)
        .unwrap_or_else(|| "POST".to_owned());
    if !method.eq_ignore_ascii_case("POST") {
        return Err(format!(
            "it is called by {method}; `http` candidates are called by POST"
        ));
    }
    let (scheme, rest) = url.split_once("://").ok_or("it has no address")?;
    if url.contains("{{") {
        return Err("its address is a template; write it out".to_owned());
    }
    let (host, path) = match rest.split_once('/') {
        Some((host, path)) => (host, format!("/{path}")),
        None => (rest, String::new()),
    };
    let body = config
        .get("body")
        .cloned()
        .unwrap_or_else(|| json!({ "input": "{{ prompt }}" }));
    let transform = config
        .get("transformResponse")
        .or_else(|| config.get("responseParser"))
        .map(plain);
    let answer = match transform {
        None => None,
        Some(code) => Some(place_of(&code).ok_or_else(|| {
            "the code that finds the answer in its reply is more than a path; write `answer` yourself"
                .to_owned()
        })?),
    };
    Ok(DraftCall::Http {
        base_url: format!("{scheme}://{host}"),
        pipeline: Box::new(Pipeline {
            call: PipelineCall::Http {
                path,
                headers: BTreeMap::new(),
                body,
            },
            reply: ReplyShape {
                answer,
                ..ReplyShape::default()
            },
            version: None,
            concurrency: None,
        }),
    })
}

/// `json.choices[0].message.content` as a place; `None` = it is more than a path.
fn place_of(code: &str) -> Option<String> {
    let path = code.trim().strip_prefix("json")?;
    let path = path
        .replace("?.", ".")
        .replace('[', ".")
        .replace([']', '\'', '"'], "")
        .replace("..", ".");
    let place = path.trim_start_matches('.');
    let is_path = !place.is_empty()
        && place.split('.').all(|step| {
            !step.is_empty()
                && step
                    .chars()
                    .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        });
    is_path.then(|| place.to_owned())
}

fn params(config: &Map<String, Value>, place: &str, losses: &mut Losses) -> Params {
    let mut params = Params::default();
    for (key, value) in config {
        let whole = || value.as_u64().and_then(|n| u32::try_from(n).ok());
        let is_taken = match key.as_str() {
            "temperature" => {
                params.temperature = value.as_f64();
                params.temperature.is_some()
            }
            "top_p" | "topP" => {
                params.top_p = value.as_f64();
                params.top_p.is_some()
            }
            "max_tokens" | "max_completion_tokens" | "max_output_tokens" | "maxOutputTokens" => {
                params.max_output_tokens = whole();
                params.max_output_tokens.is_some()
            }
            "seed" => {
                params.seed = value.as_i64();
                params.seed.is_some()
            }
            "reasoning_effort" => {
                params.reasoning_effort = value.as_str().map(str::to_owned);
                params.reasoning_effort.is_some()
            }
            "stop" => {
                params.stop = match value {
                    Value::Array(list) => list.iter().map(plain).collect(),
                    other => vec![plain(other)],
                };
                true
            }
            key => SILENT.contains(&key),
        };
        if !is_taken {
            losses.add(
                place,
                format!("provider setting {key}"),
                "it has no counterpart; `params.extra_body` passes fields through untouched",
            );
        }
    }
    params
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn names_of_models_and_paths_of_answers_are_understood() {
        let check = |id: &str, wanted: Result<(&str, &str), &str>| {
            let found = call(id, &Map::new()).map(|call| match call {
                DraftCall::Model {
                    provider, model, ..
                } => (provider, model),
                DraftCall::Http { base_url, .. } => (base_url, String::new()),
            });
            match (found, wanted) {
                (Ok((a, b)), Ok(wanted)) => assert_eq!((a.as_str(), b.as_str()), wanted),
                (Err(found), Err(part)) => assert!(found.contains(part), "{found}"),
                (found, wanted) => panic!("{id}: {found:?} {wanted:?}"),
            }
        };
        check("openai:gpt-4o-mini", Ok(("openai", "gpt-4o-mini")));
        check("openai:chat:gpt-4o", Ok(("openai", "gpt-4o")));
        check("anthropic:messages:claude-x", Ok(("anthropic", "claude-x")));
        check("ollama:chat:llama3:8b", Ok(("ollama", "llama3:8b")));
        check("https://a.example/x/y?z=1", Ok(("https://a.example", "")));
        check("echo", Err("repeats"));
        check("exec: ./x", Err("runs code"));
        check("openai:embedding:x", Err("only chat"));
        assert_eq!(
            place_of("json.choices[0].message.content").as_deref(),
            Some("choices.0.message.content")
        );
        assert_eq!(place_of("json?.a?.['b']").as_deref(), Some("a.b"));
        assert_eq!(place_of("json.a.map(x => x)"), None);
        assert_eq!(place_of("text"), None);
    }
}

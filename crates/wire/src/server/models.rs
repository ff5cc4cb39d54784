//! The list of models.
//!
//! In: names. Out: one body that every official client reads. All vendors have the list at
//! `/v1/models`, where the path does not tell who asks, so the body is the union of OpenAI's and
//! Anthropic's `data` and Gemini's `models`. It does not page.

use serde::Serialize;

use super::text::json;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
    models: Vec<GeminiEntry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    display_name: &'a str,
    created_at: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeminiEntry<'a> {
    name: String,
    display_name: &'a str,
    supported_generation_methods: [&'static str; 2],
}

/// Writes the list of models.
#[must_use]
pub fn encode_models(names: &[&str]) -> Vec<u8> {
    json(&List {
        object: "list",
        data: names.iter().map(|name| entry(name)).collect(),
        has_more: false,
        first_id: names.first().copied(),
        last_id: names.last().copied(),
        models: names
            .iter()
            .map(|name| GeminiEntry {
                name: format!("models/{name}"),
                display_name: name,
                supported_generation_methods: ["generateContent", "streamGenerateContent"],
            })
            .collect(),
    })
}

/// Writes one model of the list.
#[must_use]
pub fn encode_model(name: &str) -> Vec<u8> {
    json(&entry(name))
}

fn entry(name: &str) -> Entry<'_> {
    Entry {
        id: name,
        object: "model",
        created: 0,
        owned_by: "trilemma",
        kind: "model",
        display_name: name,
        created_at: "1970-01-01T00:00:00Z",
    }
}

//! The list of models.
//!
//! In: names. Out: a body that the official clients read: Gemini's own shape, and for the others a
//! union of OpenAI's and Anthropic's, which share the path. It does not page.

use serde::Serialize;
use trilemma_domain::Dialect;

use super::text::json;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
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
struct GeminiList {
    models: Vec<GeminiEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GeminiEntry {
    name: String,
    display_name: String,
    supported_generation_methods: [&'static str; 2],
}

/// Writes the list of models in the words of `dialect`.
#[must_use]
pub fn encode_models(dialect: Dialect, names: &[&str]) -> Vec<u8> {
    match dialect {
        Dialect::Gemini => json(&GeminiList {
            models: names
                .iter()
                .map(|name| GeminiEntry {
                    name: format!("models/{name}"),
                    display_name: (*name).to_owned(),
                    supported_generation_methods: ["generateContent", "streamGenerateContent"],
                })
                .collect(),
        }),
        Dialect::OpenAi | Dialect::Azure | Dialect::Anthropic => json(&List {
            object: "list",
            data: names.iter().map(|name| entry(name)).collect(),
            has_more: false,
            first_id: names.first().copied(),
            last_id: names.last().copied(),
        }),
    }
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

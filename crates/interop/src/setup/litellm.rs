//! LiteLLM's proxy configuration: its models become candidates.
//!
//! Fields as in LiteLLM's documentation of `config.yaml`, read 2026-11.

use serde_json::{Map, Value};
use trilemma_domain::Params;

use super::draft::{Draft, DraftCall, DraftCandidate, Losses, SetupTool};
use super::template::plain;

/// Settings of a model that say how the proxy deals with it.
const SILENT: [&str; 9] = [
    "model",
    "api_key",
    "api_base",
    "rpm",
    "tpm",
    "timeout",
    "max_retries",
    "weight",
    "order",
];

/// Whether a document is a configuration of LiteLLM.
pub(crate) fn is_config(value: &Value) -> bool {
    value.get("model_list").is_some_and(Value::is_array)
}

/// Reads it.
pub(crate) fn config(value: &Value, draft: &mut Draft, losses: &mut Losses) {
    draft.of(SetupTool::LiteLlm);
    for key in value
        .as_object()
        .into_iter()
        .flat_map(|fields| fields.keys())
    {
        if key != "model_list" {
            losses.add(
                "configuration",
                format!("setting {key}"),
                "it concerns the proxy, not its models",
            );
        }
    }
    let list = value.get("model_list").and_then(Value::as_array);
    for (idx, entry) in list.into_iter().flatten().enumerate() {
        let place = format!("model_list[{idx}]");
        if let Err(why) = model(entry, &place, draft, losses) {
            losses.add(&place, "model", why);
        }
    }
}

fn model(
    entry: &Value,
    place: &str,
    draft: &mut Draft,
    losses: &mut Losses,
) -> Result<(), &'static str> {
    let name = entry.get("model_name").map(plain).unwrap_or_default();
    let fields = entry
        .get("litellm_params")
        .and_then(Value::as_object)
        .ok_or("it has no `litellm_params`")?;
    let called = fields.get("model").map(plain).unwrap_or_default();
    if called.contains('*') || name.contains('*') {
        return Err("a pattern of names is no candidate; name the models");
    }
    let (provider, model) = match called.split_once('/') {
        Some((provider, model)) => (provider.to_owned(), model.to_owned()),
        // LiteLLM takes a bare name for OpenAI's.
        None => ("openai".to_owned(), called.clone()),
    };
    if model.is_empty() {
        return Err("it names no model");
    }
    let key_env = fields
        .get("api_key")
        .and_then(Value::as_str)
        .and_then(|key| key.strip_prefix("os.environ/"))
        .map(str::to_owned);
    if key_env.is_none() && fields.contains_key("api_key") {
        let why = "keys do not belong in a project; name an environment variable";
        losses.add(place, "api_key", why);
    }
    let wanted = if name.is_empty() { model.clone() } else { name };
    let mut id = wanted.clone();
    let mut n = 2;
    while draft.candidates.iter().any(|one| one.id == id) {
        id = format!("{wanted}-{n}");
        n += 1;
    }
    let base_url = fields.get("api_base").map(plain);
    draft.candidates.push(DraftCandidate {
        id,
        call: DraftCall::Model {
            provider: provider_name(&provider).to_owned(),
            model,
            base_url: base_url.filter(|url| url.contains("://")),
            key_env,
        },
        prompt: None,
        params: params(fields, place, losses),
    });
    Ok(())
}

fn params(fields: &Map<String, Value>, place: &str, losses: &mut Losses) -> Params {
    let number = |key: &str| fields.get(key).and_then(Value::as_f64);
    for key in fields.keys() {
        let is_taken = SILENT.contains(&key.as_str())
            || ["temperature", "top_p", "max_tokens", "seed"].contains(&key.as_str());
        if !is_taken {
            losses.add(
                place,
                format!("parameter {key}"),
                "it has no counterpart here",
            );
        }
    }
    Params {
        temperature: number("temperature"),
        top_p: number("top_p"),
        max_output_tokens: fields
            .get("max_tokens")
            .and_then(Value::as_u64)
            .and_then(|n| u32::try_from(n).ok()),
        seed: fields.get("seed").and_then(Value::as_i64),
        ..Params::default()
    }
}

/// LiteLLM's names of providers that we call otherwise.
fn provider_name(name: &str) -> &str {
    match name {
        "gemini" | "vertex_ai" | "vertex_ai_beta" => "google",
        "together_ai" => "together",
        "fireworks_ai" => "fireworks",
        "azure_ai" => "azure",
        other => other,
    }
}

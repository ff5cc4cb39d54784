//! `[[candidates]]`: what could be chosen; sweeps become one candidate each.

use serde_json::{Map, Value};
use toml::de::DeValue;
use trilemma_domain::{ModelName, OwnPrice, Params, Pipeline, ResponseFormat, ToolChoice};

use crate::problem::Note;
use crate::section::{Found, Section, to_json};
use crate::sections::{COMMAND_PROVIDER, pipeline};

/// Most candidates that one sweep may make.
const MAX_SWEEP: usize = 64;

/// A candidate as written; names are not yet looked up.
pub(crate) struct CandidateDraft<'a> {
    pub(crate) id: Option<String>,
    pub(crate) model: ModelName,
    pub(crate) identity: Option<ModelName>,
    pub(crate) prompt: Option<String>,
    pub(crate) params: Params,
    pub(crate) response_format: Option<ResponseFormat>,
    pub(crate) tool_choice: ToolChoice,
    pub(crate) price: Option<OwnPrice>,
    pub(crate) stream: bool,
    pub(crate) pipeline: Option<Pipeline>,
    pub(crate) section: std::rc::Rc<Section<'a>>,
}

/// Reads `[[candidates]]`.
pub(crate) fn candidates<'a>(sections: Vec<Section<'a>>) -> Vec<CandidateDraft<'a>> {
    sections.into_iter().flat_map(candidate).collect()
}

fn candidate(section: Section<'_>) -> Vec<CandidateDraft<'_>> {
    let id = section.string("id").map(|found| found.value);
    let pipeline = pipeline(&section);
    let model = model(&section, id.as_deref(), pipeline.as_ref());
    let identity = section
        .string("identity")
        .and_then(|found| model_name(&section, "identity", &found));
    let prompt = section.string("prompt").map(|found| found.value);
    let base = section.section("params").map(params).unwrap_or_default();
    let response_format = response_format(&section);
    let tool_choice = tool_choice(&section);
    let price = section.section("price").and_then(price);
    // A pipeline answers in one piece.
    let stream = section.boolean("stream").unwrap_or(true) && pipeline.is_none();
    let variants = sweep(&section, &base);
    let Some(model) = model else {
        section.finish();
        return Vec::new();
    };
    let section = std::rc::Rc::new(section);
    variants
        .into_iter()
        .map(|(suffix, params)| CandidateDraft {
            id: match (&id, suffix.is_empty()) {
                (Some(id), true) => Some(id.clone()),
                (Some(id), false) => Some(format!("{id}@{suffix}")),
                (None, true) => None,
                (None, false) => Some(format!("{}@{suffix}", model.model)),
            },
            model: model.clone(),
            identity: identity.clone(),
            prompt: prompt.clone(),
            params,
            response_format: response_format.clone(),
            tool_choice: tool_choice.clone(),
            price,
            stream,
            pipeline: pipeline.clone(),
            section: section.clone(),
        })
        .collect()
}

/// The model that a candidate names; a program has none and is named by its id.
fn model(
    section: &Section<'_>,
    id: Option<&str>,
    pipeline: Option<&Pipeline>,
) -> Option<ModelName> {
    if let (Some(id), true) = (id, pipeline.is_some_and(Pipeline::runs_code))
        && !section.has("model")
    {
        return Some(ModelName {
            provider: COMMAND_PROVIDER.to_owned(),
            model: id.to_owned(),
        });
    }
    section
        .required_string(
            "model",
            "`provider/model`, such as \"openai/gpt-4o-mini-2024-07-18\"",
        )
        .and_then(|found| model_name(section, "model", &found))
}

fn model_name(
    section: &Section<'_>,
    key: &'static str,
    found: &Found<String>,
) -> Option<ModelName> {
    let name = ModelName::parse(&found.value);
    if name.is_none() {
        let note = Note::error(format!("`{}` is not `provider/model`", found.value))
            .hint(format!("such as \"openai/{}\"", found.value));
        section.report(key, note);
    }
    name
}

fn params(section: Section<'_>) -> Params {
    let stop = section.strings("stop").unwrap_or_default();
    let params = Params {
        max_output_tokens: integer_u32(&section, "max_output_tokens"),
        temperature: section.number("temperature", 0.0..=2.0),
        top_p: section.number("top_p", f64::MIN_POSITIVE..=1.0),
        reasoning_effort: section.string("reasoning_effort").map(|found| found.value),
        reasoning_tokens: integer_u32(&section, "reasoning_tokens"),
        seed: section.signed("seed"),
        stop: stop.into_iter().map(|word| word.value).collect(),
        extra_body: match section.json("extra_body") {
            Some(Value::Object(fields)) => fields,
            Some(_) => {
                section.report("extra_body", Note::error("expected a table"));
                Map::new()
            }
            None => Map::new(),
        },
    };
    section.finish();
    params
}

fn integer_u32(section: &Section<'_>, key: &'static str) -> Option<u32> {
    section
        .integer(key, 1..=100_000_000)
        .and_then(|n| u32::try_from(n).ok())
}

fn response_format(section: &Section<'_>) -> Option<ResponseFormat> {
    let table = section.section("response_format")?;
    let kinds = [("json_object", false), ("json_schema", true)];
    let needs_schema = table.word("type", &kinds);
    let name = table
        .string("name")
        .map_or_else(|| "answer".to_owned(), |found| found.value);
    let schema = table.json("schema");
    let format = match (needs_schema, schema) {
        (Some(true), Some(schema)) if schema.is_object() => Some(ResponseFormat::JsonSchema {
            name,
            schema,
            strict: None,
        }),
        (Some(true), _) => {
            table.missing("schema", "a JSON Schema as a table");
            None
        }
        (Some(false), _) => Some(ResponseFormat::JsonObject),
        (None, _) => None,
    };
    table.finish();
    format
}

fn tool_choice(section: &Section<'_>) -> ToolChoice {
    match section.string("tool_choice").map(|found| found.value) {
        None => ToolChoice::Auto,
        Some(word) => match word.as_str() {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Required,
            _ => ToolChoice::Named(word),
        },
    }
}

fn price(section: Section<'_>) -> Option<OwnPrice> {
    let hint = "USD per million tokens, such as \"0.15\"";
    for key in ["input", "output"] {
        if !section.has(key) {
            section.missing(key, hint);
        }
    }
    let input = section.price("input");
    let output = section.price("output");
    let cache_read = section.price("cache_read");
    let cache_write = section.price("cache_write");
    let web_search_1k = section.usd("web_search_1k");
    section.finish();
    Some(OwnPrice {
        input: input?,
        output: output?,
        cache_read,
        cache_write,
        web_search_1k,
    })
}

/// All combinations of the sweep's values, each with a name and its parameters.
fn sweep(section: &Section<'_>, base: &Params) -> Vec<(String, Params)> {
    let mut variants = vec![(String::new(), base.clone())];
    let Some(table) = section.section("sweep") else {
        return variants;
    };
    for (name, value) in table.entries() {
        let DeValue::Array(values) = value.get_ref() else {
            table.report(&name.value, Note::error("expected a list of values"));
            continue;
        };
        let mut next = Vec::with_capacity(variants.len() * values.len());
        for (suffix, params) in &variants {
            for value in values.iter() {
                let json = to_json(value.get_ref());
                let Some(params) = with_param(params, &name.value, &json) else {
                    let note = Note::error(format!("cannot sweep over {json}"))
                        .hint("sweepable: max_output_tokens, temperature, top_p, reasoning_effort, reasoning_tokens, seed");
                    table.report(&name.value, note);
                    continue;
                };
                let shown = json
                    .as_str()
                    .map_or_else(|| json.to_string(), str::to_owned);
                let joint = if suffix.is_empty() { "" } else { "," };
                next.push((format!("{suffix}{joint}{}={shown}", name.value), params));
            }
        }
        if next.len() > MAX_SWEEP {
            table.report(
                &name.value,
                Note::error(format!("makes more than {MAX_SWEEP} candidates")),
            );
            return variants;
        }
        variants = next;
    }
    variants
}

fn with_param(base: &Params, name: &str, value: &Value) -> Option<Params> {
    let mut params = base.clone();
    let whole = || value.as_u64().and_then(|n| u32::try_from(n).ok());
    match name {
        "max_output_tokens" => params.max_output_tokens = Some(whole()?),
        "reasoning_tokens" => params.reasoning_tokens = Some(whole()?),
        "temperature" => params.temperature = Some(value.as_f64()?),
        "top_p" => params.top_p = Some(value.as_f64()?),
        "seed" => params.seed = Some(value.as_i64()?),
        "reasoning_effort" => params.reasoning_effort = Some(value.as_str()?.to_owned()),
        _ => return None,
    }
    Some(params)
}

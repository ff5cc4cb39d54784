//! The three formats.
//!
//! genai-prices: an array of providers with `models[].prices`, USD per million tokens, dated lists and
//! steps. LiteLLM: an object of models with `input_cost_per_token`, USD per token. models.dev: an
//! object of providers with `models.ID.cost`, USD per million tokens.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};
use trilemma_domain::{ModelName, Usd, UsdPerMtok};

use crate::price::Rates;

/// Whose format a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceFormat {
    /// pydantic/genai-prices, `prices.json`.
    GenaiPrices,
    /// LiteLLM, `model_prices_and_context_window.json`.
    LiteLlm,
    /// models.dev, `api.json`.
    ModelsDev,
}

impl PriceFormat {
    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GenaiPrices => "genai-prices",
            Self::LiteLlm => "LiteLLM price map",
            Self::ModelsDev => "models.dev",
        }
    }
}

/// One model's list price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Under the catalog's name of the provider.
    pub id: ModelName,
    /// Base step of the standard service.
    pub rates: Rates,
}

/// What a file lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceFile {
    /// Whose format it has.
    pub format: PriceFormat,
    /// Models of known providers with input and output prices, in the order of the file.
    pub listed: Vec<Listed>,
    /// Entries that were not read: other providers, no token prices.
    pub n_passed_over: usize,
}

/// Says why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Not JSON.
    #[error("read the price list: {problem}; hint: give the JSON file as it was downloaded")]
    Syntax {
        /// What the parser says.
        problem: String,
    },
    /// JSON, but none of the formats.
    #[error(
        "tell the price list's format; hint: prices.json of genai-prices, model_prices_and_context_window.json of LiteLLM, or api.json of models.dev"
    )]
    Unknown,
}

/// Other projects' names of providers, and ours.
const PROVIDERS: &[(&str, &str)] = &[
    ("openai", "openai"),
    ("anthropic", "anthropic"),
    ("google", "google"),
    ("gemini", "google"),
    ("mistral", "mistral"),
    ("xai", "xai"),
    ("x-ai", "xai"),
    ("deepseek", "deepseek"),
    ("alibaba", "alibaba"),
    ("dashscope", "alibaba"),
    ("moonshotai", "moonshot"),
    ("moonshot", "moonshot"),
    ("zai", "zai"),
    ("cohere", "cohere"),
    ("cohere_chat", "cohere"),
    ("groq", "groq"),
    ("cerebras", "cerebras"),
    ("together", "together"),
    ("together_ai", "together"),
    ("togetherai", "together"),
    ("fireworks", "fireworks"),
    ("fireworks_ai", "fireworks"),
    ("fireworks-ai", "fireworks"),
    ("deepinfra", "deepinfra"),
];

fn provider(theirs: &str) -> Option<&'static str> {
    let hit = PROVIDERS.iter().find(|(name, _)| *name == theirs);
    hit.map(|(_, ours)| *ours)
}

/// Reads a price list of any of the three formats, as it holds on a day.
///
/// # Errors
/// [`ImportError`] for what is no JSON or none of the formats.
pub fn read_prices(text: &str, as_of: Date) -> Result<PriceFile, ImportError> {
    let json: Value = serde_json::from_str(text).map_err(|error| ImportError::Syntax {
        problem: error.to_string(),
    })?;
    let file = match &json {
        Value::Array(providers) => genai_prices(providers, as_of),
        Value::Object(entries) if entries.values().any(|entry| entry.get("models").is_some()) => {
            models_dev(entries)
        }
        Value::Object(entries) => lite_llm(entries),
        _ => return Err(ImportError::Unknown),
    };
    if file.listed.is_empty() {
        return Err(ImportError::Unknown);
    }
    Ok(file)
}

/// A JSON number as the decimal that is written; `None` for anything else or below zero.
fn money(value: Option<&Value>, factor: Decimal) -> Option<UsdPerMtok> {
    let Value::Number(number) = value? else {
        return None;
    };
    let text = number.to_string();
    let plain = text.parse().or_else(|_| Decimal::from_scientific(&text));
    let price = plain.ok()?.checked_mul(factor)?.normalize();
    UsdPerMtok::new(price).ok()
}

fn push(file: &mut PriceFile, provider: Option<&str>, model: &str, rates: Rates) {
    match provider {
        Some(provider) if rates.input.is_some() && rates.output.is_some() => {
            file.listed.push(Listed {
                id: ModelName {
                    provider: provider.to_owned(),
                    model: model.to_owned(),
                },
                rates,
            });
        }
        Some(_) | None => file.n_passed_over += 1,
    }
}

fn empty(format: PriceFormat) -> PriceFile {
    PriceFile {
        format,
        listed: Vec::new(),
        n_passed_over: 0,
    }
}

fn genai_prices(providers: &[Value], as_of: Date) -> PriceFile {
    let mut file = empty(PriceFormat::GenaiPrices);
    for entry in providers {
        let ours = entry["id"].as_str().and_then(provider);
        for model in entry["models"].as_array().into_iter().flatten() {
            let prices = match &model["prices"] {
                Value::Array(dated) => dated
                    .iter()
                    .rfind(|entry| holds(&entry["constraint"], as_of))
                    .map_or(&Value::Null, |entry| &entry["prices"]),
                prices => prices,
            };
            let price = |name: &str| {
                let value = prices.get(name)?;
                money(value.get("base").or(Some(value)), Decimal::ONE)
            };
            let searches = price("web_searches_kcount").map(|price| Usd::new(price.decimal()));
            let id = model["id"].as_str().unwrap_or("");
            // Gemini 2 bills a request that searched, later ones each search (Google's price page).
            let by_request = ours == Some("google") && id.starts_with("gemini-2");
            let rates = Rates {
                web_search_1k: searches.filter(|_| !by_request),
                grounded_request_1k: searches.filter(|_| by_request),
                input: price("input_mtok"),
                output: price("output_mtok"),
                cache_read: price("cache_read_mtok"),
                cache_write_5m: price("cache_write_mtok"),
                cache_write_1h: price("cache_write_1h_mtok"),
                audio_input: price("input_audio_mtok"),
                audio_output: price("output_audio_mtok"),
                ..Rates::default()
            };
            push(&mut file, ours, id, rates);
        }
    }
    file
}

/// Whether an entry of a dated list holds all day: none with hours does.
fn holds(constraint: &Value, as_of: Date) -> bool {
    if constraint.is_null() {
        return true;
    }
    let start = constraint["start_date"].as_str();
    start
        .and_then(|text| text.get(..10)?.parse::<Date>().ok())
        .is_some_and(|start| start <= as_of)
}

fn lite_llm(entries: &Map<String, Value>) -> PriceFile {
    let mut file = empty(PriceFormat::LiteLlm);
    for (name, entry) in entries {
        let theirs = entry["litellm_provider"].as_str().unwrap_or("");
        let price = |name: &str| money(entry.get(name), Decimal::from(1_000_000));
        let rates = Rates {
            input: price("input_cost_per_token"),
            output: price("output_cost_per_token"),
            cache_read: price("cache_read_input_token_cost"),
            cache_write_5m: price("cache_creation_input_token_cost"),
            cache_write_1h: price("cache_creation_input_token_cost_above_1hr"),
            audio_input: price("input_cost_per_audio_token"),
            audio_output: price("output_cost_per_audio_token"),
            image_output: price("output_cost_per_image_token"),
            ..Rates::default()
        };
        let bare = name
            .strip_prefix(theirs)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(name);
        push(&mut file, provider(theirs), bare, rates);
    }
    file
}

fn models_dev(providers: &Map<String, Value>) -> PriceFile {
    let mut file = empty(PriceFormat::ModelsDev);
    for (name, entry) in providers {
        for (id, model) in entry["models"].as_object().into_iter().flatten() {
            let price = |name: &str| money(model["cost"].get(name), Decimal::ONE);
            let rates = Rates {
                input: price("input"),
                output: price("output"),
                cache_read: price("cache_read"),
                cache_write_5m: price("cache_write"),
                audio_input: price("input_audio"),
                audio_output: price("output_audio"),
                ..Rates::default()
            };
            push(&mut file, provider(name), id, rates);
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 23);

    fn check(text: &str, format: PriceFormat) {
        let file = read_prices(text, TODAY).unwrap();
        assert_eq!(file.format, format);
        let one = &file.listed[0];
        assert_eq!(one.id.to_string(), "google/gemini-x");
        let price = |text: &str| Some(text.parse().unwrap());
        assert_eq!(one.rates.input, price("1.25"));
        assert_eq!(one.rates.output, price("10"));
        assert_eq!(one.rates.cache_read, price("0.125"));
        assert_eq!((file.listed.len(), file.n_passed_over), (1, 1));
    }

    #[test]
    fn three_formats_say_the_same() {
        check(
            r#"[{"id":"google","models":[{"id":"gemini-x","prices":{"input_mtok":{"base":1.25,"tiers":[{"start":200000,"price":2.5}]},"output_mtok":10,"cache_read_mtok":0.125}}]},
                {"id":"nobody","models":[{"id":"y","prices":{"input_mtok":1,"output_mtok":2}}]}]"#,
            PriceFormat::GenaiPrices,
        );
        check(
            r#"{"gemini/gemini-x":{"litellm_provider":"gemini","input_cost_per_token":1.25e-06,"output_cost_per_token":1e-05,"cache_read_input_token_cost":1.25e-07},
                "sample":{"litellm_provider":"openai","mode":"image"}}"#,
            PriceFormat::LiteLlm,
        );
        check(
            r#"{"google":{"models":{"gemini-x":{"cost":{"input":1.25,"output":10,"cache_read":0.125}},"free":{}}}}"#,
            PriceFormat::ModelsDev,
        );
    }

    #[test]
    fn searches_are_billed_as_each_vendor_does() {
        let text = r#"[{"id":"google","models":[
            {"id":"gemini-2.5-pro","prices":{"input_mtok":1,"output_mtok":2,"web_searches_kcount":35}},
            {"id":"gemini-3.8-flash","prices":{"input_mtok":1,"output_mtok":2,"web_searches_kcount":14}}]}]"#;
        let file = read_prices(text, TODAY).unwrap();
        let searches: Vec<_> = file
            .listed
            .iter()
            .map(|one| (one.rates.web_search_1k, one.rates.grounded_request_1k))
            .collect();
        let usd = |text: &str| text.parse::<Usd>().ok();
        assert_eq!(searches, [(None, usd("35")), (usd("14"), None)]);
    }

    #[test]
    fn what_is_no_price_list_is_refused() {
        for text in [
            "",
            "{",
            "[]",
            "{}",
            "3",
            "[[[]]]",
            r#"{"a":{"models":[]}}"#,
            r#"[{"id":5}]"#,
        ] {
            assert!(read_prices(text, TODAY).is_err(), "{text}");
        }
        assert_eq!(money(Some(&serde_json::json!(-1)), Decimal::ONE), None);
        assert_eq!(money(Some(&serde_json::json!("1")), Decimal::ONE), None);
    }
}

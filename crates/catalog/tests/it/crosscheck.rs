//! Our current list prices against two carried sources.
//!
//! Needs the folder of test data; without it the test says that it is skipped.

use std::path::PathBuf;

use serde_json::Value;
use trilemma_catalog::{Found, Service};

use crate::support::{catalog, day};

#[expect(
    clippy::disallowed_methods,
    reason = "tests find the folder of test data through the environment"
)]
fn folder() -> Option<PathBuf> {
    std::env::var_os("TRILEMMA_TEST_DATA").map(PathBuf::from)
}

fn load(path: &str) -> Option<Value> {
    let path = folder()?.join("catalog").join(path);
    let text = fs_err::read_to_string(path).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Our input and output price today, in dollars per million tokens.
fn ours(found: &Found<'_>) -> Option<(f64, f64)> {
    let row = found
        .model
        .price_at(day("2026-11-23"), Service::Standard, 1)?;
    let number = |text: String| text.parse().unwrap();
    Some((
        number(row.rates.input?.to_string()),
        number(row.rates.output?.to_string()),
    ))
}

fn agree(a: (f64, f64), b: (f64, f64)) -> bool {
    let near = |x: f64, y: f64| (x - y).abs() <= 0.01 * x.max(y);
    near(a.0, b.0) && near(a.1, b.1)
}

fn litellm_price(prices: &Value, found: &Found<'_>) -> Option<(f64, f64)> {
    let id = &found.model.id;
    let prefix = match id.provider.as_str() {
        "google" => "gemini/",
        "mistral" => "mistral/",
        "xai" => "xai/",
        "together" => "together_ai/",
        "deepinfra" => "deepinfra/",
        "groq" => "groq/",
        "cerebras" => "cerebras/",
        "moonshot" => "moonshot/",
        "zai" => "zai/",
        "openai" | "anthropic" | "deepseek" | "cohere" => "",
        _ => return None,
    };
    let entry = prices.get(format!("{prefix}{}", id.model))?;
    let mtok = |key: &str| Some(entry.get(key)?.as_f64()? * 1e6);
    Some((
        mtok("input_cost_per_token")?,
        mtok("output_cost_per_token")?,
    ))
}

/// Newest undated or dated base price of an entry that names the model outright.
fn genai_price(prices: &Value, found: &Found<'_>) -> Option<(f64, f64)> {
    let provider = match found.model.id.provider.as_str() {
        "xai" => "x-ai",
        "moonshot" => "moonshotai",
        other => other,
    };
    let models = prices
        .as_array()?
        .iter()
        .find(|entry| entry["id"] == provider)?["models"]
        .as_array()?;
    let name = &found.model.id.model;
    let exact = |entry: &&Value| {
        let rule = &entry["match"];
        let equals = |rule: &Value| rule["equals"] == name.as_str();
        entry["id"] == name.as_str()
            || equals(rule)
            || rule["or"]
                .as_array()
                .is_some_and(|any| any.iter().any(equals))
    };
    let prices = &models.iter().find(exact)?["prices"];
    let newest = match prices.as_array() {
        // Lists by hour of the day are no list of dates.
        Some(list)
            if list
                .iter()
                .any(|step| !step["constraint"]["start_time"].is_null()) =>
        {
            return None;
        }
        Some(list) => {
            let begun = |step: &&Value| {
                let start = step["constraint"]["start_date"].as_str();
                start.is_none_or(|start| start <= "2026-11-23")
            };
            &list.iter().rfind(begun)?["prices"]
        }
        None => prices,
    };
    let base = |key: &str| {
        let value = &newest[key];
        value.as_f64().or_else(|| value["base"].as_f64())
    };
    Some((base("input_mtok")?, base("output_mtok")?))
}

#[test]
fn data_prices_agree_with_two_carried_sources() {
    let (Some(litellm), Some(genai)) = (
        load("litellm-1.109.1-text.json"),
        load("genai-prices-0.2.1.json"),
    ) else {
        println!("skipped: TRILEMMA_TEST_DATA is not set");
        return;
    };
    let catalog = catalog();
    let mut compared = [0_usize; 2];
    let mut differing: [Vec<String>; 2] = Default::default();
    for found in catalog.models().unwrap() {
        let Some(mine) = ours(&found) else { continue };
        let theirs = [litellm_price(&litellm, &found), genai_price(&genai, &found)];
        for (idx, other) in theirs.into_iter().enumerate() {
            let Some(other) = other else { continue };
            compared[idx] += 1;
            if !agree(mine, other) {
                differing[idx].push(format!("{}: {mine:?}, they {other:?}", found.model.id));
            }
        }
    }
    for (idx, name) in ["LiteLLM 1.109.1", "genai-prices 0.2.1"].iter().enumerate() {
        println!(
            "{name}: {} models compared, {} differ by more than 1 %",
            compared[idx],
            differing[idx].len()
        );
        for line in &differing[idx] {
            println!("  {line}");
        }
    }
    assert!(compared[0] >= 80, "{} compared with LiteLLM", compared[0]);
    assert!(
        compared[1] >= 50,
        "{} compared with genai-prices",
        compared[1]
    );
    // Rows that follow the other source, with the reason in the list printed above.
    assert!(differing[0].len() <= 2, "{:#?}", differing[0]);
    assert!(differing[1].len() <= 3, "{:#?}", differing[1]);
}

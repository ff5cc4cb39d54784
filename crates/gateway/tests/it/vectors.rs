//! Every usage block of the recorded vectors passes through and costs its hand-computed bill.

use serde_json::{Value, json};
use trilemma_domain::{Dialect, ModelName, OwnPrice};

use crate::support::{
    anthropic, candidate, canned, house_of, json_answer, openai, settings, simulator, upstream,
};

#[expect(
    clippy::disallowed_methods,
    reason = "tests find recorded data through the environment"
)]
fn vectors() -> Option<Value> {
    let Some(folder) = std::env::var_os("TRILEMMA_TEST_DATA") else {
        println!("skipped: TRILEMMA_TEST_DATA is not set");
        return None;
    };
    let path = std::path::Path::new(&folder).join("cost/vectors/request_cost.json");
    let text = fs_err::read_to_string(path).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// A body of the vendor's own with this usage.
fn answer(dialect: Dialect, usage: &Value) -> Value {
    match dialect {
        Dialect::OpenAi | Dialect::Azure => json!({
            "id": "x", "object": "chat.completion", "model": "m", "usage": usage,
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}],
        }),
        Dialect::Anthropic => json!({
            "id": "x", "type": "message", "role": "assistant", "model": "m", "usage": usage,
            "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn",
        }),
        Dialect::Gemini => json!({
            "candidates": [{"content": {"parts": [{"text": "a"}], "role": "model"}, "finishReason": "STOP"}],
            "usageMetadata": usage, "modelVersion": "m",
        }),
        // None is recorded in it.
        Dialect::Responses => json!({ "status": "completed", "output": [], "usage": usage }),
    }
}

fn price(prices: &Value, name: &str, input_total: u64) -> Option<String> {
    let price = &prices[name];
    if !price.is_object() {
        return price.as_number().map(ToString::to_string);
    }
    let steps = price["tiers"].as_array().cloned().unwrap_or_default();
    let step = steps.iter().rfind(|step| {
        step["start"]
            .as_u64()
            .is_some_and(|start| input_total > start)
    });
    step.map_or(&price["base"], |step| &step["price"])
        .as_number()
        .map(ToString::to_string)
}

#[tokio::test(flavor = "multi_thread")]
async fn data_usage_passing_through_costs_the_bill_to_the_nano_dollar() {
    let Some(vectors) = vectors() else { return };
    let mut n_checked = 0;
    for case in vectors["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let dialect = match case["api"].as_str().unwrap() {
            "openai.chat" => Dialect::OpenAi,
            "anthropic.messages" => Dialect::Anthropic,
            "gemini.generate" => Dialect::Gemini,
            other => panic!("{id}: {other}"),
        };
        let prices = &case["prices_per_mtok"];
        let normalised = &case["normalised"];
        let total = normalised["input_total"].as_u64().unwrap();
        let of = |name: &str| {
            let times = case["service_multiplier"].as_f64().unwrap();
            let price: f64 = price(prices, name, total)?.parse().unwrap();
            Some((price * times).to_string().parse().unwrap())
        };
        let (url, _) = canned(json_answer(&answer(dialect, &case["usage"]).to_string())).await;
        let (_, log) = simulator("").await;
        let settings = settings();
        let mut one = candidate("x/m", dialect, &url);
        if normalised["write_1h"] == 0 {
            one.price = Some(OwnPrice {
                input: of("input").unwrap(),
                output: of("output").unwrap(),
                cache_read: of("cache_read"),
                cache_write: of("cache_write_5m"),
                web_search_1k: None,
            });
        } else {
            // A contract has one price of writing; the catalog has a row with these very prices.
            assert_eq!(id, "anthropic-cache-write-5m-1h");
            one.price = None;
            one.identity = ModelName::parse("anthropic/claude-sonnet-4-20250514");
        }
        let house = house_of(
            vec![upstream(one, &settings)],
            log,
            settings,
            tempfile::tempdir().unwrap(),
        )
        .await;
        for answer in [
            house
                .post("/v1/chat/completions", &openai("x/m", false))
                .await,
            house.post("/v1/messages", &anthropic("x/m", false)).await,
        ] {
            assert_eq!(answer.status, 200, "{id}: {}", answer.text());
        }
        let (_, entries, _folder) = house.close().await;
        let expected = (case["cost_usd"].as_f64().unwrap() * 1e9).round() as i64;
        for entry in &entries {
            assert_eq!(entry.row.cost.unwrap().0, expected, "{id}");
            assert!(!entry.row.is_estimated);
            assert!(entry.row.raw_usage.is_some(), "{id}");
        }
        n_checked += 1;
    }
    assert_eq!(n_checked, vectors["cases"].as_array().unwrap().len());
}

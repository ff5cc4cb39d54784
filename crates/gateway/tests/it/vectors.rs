//! Every usage block of the recorded vectors passes through, whole and streamed, and costs its
//! hand-computed bill. A bill at a discount is one of another class of service, which the answer states:
//! it must come out of the catalog's row for that class.

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
fn answer(dialect: Dialect, usage: &Value, tier: Option<&str>) -> Value {
    match dialect {
        Dialect::OpenAi | Dialect::Azure => json!({
            "id": "x", "object": "chat.completion", "model": "m", "usage": usage, "service_tier": tier,
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

/// The same as a stream of the vendor's own.
fn streamed(dialect: Dialect, usage: &Value, tier: Option<&str>) -> Vec<u8> {
    let events = match dialect {
        Dialect::OpenAi | Dialect::Azure | Dialect::Responses => {
            let chunk = |choices: Value, usage: Value| {
                json!({ "id": "x", "object": "chat.completion.chunk", "model": "m", "choices": choices,
                    "usage": usage, "service_tier": tier })
            };
            let delta = json!({ "role": "assistant", "content": "a" });
            vec![
                chunk(
                    json!([{ "index": 0, "delta": delta, "finish_reason": null }]),
                    Value::Null,
                ),
                chunk(
                    json!([{ "index": 0, "delta": {}, "finish_reason": "stop" }]),
                    Value::Null,
                ),
                chunk(json!([]), usage.clone()),
            ]
        }
        Dialect::Anthropic => {
            let mut begin = usage.clone();
            begin["output_tokens"] = json!(1);
            vec![
                json!({ "type": "message_start", "message": { "id": "x", "type": "message", "model": "m",
                    "role": "assistant", "content": [], "stop_reason": null, "usage": begin } }),
                json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
                json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "a" } }),
                json!({ "type": "content_block_stop", "index": 0 }),
                json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" },
                    "usage": { "output_tokens": usage["output_tokens"] } }),
                json!({ "type": "message_stop" }),
            ]
        }
        Dialect::Gemini => vec![answer(dialect, usage, tier)],
    };
    let mut text =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            .to_owned();
    for event in events {
        if let Some(kind) = event["type"].as_str() {
            text.push_str(&format!("event: {kind}\n"));
        }
        text.push_str(&format!("data: {event}\n\n"));
    }
    if dialect == Dialect::OpenAi {
        text.push_str("data: [DONE]\n\n");
    }
    text.into_bytes()
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
        let of = |name: &str| Some(price(prices, name, total)?.parse().unwrap());
        let tier = match case["service_multiplier"].as_f64().unwrap() {
            1.0 => None,
            0.5 => Some("batch"),
            other => panic!("{id}: a multiplier of {other}"),
        };
        for stream in [false, true] {
            let body = match stream {
                false => json_answer(&answer(dialect, &case["usage"], tier).to_string()),
                true => streamed(dialect, &case["usage"], tier),
            };
            let (url, _) = canned(body).await;
            let (_, log) = simulator("").await;
            let settings = settings();
            let mut one = candidate("x/m", dialect, &url);
            one.price = None;
            if tier.is_some() {
                // Only the catalog has a price for it.
                assert_eq!(case["model"], "gpt-4o");
                one.identity = ModelName::parse("openai/gpt-4o-2024-08-06");
            } else if normalised["write_1h"] != 0 {
                // A contract has one price of writing; the catalog has a row with these very prices.
                assert_eq!(id, "anthropic-cache-write-5m-1h");
                one.identity = ModelName::parse("anthropic/claude-sonnet-4-20250514");
            } else {
                one.price = Some(OwnPrice {
                    input: of("input").unwrap(),
                    output: of("output").unwrap(),
                    cache_read: of("cache_read"),
                    cache_write: of("cache_write_5m"),
                    web_search_1k: None,
                });
            }
            let folder = tempfile::tempdir().unwrap();
            let house = house_of(vec![upstream(one, &settings)], log, settings, folder).await;
            for answer in [
                house
                    .post("/v1/chat/completions", &openai("x/m", stream))
                    .await,
                house.post("/v1/messages", &anthropic("x/m", stream)).await,
            ] {
                assert_eq!(answer.status, 200, "{id}: {}", answer.text());
            }
            let (_, entries, _folder) = house.close().await;
            let expected = (case["cost_usd"].as_f64().unwrap() * 1e9).round() as i64;
            assert_eq!(entries.len(), 2);
            for entry in &entries {
                assert_eq!(
                    entry.row.cost.unwrap().0,
                    expected,
                    "{id}, stream: {stream}"
                );
                assert!(!entry.row.is_estimated);
                assert!(entry.row.raw_usage.is_some(), "{id}");
            }
        }
        n_checked += 1;
    }
    assert_eq!(n_checked, vectors["cases"].as_array().unwrap().len());
}

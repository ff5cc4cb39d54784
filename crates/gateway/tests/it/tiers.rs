//! A call costs what the class of service costs that answered it.

use serde_json::{Value, json};
use trilemma_domain::{Dialect, ModelName, OwnPrice, ServiceTier};
use trilemma_project::{Period, ServeBudget, ServeSettings};
use trilemma_store::ledger::LedgerEntry;

use crate::support::{
    Answer, candidate, canned, house_of, json_answer, openai, responses, settings, simulator,
    upstream,
};

/// A million tokens in and none out, as the vendor answers in this class.
fn body(tier: &Value) -> Value {
    json!({
        "id": "x", "object": "chat.completion", "model": "m", "service_tier": tier,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0, "total_tokens": 1_000_000},
    })
}

struct Asked<'a> {
    /// What the client asks for.
    asked: Value,
    /// What the answer states.
    told: Value,
    /// A contract of one's own instead of the catalog.
    contract: Option<OwnPrice>,
    budget: Option<&'a str>,
}

async fn ask(asked: Asked<'_>) -> (Answer, LedgerEntry) {
    let (url, _) = canned(json_answer(&body(&asked.told).to_string())).await;
    let (_, log) = simulator("").await;
    let settings = ServeSettings {
        budget: asked.budget.map(|limit| ServeBudget {
            limit: limit.parse().unwrap(),
            period: Period::Total,
        }),
        ..settings()
    };
    let mut one = candidate("x/m", Dialect::OpenAi, &url);
    one.identity = ModelName::parse("openai/gpt-5-2025-08-07");
    one.price = asked.contract;
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(vec![upstream(one, &settings)], log, settings, folder).await;
    let mut request = openai("x/m", false);
    request["service_tier"] = asked.asked;
    let answer = house.post("/v1/chat/completions", &request).await;
    let (_, mut entries, _folder) = house.close().await;
    (answer, entries.remove(0))
}

/// Cost in nano-dollars and whether it is estimated.
async fn cost(asked: Value, told: Value) -> (Option<i64>, bool) {
    let (answer, entry) = ask(Asked {
        asked,
        told,
        contract: None,
        budget: None,
    })
    .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    (entry.row.cost.map(|cost| cost.0), entry.row.is_estimated)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_that_answered_is_priced() {
    // A million tokens of gpt-5: 1.25 USD, 2.50 by priority, 0.625 by flex (the catalog's rows).
    const STANDARD: i64 = 1_250_000_000;
    const PRIORITY: i64 = 2_500_000_000;
    const FLEX: i64 = 625_000_000;
    let null = Value::Null;
    for (asked, told, expected) in [
        (null.clone(), null.clone(), (Some(STANDARD), false)),
        (null.clone(), json!("default"), (Some(STANDARD), false)),
        (json!("auto"), json!("priority"), (Some(PRIORITY), false)),
        (json!("priority"), json!("default"), (Some(STANDARD), false)),
        (json!("flex"), json!("flex"), (Some(FLEX), false)),
        // Nobody says which one answered: the dearest that may have, marked.
        (json!("flex"), null.clone(), (Some(STANDARD), true)),
        (json!("priority"), null.clone(), (Some(PRIORITY), true)),
        // A class without a price is not taken for the ordinary one.
        (null.clone(), json!("scale"), (None, false)),
    ] {
        let found = cost(asked.clone(), told.clone()).await;
        assert_eq!(found, expected, "asked {asked}, told {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_for_the_ordinary_class() {
    let contract = Some(OwnPrice {
        input: "1".parse().unwrap(),
        output: "10".parse().unwrap(),
        cache_read: None,
        cache_write: None,
        web_search_1k: None,
    });
    for (told, expected) in [("default", Some(1_000_000_000)), ("priority", None)] {
        let (_, entry) = ask(Asked {
            asked: Value::Null,
            told: json!(told),
            contract,
            budget: None,
        })
        .await;
        assert_eq!(entry.row.cost.map(|cost| cost.0), expected, "{told}");
        let spent = entry.evidence.unwrap().attempts[0].spent.clone().unwrap();
        let tier = spent.usage.unwrap().tier.unwrap();
        assert_eq!(Some(tier), ServiceTier::of_word(told));
    }
    let (answer, _) = ask(Asked {
        asked: json!("priority"),
        told: json!("priority"),
        contract,
        budget: Some("5"),
    })
    .await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("service_tier"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_vendor_chooses_is_reserved_at_the_dearest() {
    // About 2,200 tokens in and 100 out: 0.0039 USD, twice that by priority.
    for (asked, status) in [
        (json!("default"), 200),
        (json!("flex"), 200),
        (json!("auto"), 429),
        (json!("priority"), 429),
        (Value::Null, 429),
    ] {
        let (answer, _) = ask(Asked {
            asked: asked.clone(),
            told: json!("default"),
            contract: None,
            budget: Some("0.005"),
        })
        .await;
        assert_eq!(answer.status, status, "{asked}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_state_their_class_too() {
    let told = json!({
        "id": "resp_1", "object": "response", "status": "completed", "model": "m",
        "service_tier": "priority",
        "output": [{"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
            "content": [{"type": "output_text", "text": "a", "annotations": []}]}],
        "usage": {"input_tokens": 1_000_000, "output_tokens": 0, "total_tokens": 1_000_000},
    });
    let (url, _) = canned(json_answer(&told.to_string())).await;
    let (_, log) = simulator("").await;
    let settings = settings();
    let mut one = candidate("x/m", Dialect::Responses, &url);
    one.identity = ModelName::parse("openai/gpt-5-2025-08-07");
    one.price = None;
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(vec![upstream(one, &settings)], log, settings, folder).await;
    let answer = house.post("/v1/responses", &responses("x/m", false)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries[0].row.cost.unwrap().0, 2_500_000_000);
}

/// Asks one upstream that answers so; its prices are the catalog's for this model.
async fn asked_of(
    (dialect, identity): (Dialect, &str),
    raw: Vec<u8>,
    (path, request): (&str, &Value),
    budget: Option<&str>,
) -> (Answer, LedgerEntry) {
    let (url, _) = canned(raw).await;
    let (_, log) = simulator("").await;
    let settings = ServeSettings {
        budget: budget.map(|limit| ServeBudget {
            limit: limit.parse().unwrap(),
            period: Period::Total,
        }),
        ..settings()
    };
    let mut one = candidate("x/m", dialect, &url);
    one.identity = ModelName::parse(identity);
    one.price = None;
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(vec![upstream(one, &settings)], log, settings, folder).await;
    let answer = house.post(path, request).await;
    let (_, mut entries, _folder) = house.close().await;
    (answer, entries.remove(0))
}

/// A million tokens in and none out, computed in this place.
fn computed_in(place: &Value) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "a"}],
        "usage": {"input_tokens": 1_000_000, "output_tokens": 0, "service_tier": "standard", "inference_geo": place},
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_that_computed_is_priced() {
    // A million tokens of Opus 5.5: 4 USD, 4.40 in the United States (the catalog's rows).
    const ANYWHERE: i64 = 4_000_000_000;
    const US: i64 = 4_400_000_000;
    let opus = (Dialect::Anthropic, "anthropic/claude-opus-5-5");
    let null = Value::Null;
    for (asked, told, expected) in [
        (null.clone(), null.clone(), (Some(ANYWHERE), false)),
        (null.clone(), json!("global"), (Some(ANYWHERE), false)),
        // The workspace's own setting.
        (null.clone(), json!("us"), (Some(US), false)),
        (json!("us"), json!("us"), (Some(US), false)),
        // Nobody says where: the dearest that may have been, marked.
        (json!("us"), null.clone(), (Some(US), true)),
        // A place without a price is not taken for the ordinary one.
        (null.clone(), json!("eu"), (None, false)),
    ] {
        let mut request = openai("x/m", false);
        request["inference_geo"] = asked.clone();
        let raw = json_answer(&computed_in(&told).to_string());
        let (answer, entry) = asked_of(opus, raw, ("/v1/messages", &request), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let found = (entry.row.cost.map(|cost| cost.0), entry.row.is_estimated);
        assert_eq!(found, expected, "asked {asked}, told {told}");
    }
    // Nobody states a price of older models there.
    let old = (Dialect::Anthropic, "anthropic/claude-haiku-4-5-20251001");
    let raw = json_answer(&computed_in(&json!("us")).to_string());
    let request = openai("x/m", false);
    let (_, entry) = asked_of(old, raw, ("/v1/messages", &request), None).await;
    assert_eq!(entry.row.cost, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_is_left_open_is_reserved_at_the_dearest() {
    // About 2,200 tokens in, written to a cache, and 100 out: 0.0196 USD, 1.1 times that in the United States.
    for (asked, status) in [
        (json!("global"), 200),
        (json!("us"), 429),
        (Value::Null, 429),
        (json!("eu"), 400),
    ] {
        let mut request = openai("x/m", false);
        request["inference_geo"] = asked.clone();
        request["service_tier"] = json!("standard_only");
        let raw = json_answer(&computed_in(&json!("global")).to_string());
        let opus = (Dialect::Anthropic, "anthropic/claude-opus-5-5");
        let asked_for = ("/v1/messages", &request);
        let (answer, _) = asked_of(opus, raw, asked_for, Some("0.02")).await;
        assert_eq!(answer.status, status, "{asked}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn geminis_head_states_the_class_that_answered() {
    let body = json!({
        "candidates": [{"content": {"role": "model", "parts": [{"text": "a"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 1_000_000, "candidatesTokenCount": 0},
        "modelVersion": "m",
    })
    .to_string();
    let gemini = (Dialect::Gemini, "google/gemini-3-flash-preview");
    for stream in [false, true] {
        let mut costs = Vec::new();
        for tier in ["standard", "priority", "flex", "unheard-of"] {
            let (kind, body) = match stream {
                true => ("text/event-stream", format!("data: {body}\r\n\r\n")),
                false => ("application/json", body.clone()),
            };
            let raw = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\nx-gemini-service-tier: {tier}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            let request = openai("x/m", stream);
            let asked_for = ("/v1/chat/completions", &request);
            let (answer, entry) = asked_of(gemini, raw.into_bytes(), asked_for, None).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let spent = entry.evidence.unwrap().attempts[0].spent.clone().unwrap();
            assert_eq!(spent.usage.unwrap().tier, ServiceTier::of_word(tier));
            costs.push(entry.row.cost.map(|cost| cost.0));
        }
        let [Some(standard), priority, flex, None] = costs[..] else {
            panic!("{costs:?}");
        };
        assert!(
            priority.is_none_or(|priority| priority > standard),
            "{costs:?}"
        );
        assert!(flex.is_none_or(|flex| flex < standard), "{costs:?}");
        assert!(priority.is_some() || flex.is_some(), "{costs:?}");
    }
}

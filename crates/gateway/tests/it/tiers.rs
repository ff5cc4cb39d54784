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

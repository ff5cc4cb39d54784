//! What is recorded of requests: in what they differ from what was measured, what each call cost, how they ended, and
//! what clients say of them.

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::{LiveScorer, MeasuredRequests, serve_admin};
use trilemma_store::ledger::LedgerEntry;

use crate::support::{
    House, candidate, house, house_of, openai, post, send, settings, simulator, upstream,
};

const SCENARIO: &str = r#"
[models.small]
answers = { type = "text", text = "yes" }
usage = { input = 50, output = 10 }
[models.other]
answers = { type = "text", text = "no" }
usage = { input = 100, output = 20 }
[models.large]
answers = { type = "text", text = "certainly" }
usage = { input = 1000, output = 100 }
"#;

/// Small candidates at temperature 0, and a policy.
async fn with_policy(policy: &Value) -> House {
    let (url, log) = simulator(SCENARIO).await;
    let settings = settings();
    let upstreams = ["p/small", "p/other", "p/large"].map(|id| {
        let mut candidate = candidate(id, Dialect::OpenAi, &url);
        candidate.params.temperature = Some(0.0);
        upstream(candidate, &settings)
    });
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(upstreams.into(), log, settings, folder).await;
    house.gateway.set_policy(&policy.to_string()).unwrap();
    house
}

fn policy(plan: &Value) -> Value {
    json!({
        "schema_version": 1, "name": "test", "plan": plan,
        "candidates": [{ "id": "p/small" }, { "id": "p/other" }, { "id": "p/large" }],
        "guard": {
            "max_chars": 10, "tasks": ["sort"], "escalated": [0.1, 0.2], "cost_usd": [0.1, 0.2],
            "quality": [0.8, 0.9],
        },
    })
}

fn asking(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": text }] })
}

fn marks(entry: &LedgerEntry) -> &[String] {
    &entry.evidence.as_ref().unwrap().unmeasured
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_name_a_candidate_are_compared_too() {
    let house = with_policy(&policy(&json!({ "single": "p/small" }))).await;
    house.gateway.set_measured(MeasuredRequests::default());
    let mut warm = asking("p/small", "hello");
    warm["temperature"] = json!(0.9);
    let mut instructed = asking("p/small", "hello");
    let system = json!({ "role": "system", "content": "Be rude." });
    instructed["messages"]
        .as_array_mut()
        .unwrap()
        .insert(0, system);
    for request in [
        asking("p/small", "hello"),
        warm,
        asking("sim/small", "hello"),
        instructed,
    ] {
        let answer = house.post("/v1/chat/completions", &request).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let (_, entries, _folder) = house.close().await;
    let found: Vec<_> = entries.iter().map(|entry| marks(entry).join(" ")).collect();
    // The bare model runs at its vendor's temperature.
    assert_eq!(found, ["", "temperature", "temperature", "prompt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_guard_of_a_policy_are_marked() {
    let house = with_policy(&policy(&json!({ "single": "p/small" }))).await;
    for (text, task) in [
        ("hello", "sort"),
        ("ößöößößößö", "sort"),
        ("ößöößößößö!", "sort"),
        ("hello", "write"),
    ] {
        let body = asking("auto", text).to_string();
        let headers = [("x-trilemma-task", task)];
        let path = "/v1/chat/completions";
        let answer = post(&house.address, path, body.as_bytes(), &headers).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let (_, entries, _folder) = house.close().await;
    let found: Vec<_> = entries.iter().map(|entry| marks(entry).join(" ")).collect();
    assert_eq!(found, ["", "", "chars", "task"]);
    let evidence = entries[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.escalated, Some(false));
}

/// Each call has its own usage, cost and price; the metrics count them by whom they asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_cascade_costs_those_whom_it_asked() {
    let plan = json!({ "cascade": {
        "ask": ["p/small", "p/other"], "accept": { "agree": 2 }, "pace": "together",
        "compare": "loose", "escalate": { "single": "p/large" },
    }});
    let house = with_policy(&policy(&plan)).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = listener.local_addr().unwrap().to_string();
    let telling = tokio::spawn(serve_admin(std::sync::Arc::clone(&house.gateway), listener));
    let answer = house
        .post("/v1/chat/completions", &asking("auto", "hi"))
        .await;
    assert_eq!(answer.header("x-trilemma-model"), Some("p/large"));
    let page = send(&admin, "GET", "/metrics", b"", &[]).await;
    let page = page.text();
    for (candidate, input, nano) in [
        ("p/small", 50, 150_000),
        ("p/other", 100, 300_000),
        ("p/large", 1_000, 2_000_000),
    ] {
        let of = |name: &str, value: i64| format!("{name}{{candidate=\"{candidate}\"}} {value}\n");
        let tokens = of("trilemma_input_tokens_total", input);
        let cost = of("trilemma_cost_nano_usd_total", nano);
        assert!(page.contains(&tokens) && page.contains(&cost), "{page}");
    }
    telling.abort();
    let _ended = telling.await;
    let (_, entries, _folder) = house.close().await;
    let row = &entries[0].row;
    assert_eq!(row.cost.unwrap().0, 2_450_000);
    let evidence = entries[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.escalated, Some(true));
    let mut sum = 0;
    for attempt in &evidence.attempts {
        let spent = attempt.spent.as_ref().unwrap();
        let output = spent.usage.unwrap().output;
        let raw = spent.raw_usage.as_ref().unwrap().text();
        assert!(
            raw.contains(&format!("\"completion_tokens\":{output}")),
            "{raw}"
        );
        assert!(spent.price_row.is_some() && !spent.is_estimated);
        sum += spent.nano_usd.unwrap();
    }
    assert_eq!(sum, 2_450_000);
    // What was decided on stands there in numbers, too.
    let decision: Value = serde_json::from_str(evidence.decision.as_ref().unwrap().text()).unwrap();
    let scores = json!([{ "kind": "agreed", "n": 1, "of": 2, "need": 2 }]);
    assert_eq!(decision["scores"], scores, "{decision}");
}

/// A request counts for one end: a part of an answer is not also a failure, and who is refused has not failed.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_has_one_end() {
    let scenario = r#"
[models.m]
answers = { type = "text", text = "yes" }
[models.cut]
answers = { type = "tokens", count = 40 }
faults = [{ kind = "cut_mid_body", every = 1 }]
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
"#;
    let mut limited = settings();
    limited.max_attempts = 1;
    let house = house(scenario, limited).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = listener.local_addr().unwrap().to_string();
    let telling = tokio::spawn(serve_admin(std::sync::Arc::clone(&house.gateway), listener));
    for (model, stream) in [
        ("openai/m", false),
        ("openai/cut", true),
        ("openai/broken", false),
        ("nobody", false),
    ] {
        let _answer = house
            .post("/v1/chat/completions", &openai(model, stream))
            .await;
    }
    let page = send(&admin, "GET", "/metrics", b"", &[]).await;
    for end in ["answered", "truncated", "failed", "refused"] {
        let line = format!("trilemma_requests_total{{end=\"{end}\"}} 1\n");
        assert!(page.text().contains(&line), "{}", page.text());
    }
    telling.abort();
    let _ended = telling.await;
    let _closed = house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_say_is_recorded_and_the_last_word_counts() {
    let house = house(SCENARIO, settings()).await;
    let answer = house
        .post("/v1/chat/completions", &openai("openai/small", false))
        .await;
    let id = answer.header("x-trilemma-request-id").unwrap().to_owned();
    let mut said = Vec::new();
    for (id, score) in [(id.as_str(), 0.2), (&id, 0.9), ("tr-9-9", 0.5)] {
        let word = json!({ "request": id, "score": score });
        said.push(house.post("/v1/feedback", &word).await.json());
    }
    let recorded = |is| json!({ "recorded": is, "counted": false });
    assert_eq!(said, [recorded(true), recorded(true), recorded(false)]);
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].feedback, Some(0.9));
}

/// Scorers that need no expected answer score what is like what was measured, and nothing that is private.
#[tokio::test(flavor = "multi_thread")]
async fn answers_are_scored_beside_the_traffic() {
    let spec = |kind: &str| {
        serde_json::from_value(json!({ "kind": kind, "label": kind, "weight": 1.0, "options": {} }))
    };
    let scorers = ["json_valid", "exact"].map(|kind| LiveScorer {
        key: format!("{kind}#1"),
        scorer: trilemma_score::build(&spec(kind).unwrap()).unwrap(),
    });
    let scenario = r#"
[models.good]
answers = { type = "text", text = "[1]" }
[models.bad]
answers = { type = "text", text = "no json" }
"#;
    let mut all = settings();
    all.score_share = 1.0;
    let house = house(scenario, all).await;
    house.gateway.set_scorers(scorers.into());
    let plain = |model: &str| asking(model, "q").to_string();
    let mut warm = asking("openai/good", "q");
    warm["temperature"] = json!(1.5);
    for (body, headers) in [
        (plain("openai/good"), &[][..]),
        (plain("openai/bad"), &[]),
        (warm.to_string(), &[]),
        (plain("openai/good"), &[("x-trilemma-private", "true")]),
    ] {
        let path = "/v1/chat/completions";
        let answer = post(&house.address, path, body.as_bytes(), headers).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let (_, entries, _folder) = house.close().await;
    let scores: Vec<Vec<(&str, f64)>> = entries
        .iter()
        .map(|entry| {
            entry
                .scores
                .iter()
                .map(|(name, score)| (name.as_str(), *score))
                .collect()
        })
        .collect();
    let json = "json_valid#1";
    assert_eq!(
        scores,
        [vec![(json, 1.0)], vec![(json, 0.0)], vec![], vec![]]
    );
}

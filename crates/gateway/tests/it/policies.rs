//! Requests that a policy decides: rules, cascades, fallbacks, and policies that change meanwhile.

use serde_json::{Value, json};
use trilemma_domain::{CandidateId, Dialect};
use trilemma_route::{Observation, RequestView, Router, Step};

use crate::support::{House, candidate, house_of, openai, post, settings, simulator, upstream};

const SCENARIO: &str = r#"
[models.small]
answers = { type = "text", text = "yes" }
[models.other]
answers = { type = "script", rules = [{ contains = "agree", answers = [{ text = "Yes " }] }, { answers = [{ text = "no" }] }] }
[models.large]
answers = { type = "text", text = "certainly" }
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
[models.cut]
answers = { type = "tokens", count = 40 }
faults = [{ kind = "cut_mid_body", every = 1 }]
"#;

/// Each model in one dialect, so that cascades cross dialects.
async fn with_policy(policy: &Value) -> House {
    let (url, log) = simulator(SCENARIO).await;
    let settings = settings();
    let upstreams = [
        ("p/small", Dialect::OpenAi),
        ("p/other", Dialect::Anthropic),
        ("p/large", Dialect::Gemini),
        ("p/broken", Dialect::OpenAi),
        ("p/cut", Dialect::OpenAi),
    ]
    .map(|(id, dialect)| upstream(candidate(id, dialect, &url), &settings));
    let house = house_of(
        upstreams.into(),
        log,
        settings,
        tempfile::tempdir().unwrap(),
    )
    .await;
    house.gateway.set_policy(&policy.to_string()).unwrap();
    house
}

fn policy(plan: &Value, fallback: &[&str]) -> Value {
    let members: Vec<Value> = ["p/small", "p/other", "p/large", "p/broken", "p/cut"]
        .iter()
        .map(|id| json!({ "id": id }))
        .collect();
    json!({
        "schema_version": 1, "name": "test", "candidates": members,
        "plan": plan, "fallback": fallback,
    })
}

fn rules() -> Value {
    json!({ "rules": {
        "rules": [{ "name": "hard", "when": { "matches": "(?i)prove" }, "then": { "single": "p/large" } }],
        "otherwise": { "single": "p/small" },
    }})
}

fn cascade() -> Value {
    json!({ "cascade": {
        "ask": ["p/small", "p/other"], "accept": { "agree": 2 }, "pace": "together",
        "compare": "loose", "escalate": { "single": "p/large" },
    }})
}

fn asking(text: &str, stream: bool) -> Value {
    let mut request = openai("auto", stream);
    request["messages"][0]["content"] = json!(text);
    request
}

fn said(answer: &crate::support::Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.is_clean);
    if !answer.text().starts_with("data:") {
        return answer.json()["choices"][0]["message"]["content"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    assert!(answer.text().ends_with("data: [DONE]\n\n"));
    answer
        .events()
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
        .collect()
}

/// Clients name their route beside `auto`, or in a header, which goes before; offline an item's field does.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_on_the_route_holds_for_the_route_that_is_named() {
    let plan = json!({ "rules": {
        "rules": [
            { "name": "summaries", "when": { "route": ["summaries"] }, "then": { "single": "p/large" } },
            { "name": "plain", "when": { "route": ["auto"] }, "then": { "single": "p/other" } },
        ],
        "otherwise": { "single": "p/small" },
    }});
    let policy = policy(&plan, &[]);
    let router = Router::read(&policy.to_string()).unwrap();
    let house = with_policy(&policy).await;
    for (model, header, route, who) in [
        ("auto/summaries", None, "summaries", "p/large"),
        ("test/summaries", None, "summaries", "p/large"),
        ("auto", Some("summaries"), "summaries", "p/large"),
        ("auto/other", Some("summaries"), "summaries", "p/large"),
        ("auto/other", None, "other", "p/small"),
        ("auto", None, "auto", "p/other"),
        ("test", None, "test", "p/small"),
    ] {
        let body = openai(model, false);
        let headers: Vec<(&str, &str)> = header
            .map(|route| ("x-trilemma-route", route))
            .into_iter()
            .collect();
        for path in ["/v1/chat/completions", "/v1/messages"] {
            let answer = post(&house.address, path, body.to_string().as_bytes(), &headers).await;
            assert_eq!(answer.status, 200, "{model}: {}", answer.text());
            assert_eq!(
                answer.header("x-trilemma-model"),
                Some(who),
                "{model} {header:?}"
            );
        }
        let asked = post(
            &house.address,
            "/v1/decide",
            body.to_string().as_bytes(),
            &headers,
        )
        .await;
        assert_eq!(asked.json()["calls"][0]["candidate"], who);
        let view = RequestView {
            route: Some(route),
            ..RequestView::of_text("say it")
        };
        let Step::Call(calls) = router.step(&view, &[]).step else {
            panic!("{model}")
        };
        assert_eq!(calls[0].candidate.as_str(), who, "{model}");
    }
    // A route is no candidate's name, and an empty one is none.
    for model in ["auto/", "other/summaries"] {
        let answer = house
            .post("/v1/chat/completions", &openai(model, false))
            .await;
        assert_eq!(answer.status, 404, "{model}: {}", answer.text());
    }
    // A candidate that is called so is meant itself.
    let own = house
        .post("/v1/chat/completions", &openai("p/small", false))
        .await;
    assert_eq!(own.header("x-trilemma-model"), Some("p/small"));
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries[0].row.requested, "auto/summaries");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_choose_and_say_why() {
    let house = with_policy(&policy(&rules(), &[])).await;
    for stream in [false, true] {
        let answer = house
            .post("/v1/chat/completions", &asking("hello", stream))
            .await;
        assert_eq!(said(&answer), "yes");
        assert_eq!(answer.header("x-trilemma-model"), Some("p/small"));
        let answer = house
            .post("/v1/chat/completions", &asking("Prove it", stream))
            .await;
        assert_eq!(said(&answer), "certainly");
    }
    let dry = post(
        &house.address,
        "/v1/chat/completions",
        asking("prove", false).to_string().as_bytes(),
        &[("x-trilemma-dry-run", "true")],
    )
    .await;
    assert_eq!(dry.json()["calls"][0]["candidate"], "p/large");
    assert_eq!(dry.json()["why"][0], "rule `hard` holds");
    let asked = house.post("/v1/decide", &asking("prove", false)).await;
    assert_eq!(asked.json(), dry.json());
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 4);
    let evidence = entries[1].evidence.as_ref().unwrap();
    assert_eq!(evidence.propensity, Some(1.0));
    let mut decision: Value =
        serde_json::from_str(evidence.decision.as_ref().unwrap().text()).unwrap();
    decision["propensity"] = json!(1.0);
    assert_eq!(decision, dry.json());
    assert_eq!(
        evidence.policy.as_ref().unwrap(),
        dry.json()["hash"].as_str().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cascade_judges_before_anything_is_shown() {
    let house = with_policy(&policy(&cascade(), &[])).await;
    for stream in [false, true] {
        let answer = house
            .post("/v1/chat/completions", &asking("agree", stream))
            .await;
        assert_eq!(said(&answer), "yes");
        assert_eq!(answer.header("x-trilemma-attempts"), Some("2"));
        let answer = house
            .post("/v1/chat/completions", &asking("else", stream))
            .await;
        assert_eq!(said(&answer), "certainly");
        assert_eq!(answer.header("x-trilemma-model"), Some("p/large"));
        assert_eq!(answer.header("x-trilemma-attempts"), Some("3"));
    }
    // The other's dialect has no word for it, the answering candidate's has.
    let mut request = asking("agree", false);
    request["frequency_penalty"] = json!(0.5);
    for (model, lost) in [("auto", None), ("p/other", Some("frequency_penalty"))] {
        request["model"] = json!(model);
        let answer = house.post("/v1/chat/completions", &request).await;
        assert_eq!(answer.header("x-trilemma-lost"), lost);
    }
    let (_, entries, _folder) = house.close().await;
    let n: Vec<_> = entries
        .iter()
        .map(|entry| entry.evidence.as_ref().unwrap().attempts.len())
        .collect();
    assert_eq!(n, [2, 3, 2, 3, 2, 1]);
    // The row is the answering candidate's, whoever else was asked and settled last.
    for (entry, model) in entries.iter().zip(["small", "large", "small", "large"]) {
        assert_eq!(entry.row.candidate, format!("p/{model}"));
        assert_eq!(entry.row.served.as_deref(), Some(model));
        let evidence = entry.evidence.as_ref().unwrap();
        assert_eq!(evidence.finish.as_deref(), Some("stop"));
        let raw = entry.row.raw_usage.as_deref().unwrap();
        let words = if model == "small" {
            "prompt_tokens"
        } else {
            "promptTokenCount"
        };
        assert!(raw.contains(words), "{raw}");
        for attempt in &evidence.attempts {
            let (_, called) = attempt.candidate.split_once('/').unwrap();
            assert_eq!(attempt.served.as_deref(), Some(called));
        }
    }
    // The length is the client's own; judged candidates were measured without one, too.
    let marks = &entries[0].evidence.as_ref().unwrap().unmeasured;
    assert_eq!(*marks, ["max_output_tokens"]);
}

/// A poll of more than may fail at once is made in two parts, and is one step all the same, as it is offline.
#[tokio::test(flavor = "multi_thread")]
async fn the_rest_of_a_poll_is_no_escalation() {
    let plan = json!({ "cascade": {
        "ask": ["p/small", "p/small", "p/small", "p/small"], "accept": { "agree": 4 }, "escalate": { "single": "p/large" },
    }});
    let house = with_policy(&policy(&plan, &[])).await;
    let answer = house
        .post("/v1/chat/completions", &asking("hello", false))
        .await;
    assert_eq!(said(&answer), "yes");
    let mut other = plan.clone();
    other["cascade"]["ask"][3] = json!("p/other");
    house
        .gateway
        .set_policy(&policy(&other, &[]).to_string())
        .unwrap();
    let answer = house
        .post("/v1/chat/completions", &asking("hello", false))
        .await;
    assert_eq!(said(&answer), "certainly");
    let (_, entries, _folder) = house.close().await;
    let told = entries.iter().map(|entry| {
        let evidence = entry.evidence.as_ref().unwrap();
        (evidence.attempts.len(), evidence.escalated)
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(4, Some(false)), (5, Some(true))]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fallback_answers_as_long_as_nothing_was_shown() {
    let plan = json!({ "single": "p/broken" });
    let house = with_policy(&policy(&plan, &["p/large"])).await;
    for stream in [false, true] {
        let answer = house
            .post("/v1/chat/completions", &asking("hello", stream))
            .await;
        assert_eq!(said(&answer), "certainly");
        assert_eq!(answer.header("x-trilemma-attempts"), Some("2"));
    }
    // After the first token there is no way back.
    let cut = policy(&json!({ "single": "p/cut" }), &["p/large"]).to_string();
    house.gateway.set_policy(&cut).unwrap();
    let answer = house
        .post("/v1/chat/completions", &asking("hello", true))
        .await;
    assert!(!answer.is_clean && answer.text().contains("\"error\""));
    assert_eq!(
        said(
            &house
                .post("/v1/chat/completions", &asking("hello", false))
                .await
        ),
        "certainly"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_policy_changes_nothing_and_a_good_one_drops_no_request() {
    let house = with_policy(&policy(&rules(), &[])).await;
    for bad in [
        "{",
        "{}",
        &policy(&json!({ "single": "nobody" }), &[]).to_string(),
        &json!({ "schema_version": 1, "name": "x", "candidates": [{ "id": "ghost" }], "plan": { "single": "ghost" } }).to_string(),
        &json!({ "schema_version": 99 }).to_string(),
    ] {
        let error = house.gateway.set_policy(bad).unwrap_err();
        assert!(!error.is_empty());
    }
    assert_eq!(
        said(
            &house
                .post("/v1/chat/completions", &asking("hello", false))
                .await
        ),
        "yes"
    );
    let mut tasks = tokio::task::JoinSet::new();
    for idx in 0..40 {
        let address = house.address.clone();
        let body = asking("hello", idx % 2 == 0).to_string();
        tasks.spawn(
            async move { post(&address, "/v1/chat/completions", body.as_bytes(), &[]).await },
        );
        if idx % 10 == 5 {
            let next = policy(&json!({ "single": "p/large" }), &[]).to_string();
            house.gateway.set_policy(&next).unwrap();
            let next = policy(&rules(), &[]).to_string();
            house.gateway.set_policy(&next).unwrap();
        }
    }
    while let Some(answer) = tasks.join_next().await {
        let text = said(&answer.unwrap());
        assert!(text == "yes" || text == "certainly", "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_measured_is_marked() {
    let mut written = policy(&rules(), &[]);
    written["candidates"][0]["binding"] = json!("00".repeat(32));
    let house = with_policy(&written).await;
    let mut request = asking("hello", false);
    request["temperature"] = json!(0.7);
    let _answer = house.post("/v1/chat/completions", &request).await;
    let _answer = house
        .post("/v1/chat/completions", &asking("prove", false))
        .await;
    let (_, entries, _folder) = house.close().await;
    let marks: Vec<_> = entries
        .iter()
        .map(|entry| entry.evidence.as_ref().unwrap().unmeasured.join(" "))
        .collect();
    // The length is the client's own; this candidate was measured without one.
    assert_eq!(marks[0], "candidate p/small max_output_tokens temperature");
    assert_eq!(marks[1], "max_output_tokens");
}

/// The same decisions as offline, item by item, given the same observations.
#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_those_of_the_offline_evaluation() {
    let written = policy(
        &json!({ "rules": {
            "rules": [
                { "name": "long", "when": { "chars": { "min": 200 } }, "then": { "single": "p/large" } },
                { "name": "words", "when": { "matches": "(?i)refund|broken|\\d{3}" }, "then": { "single": "p/other" } },
            ],
            "otherwise": { "tiers": { "small": "p/small", "medium": "p/other", "large": "p/large" } },
        }}),
        &["p/large"],
    );
    let house = with_policy(&written).await;
    let router = Router::read(&written.to_string()).unwrap();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/support-triage/golden.jsonl"
    );
    let golden = fs_err::read_to_string(path).unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for line in golden.lines() {
        let item: Value = serde_json::from_str(line).unwrap();
        let text = item["input"].as_str().unwrap();
        let messages = [trilemma_domain::Message::text(
            trilemma_domain::Role::User,
            text,
        )];
        let view = RequestView::of_messages(&messages, &router.policy().reads, None);
        let offline = router.step(&view, &[]);
        let Step::Call(calls) = &offline.step else {
            panic!("{offline:?}")
        };
        let live = house.post("/v1/decide", &asking(text, false)).await.json();
        assert_eq!(
            live["calls"][0]["candidate"],
            calls[0].candidate.as_str(),
            "{text}"
        );
        let why: Vec<String> = offline.why.iter().map(ToString::to_string).collect();
        assert_eq!(live["why"], json!(why), "{text}");
        *seen.entry(calls[0].candidate.to_string()).or_insert(0) += 1;
        let failed = [Observation::failed(CandidateId::from(
            calls[0].candidate.as_str(),
        ))];
        assert_ne!(router.step(&view, &failed).step, offline.step);
    }
    // The policy tells the items apart, or the comparison would show nothing.
    assert!(seen.len() >= 2, "{seen:?}");
}

//! Answers, usage, limits, drift, keys and unknown things.

use std::time::Duration;

use http::Request;
use serde_json::json;
use trilemma_sim::{CallOutcome, RejectReason};

use crate::client::{connect, logged, openai, sim};

#[tokio::test(start_paused = true)]
async fn echoes_by_default_and_keeps_the_connection() {
    let sim = sim("");
    let mut connection = connect(&sim).await;
    for prompt in ["Grüße 🦀", "\"quoted\"\n"] {
        let seen = connection.ask("any", prompt).await.unwrap();
        assert_eq!((seen.status, seen.answer().as_str()), (200, prompt));
        assert_eq!(seen.header("x-trilemma-usage"), Some("estimated"));
        assert_eq!(seen.header("server"), Some("trilemma-sim"));
    }
    let records = logged(&sim, 2).await;
    assert_eq!(records.iter().map(|r| r.seq).collect::<Vec<_>>(), [0, 1]);
    assert!(records.iter().all(|r| r.outcome == CallOutcome::Answered));
}

#[tokio::test(start_paused = true)]
async fn scripts_answer_by_rule_and_order_of_call() {
    let sim = sim(r#"
        [models.m]
        answers = { type = "script", rules = [
            { contains = "sky", answers = [{ text = "blue" }, { text = "grey" }] },
            { contains = "time", answers = [{ tool_calls = [{ name = "clock", arguments = {} }] }] },
        ] }
    "#);
    let mut connection = connect(&sim).await;
    let mut got = Vec::new();
    for _ in 0..3 {
        got.push(connection.ask("m", "the sky?").await.unwrap().answer());
    }
    assert_eq!(got, ["blue", "grey", "blue"]);
    let seen = connection.ask("m", "what time?").await.unwrap().json();
    assert_eq!(seen["choices"][0]["finish_reason"], "tool_calls");
    assert_eq!(
        seen["choices"][0]["message"]["tool_calls"][0]["function"]["name"],
        "clock"
    );
    let seen = connection.ask("m", "else").await.unwrap();
    assert_eq!(seen.status, 404);
    let record = logged(&sim, 5).await.pop().unwrap();
    assert_eq!(
        record.outcome,
        CallOutcome::Rejected(RejectReason::UnknownPrompt)
    );
}

#[tokio::test(start_paused = true)]
async fn usage_is_counted_or_as_stated_or_left_out() {
    let sim = sim(r#"
        [models.counted]
        answers = { type = "tokens", count = 30 }
        [models.stated]
        usage = { input = 7, output = 3, cache_read = 2 }
        [models.silent]
        usage = { omit = true }
    "#);
    let mut connection = connect(&sim).await;
    // 7 tokens by tiktoken's o200k_base.
    let prompt = "What is the capital of France?";
    let counted = connection.ask("counted", prompt).await.unwrap();
    assert_eq!(
        counted.json()["usage"],
        json!({"prompt_tokens": 7, "completion_tokens": 30, "total_tokens": 37})
    );
    let stated = connection.ask("stated", prompt).await.unwrap();
    assert_eq!(stated.json()["usage"]["prompt_tokens"], 9);
    assert_eq!(stated.header("x-trilemma-usage"), None);
    let silent = connection.ask("silent", prompt).await.unwrap();
    assert!(silent.json().get("usage").is_none());
    let silent = connection.ask_stream("silent", prompt).await.unwrap();
    assert!(!silent.text().contains("prompt_tokens"));
}

#[tokio::test(start_paused = true)]
async fn the_token_limit_cuts() {
    let sim = sim("[models.m]\nanswers = { type = \"tokens\", count = 30 }");
    let mut body = openai("m", "x", false);
    body["max_completion_tokens"] = json!(4);
    let seen = connect(&sim)
        .await
        .post("/v1/chat/completions", &body)
        .await
        .unwrap();
    assert_eq!(seen.answer(), " word word word word");
    assert_eq!(seen.json()["choices"][0]["finish_reason"], "length");
    assert_eq!(seen.json()["usage"]["completion_tokens"], 4);
}

#[tokio::test(start_paused = true)]
async fn limits_turn_calls_away_until_there_is_room() {
    let sim = sim("[models.m]\nlimits = { requests_per_minute = 2 }");
    let mut connection = connect(&sim).await;
    for remaining in ["1", "0"] {
        let seen = connection.ask("m", "x").await.unwrap();
        assert_eq!(seen.status, 200);
        assert_eq!(
            seen.header("x-ratelimit-remaining-requests"),
            Some(remaining)
        );
    }
    let seen = connection.ask("m", "x").await.unwrap();
    assert_eq!((seen.status, seen.header("retry-after")), (429, Some("30")));
    assert_eq!(seen.header("x-ratelimit-limit-requests"), Some("2"));
    tokio::time::advance(Duration::from_secs(30)).await;
    assert_eq!(connection.ask("m", "x").await.unwrap().status, 200);
    assert_eq!(connection.ask("m", "x").await.unwrap().status, 429);
    let outcomes: Vec<_> = logged(&sim, 5).await.iter().map(|r| r.outcome).collect();
    let limited = CallOutcome::Rejected(RejectReason::RateLimit);
    assert_eq!(outcomes[2..], [limited, CallOutcome::Answered, limited]);
}

#[tokio::test(start_paused = true)]
async fn drift_changes_a_model_silently() {
    let sim = sim(r#"
        [models.m]
        first_token_ms = 100
        system_fingerprint = "old"
        answers = { type = "text", text = "before" }
        [models.m.drift]
        after_calls = 2
        served_model = "m-2"
        system_fingerprint = "new"
        delay_factor = 2.0
        answers = { type = "text", text = "after" }
    "#);
    let mut connection = connect(&sim).await;
    for (model, fingerprint, text, delay) in [
        ("m", "old", "before", 100),
        ("m", "old", "before", 100),
        ("m-2", "new", "after", 200),
    ] {
        let seen = connection.ask("m", "x").await.unwrap();
        let body = seen.json();
        assert_eq!(
            (&body["model"], &body["system_fingerprint"]),
            (&json!(model), &json!(fingerprint))
        );
        assert_eq!(
            (seen.answer().as_str(), seen.head_after.as_millis()),
            (text, delay)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_read_where_each_dialect_has_them() {
    let sim = sim("api_key = \"sesame\"");
    let mut connection = connect(&sim).await;
    let chat = openai("m", "x", false).to_string();
    let anthropic = r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}"#;
    let gemini = r#"{"contents":[{"parts":[{"text":"x"}]}]}"#;
    for (path, body, name, value, status) in [
        (
            "/v1/chat/completions",
            chat.as_str(),
            "authorization",
            "Bearer sesame",
            200,
        ),
        (
            "/v1/chat/completions",
            &chat,
            "authorization",
            "Bearer open",
            401,
        ),
        ("/v1/chat/completions", &chat, "x-api-key", "sesame", 401),
        (
            "/openai/deployments/m/chat/completions",
            &chat,
            "api-key",
            "sesame",
            200,
        ),
        ("/v1/messages", anthropic, "x-api-key", "sesame", 200),
        (
            "/v1/messages",
            anthropic,
            "authorization",
            "Bearer sesame",
            200,
        ),
        (
            "/v1/models/m:generateContent",
            gemini,
            "x-goog-api-key",
            "sesame",
            200,
        ),
        (
            "/v1/models/m:generateContent",
            gemini,
            "api-key",
            "sesame",
            401,
        ),
    ] {
        let request = Request::post(path)
            .header(name, value)
            .body(bytes::Bytes::from(body.to_owned()).into())
            .unwrap();
        let seen = connection.send(request).await.unwrap();
        assert_eq!(seen.status, status, "{path} {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_or_wrong_is_said_in_the_dialect() {
    let sim = sim("[models.known]");
    let mut connection = connect(&sim).await;
    let seen = connection.ask("other", "x").await.unwrap();
    assert_eq!(
        (seen.status, &seen.json()["error"]["code"]),
        (404, &json!("model_not_found"))
    );
    let body = json!({"contents": [{"parts": [{"text": "x"}]}]});
    let seen = connection
        .post("/v1beta/models/other:generateContent", &body)
        .await
        .unwrap();
    assert_eq!(
        (seen.status, &seen.json()["error"]["status"]),
        (404, &json!("NOT_FOUND"))
    );
    let seen = connection
        .post_bytes("/v1/messages", "{".into())
        .await
        .unwrap();
    assert_eq!(
        (seen.status, &seen.json()["error"]["type"]),
        (400, &json!("invalid_request_error"))
    );
    let seen = connection
        .post_bytes("/v1/elsewhere", "{}".into())
        .await
        .unwrap();
    assert_eq!(seen.status, 404);
    let reasons: Vec<_> = logged(&sim, 3).await.iter().map(|r| r.outcome).collect();
    assert_eq!(
        reasons,
        [
            RejectReason::UnknownModel,
            RejectReason::UnknownModel,
            RejectReason::BadRequest
        ]
        .map(CallOutcome::Rejected)
    );
}

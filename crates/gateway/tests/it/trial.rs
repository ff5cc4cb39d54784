//! A canary's challenger that fails: its clients get the answer of who is in use, and its arm the blame.

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::{CANARY_NOTE, CanaryParts, canary_told};
use trilemma_project::{CanarySettings, ServeSettings};
use trilemma_store::ledger::{LedgerEntry, LedgerFile};

use crate::support::{
    House, canary, candidate, canned, house_of, impatient, ledger_path, openai, post, settings,
    simulator, upstream,
};

const SCENARIO: &str = r#"
[models.m]
answers = { type = "text", text = "well" }
[models.server_error]
faults = [{ kind = "server_error", every = 1 }]
[models.cut_before_head]
faults = [{ kind = "cut_before_head", every = 1 }]
[models.stall_before_head]
faults = [{ kind = "stall_before_head", every = 1, stall_s = 30 }]
[models.once]
answers = { type = "text", text = "again" }
faults = [{ kind = "server_error", first = 1 }]
[models.twice]
answers = { type = "text", text = "late" }
faults = [{ kind = "server_error", first = 2 }]
[models.cut_mid_body]
answers = { type = "tokens", count = 40 }
faults = [{ kind = "cut_mid_body", every = 1 }]
"#;

/// A gateway with the simulator's models, and `p/own` at an address of its own.
async fn house(settings: ServeSettings, own: &str) -> House {
    let (url, log) = simulator(SCENARIO).await;
    let mut upstreams = vec![upstream(
        candidate("p/own", Dialect::OpenAi, own),
        &settings,
    )];
    for model in [
        "m",
        "server_error",
        "cut_before_head",
        "stall_before_head",
        "once",
        "twice",
        "cut_mid_body",
    ] {
        let id = format!("p/{model}");
        upstreams.push(upstream(candidate(&id, Dialect::OpenAi, &url), &settings));
    }
    house_of(upstreams, log, settings, tempfile::tempdir().unwrap()).await
}

fn begin(house: &House, settings: CanarySettings, policy: Option<&Value>) {
    house
        .gateway
        .set_canary(CanaryParts {
            settings,
            policy: policy.map(Value::to_string),
            scorers: Vec::new(),
            alarm: None,
            jury: None,
        })
        .unwrap();
}

/// What a client reads, as a whole or as a stream.
fn said(answer: &crate::support::Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.is_clean);
    if !answer.text().starts_with("data:") {
        let text = answer.json()["choices"][0]["message"]["content"].clone();
        return text.as_str().unwrap().to_owned();
    }
    assert!(answer.text().ends_with("data: [DONE]\n\n"));
    let events = answer.events();
    let parts = events
        .iter()
        .filter_map(|event| event["choices"][0]["delta"]["content"].as_str());
    parts.collect()
}

/// The errors of both arms, as (n, n with an error).
fn errors(folder: &std::path::Path) -> [(u64, f64); 2] {
    let file = LedgerFile::open_existing(&ledger_path(folder)).unwrap();
    let told = canary_told(&file.note(CANARY_NOTE).unwrap().unwrap()).unwrap();
    let guard = &told["guards"][0];
    assert_eq!(guard["guard"], "errors");
    ["control", "challenger"].map(|arm| {
        let n = guard[format!("n_{arm}")].as_u64().unwrap();
        (n, guard[arm].as_f64().unwrap_or(0.0) * n as f64)
    })
}

fn attempts(entry: &LedgerEntry) -> Vec<(&str, bool)> {
    let attempts = &entry.evidence.as_ref().unwrap().attempts;
    attempts
        .iter()
        .map(|one| (one.candidate.as_str(), one.failure.is_none()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_use_answers_what_the_challenger_fails() {
    // Fails within a stream that began well, before anything can be seen.
    let silent = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n\
        data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n\
        data: {\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\"}}\n\n";
    let (own, _) = canned(silent.as_bytes().to_vec()).await;
    for (challenger, settings, n_own) in [
        ("p/server_error", settings(), 2),
        ("p/cut_before_head", settings(), 2),
        ("p/stall_before_head", impatient(), 2),
        ("p/own", settings(), 2),
    ] {
        let house = house(settings, &own).await;
        begin(&house, canary("p/m", challenger, 0.999_999), None);
        for stream in [false, true] {
            let answer = house
                .post("/v1/chat/completions", &openai("p/m", stream))
                .await;
            assert_eq!(said(&answer), "well", "{challenger} {stream}");
            assert_eq!(answer.header("x-trilemma-model"), Some("p/m"));
            assert_eq!(answer.header("x-trilemma-attempts"), Some("3"));
        }
        let (_, entries, folder) = house.close().await;
        for entry in &entries {
            let evidence = entry.evidence.as_ref().unwrap();
            assert_eq!(entry.row.candidate, "p/m");
            assert_eq!(evidence.canary.as_deref(), Some("challenger"));
            assert_eq!(evidence.propensity, Some(0.999_999));
            assert_eq!((evidence.status, &evidence.failure), (200, &None));
            assert!(evidence.canary_failure.is_some(), "{challenger}");
            assert_eq!(
                evidence.canary_failure, evidence.attempts[1].failure,
                "{challenger}"
            );
            let mut expected = vec![(challenger, false); n_own];
            expected.push(("p/m", true));
            assert_eq!(attempts(entry), expected);
            // The client's wait is that of all calls, not of the last.
            let last = &evidence.attempts[2];
            let own = last.first_visible_us.or(last.end_us).unwrap();
            assert!(evidence.shown_us.unwrap() > own, "{evidence:?}");
        }
        assert_eq!(errors(folder.path()), [(0, 0.0), (2, 2.0)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_repeated_once_it_can_be_seen() {
    let house = house(settings(), "http://127.0.0.1:9").await;
    begin(&house, canary("p/m", "p/cut_mid_body", 0.999_999), None);
    let answer = house
        .post("/v1/chat/completions", &openai("p/m", true))
        .await;
    assert!(!answer.is_clean);
    assert!(!answer.text().contains("well"), "{}", answer.text());
    let (_, entries, folder) = house.close().await;
    let evidence = entries[0].evidence.as_ref().unwrap();
    assert!(evidence.truncated);
    assert_eq!(evidence.canary_failure, None);
    assert_eq!(attempts(&entries[0]), [("p/cut_mid_body", false)]);
    assert_eq!(errors(folder.path()), [(0, 0.0), (1, 1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_both_take_for_a_mistake_is_the_clients() {
    let refusal =
        r#"{"error":{"message":"unknown parameter: seed","type":"invalid_request_error"}}"#;
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{refusal}",
        refusal.len()
    );
    let (own, seen) = canned(head.into_bytes()).await;
    let house = house(settings(), &own).await;
    begin(&house, canary("p/m", "p/own", 0.999_999), None);
    let answer = house
        .post("/v1/chat/completions", &openai("p/m", false))
        .await;
    assert_eq!(said(&answer), "well");
    assert_eq!(seen.lock().unwrap().len(), 1, "a mistake is asked once");
    // Neither takes this; it says nothing of either.
    let wrong = json!({ "model": "p/m", "messages": [], "max_tokens": -1 });
    let answer = house.post("/v1/chat/completions", &wrong).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let (_, entries, folder) = house.close().await;
    let failures = entries
        .iter()
        .map(|entry| entry.evidence.as_ref().unwrap().canary_failure.as_deref());
    assert!(failures.clone().all(|one| one == Some("bad_request")));
    assert_eq!(errors(folder.path()), [(0, 0.0), (1, 1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_arms_are_held_to_the_same_calls() {
    // The one that is in use has a call more, which does not count in its favour.
    for (in_use, has_error) in [("p/once", 0.0), ("p/twice", 1.0)] {
        let house = house(settings(), "http://127.0.0.1:9").await;
        begin(&house, canary(in_use, "p/m", 0.000_001), None);
        let answer = house
            .post("/v1/chat/completions", &openai(in_use, false))
            .await;
        assert_eq!(answer.status, 200);
        let (_, entries, folder) = house.close().await;
        let evidence = entries[0].evidence.as_ref().unwrap();
        assert_eq!(evidence.canary.as_deref(), Some("control"));
        assert_eq!(evidence.propensity, Some(1.0 - 0.000_001));
        assert_eq!(errors(folder.path()), [(1, has_error), (0, 0.0)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_fails_leaves_the_answer_to_the_one_in_use() {
    let plan = |name: &str, id: &str| {
        json!({
            "schema_version": 1, "name": name, "candidates": [{ "id": id }], "plan": { "single": id },
        })
    };
    let house = house(settings(), "http://127.0.0.1:9").await;
    house
        .gateway
        .set_policy(&plan("old", "p/m").to_string())
        .unwrap();
    let new = plan("new", "p/server_error");
    begin(&house, canary("auto", "new.json", 0.5), Some(&new));
    // Few enough that it is not rolled back.
    for user in 0..8 {
        let session = format!("user {user}");
        for stream in [false, true] {
            let answer = post(
                &house.address,
                "/v1/chat/completions",
                openai("auto", stream).to_string().as_bytes(),
                &[("x-trilemma-session", session.as_str())],
            )
            .await;
            assert_eq!(said(&answer), "well");
        }
    }
    let (_, entries, folder) = house.close().await;
    let [control, challenger] = errors(folder.path());
    assert_eq!((control.0 + challenger.0, control.1), (16, 0.0));
    assert!(challenger.0 > 2, "{challenger:?}");
    assert_eq!(challenger.1, challenger.0 as f64);
    let policies: std::collections::BTreeSet<_> = entries
        .iter()
        .map(|entry| entry.evidence.as_ref().unwrap().policy.clone())
        .collect();
    assert_eq!(policies.len(), 1, "the answer is that of the policy in use");
    for entry in &entries {
        let evidence = entry.evidence.as_ref().unwrap();
        assert_eq!(evidence.propensity, Some(0.5));
        let is_own = evidence.canary.as_deref() == Some("challenger");
        assert_eq!(evidence.canary_failure.is_some(), is_own);
        // Once its circuit is open the challenger is not called at all.
        let mut calls = attempts(entry);
        assert!(calls.len() <= if is_own { 3 } else { 1 }, "{calls:?}");
        assert_eq!(calls.pop(), Some(("p/m", true)));
        assert!(calls.iter().all(|one| *one == ("p/server_error", false)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_in_all_leaves_none_for_another() {
    let settings = ServeSettings {
        max_attempts: 1,
        ..settings()
    };
    let house = house(settings, "http://127.0.0.1:9").await;
    begin(&house, canary("p/m", "p/server_error", 0.999_999), None);
    let answer = house
        .post("/v1/chat/completions", &openai("p/m", false))
        .await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    let (_, entries, folder) = house.close().await;
    assert_eq!(attempts(&entries[0]), [("p/server_error", false)]);
    assert_eq!(errors(folder.path()), [(0, 0.0), (1, 1.0)]);
}

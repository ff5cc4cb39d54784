//! Every fault, as a client sees it and as the log tells it.

use std::collections::BTreeMap;
use std::time::Duration;

use trilemma_sim::{CallOutcome, Ended, FaultKind, Sim};

use crate::client::{Seen, connect, logged, sim};

fn with(kind: FaultKind, more: &str) -> Sim {
    sim(&format!(
        "[models.m]\nfirst_token_ms = 10\nanswers = {{ type = \"tokens\", count = 8 }}\n\
         faults = [{{ kind = \"{}\", every = 1{more} }}]",
        kind.name()
    ))
}

async fn ask(sim: &Sim, stream: bool) -> Option<Seen> {
    let mut connection = connect(sim).await;
    if stream {
        connection.ask_stream("m", "x").await
    } else {
        connection.ask("m", "x").await
    }
}

/// Runs one call with a fault and checks what the log says of it.
async fn one(kind: FaultKind, more: &str, stream: bool, ended: Ended) -> Option<Seen> {
    let sim = with(kind, more);
    let seen = ask(&sim, stream).await;
    let record = logged(&sim, 1).await.remove(0);
    assert_eq!(record.outcome, CallOutcome::Fault(kind));
    assert_eq!(record.ended, ended, "{kind:?} stream {stream}");
    assert_eq!(
        record.status,
        seen.as_ref().map(|seen| seen.status),
        "{kind:?}"
    );
    seen
}

#[tokio::test(start_paused = true)]
async fn statuses() {
    for (kind, status) in [
        (FaultKind::RateLimited, 429),
        (FaultKind::ServerError, 500),
        (FaultKind::Unavailable, 503),
        (FaultKind::Overloaded, 529),
    ] {
        for stream in [false, true] {
            let seen = one(kind, "", stream, Ended::Complete).await.unwrap();
            assert_eq!((seen.status, seen.header("retry-after")), (status, None));
            assert!(seen.json()["error"]["message"].is_string());
            let seen = one(kind, ", retry_after_s = 1", stream, Ended::Complete).await;
            assert_eq!(seen.unwrap().header("retry-after"), Some("1"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cuts() {
    for stream in [false, true] {
        assert!(
            one(FaultKind::CutBeforeHead, "", stream, Ended::CutByServer)
                .await
                .is_none()
        );
        let seen = one(FaultKind::CutMidBody, "", stream, Ended::CutByServer)
            .await
            .unwrap();
        assert!(seen.broken);
        if stream {
            assert_eq!(seen.text().matches(" word").count(), 4);
        } else {
            assert!(!seen.pieces.is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn stalls() {
    let more = ", stall_s = 30";
    let stall = Duration::from_secs(30);
    for stream in [false, true] {
        let seen = one(FaultKind::StallBeforeHead, more, stream, Ended::CutByServer).await;
        assert!(seen.is_none());
        let seen = one(FaultKind::StallMidBody, more, stream, Ended::CutByServer)
            .await
            .unwrap();
        assert!(seen.broken && !seen.pieces.is_empty());
        assert_eq!(seen.ended_after, stall);
        assert!(seen.at_ms().into_iter().all(|at| at <= 10));
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gives_up_a_stall_is_logged_as_gone() {
    for kind in [FaultKind::StallBeforeHead, FaultKind::StallMidBody] {
        let sim = with(kind, "");
        let waiting = ask(&sim, true);
        let given_up = tokio::time::timeout(Duration::from_secs(10), waiting).await;
        assert!(given_up.is_err());
        let record = logged(&sim, 1).await.remove(0);
        assert_eq!(record.ended, Ended::Dropped);
        assert_eq!(record.ended_at - record.arrived, Duration::from_secs(10));
    }
}

#[tokio::test(start_paused = true)]
async fn malformed_bodies() {
    let parses = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    for kind in [FaultKind::MalformedJson, FaultKind::MalformedStream] {
        let seen = one(kind, "", false, Ended::Complete).await.unwrap();
        assert_eq!((seen.status, seen.broken), (200, false));
        assert!(!parses(&seen.text()));
    }
    let seen = one(FaultKind::MalformedJson, "", true, Ended::Complete)
        .await
        .unwrap();
    let text = seen.text();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let n_bad = events
        .filter(|data| *data != "[DONE]" && !parses(data))
        .count();
    assert_eq!((n_bad, text.ends_with("data: [DONE]\n\n")), (1, true));
    let seen = one(FaultKind::MalformedStream, "", true, Ended::Complete)
        .await
        .unwrap();
    assert!(seen.text().ends_with("</html>\n\n"));
}

#[tokio::test(start_paused = true)]
async fn errors_after_200_and_ends_without_terminal() {
    let seen = one(FaultKind::ErrorAfter200, "", false, Ended::Complete)
        .await
        .unwrap();
    assert!(seen.status == 200 && seen.json()["error"].is_object());
    let seen = one(FaultKind::ErrorAfter200, "", true, Ended::Complete)
        .await
        .unwrap();
    assert_eq!(seen.text().matches(" word").count(), 4);
    assert!(
        seen.text()
            .lines()
            .any(|line| line.starts_with("data: {\"error\""))
    );
    let seen = one(FaultKind::NoTerminal, "", false, Ended::Complete)
        .await
        .unwrap();
    assert!(seen.json()["choices"][0]["finish_reason"].is_null());
    let seen = one(FaultKind::NoTerminal, "", true, Ended::Complete)
        .await
        .unwrap();
    assert!(!seen.broken && !seen.text().contains("[DONE]"));
    assert!(!seen.text().contains("finish_reason\":\"stop"));
    assert_eq!(seen.text().matches(" word").count(), 4);
}

#[tokio::test(start_paused = true)]
async fn withheld_and_shortened_answers() {
    for (kind, finish) in [
        (FaultKind::Refusal, "stop"),
        (FaultKind::ContentFilter, "content_filter"),
        (FaultKind::Length, "length"),
    ] {
        let seen = one(kind, "", false, Ended::Complete).await.unwrap().json();
        assert_eq!(seen["choices"][0]["finish_reason"], finish);
        assert_eq!(
            seen["choices"][0]["message"]["refusal"].is_string(),
            kind == FaultKind::Refusal
        );
        let seen = one(kind, "", true, Ended::Complete).await.unwrap();
        assert!(
            seen.text()
                .contains(&format!("\"finish_reason\":\"{finish}\""))
        );
        assert!(seen.text().ends_with("data: [DONE]\n\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn every_fault_ends_in_every_dialect_on_any_length_of_answer() {
    let bodies = [
        (
            "/v1/chat/completions",
            r#"{"model":"m","stream":S,"messages":[{"role":"user","content":"x"}]}"#,
        ),
        (
            "/openai/deployments/m/chat/completions",
            r#"{"stream":S,"messages":[{"role":"user","content":"x"}]}"#,
        ),
        (
            "/v1/messages",
            r#"{"model":"m","max_tokens":9,"stream":S,"messages":[{"role":"user","content":"x"}]}"#,
        ),
        (
            "/v1/models/m:generateContent",
            r#"{"contents":[{"parts":[{"text":"x"}]}]}"#,
        ),
        (
            "/v1/models/m:streamGenerateContent?alt=sse",
            r#"{"contents":[{"parts":[{"text":"x"}]}]}"#,
        ),
        (
            "/v1/models/m:streamGenerateContent",
            r#"{"contents":[{"parts":[{"text":"x"}]}]}"#,
        ),
    ];
    for kind in FaultKind::ALL {
        for text in ["", "one", "one two three"] {
            let sim = sim(&format!(
                "[models.m]\nanswers = {{ type = \"text\", text = \"{text}\" }}\n\
                 faults = [{{ kind = \"{}\", every = 1 }}]",
                kind.name()
            ));
            let mut n = 0;
            for (path, body) in bodies {
                for stream in ["false", "true"] {
                    let body = body.replace('S', stream);
                    let _seen = connect(&sim).await.post_bytes(path, body.into()).await;
                    n += 1;
                }
            }
            let records = logged(&sim, n).await;
            assert!(
                records
                    .iter()
                    .all(|r| r.outcome == CallOutcome::Fault(kind))
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_hundred_calls_exactly_the_stated_ones_fail() {
    let sim = sim(r#"
        seed = 11
        faults = [
            { kind = "rate_limited", per_100 = 5, retry_after_s = 1 },
            { kind = "server_error", per_100 = 2 },
            { kind = "cut_mid_body", per_100 = 1 },
            { kind = "stall_mid_body", per_100 = 1 },
            { kind = "malformed_json", per_100 = 1 },
        ]
    "#);
    let calls = (0..300).map(|n| {
        let sim = sim.clone();
        tokio::spawn(async move { connect(&sim).await.ask("m", &n.to_string()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    let mut counts = BTreeMap::new();
    for record in logged(&sim, 300).await {
        let name = match record.outcome {
            CallOutcome::Fault(kind) => kind.name(),
            _ => "answered",
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    let wanted = [
        ("answered", 270),
        ("cut_mid_body", 3),
        ("malformed_json", 3),
        ("rate_limited", 15),
        ("server_error", 6),
        ("stall_mid_body", 3),
    ];
    assert_eq!(counts, BTreeMap::from(wanted));
}

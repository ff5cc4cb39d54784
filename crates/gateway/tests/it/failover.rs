//! What a policy has somebody else for: upstreams that are left alone, that hang, that do not take a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use trilemma_domain::Dialect;
use trilemma_project::ServeSettings;
use trilemma_provider::{BreakerConfig, Lane, LaneConfig};

use crate::support::{
    Answer, House, candidate, canned, house_of, json_answer, openai, parts, settings, simulator,
    upstream,
};

const SCENARIO: &str = r#"
[models.well]
answers = { type = "text", text = "well" }
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
[models.hangs]
answers = { type = "text", text = "late" }
faults = [{ kind = "stall_before_head", every = 1, stall_s = 3 }]
"#;

/// Failures after which the upstreams of these tests are left alone.
const N_FAILURES: u32 = 3;

/// A gateway with the simulator's models, and `p/own` at an address of its own.
async fn house(settings: ServeSettings, own: &str, policy: &Value) -> House {
    let (url, log) = simulator(SCENARIO).await;
    let named = ["p/well", "p/broken", "p/hangs"]
        .map(|id| candidate(id, Dialect::OpenAi, &url))
        .into_iter()
        .chain([candidate("p/own", Dialect::OpenAi, own)]);
    let upstreams = named
        .map(|candidate| {
            let lane = Lane::new(&LaneConfig {
                max_concurrency: 256,
                breaker: BreakerConfig {
                    trials: N_FAILURES,
                    cool_down: Duration::from_secs(600),
                    ..BreakerConfig::default()
                },
                ..LaneConfig::default()
            });
            trilemma_gateway::Upstream::new(trilemma_gateway::UpstreamParts {
                lane: Arc::new(lane),
                ..parts(candidate, &settings)
            })
            .unwrap()
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(upstreams, log, settings, folder).await;
    house.gateway.set_policy(&policy.to_string()).unwrap();
    house
}

fn policy(plan: &Value, fallback: &[&str]) -> Value {
    let members = ["p/well", "p/broken", "p/hangs", "p/own"].map(|id| json!({ "id": id }));
    json!({
        "schema_version": 1, "name": "test", "candidates": members,
        "plan": plan, "fallback": fallback,
    })
}

/// One cheap answer is looked at before it is given.
fn cascade(cheap: &str, large: &str) -> Value {
    json!({ "cascade": {
        "ask": [cheap], "accept": "complete", "escalate": { "single": large },
    }})
}

async fn ask(house: &House, stream: bool) -> Answer {
    house
        .post("/v1/chat/completions", &openai("auto", stream))
        .await
}

fn refusing(status: &str, code: &str) -> Vec<u8> {
    let body = json!({ "error": {
        "message": "the request does not fit", "type": "invalid_request_error", "code": code,
    }})
    .to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_an_upstream_that_is_left_alone() {
    for plan in [
        json!({ "single": "p/broken" }),
        cascade("p/broken", "p/well"),
    ] {
        let house = house(
            settings(),
            "http://127.0.0.1:9",
            &policy(&plan, &["p/well"]),
        )
        .await;
        let n_broken = || {
            let records = house.log.records();
            records.iter().filter(|one| &*one.model == "broken").count()
        };
        for n in 1..=5 {
            let began = Instant::now();
            let answer = ask(&house, n % 2 == 0).await;
            assert!(
                answer.is_clean && answer.text().contains("well"),
                "{n}: {}",
                answer.text()
            );
            // The queue's ten seconds, and the 600 of the breaker, are not waited for.
            assert!(began.elapsed() < settings().queue_timeout, "{n}");
            // The upstream notes a call when it is over, which may be after the client has its answer.
            let expected = n.min(N_FAILURES as usize);
            while n_broken() < expected && began.elapsed() < settings().queue_timeout {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(n_broken(), expected, "{n}");
        }
    }
}

/// Three calls of one request say no more of an upstream than one.
#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_is_left_alone_for_requests_that_fail_not_for_their_calls() {
    let (own, seen) = canned(json_answer("{ this is no JSON")).await;
    let one = upstream(candidate("p/own", Dialect::OpenAi, &own), &settings());
    let (_, log) = simulator(SCENARIO).await;
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(vec![one], log, settings(), folder).await;
    // Ten is the lane's own setting. From then on a request makes a single call at most, to try whether it answers again.
    for n_requests in 1..=11_usize {
        let n_calls = match n_requests {
            1..=9 => 3 * n_requests..=3 * n_requests,
            10 => 28..=29,
            _ => 28..=30,
        };
        let answer = house
            .post("/v1/chat/completions", &openai("p/own", false))
            .await;
        assert!(answer.status >= 500, "{}", answer.text());
        let n_seen = seen.lock().unwrap().len();
        assert!(n_calls.contains(&n_seen), "{n_requests}: {n_seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_hangs_leaves_time_for_others() {
    let hasty = ServeSettings {
        answer_timeout: Duration::from_millis(300),
        first_token_timeout: Duration::from_millis(300),
        ..settings()
    };
    let own = "http://127.0.0.1:9";
    for plan in [json!({ "single": "p/hangs" }), cascade("p/hangs", "p/well")] {
        let house = house(hasty.clone(), own, &policy(&plan, &["p/well"])).await;
        for stream in [false, true] {
            let answer = ask(&house, stream).await;
            assert!(
                answer.is_clean && answer.text().contains("well"),
                "{}",
                answer.text()
            );
            assert_eq!(answer.header("x-trilemma-attempts"), Some("2"));
        }
    }
    // However long a call may take, half of the request's time is kept for the next.
    let short = ServeSettings {
        request_timeout: Duration::from_secs(2),
        ..settings()
    };
    let plan = policy(&json!({ "single": "p/hangs" }), &["p/well"]);
    let house = house(short, own, &plan).await;
    for stream in [false, true] {
        assert!(ask(&house, stream).await.text().contains("well"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_the_last_to_ask_gets_all_the_time_there_is() {
    let hasty = ServeSettings {
        answer_timeout: Duration::from_millis(300),
        ..settings()
    };
    let plan = policy(&json!({ "single": "p/broken" }), &["p/own"]);
    let answer =
        json!({ "choices": [{ "message": { "content": "slow" }, "finish_reason": "stop" }] });
    let (own, n_asked) = slow(Duration::from_secs(1), answer.to_string()).await;
    let house = house(hasty, &own, &plan).await;
    let answer = ask(&house, false).await;
    assert!(
        answer.is_clean && answer.text().contains("slow"),
        "{}",
        answer.text()
    );
    let named = house
        .post("/v1/chat/completions", &openai("p/own", false))
        .await;
    assert!(named.text().contains("slow"), "{}", named.text());
    assert_eq!(n_asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_one_does_not_take_is_asked_of_another() {
    let too_long = refusing("400 Bad Request", "context_length_exceeded");
    let (own, seen) = canned(too_long).await;
    for plan in [json!({ "single": "p/own" }), cascade("p/own", "p/well")] {
        let house = house(settings(), &own, &policy(&plan, &["p/well"])).await;
        for stream in [false, true] {
            let answer = ask(&house, stream).await;
            assert!(answer.text().contains("well"), "{}", answer.text());
            assert_eq!(answer.header("x-trilemma-attempts"), Some("2"));
        }
    }
    assert_eq!(seen.lock().unwrap().len(), 4);
    // Where nobody else takes it, it was the client's mistake, in the vendor's words.
    let house = house(
        settings(),
        &own,
        &policy(&json!({ "single": "p/own" }), &[]),
    )
    .await;
    let answer = ask(&house, false).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("context_length_exceeded"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.header("x-trilemma-attempts"), Some("1"));
}

/// An upstream that answers every request with the same body, late.
async fn slow(wait: Duration, body: String) -> (String, Arc<AtomicUsize>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let n_asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&n_asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (body, count) = (body.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                // The request is short: it comes as one piece.
                let mut buffer = [0_u8; 65_536];
                let _n = stream.read(&mut buffer).await.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(wait).await;
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                     connection: close\r\n\r\n{body}"
                );
                let _sent = stream.write_all(head.as_bytes()).await;
            });
        }
    });
    (url, n_asked)
}

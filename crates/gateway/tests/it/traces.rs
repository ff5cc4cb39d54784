//! Traces: what a collector gets of requests, and that it never stands in their way.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use trilemma_domain::Dialect;
use trilemma_gateway::{GatewayParts, TraceParts};
use trilemma_project::TraceSettings;
use trilemma_provider::{Client, ClientConfig};
use trilemma_store::ledger::{LedgerEntry, LedgerFile};

use crate::support::{
    House, candidate, canned, ledger_path, open, openai, parts_of, post, settings, simulator,
    upstream,
};

const SCENARIO: &str = r#"
[models.ok]
answers = { type = "text", text = "fine" }
usage = { input = 40, output = 7 }
[models.bad]
answers = { type = "text", text = "fine" }
faults = [{ kind = "server_error", every = 1 }]
"#;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

async fn traced(collector: &str, share: f64) -> House {
    let (url, log) = simulator(SCENARIO).await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let settings = settings();
    let upstreams = ["ok", "bad"].map(|model| {
        let id = format!("p/{model}");
        upstream(candidate(&id, Dialect::OpenAi, &url), &settings)
    });
    let traces = TraceParts {
        settings: TraceSettings {
            endpoint: collector.to_owned(),
            headers: None,
            share,
            service: "support".to_owned(),
        },
        headers: vec![("x-team".to_owned(), "a,b".to_owned())],
        client: Client::new(ClientConfig::default()).unwrap(),
        warn: None,
    };
    let parts = GatewayParts {
        traces: Some(traces),
        ..parts_of(upstreams.into(), settings, ledger)
    };
    open(parts, log, folder).await
}

/// The spans that a collector got, and its requests as they came.
fn spans(requests: &Mutex<Vec<String>>) -> (Vec<Value>, Vec<String>) {
    let requests = requests.lock().unwrap().clone();
    let mut all = Vec::new();
    for request in &requests {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        let resource = &body["resourceSpans"][0];
        assert_eq!(
            resource["resource"]["attributes"][0],
            serde_json::json!({ "key": "service.name", "value": { "stringValue": "support" } })
        );
        all.extend(
            resource["scopeSpans"][0]["spans"]
                .as_array()
                .unwrap()
                .clone(),
        );
    }
    (all, requests)
}

fn attribute<'a>(span: &'a Value, key: &str) -> Option<&'a Value> {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|one| one["key"] == key)?;
    found["value"].as_object().unwrap().values().next()
}

async fn ask(house: &House, model: &str, stream: bool, headers: &[(&str, &str)]) -> u16 {
    let mut body = openai(model, stream);
    body["messages"][0]["content"] = "my secret prompt".into();
    let body = body.to_string();
    let path = "/v1/chat/completions";
    let answer = post(&house.address, path, body.as_bytes(), headers).await;
    answer.status
}

fn accepting() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".to_vec()
}

fn answered((root, calls): &(&Value, Vec<&Value>), entry: &LedgerEntry) {
    assert_eq!(root["traceId"], TRACE);
    assert_eq!(root["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(
        (&root["kind"], &root["status"]["code"]),
        (&2.into(), &0.into())
    );
    assert_eq!(root["name"], "POST /v1/chat/completions");
    let cost = entry.row.cost.unwrap().0.to_string();
    assert_eq!(attribute(root, "trilemma.cost.nano_usd").unwrap(), &cost);
    assert_eq!(calls.len(), 1);
    let call = calls[0];
    assert_eq!(
        (&call["name"], &call["kind"]),
        (&"chat ok".into(), &3.into())
    );
    for (key, value) in [
        ("gen_ai.operation.name", Value::from("chat")),
        ("gen_ai.provider.name", "sim".into()),
        ("gen_ai.request.model", "ok".into()),
        ("gen_ai.request.stream", true.into()),
        ("gen_ai.usage.input_tokens", "40".into()),
        ("gen_ai.usage.output_tokens", "7".into()),
        ("http.response.status_code", "200".into()),
        ("server.address", "127.0.0.1".into()),
    ] {
        assert_eq!(attribute(call, key), Some(&value), "{key}");
    }
    assert!(attribute(call, "gen_ai.response.time_to_first_chunk").is_some());
    let time = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
    assert!(time(root, "startTimeUnixNano") <= time(call, "startTimeUnixNano"));
    assert!(time(call, "startTimeUnixNano") < time(call, "endTimeUnixNano"));
    assert!(time(call, "endTimeUnixNano") <= time(root, "endTimeUnixNano"));
}

fn failed((root, calls): &(&Value, Vec<&Value>), entry: &LedgerEntry) {
    assert_eq!(root["status"]["code"], 2);
    assert_eq!(calls.len(), entry.evidence.as_ref().unwrap().attempts.len());
    assert!(calls.len() > 1, "retries are calls of their own");
    for call in calls {
        assert_eq!(call["status"]["code"], 2);
        assert_eq!(attribute(call, "error.type").unwrap(), "server_error");
        assert_eq!(attribute(call, "gen_ai.usage.input_tokens"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_and_their_calls_are_spans_without_texts() {
    let (collector, requests) = canned(accepting()).await;
    let house = traced(&collector, 1.0).await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    assert_eq!(
        ask(&house, "p/ok", true, &[("traceparent", &parent)]).await,
        200
    );
    assert!(ask(&house, "p/bad", false, &[]).await >= 500);
    // A caller that does not record its trace does not want it here either.
    let unsampled = format!("00-{TRACE}-00f067aa0ba902b7-00");
    assert_eq!(
        ask(&house, "p/ok", false, &[("traceparent", &unsampled)]).await,
        200
    );
    let (_, entries, _folder) = house.close().await;
    let (spans, requests) = spans(&requests);
    for request in &requests {
        assert!(
            request.starts_with("POST /v1/traces HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(request.contains("x-team: a,b\r\n"));
        assert!(!request.contains("secret"), "{request}");
    }
    let of = |idx: usize| {
        let id = entries[idx].row.id.to_string();
        let root = spans
            .iter()
            .find(|span| attribute(span, "trilemma.request").is_some_and(|one| *one == *id));
        let root = root?;
        let calls: Vec<&Value> = spans
            .iter()
            .filter(|span| span["parentSpanId"] == root["spanId"])
            .collect();
        Some((root, calls))
    };
    answered(&of(0).unwrap(), &entries[0]);
    failed(&of(1).unwrap(), &entries[1]);
    assert!(of(2).is_none());
    let ids: HashSet<&str> = spans
        .iter()
        .map(|span| span["spanId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), spans.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_drawn() {
    let (collector, requests) = canned(accepting()).await;
    let house = traced(&collector, 0.3).await;
    for _ in 0..60 {
        ask(&house, "p/ok", false, &[]).await;
    }
    house.close().await;
    let (spans, _) = spans(&requests);
    let n_requests = spans.iter().filter(|span| span["kind"] == 2).count();
    // Four standard deviations around 18.
    assert!((4..=32).contains(&n_requests), "{n_requests}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_or_hangs_holds_nobody_up() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging = format!("http://{}", hanging.local_addr().unwrap());
    for collector in ["http://127.0.0.1:9".to_owned(), hanging] {
        let house = traced(&collector, 1.0).await;
        let began = tokio::time::Instant::now();
        for _ in 0..50 {
            assert_eq!(ask(&house, "p/ok", false, &[]).await, 200);
        }
        assert!(began.elapsed() < Duration::from_secs(20));
        let (_, entries, _folder) = house.close().await;
        assert_eq!(entries.len(), 50);
        assert!(
            began.elapsed() < Duration::from_secs(40),
            "it ends all the same"
        );
    }
}

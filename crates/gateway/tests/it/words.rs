//! Upstreams and clients whose names are megabytes long: they pass, and nothing that is kept grows with them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::{GatewayParts, Names};
use trilemma_store::ledger::{LedgerEntry, LedgerFile};

use crate::support::{
    House, candidate, canned, json_answer, ledger_path, metrics, open, openai, parts_of, post,
    settings, simulator, upstream,
};

/// Bytes of each name.
const LONG: usize = 1 << 20;
/// Nothing that is kept of one request may be larger.
const MAX_KEPT: usize = 4 << 10;

fn long(letter: char) -> String {
    letter.to_string().repeat(LONG / letter.len_utf8())
}

fn usage() -> Value {
    json!({ "prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25, "note": long('u') })
}

fn message() -> Value {
    json!({
        "id": long('i'), "object": "chat.completion", "model": long('é'), "system_fingerprint": long('f'),
        "choices": [{
            "index": 0, "finish_reason": long('w'),
            "message": { "role": "assistant", "content": "fine", "tool_calls": [
                { "id": long('c'), "type": "function", "function": { "name": long('n'), "arguments": "{}" } },
            ] },
        }],
        "usage": usage(),
    })
}

fn events() -> String {
    let mut first = message();
    first["object"] = json!("chat.completion.chunk");
    let choice = first["choices"][0].as_object_mut().unwrap();
    let mut delta = choice.remove("message").unwrap();
    delta["tool_calls"][0]["index"] = json!(0);
    choice.insert("delta".to_owned(), delta);
    format!("data: {first}\n\ndata: [DONE]\n\n")
}

struct Told {
    lines: Arc<Mutex<Vec<String>>>,
    house: House,
}

/// A gateway before an upstream that always answers so.
async fn before(response: Vec<u8>) -> Told {
    let (url, _) = canned(response).await;
    let (_, log) = simulator("").await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let settings = settings();
    let upstreams = vec![upstream(candidate("p/m", Dialect::OpenAi, &url), &settings)];
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let measured = ["m", "fp"].map(|name| BTreeSet::from([name.to_owned()]));
    let measured = BTreeMap::from([("p/m".to_owned(), measured)]);
    let names = OnceLock::from(Names::new(measured, Box::new(|_| {})));
    let parts = GatewayParts {
        log: Some(Box::new(move |line| {
            kept.lock().unwrap().push(line.to_owned());
        })),
        names: Arc::new(names),
        ..parts_of(upstreams, settings, ledger)
    };
    Told {
        house: open(parts, log, folder).await,
        lines,
    }
}

fn assert_is_bounded(entry: &LedgerEntry) {
    let row = &entry.row;
    let evidence = entry.evidence.as_ref().unwrap();
    let kept = serde_json::to_string(evidence).unwrap();
    assert!(kept.len() < MAX_KEPT, "{} bytes of evidence", kept.len());
    let mark = format!("… ({LONG} bytes)");
    let is_marked = |name: &str, letter: char| {
        assert_eq!(name, format!("{}{mark}", letter.to_string().repeat(200)));
    };
    is_marked(row.served.as_deref().unwrap(), 'é');
    is_marked(evidence.fingerprint.as_deref().unwrap(), 'f');
    is_marked(evidence.finish.as_deref().unwrap(), 'w');
    is_marked(evidence.attempts[0].served.as_deref().unwrap(), 'é');
    // The numbers stay, the vendor's own words of them are gone as a whole, and that is said.
    let usage = row.usage.unwrap();
    assert_eq!((usage.input_uncached, usage.output), (20, 5));
    assert_eq!(row.raw_usage, None);
    let n_bytes = self::usage().to_string().len() as u64;
    assert_eq!(evidence.dropped_usage_bytes, Some(n_bytes));
    // 20 tokens at 1 USD and 5 at 10 USD per million.
    assert_eq!((row.cost.unwrap().0, row.is_estimated), (70_000, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_a_megabyte_pass_and_are_not_kept() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    for (response, stream) in [
        (json_answer(&message().to_string()), false),
        (format!("{head}{}", events()).into_bytes(), true),
    ] {
        let Told { house, lines } = before(response).await;
        let answer = house
            .post("/v1/chat/completions", &openai("p/m", stream))
            .await;
        // Its own dialect: every byte.
        if stream {
            assert!(answer.text() == events(), "{} bytes", answer.body.len());
        } else {
            assert!(answer.json() == message(), "{} bytes", answer.body.len());
        }
        let answer = house.post("/v1/messages", &openai("p/m", stream)).await;
        assert_eq!(answer.status, 200);
        let page = metrics(&house).await;
        let longest = page.lines().map(str::len).max().unwrap();
        assert!(longest < 600, "a line of {longest} bytes");
        assert!(page.len() < 32 << 10, "{} bytes of metrics", page.len());
        let (_, entries, _folder) = house.close().await;
        assert_eq!(entries.len(), 2);
        entries.iter().for_each(assert_is_bounded);
        let lines = lines.lock().unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.len() < MAX_KEPT));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_of_a_usual_size_is_kept_in_the_vendors_words() {
    let usage = json!({ "prompt_tokens": 20, "completion_tokens": 5, "note": "x".repeat(8_000) });
    let mut message = message();
    message["usage"] = usage.clone();
    let Told { house, .. } = before(json_answer(&message.to_string())).await;
    house
        .post("/v1/chat/completions", &openai("p/m", false))
        .await;
    let (_, entries, _folder) = house.close().await;
    let raw: Value = serde_json::from_str(entries[0].row.raw_usage.as_ref().unwrap()).unwrap();
    assert_eq!(raw, usage);
    let evidence = entries[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.dropped_usage_bytes, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_name_of_a_request_is_bounded_as_well() {
    let body = json!({ "model": "m", "choices": [{ "index": 0, "finish_reason": "stop", "message": { "content": "fine" } }] }).to_string();
    for (n_chars, is_passed) in [(100, true), (9_000, false)] {
        let id = "r".repeat(n_chars);
        let response = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: {id}\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let Told { house, .. } = before(response.into_bytes()).await;
        let answer = house
            .post("/v1/chat/completions", &openai("p/m", false))
            .await;
        assert_eq!(answer.header("x-request-id") == Some(&id), is_passed);
        let (_, entries, _folder) = house.close().await;
        let note = &entries[0].evidence.as_ref().unwrap().attempts[0];
        assert_eq!(note.request_id, is_passed.then_some(id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_makes_up_fields_fills_no_header_and_no_record() {
    let url = simulator("[models.m]\n").await.0;
    let (_, log) = simulator("").await;
    let settings = settings();
    let upstreams = vec![upstream(
        candidate("p/m", Dialect::Anthropic, &url),
        &settings,
    )];
    let folder = tempfile::tempdir().unwrap();
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let house = open(parts_of(upstreams, settings, ledger), log, folder).await;
    let mut request = openai("p/m", false);
    for idx in 0..1_000 {
        request[format!("a{idx:03}é")] = json!(1);
    }
    request[format!("a000{}", long('x'))] = json!(1);
    let body = request.to_string();
    let answer = post(&house.address, "/v1/chat/completions", body.as_bytes(), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.header("x-trilemma-lost").unwrap();
    assert!(
        told.starts_with("a000") && told.ends_with("and 981 more"),
        "{told}"
    );
    assert!(told.contains("a001\\u{e9}"), "{told}");
    assert!(told.len() < MAX_KEPT, "{} bytes", told.len());
    let (_, entries, _folder) = house.close().await;
    let kept = serde_json::to_string(&entries[0].evidence).unwrap();
    assert!(kept.len() < MAX_KEPT, "{} bytes", kept.len());
}

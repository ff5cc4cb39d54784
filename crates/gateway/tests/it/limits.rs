//! Clients that ask too much, stop reading, go away; and a gateway that stops.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use trilemma_domain::Dialect;
use trilemma_project::{ClientKey, ServeSettings};
use trilemma_sim::Ended;
use trilemma_store::ledger::LedgerEntry;

use crate::support::{
    KEY, candidate, canned, house, house_of, openai, post, settings, simulator, upstream,
};

const SLOW: &str = r#"
[models.slow]
gap_ms = 20
answers = { type = "tokens", count = 100 }
[models.plain]
answers = { type = "echo" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_refused_in_the_clients_words() {
    let house = house(
        SLOW,
        ServeSettings {
            max_request_bytes: 1_000,
            ..settings()
        },
    )
    .await;
    for (body, status) in [
        (b"{".to_vec(), 400),
        (b"[1]".to_vec(), 400),
        (b"{\"model\":\"openai/plain\",\"messages\":3".to_vec(), 400),
        (vec![b'x'; 2_000], 413),
        (b"\xff\xfe".to_vec(), 400),
    ] {
        let answer = post(&house.address, "/v1/messages", &body, &[]).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.json()["type"], "error");
    }
    assert_eq!(house.log.n_ended(), 0);
}

/// Bodies that do not come to their end take room from all others, and no more than there is.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_under_way_have_a_bound_in_common() {
    let house = house(
        SLOW,
        ServeSettings {
            max_bodies_bytes: 100_000,
            ..settings()
        },
    )
    .await;
    let mut body = openai("openai/plain", false);
    body["messages"][0]["content"] = "x".repeat(20_000).into();
    let until = async |status: u16| {
        for _ in 0..500 {
            let answer = house.post("/v1/chat/completions", &body).await;
            if answer.status == status {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("never {status}");
    };
    // They may still be on their way when others are read, and be refused themselves.
    let mut unfinished = Vec::new();
    let refused = loop {
        unfinished.clear();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(&house.address).await.unwrap();
            let head =
                "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&[b' '; 45_000]).await.unwrap();
            unfinished.push(stream);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let answer = house.post("/v1/chat/completions", &body).await;
        if answer.status == 503 {
            break answer;
        }
    };
    assert_eq!(refused.header("retry-after"), Some("1"));
    // What fits is answered meanwhile.
    let small = openai("openai/plain", false);
    assert_eq!(house.post("/v1/chat/completions", &small).await.status, 200);
    drop(unfinished);
    until(200).await;
    // An answered request has given its room back.
    for _ in 0..10 {
        until(200).await;
    }
}

/// Asks for a stream and goes away after its first bytes; gives what was recorded.
async fn abandoned(path: &str, model: &str) -> LedgerEntry {
    let house = house(SLOW, settings()).await;
    let mut body = openai(model, true);
    body["max_tokens"] = serde_json::json!(100_000);
    let body = body.to_string();
    let mut stream = TcpStream::connect(&house.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0u8; 64];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut first)
        .await
        .unwrap();
    drop(stream);
    let started = tokio::time::Instant::now();
    while house.log.n_ended() == 0 && started.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let record = house.log.records().remove(0);
    assert_eq!(record.ended, Ended::Dropped, "{record:?}");
    let (_, mut entries, _folder) = house.close().await;
    entries.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_cancels_the_upstream_and_pays_what_was_seen() {
    for (path, model) in [
        ("/v1/chat/completions", "openai/slow"),
        ("/v1/messages", "anthropic/slow"),
    ] {
        let entry = abandoned(path, model).await;
        let evidence = entry.evidence.unwrap();
        assert!(evidence.abandoned, "{evidence:?}");
        // The first token was there before the client left.
        let call = &evidence.attempts[0];
        assert!(
            call.first_visible_us.is_some() && call.left_us >= call.first_visible_us,
            "{call:?}"
        );
        let cost = entry.row.cost.unwrap().0;
        assert!(entry.row.is_estimated && cost == entry.charged.0);
        // A thousand tokens and what came, at 10 USD per million; a busy machine adds a silence of some
        // seconds at most. The longest answer would cost a dollar.
        assert!(cost > 10_000_000 && cost < 200_000_000, "{model}: {cost}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_stops_lets_open_answers_end() {
    let house = house(SLOW, settings()).await;
    let address = house.address.clone();
    let body = openai("openai/slow", true).to_string();
    let asking =
        tokio::spawn(
            async move { post(&address, "/v1/chat/completions", body.as_bytes(), &[]).await },
        );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (served, entries, _folder) = house.close().await;
    let answer = asking.await.unwrap();
    assert!(answer.is_clean && answer.text().ends_with("data: [DONE]\n\n"));
    assert_eq!((served.n_cut, entries.len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_gateways_end_cuts_off_is_not_put_on_the_client() {
    let settings = ServeSettings {
        drain_timeout: Duration::from_millis(100),
        ..settings()
    };
    let house = house(SLOW, settings).await;
    let body = openai("openai/slow", true).to_string();
    let mut stream = TcpStream::connect(&house.address).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0u8; 64];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut first)
        .await
        .unwrap();
    let (served, entries, _folder) = house.close().await;
    assert_eq!((served.n_cut, entries.len()), (1, 1));
    let evidence = entries[0].evidence.as_ref().unwrap();
    assert!(evidence.abandoned && evidence.stopped, "{evidence:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_say_who_calls_and_how_often() {
    // printf %s secret | sha256sum
    let sha256 = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b".to_owned();
    let house = house(
        SLOW,
        ServeSettings {
            keys: vec![ClientKey {
                name: "team".to_owned(),
                sha256,
                budget: None,
                rpm: Some(2),
            }],
            ..settings()
        },
    )
    .await;
    let body = openai("openai/plain", false).to_string();
    let ask = |key: &'static str| {
        let (address, body) = (house.address.clone(), body.clone());
        async move {
            let header = format!("Bearer {key}");
            post(
                &address,
                "/v1/chat/completions",
                body.as_bytes(),
                &[("authorization", &header)],
            )
            .await
        }
    };
    let refused = ask("wrong").await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"]["code"], "invalid_api_key");
    assert_eq!(ask(KEY).await.status, 401);
    assert_eq!(ask("secret").await.status, 200);
    assert_eq!(ask("secret").await.status, 200);
    let limited = ask("secret").await;
    assert_eq!(limited.status, 429);
    assert!(limited.header("retry-after").is_some(), "{}", limited.head);
    let (_, entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].row.client, "team");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstreams_refusal_of_the_request_is_passed_on_in_its_words() {
    let body = "{\"error\":{\"message\":\"too long\",\"type\":\"invalid_request_error\",\
                \"param\":\"messages\",\"code\":\"context_length_exceeded\",\"key\":\"KEY\"}}"
        .replace("KEY", KEY);
    let response = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (url, seen) = canned(response.into_bytes()).await;
    let (_, log) = simulator("").await;
    let settings = settings();
    let upstreams = vec![upstream(candidate("x/m", Dialect::OpenAi, &url), &settings)];
    let house = house_of(upstreams, log, settings, tempfile::tempdir().unwrap()).await;
    let answer = house
        .post("/v1/chat/completions", &openai("x/m", false))
        .await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    // The vendor's own words, without our key.
    assert_eq!(answer.text(), body.replace(KEY, "***"));
    assert_eq!(answer.header("x-trilemma-attempts"), Some("1"));
    let other = house.post("/v1/messages", &openai("x/m", true)).await;
    assert_eq!(other.json()["error"]["type"], "invalid_request_error");
    assert!(!other.text().contains(KEY));
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_an_upstream_echoes_reaches_nobody() {
    let events = format!(
        "data: {{\"id\":\"x\",\"model\":\"{KEY}\",\"system_fingerprint\":\"fp {KEY}\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"it is {KEY}\"}}}}]}}\n\n\
         data: {{\"id\":\"x\",\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}]}}\n\n\
         data: [DONE]\n\n"
    );
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
    let whole = format!("{head}\r\n{events}");
    // The key is split at every byte.
    let bytes: String = events.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let split = format!("{head}transfer-encoding: chunked\r\n\r\n{bytes}0\r\n\r\n");
    for response in [whole, split] {
        let (url, _) = canned(response.into_bytes()).await;
        let (_, log) = simulator(SLOW).await;
        let settings = settings();
        let upstreams = vec![upstream(candidate("p/m", Dialect::OpenAi, &url), &settings)];
        let house = house_of(upstreams, log, settings, tempfile::tempdir().unwrap()).await;
        // As it is, and translated.
        for path in ["/v1/chat/completions", "/v1/messages"] {
            let answer = house.post(path, &openai("p/m", true)).await;
            assert!(answer.text().contains("it is ***"), "{}", answer.text());
            assert!(!answer.text().contains(KEY), "{path}: {}", answer.text());
            assert!(!answer.head.contains(KEY));
            if path.ends_with("completions") {
                assert_eq!(answer.text(), events.replace(KEY, "***"));
            }
        }
        let (_, entries, _folder) = house.close().await;
        assert_eq!(entries.len(), 2);
        for entry in &entries {
            assert!(entry.evidence.as_ref().unwrap().fingerprint.is_some());
            assert!(!format!("{entry:?}").contains(KEY), "{entry:?}");
        }
    }
}

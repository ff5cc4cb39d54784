//! Upstreams that break, in every way and dialect: no failure becomes a short answer.

use trilemma_domain::Dialect;

use crate::support::{
    Answer, House, anthropic, candidate, canned, house, house_of, impatient, openai, responses,
    settings, simulator, upstream,
};

/// One model for each fault that strikes every call, and one for each that strikes the first.
fn scenario() -> String {
    let mut text = String::new();
    for fault in [
        "rate_limited",
        "server_error",
        "unavailable",
        "overloaded",
        "cut_before_head",
        "cut_mid_body",
        "stall_before_head",
        "stall_mid_body",
        "malformed_json",
        "malformed_stream",
        "error_after_200",
        "no_terminal",
    ] {
        for (name, when) in [("all", "every = 1"), ("once", "first = 1")] {
            text.push_str(&format!(
                "[models.{name}_{fault}]\nanswers = {{ type = \"tokens\", count = 40 }}\n\
                 faults = [{{ kind = \"{fault}\", {when}, stall_s = 30 }}]\n"
            ));
        }
    }
    text
}

const MID_BODY: [&str; 6] = [
    "cut_mid_body",
    "stall_mid_body",
    "malformed_json",
    "malformed_stream",
    "error_after_200",
    "no_terminal",
];
const BEFORE: [&str; 6] = [
    "rate_limited",
    "server_error",
    "unavailable",
    "overloaded",
    "cut_before_head",
    "stall_before_head",
];

async fn ask(house: &House, client: Dialect, model: &str, stream: bool) -> Answer {
    let (path, body) = match client {
        Dialect::Anthropic => ("/v1/messages", anthropic(model, stream)),
        Dialect::Responses => ("/v1/responses", responses(model, stream)),
        Dialect::OpenAi | Dialect::Azure | Dialect::Gemini => {
            ("/v1/chat/completions", openai(model, stream))
        }
    };
    house.post(path, &body).await
}

/// A stream that does not end with its dialect's last word must end with its error, and broken off.
fn assert_visible(answer: &Answer, what: &str) {
    let text = answer.text();
    assert!(text.contains("\"error\":{"), "{what}: {text}");
    let last = answer.events().pop().unwrap();
    assert!(!last["error"].is_null(), "{what}: {last}");
    assert!(!answer.is_clean, "{what}: a clean end after {text}");
    // The error's own words may name what is missing.
    let last_words = [
        "data: [DONE]",
        "\"type\":\"message_stop\"",
        "event: response.completed",
    ];
    let has_last_word = last_words.iter().any(|word| text.contains(word));
    assert!(!has_last_word, "{what}: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_stream_is_never_a_short_answer() {
    let house = std::sync::Arc::new(house(&scenario(), impatient()).await);
    let mut tasks = tokio::task::JoinSet::new();
    for client in [Dialect::OpenAi, Dialect::Anthropic, Dialect::Responses] {
        for dialect in Dialect::ALL {
            for fault in MID_BODY {
                let house = std::sync::Arc::clone(&house);
                tasks.spawn(async move {
                    let model = format!("{}/all_{fault}", dialect.name());
                    let what = format!("{model} for {client}");
                    let answer = ask(&house, client, &model, true).await;
                    if answer.status == 200 {
                        assert_visible(&answer, &what);
                    } else {
                        assert!(answer.status >= 500, "{what}: {}", answer.text());
                        assert_eq!(answer.header("x-should-retry"), Some("false"), "{what}");
                    }
                });
            }
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let house = std::sync::Arc::into_inner(house).unwrap();
    let (_, entries, _folder) = house.close().await;
    // 3 clients, 5 upstreams, 6 faults.
    assert_eq!(entries.len(), 90);
    for entry in entries {
        let evidence = entry.evidence.unwrap();
        assert!(evidence.failure.is_some(), "{evidence:?}");
        assert!(evidence.attempts.len() <= 3, "{evidence:?}");
        assert!(entry.row.cost.is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_answer_that_breaks_is_an_error_after_the_declared_attempts() {
    let house = std::sync::Arc::new(house(&scenario(), settings()).await);
    let mut tasks = tokio::task::JoinSet::new();
    for (dialect, client) in [
        (Dialect::OpenAi, Dialect::OpenAi),
        (Dialect::Anthropic, Dialect::OpenAi),
        (Dialect::Gemini, Dialect::Responses),
    ] {
        for fault in BEFORE.into_iter().chain(MID_BODY) {
            if fault == "no_terminal" || fault.starts_with("stall") {
                continue;
            }
            let house = std::sync::Arc::clone(&house);
            tasks.spawn(async move {
                let model = format!("{}/all_{fault}", dialect.name());
                let answer = ask(&house, client, &model, false).await;
                assert!(answer.status >= 429, "{model}: {}", answer.text());
                assert!(answer.is_clean);
                assert_eq!(answer.header("x-should-retry"), Some("false"), "{model}");
                assert!(!answer.json()["error"]["message"].is_null(), "{model}");
                assert_eq!(answer.header("x-trilemma-attempts"), Some("3"), "{model}");
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    // 27 requests of three attempts each.
    assert_eq!(house.log.n_ended(), 81);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_first_token_a_failure_stays_unseen() {
    let house = std::sync::Arc::new(house(&scenario(), impatient()).await);
    let mut tasks = tokio::task::JoinSet::new();
    for fault in BEFORE {
        for (client, dialect) in [
            (Dialect::OpenAi, "openai"),
            (Dialect::Anthropic, "gemini"),
            (Dialect::Responses, "anthropic"),
        ] {
            // Streams and dialects share a model's calls: only the first of a model is struck.
            if dialect != "openai" && fault != "cut_before_head" {
                continue;
            }
            let house = std::sync::Arc::clone(&house);
            tasks.spawn(async move {
                let model = format!("{dialect}/once_{fault}");
                let answer = ask(&house, client, &model, true).await;
                assert_eq!(answer.status, 200, "{model}: {}", answer.text());
                assert!(answer.is_clean, "{model}");
                assert!(!answer.text().contains("\"error\":{"), "{model}");
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let house = std::sync::Arc::into_inner(house).unwrap();
    let (_, entries, _folder) = house.close().await;
    let n_second = entries
        .iter()
        .filter(|entry| entry.evidence.as_ref().unwrap().attempts.len() == 2)
        .count();
    assert_eq!(n_second, BEFORE.len());
}

/// Clients are told what went wrong; where upstreams are is the operator's business.
#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_upstreams_go_to_the_record_alone() {
    let redirect = "HTTP/1.1 302 Found\r\nlocation: http://10.0.0.7/internal\r\n\
                    content-length: 0\r\nconnection: close\r\n\r\n";
    let (elsewhere, _) = canned(redirect.as_bytes().to_vec()).await;
    for (url, address, kind) in [
        (elsewhere.as_str(), "10.0.0.7", "not_found"),
        ("http://127.0.0.1:9", "127.0.0.1:9", "connect"),
    ] {
        let one = upstream(candidate("p/own", Dialect::OpenAi, url), &settings());
        let (_, log) = simulator(&scenario()).await;
        let folder = tempfile::tempdir().unwrap();
        let house = house_of(vec![one], log, settings(), folder).await;
        // The last ones find the upstream left alone, and hear of the same cause.
        for n in 0..7 {
            let answer = house
                .post("/v1/chat/completions", &openai("p/own", false))
                .await;
            assert!(
                [502, 503].contains(&answer.status),
                "{n}: {}",
                answer.text()
            );
            assert!(!answer.text().contains(address), "{}", answer.text());
            assert!(!answer.text().contains("base_url"), "{}", answer.text());
        }
        let (_, entries, _folder) = house.close().await;
        let evidence = entries[0].evidence.as_ref().unwrap();
        assert_eq!(
            (evidence.status, evidence.failure.as_deref()),
            (502, Some(kind))
        );
        let detail = evidence.attempts[0].detail.as_deref().unwrap();
        assert!(detail.contains(address), "{detail}");
    }
}

//! What a budget reserves is at least what the vendor can bill, whatever fields a client writes.

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_project::{Period, ServeBudget, ServeSettings};

use crate::support::{Answer, House, candidate, house_of, settings, simulator, upstream};

/// One model in each dialect at 1 and 10 USD per million tokens, with a context of 10,000 tokens.
async fn house(budget: Option<&str>) -> House {
    let (url, log) = simulator("[models.m]\nanswers = { type = \"text\", text = \"yes\" }\n").await;
    let settings = ServeSettings {
        budget: budget.map(|limit| ServeBudget {
            limit: limit.parse().unwrap(),
            period: Period::Total,
        }),
        ..settings()
    };
    let mut candidates: Vec<_> = Dialect::ALL
        .into_iter()
        .map(|dialect| candidate(&format!("{}/m", dialect.name()), dialect, &url))
        .collect();
    let mut long = candidate("long/m", Dialect::OpenAi, &url);
    long.params.max_output_tokens = Some(64_000);
    let mut extra = candidate("extra/m", Dialect::Anthropic, &url);
    extra.params.max_output_tokens = Some(64_000);
    extra.params.extra_body = json!({ "max_completion_tokens": 1 })
        .as_object()
        .unwrap()
        .clone();
    candidates.extend([long, extra]);
    let upstreams = candidates
        .into_iter()
        .map(|one| upstream(one, &settings))
        .collect();
    house_of(upstreams, log, settings, tempfile::tempdir().unwrap()).await
}

async fn ask(house: &House, path: &str, model: &str, more: &Value) -> Answer {
    let question = json!([{ "role": "user", "content": "a" }]);
    let mut body = match path {
        "/v1/responses" => json!({ "model": model, "store": false, "input": question }),
        _ => json!({ "model": model, "messages": question }),
    };
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    house.post(path, &body).await
}

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";

#[tokio::test(flavor = "multi_thread")]
async fn a_length_counts_by_the_name_that_the_vendor_reads() {
    // 64,000 tokens of output cost 0.64 USD.
    let house = house(Some("0.1")).await;
    let long = [
        (
            MESSAGES,
            "anthropic/m",
            json!({ "max_completion_tokens": 1, "max_tokens": 64_000 }),
        ),
        (
            MESSAGES,
            "openai/m",
            json!({ "max_completion_tokens": 1, "max_tokens": 64_000 }),
        ),
        (
            MESSAGES,
            "gemini/m",
            json!({ "max_output_tokens": 1, "max_tokens": 64_000 }),
        ),
        (
            CHAT,
            "openai/m",
            json!({ "max_tokens": 1, "max_completion_tokens": 64_000 }),
        ),
        (
            CHAT,
            "azure/m",
            json!({ "max_tokens": 64_000, "max_completion_tokens": 1 }),
        ),
        (CHAT, "openai/m", json!({ "max_tokens": 9_000, "n": 3 })),
        (
            RESPONSES,
            "responses/m",
            json!({ "max_tokens": 1, "max_output_tokens": 64_000 }),
        ),
        (
            RESPONSES,
            "anthropic/m",
            json!({ "max_tokens": 1, "max_output_tokens": 64_000 }),
        ),
        (CHAT, "long/m", json!({})),
        (CHAT, "extra/m", json!({})),
    ];
    for (path, model, more) in &long {
        let answer = ask(&house, path, model, more).await;
        assert_eq!(
            answer.status,
            429,
            "{path} {model} {more}: {}",
            answer.text()
        );
    }
    let n_refused = long.len();
    for (path, model, more) in [
        (MESSAGES, "anthropic/m", json!({ "max_tokens": 100 })),
        (CHAT, "openai/m", json!({ "max_tokens": 100 })),
        (CHAT, "openai/m", json!({ "max_completion_tokens": 100 })),
        (
            RESPONSES,
            "responses/m",
            json!({ "max_output_tokens": 100 }),
        ),
        (CHAT, "long/m", json!({ "max_tokens": 100 })),
    ] {
        let answer = ask(&house, path, model, &more).await;
        assert_eq!(
            answer.status,
            200,
            "{path} {model} {more}: {}",
            answer.text()
        );
    }
    let (_, entries, _folder) = house.close().await;
    for (entry, (_, model, _)) in entries.iter().zip(&long) {
        // Nobody was called, and yet the row says for whom it was.
        let evidence = entry.evidence.as_ref().unwrap();
        assert_eq!(evidence.meant.as_deref(), Some(*model));
        assert_eq!((entry.charged.0, entry.row.cost.unwrap().0), (0, 0));
        assert!(evidence.attempts.is_empty() && entry.row.candidate.is_empty());
    }
    assert_eq!(entries.len(), n_refused + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_longer_than_its_bytes_is_reserved_at_the_context() {
    let user = |part: Value| json!([{ "role": "user", "content": [part] }]);
    let pdf = json!({ "type": "base64", "media_type": "application/pdf", "data": "JVBERi0=" });
    let by_address = json!({ "type": "url", "url": "https://x.example/a" });
    let large = [
        (
            MESSAGES,
            "anthropic/m",
            "messages",
            json!({ "type": "document", "source": by_address }),
        ),
        (
            MESSAGES,
            "anthropic/m",
            "messages",
            json!({ "type": "document", "source": pdf }),
        ),
        (
            MESSAGES,
            "anthropic/m",
            "messages",
            json!({ "type": "image", "source": by_address }),
        ),
        (
            RESPONSES,
            "responses/m",
            "input",
            json!({ "type": "input_file", "file_url": "https://x.example/a.pdf" }),
        ),
        (
            RESPONSES,
            "responses/m",
            "input",
            json!({ "type": "input_image", "image_url": "https://x.example/a.png" }),
        ),
        (
            CHAT,
            "openai/m",
            "messages",
            json!({ "type": "input_audio", "input_audio": { "data": "AA==", "format": "wav" } }),
        ),
        (
            CHAT,
            "openai/m",
            "messages",
            json!({ "type": "image_url", "image_url": { "url": "data:image/png;base64,AA==" } }),
        ),
    ];
    // A context of input costs 0.01 USD, 100 tokens of output 0.001 USD.
    let tight = house(Some("0.009")).await;
    let free = house(None).await;
    for (path, model, field, part) in large {
        let name = if path == RESPONSES {
            "max_output_tokens"
        } else {
            "max_tokens"
        };
        let more = json!({ field: user(part), name: 100 });
        let answer = ask(&tight, path, model, &more).await;
        assert_eq!(answer.status, 429, "{more}: {}", answer.text());
        let answer = ask(&free, path, model, &more).await;
        assert_eq!(answer.status, 200, "{more}: {}", answer.text());
    }
    let text = user(json!({ "type": "text", "text": "a \"file_id\" and an image_url" }));
    let more = json!({ "messages": text, "max_tokens": 100 });
    let answer = ask(&tight, CHAT, "openai/m", &more).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_bounds_is_refused_under_a_budget_only() {
    let (tight, free) = (house(Some("1")).await, house(None).await);
    let servers = json!([{ "type": "url", "name": "x", "url": "https://x.example/mcp" }]);
    for (path, model, more, word) in [
        (
            MESSAGES,
            "anthropic/m",
            json!({ "mcp_servers": servers, "max_tokens": 9 }),
            "mcp_servers",
        ),
        (
            CHAT,
            "openai/m",
            json!({ "plugins": [{ "id": "web" }], "max_tokens": 9 }),
            "plugins",
        ),
    ] {
        let answer = ask(&tight, path, model, &more).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains(word), "{}", answer.text());
        let answer = ask(&free, path, model, &more).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

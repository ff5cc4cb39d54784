//! Budgets under many requests at once.

use std::time::Duration;

use serde_json::json;
use trilemma_domain::Dialect;
use trilemma_project::{Period, ServeBudget, ServeSettings};
use trilemma_store::ledger::LedgerFile;

use crate::support::{
    anthropic, candidate, house, house_of, openai, post, responses, settings, simulator, upstream,
};

/// One model that answers little at once.
const SCENARIO: &str = r#"
[models.m]
first_token_ms = 30
answers = { type = "text", text = "yes" }
usage = { input = 50, output = 10 }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_requests_at_once_stay_within_a_small_budget() {
    // Each request costs 150,000 nano-dollars, and at worst about twenty times that.
    let budget = ServeBudget {
        limit: "0.02".parse().unwrap(),
        period: Period::Month,
    };
    let house = house(
        SCENARIO,
        ServeSettings {
            budget: Some(budget),
            lease: "0.004".parse().unwrap(),
            queue_timeout: Duration::from_secs(60),
            ..settings()
        },
    )
    .await;
    let body = json!({
        "model": "openai/m", "max_tokens": 100, "messages": [{"role": "user", "content": "a"}],
    })
    .to_string();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (address, body) = (house.address.clone(), body.clone());
        tasks.spawn(
            async move { post(&address, "/v1/chat/completions", body.as_bytes(), &[]).await },
        );
    }
    let mut n_answered: i64 = 0;
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            200 => n_answered += 1,
            429 => {
                assert_eq!(answer.json()["error"]["code"], "insufficient_quota");
                assert_eq!(answer.header("x-should-retry"), Some("false"));
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    // What the vendor bills for: every call that it answered.
    let billed = i64::try_from(house.log.n_ended()).unwrap() * 150_000;
    assert!(billed <= 20_000_000, "{billed}");
    // All of it is spent but for what a worst case does not fit into: what is reserved comes back.
    assert!((100..200).contains(&n_answered), "{n_answered}");
    let (_, entries, folder) = house.close().await;
    let spent: i64 = entries.iter().map(|entry| entry.charged.0).sum();
    assert_eq!(spent, n_answered * 150_000);
    let file = LedgerFile::open_existing(&folder.path().join("gateway.db")).unwrap();
    assert_eq!(file.spent(None, 0).unwrap().0, spent);
    assert!(file.crashed().unwrap().is_empty());
}

/// Who waits in vain for reservations to come back may come again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_reserved_is_not_called_spent() {
    let scenario = "[models.m]\nfirst_token_ms = 600000\n";
    let budget = ServeBudget {
        limit: "0.005".parse().unwrap(),
        period: Period::Total,
    };
    let settings = ServeSettings {
        budget: Some(budget),
        lease: "0.004".parse().unwrap(),
        queue_timeout: Duration::from_millis(100),
        ..settings()
    };
    let house = house(scenario, settings).await;
    // Each may cost about 0.0033 USD at worst: one fits.
    let mut asks = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let address = house.address.clone();
        asks.spawn(async move {
            let body = openai("openai/m", false).to_string();
            post(&address, "/v1/chat/completions", body.as_bytes(), &[]).await
        });
    }
    let answer = asks.join_next().await.unwrap().unwrap();
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(answer.text().contains("reserved by calls under way"));
    assert_eq!(answer.json()["error"]["code"], "rate_limit_exceeded");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("x-should-retry"), None);
}

/// A search is billed by piece and fills the context anew: both are reserved, or it is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn searches_are_reserved_at_the_vendors() {
    let (url, log) = simulator("[models.m]\nanswers = { type = \"text\", text = \"yes\" }\n").await;
    let budget = ServeBudget {
        limit: "0.1".parse().unwrap(),
        period: Period::Total,
    };
    let settings = ServeSettings {
        budget: Some(budget),
        ..settings()
    };
    let mut searching = candidate("anthropic/m", Dialect::Anthropic, &url);
    searching.price.as_mut().unwrap().web_search_1k = Some("10".parse().unwrap());
    let unpriced = candidate("unpriced/m", Dialect::Anthropic, &url);
    let upstreams = [searching, unpriced].map(|one| upstream(one, &settings));
    let house = house_of(
        upstreams.into(),
        log,
        settings,
        tempfile::tempdir().unwrap(),
    )
    .await;
    let ask = async |model: &str, n: Option<u32>| {
        let tool = json!({ "type": "web_search_20250305", "name": "web_search", "max_uses": n });
        let body = json!({
            "model": model, "max_tokens": 100, "tools": [tool],
            "messages": [{"role": "user", "content": "a"}],
        });
        house.post("/v1/messages", &body).await
    };
    // Two searches at a cent, three contexts of 10,000 tokens at 1 USD per million: 0.051 USD.
    assert_eq!(ask("anthropic/m", Some(2)).await.status, 200);
    // Ten do not fit into 0.1 USD.
    let answer = ask("anthropic/m", Some(10)).await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(answer.text().contains("0.211 USD"), "{}", answer.text());
    let answer = ask("anthropic/m", None).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("max_uses"), "{}", answer.text());
    let answer = ask("unpriced/m", Some(1)).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("web_search_1k"), "{}", answer.text());
    let (_, entries, _folder) = house.close().await;
    let charged: Vec<i64> = entries.iter().map(|entry| entry.charged.0).collect();
    assert!(charged[0] > 0 && charged[1..] == [0, 0, 0], "{charged:?}");
}

/// Whatever dialects client and vendor speak, whole or streamed, all together spend no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_requests_in_all_dialects_stay_within_a_small_budget() {
    let limit = 20_000_000;
    let budget = ServeBudget {
        limit: "0.02".parse().unwrap(),
        period: Period::Total,
    };
    let settings = ServeSettings {
        budget: Some(budget),
        lease: "0.004".parse().unwrap(),
        ..settings()
    };
    let house = house(SCENARIO, settings).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let dialects = Dialect::ALL;
        let model = format!("{}/m", dialects[n % dialects.len()].name());
        let is_stream = n % 2 == 0;
        let (path, body) = match (n / dialects.len()) % 3 {
            0 => ("/v1/chat/completions", openai(&model, is_stream)),
            1 => ("/v1/messages", anthropic(&model, is_stream)),
            _ => ("/v1/responses", responses(&model, is_stream)),
        };
        let address = house.address.clone();
        tasks.spawn(async move {
            let answer = post(&address, path, body.to_string().as_bytes(), &[]).await;
            (path, model, answer)
        });
    }
    let mut n_answered: i64 = 0;
    let mut answered = std::collections::BTreeSet::new();
    while let Some(done) = tasks.join_next().await {
        let (path, model, answer) = done.unwrap();
        match answer.status {
            200 => {
                assert!(answer.is_clean, "{}", answer.text());
                n_answered += 1;
                answered.insert((path, model));
            }
            429 => {}
            other => panic!("{path} {model} {other}: {}", answer.text()),
        }
    }
    let billed = i64::try_from(house.log.n_ended()).unwrap() * 150_000;
    assert!(billed <= limit, "{billed}");
    assert!(n_answered > 0 && n_answered < 200, "{n_answered}");
    let (_, entries, _folder) = house.close().await;
    let spent: i64 = entries.iter().map(|entry| entry.charged.0).sum();
    assert_eq!(spent, n_answered * 150_000, "{answered:?}");
}

//! Budgets under many requests at once.

use serde_json::json;
use trilemma_project::{Period, ServeBudget, ServeSettings};
use trilemma_store::ledger::LedgerFile;

use crate::support::{house, post, settings};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_requests_at_once_stay_within_a_small_budget() {
    let scenario = r#"
[models.m]
first_token_ms = 30
answers = { type = "text", text = "yes" }
usage = { input = 50, output = 10 }
"#;
    // Each request costs 150,000 nano-dollars, and at worst about twenty times that.
    let budget = ServeBudget {
        limit: "0.02".parse().unwrap(),
        period: Period::Month,
    };
    let house = house(
        scenario,
        ServeSettings {
            budget: Some(budget),
            lease: "0.004".parse().unwrap(),
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
    assert!(n_answered > 0 && n_answered < 200, "{n_answered}");
    let (_, entries, folder) = house.close().await;
    let spent: i64 = entries.iter().map(|entry| entry.charged.0).sum();
    assert_eq!(spent, n_answered * 150_000);
    let file = LedgerFile::open_existing(&folder.path().join("gateway.db")).unwrap();
    assert_eq!(file.spent(None, 0).unwrap().0, spent);
    assert!(file.crashed().unwrap().is_empty());
}

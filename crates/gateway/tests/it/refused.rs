//! A policy some of whose candidates no budget covers, and how many calls a request may lose.

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_project::{Period, ServeBudget, ServeSettings};
use trilemma_store::ledger::LedgerEntry;

use crate::support::{Answer, candidate, house_of, openai, settings, simulator, upstream};

const SCENARIO: &str = r#"
[models.small]
answers = { type = "text", text = "yes" }
[models.other]
answers = { type = "text", text = "no" }
[models.large]
answers = { type = "text", text = "certainly" }
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
"#;

/// Asks a cascade once; a call of those in `dear` is never covered by the budget.
async fn ask(ask: &[&str], dear: &[&str], max_attempts: u32) -> (Answer, LedgerEntry) {
    let (url, log) = simulator(SCENARIO).await;
    let settings = ServeSettings {
        budget: Some(ServeBudget {
            limit: "1".parse().unwrap(),
            period: Period::Total,
        }),
        max_attempts,
        ..settings()
    };
    let ids = ["p/small", "p/other", "p/large", "p/broken"];
    let upstreams = ids.map(|id| {
        let mut one = candidate(id, Dialect::OpenAi, &url);
        if dear.contains(&id) {
            one.price.as_mut().unwrap().output = "1000000".parse().unwrap();
        }
        upstream(one, &settings)
    });
    let house = house_of(
        upstreams.into(),
        log,
        settings,
        tempfile::tempdir().unwrap(),
    )
    .await;
    let policy = json!({
        "schema_version": 1, "name": "test",
        "candidates": ids.map(|id| json!({ "id": id })),
        "plan": { "cascade": {
            "ask": ask, "accept": { "agree": 2 }, "pace": "together",
            "compare": "loose", "escalate": { "single": "p/large" },
        }},
        "fallback": [],
    });
    house.gateway.set_policy(&policy.to_string()).unwrap();
    let answer = house
        .post("/v1/chat/completions", &openai("auto", false))
        .await;
    let (_, mut entries, _folder) = house.close().await;
    assert_eq!(entries.len(), 1);
    (answer, entries.remove(0))
}

fn said(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["choices"][0]["message"]["content"].clone()
}

fn called(entry: &LedgerEntry) -> Vec<&str> {
    let evidence = entry.evidence.as_ref().unwrap();
    let attempts = evidence.attempts.iter();
    attempts.map(|one| one.candidate.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_been_paid_for_is_given_where_the_next_has_no_leave() {
    let (answer, entry) = ask(&["p/small", "p/other"], &["p/large"], 3).await;
    assert_eq!(said(&answer), "yes");
    assert_eq!(answer.header("x-trilemma-model"), Some("p/small"));
    assert_eq!(called(&entry), ["p/small", "p/other"]);
    assert_eq!(entry.row.candidate, "p/small");
    let unmeasured = entry.evidence.unwrap().unmeasured;
    assert!(unmeasured.contains(&"refused".to_owned()), "{unmeasured:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_calls_that_belong_together_none_is_made_before_all_have_leave() {
    let (answer, entry) = ask(&["p/small", "p/other"], &["p/other"], 3).await;
    assert_eq!(said(&answer), "certainly");
    // Who has no leave counts as failed; the others are then asked without it.
    assert_eq!(called(&entry), ["p/small", "p/large"]);
    let all = ["p/small", "p/other", "p/large"];
    let (answer, entry) = ask(&["p/small", "p/other"], &all, 3).await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "insufficient_quota");
    assert!(called(&entry).is_empty());
    assert_eq!((entry.charged.0, entry.row.cost.unwrap().0), (0, 0));
    assert_eq!(entry.row.candidate, "");
    assert_eq!(entry.evidence.unwrap().meant.as_deref(), Some("p/large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_loses_no_more_calls_than_the_settings_allow() {
    for (max_attempts, n_calls) in [(1, 1), (2, 2), (3, 3)] {
        let (answer, entry) = ask(&["p/broken"; 5], &[], max_attempts).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert_eq!(called(&entry).len(), n_calls, "{max_attempts}");
    }
    // What answers is not counted: two calls at once, then the third, then the one that decides.
    let (answer, entry) = ask(&["p/small", "p/other", "p/small"], &[], 2).await;
    assert_eq!(said(&answer), "yes");
    assert_eq!(called(&entry).len(), 3);
}

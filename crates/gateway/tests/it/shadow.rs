//! A challenger beside the traffic: compared, never in the way, never beyond its budget.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::{Gateway, GatewayParts, ShadowParts};
use trilemma_project::ShadowSettings;
use trilemma_sim::CallLog;
use trilemma_store::ledger::{LedgerEntry, LedgerFile, Session};

use crate::support::{
    House, apart, candidate, leave_after, ledger_path, open, openai, parts_of, post, settings,
    simulator, upstream,
};

const SCENARIO: &str = r#"
[models.m]
answers = { type = "text", text = "{\"a\": 1}" }
usage = { input = 50, output = 10 }
[models.same]
answers = { type = "text", text = "{\"a\":  1}" }
usage = { input = 50, output = 10 }
[models.other]
answers = { type = "text", text = "no json" }
[models.hangs]
first_token_ms = 600000
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
"#;

/// A house whose requests a challenger is asked too.
struct Both {
    house: House,
    challenger: CallLog,
    session: Session,
    ledger: std::path::PathBuf,
}

async fn with_challenger(model: &str, share: f64, budget: &str) -> Both {
    with_challenger_in(Dialect::Anthropic, model, (share, budget)).await
}

async fn with_challenger_in(dialect: Dialect, model: &str, (share, budget): (f64, &str)) -> Both {
    beside(dialect, ("p/m", model), (share, budget)).await
}

/// A challenger beside who is in use.
async fn beside(
    dialect: Dialect,
    (in_use, model): (&str, &str),
    (share, budget): (f64, &str),
) -> Both {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shadow.db");
    let (url, challenger) = simulator(SCENARIO).await;
    let id = format!("p/{model}");
    let (budget, own) = apart(budget);
    let upstreams = vec![upstream(candidate(&id, dialect, &url), &own)];
    let parts = parts_of(upstreams, own, LedgerFile::open(&path).unwrap());
    let (gateway, session) = Gateway::new(parts).unwrap();
    let spec = json!({ "kind": "json_valid", "label": "json", "weight": 1.0, "options": {} });
    let scorer = trilemma_score::build(&serde_json::from_value(spec).unwrap()).unwrap();
    let shadow = ShadowParts {
        settings: ShadowSettings {
            challenger: id,
            share,
            budget,
            concurrency: 2,
            judges: false,
        },
        gateway,
        scorers: vec![scorer],
        panels: trilemma_gateway::Panels::new(),
    };
    let (url, log) = simulator(SCENARIO).await;
    let settings = settings();
    let served = upstream(candidate(in_use, Dialect::OpenAi, &url), &settings);
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let parts = GatewayParts {
        shadow: Some(shadow.begin()),
        ..parts_of(vec![served], settings, ledger)
    };
    Both {
        house: open(parts, log, folder).await,
        challenger,
        session,
        ledger: path,
    }
}

impl Both {
    /// Waits until so many calls of the challenger are over.
    async fn shadowed(&self, n: usize) {
        for _ in 0..500 {
            if self.challenger.n_ended() >= n as u64 {
                // The comparison is recorded a moment later.
                tokio::time::sleep(Duration::from_millis(100)).await;
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{} of {n} calls", self.challenger.n_ended());
    }

    /// Ends; gives the clients' records and the challenger's.
    async fn close(self) -> (Vec<LedgerEntry>, Vec<LedgerEntry>) {
        let (_, clients, _folder) = self.house.close().await;
        tokio::task::spawn_blocking(move || self.session.end(1))
            .await
            .unwrap()
            .unwrap();
        let mut own = Vec::new();
        LedgerFile::open_existing(&self.ledger)
            .unwrap()
            .entries(0, &mut |entry| own.push(entry))
            .unwrap();
        (clients, own)
    }
}

fn asking(stream: bool) -> Value {
    openai("p/m", stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_challenger_is_asked_and_compared() {
    for (dialect, model, score, agreement) in [
        (Dialect::Anthropic, "same", Some(1.0), 1.0),
        (Dialect::Anthropic, "other", Some(0.0), 0.0),
        // Passed through but for the model's name.
        (Dialect::OpenAi, "other", Some(0.0), 0.0),
    ] {
        let both = with_challenger_in(dialect, model, (1.0, "1")).await;
        for stream in [false, true] {
            let answer = both
                .house
                .post("/v1/chat/completions", &asking(stream))
                .await;
            assert_eq!(answer.header("x-trilemma-model"), Some("p/m"));
        }
        let private = [("x-trilemma-private", "true")];
        let body = asking(false).to_string();
        post(
            &both.house.address,
            "/v1/chat/completions",
            body.as_bytes(),
            &private,
        )
        .await;
        both.shadowed(2).await;
        let (clients, own) = both.close().await;
        assert_eq!((clients.len(), own.len()), (3, 2));
        for (entry, of) in own.iter().zip(&clients) {
            assert_eq!(entry.row.candidate, format!("p/{model}"));
            let evidence = entry.evidence.as_ref().unwrap();
            let note = evidence.shadow.as_ref().unwrap();
            assert_eq!(evidence.failure, None);
            assert_eq!((note.candidate.as_str(), note.is_answered), ("p/m", true));
            assert_eq!((note.served_score, note.score), (Some(1.0), score));
            assert_eq!(note.agreement, Some(agreement));
            assert_eq!(
                note.cost_nano,
                of.row.cost.map(|cost| cost.0),
                "{:?} {:?}",
                of.row,
                note
            );
            assert!(entry.row.cost.unwrap().0 > 0);
        }
        // Nothing of it is in the clients' records.
        let named = |entry: &LedgerEntry| entry.evidence.as_ref().unwrap().shadow.is_some();
        assert!(!clients.iter().any(named));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenger_that_hangs_or_fails_is_not_noticed() {
    for model in ["hangs", "broken"] {
        let both = with_challenger(model, 1.0, "1").await;
        let began = tokio::time::Instant::now();
        for stream in [false, true].repeat(50) {
            let answer = both
                .house
                .post("/v1/chat/completions", &asking(stream))
                .await;
            assert_eq!(answer.status, 200);
            assert!(answer.is_clean);
        }
        assert!(began.elapsed() < Duration::from_secs(60));
        // At most two calls at once, however many wait.
        let (clients, own) = both.close().await;
        assert_eq!(clients.len(), 100);
        assert!(
            clients
                .iter()
                .all(|one| one.evidence.as_ref().unwrap().failure.is_none())
        );
        if model == "hangs" {
            assert_eq!(own.len(), 2);
            assert!(
                own.iter()
                    .all(|one| one.evidence.as_ref().unwrap().abandoned)
            );
            // Broken off: counted at the most that they can have cost.
            assert!(
                own.iter()
                    .all(|one| one.row.is_estimated && one.charged.0 > 0)
            );
        } else {
            assert!(own.iter().all(|one| {
                let evidence = one.evidence.as_ref().unwrap();
                evidence.failure.is_some() || evidence.abandoned
            }));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_budget_holds_and_is_nobody_elses() {
    // A call costs 50 · 1 + 10 · 10 millionths of a dollar, and may cost about 3,300 at worst.
    let both = Arc::new(with_challenger("same", 1.0, "0.005").await);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let both = Arc::clone(&both);
        clients.spawn(async move {
            for _ in 0..25 {
                let answer = both
                    .house
                    .post("/v1/chat/completions", &asking(false))
                    .await;
                assert_eq!(answer.status, 200);
            }
        });
    }
    while clients.join_next().await.is_some() {}
    both.shadowed(5).await;
    let both = Arc::into_inner(both).unwrap();
    let (clients, own) = both.close().await;
    assert_eq!(clients.len(), 200);
    let spent: i64 = own.iter().map(|one| one.charged.0).sum();
    assert!(spent > 0 && spent <= 5_000_000, "{spent}");
    assert!(own.len() < 34, "{}", own.len());
}

/// Whom clients do not wait for is no better for it: the challenger is asked all the same.
#[tokio::test(flavor = "multi_thread")]
async fn clients_who_leave_are_compared_too() {
    let both = beside(Dialect::OpenAi, ("p/hangs", "m"), (1.0, "1")).await;
    for stream in [false, true] {
        let body = openai("p/hangs", stream);
        let patience = Duration::from_millis(500);
        assert!(!leave_after(&both.house.address, &body, "", patience).await);
    }
    both.shadowed(2).await;
    let (clients, own) = both.close().await;
    assert_eq!((clients.len(), own.len()), (2, 2));
    for entry in &own {
        let note = entry.evidence.as_ref().unwrap().shadow.as_ref().unwrap();
        assert_eq!(note.candidate, "p/hangs");
        assert!(!note.is_answered);
        assert_eq!(note.left_us, Some(note.total_us));
        assert!(note.total_us >= 400_000, "{note:?}");
    }
}

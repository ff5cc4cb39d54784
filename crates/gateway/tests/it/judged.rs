//! A challenger whose answers are judged: by the project's judges, within its budget, in its ledger.

use serde_json::{Value, json};
use trilemma_domain::Dialect;
use trilemma_gateway::{Gateway, GatewayParts, Panels, ShadowParts};
use trilemma_project::ShadowSettings;
use trilemma_store::ledger::{LedgerEntry, LedgerFile, ShadowNote};

use crate::support::{
    House, apart, candidate, ledger_path, open, openai, parts_of, settings, simulator, upstream,
};

/// The judge finds the client's answer poor and the challenger's good; of two it takes the one that stands first.
const SCENARIO: &str = r#"
[models.m]
answers = { type = "text", text = "apple" }
usage = { input = 50, output = 10 }
[models.own]
answers = { type = "text", text = "banana" }
usage = { input = 50, output = 10 }
[models.judge]
answers = { type = "script", rules = [
  { contains = "Say which of two", answers = [{ text = "{\"winner\": \"A\"}" }] },
  { contains = "banana", answers = [{ text = "{\"score\": 5}" }] },
  { contains = "apple", answers = [{ text = "{\"score\": 2}" }] },
] }
usage = { input = 100, output = 5 }
[models.mute]
answers = { type = "text", text = "I cannot say." }
usage = { input = 100, output = 5 }
[models.broken]
faults = [{ kind = "server_error", every = 1 }]
"#;

/// What became of one request that a challenger was asked too.
struct Judged {
    note: ShadowNote,
    /// Questions to judges in the challenger's ledger.
    questions: Vec<LedgerEntry>,
    client: LedgerEntry,
}

async fn ask_once(options: &Value, judge: &str, budget: &str) -> Judged {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shadow.db");
    let (url, log) = simulator(SCENARIO).await;
    let (budget, own) = apart(budget);
    let upstreams = vec![
        upstream(candidate("p/own", Dialect::OpenAi, &url), &own),
        // Judges may speak another dialect than the challenger.
        upstream(candidate(judge, Dialect::Anthropic, &url), &own),
    ];
    let parts = parts_of(upstreams, own, LedgerFile::open(&path).unwrap());
    let (gateway, session) = Gateway::new(parts).unwrap();
    let spec = json!({ "kind": "judge", "label": "tone", "weight": 1.0, "options": options });
    let scorer = trilemma_score::build(&serde_json::from_value(spec).unwrap()).unwrap();
    let shadow = ShadowParts {
        settings: ShadowSettings {
            challenger: "p/own".to_owned(),
            share: 1.0,
            budget,
            concurrency: 1,
            judges: true,
        },
        gateway,
        scorers: vec![scorer],
        panels: Panels::from([("tone".to_owned(), vec![judge.to_owned()])]),
    };
    let settings = settings();
    let served = upstream(candidate("p/m", Dialect::OpenAi, &url), &settings);
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let parts = GatewayParts {
        shadow: Some(shadow.begin()),
        ..parts_of(vec![served], settings, ledger)
    };
    let house: House = open(parts, log, folder).await;
    let answer = house
        .post("/v1/chat/completions", &openai("p/m", false))
        .await;
    assert_eq!(answer.status, 200);
    // Ending gives what is under way a moment.
    let compared = || {
        let file = LedgerFile::open_existing(&path).unwrap();
        let mut entries: Vec<LedgerEntry> = Vec::new();
        file.entries(0, &mut |entry| entries.push(entry)).unwrap();
        entries
    };
    let is_own = |entry: &LedgerEntry| entry.evidence.as_ref().unwrap().shadow.is_some();
    for _ in 0..500 {
        if compared().iter().any(is_own) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let (_, clients, _folder) = house.close().await;
    tokio::task::spawn_blocking(move || session.end(1))
        .await
        .unwrap()
        .unwrap();
    let (own, questions): (Vec<_>, Vec<_>) = compared().into_iter().partition(is_own);
    assert_eq!((clients.len(), own.len()), (1, 1));
    let note = own[0].evidence.as_ref().unwrap().shadow.clone().unwrap();
    Judged {
        note: *note,
        questions,
        client: clients.into_iter().next().unwrap(),
    }
}

fn rubric() -> Value {
    json!({
        "model": "sim/judge", "rubric": "Is it a yellow fruit?", "scale": "1-5",
        "params": { "max_output_tokens": 50 },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rubric_scores_both_answers() {
    let found = ask_once(&rubric(), "p/judge", "1").await;
    assert_eq!(
        (found.note.served_score, found.note.score),
        (Some(0.25), Some(1.0))
    );
    // Other words than the client's.
    assert_eq!(found.note.agreement, Some(0.0));
    assert_eq!(found.questions.len(), 2);
    for question in &found.questions {
        assert_eq!(question.row.candidate, "p/judge");
        // 100 tokens at 1 USD and 5 at 10 USD per million.
        assert_eq!(question.row.cost.unwrap().0, 150_000);
        assert!(!question.row.is_estimated);
    }
    assert_eq!(found.client.row.cost.unwrap().0, 150_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_is_the_clients_answer() {
    let options = json!({ "model": "sim/judge", "mode": "reference", "scale": "1-5" });
    let found = ask_once(&options, "p/judge", "1").await;
    assert_eq!(found.note.agreement, Some(1.0));
    assert_eq!((found.note.served_score, found.note.score), (None, None));
    assert_eq!(found.questions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_asked_in_both_orders() {
    for against in ["incumbent", "expected"] {
        let options = json!({ "model": "sim/judge", "mode": "pairwise", "against": against });
        let found = ask_once(&options, "p/judge", "1").await;
        assert_eq!(found.questions.len(), 2, "{against}");
        // The judge takes whatever stands first: a tie.
        assert_eq!(
            (found.note.served_score, found.note.score),
            (Some(0.5), Some(0.5))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_cannot_be_had_are_missing() {
    for (judge, budget, n_questions) in [
        ("p/mute", "1", 1),
        ("p/broken", "1", 1),
        // Enough for the challenger, whose worst case is about 0.0033, and for nobody after it.
        ("p/judge", "0.0034", 0),
    ] {
        let found = ask_once(&rubric(), judge, budget).await;
        let note = &found.note;
        assert_eq!((note.served_score, note.score), (None, None), "{judge}");
        assert_eq!(note.agreement, Some(0.0), "agreement needs no judge here");
        assert_eq!(found.questions.len(), n_questions, "{judge}");
    }
}

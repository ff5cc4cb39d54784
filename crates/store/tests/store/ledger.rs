//! The gateway's ledger: what clients say, and files of earlier versions.

use trilemma_domain::NanoUsd;
use trilemma_store::ledger::*;

fn row(id: RequestId, client: &str) -> LedgerRow {
    LedgerRow {
        id,
        at_us: 1,
        client: client.to_owned(),
        candidate: "m".to_owned(),
        requested: "m".to_owned(),
        served: None,
        usage: None,
        raw_usage: None,
        cost: Some(NanoUsd(5)),
        is_estimated: false,
    }
}

fn word(id: RequestId, client: &str, score: f64) -> Feedback {
    Feedback {
        id,
        client: client.to_owned(),
        score,
        at_us: 2,
    }
}

fn entries(file: &LedgerFile) -> Vec<LedgerEntry> {
    let mut all = Vec::new();
    file.entries(0, &mut |entry| all.push(entry)).unwrap();
    all
}

#[tokio::test]
async fn only_a_requests_own_client_is_heard_and_its_last_word_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.db");
    let (ledger, session) = LedgerFile::open(&path).unwrap().begin(0).unwrap();
    let [own, other] = ["a", "b"].map(|client| {
        let id = ledger.next_id();
        ledger.record(row(id, client), NanoUsd(5), Evidence::default());
        id
    });
    assert!(ledger.feedback(word(own, "a", 0.1)).await.unwrap());
    assert!(!ledger.feedback(word(own, "b", 1.0)).await.unwrap());
    assert!(!ledger.feedback(word(own, "", 1.0)).await.unwrap());
    assert!(
        !ledger
            .feedback(word(ledger.next_id(), "a", 1.0))
            .await
            .unwrap()
    );
    assert!(ledger.feedback(word(own, "a", 0.75)).await.unwrap());
    drop(ledger);
    tokio::task::spawn_blocking(move || session.end(9))
        .await
        .unwrap()
        .unwrap();
    let found = entries(&LedgerFile::open_existing(&path).unwrap());
    assert_eq!((found[0].row.id, found[0].feedback), (own, Some(0.75)));
    assert_eq!((found[1].row.id, found[1].feedback), (other, None));
}

/// A ledger from before calls had costs of their own and clients were heard: it is read, and goes on.
#[tokio::test]
async fn an_older_ledger_is_read_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.db");
    let (ledger, session) = LedgerFile::open(&path).unwrap().begin(0).unwrap();
    let id = ledger.next_id();
    ledger.record(row(id, "a"), NanoUsd(5), Evidence::default());
    drop(ledger);
    tokio::task::spawn_blocking(move || session.end(9))
        .await
        .unwrap()
        .unwrap();
    let conn = rusqlite::Connection::open(&path).unwrap();
    let evidence = r#"{"dialect":"openai","attempts":[{"candidate":"m","status":200,"end_us":7}],"status":200,
        "stream":false,"truncated":false,"abandoned":false,"total_us":8,"queued_us":1}"#;
    conn.execute("UPDATE requests SET evidence = ?1", [evidence])
        .unwrap();
    conn.execute_batch("DROP TABLE feedback; DROP TABLE notes;")
        .unwrap();
    drop(conn);

    let file = LedgerFile::open_existing(&path).unwrap();
    let found = entries(&file);
    let evidence = found[0].evidence.as_ref().unwrap();
    assert_eq!(evidence.attempts[0].end_us, Some(7));
    assert_eq!(
        (&evidence.attempts[0].spent, evidence.escalated),
        (&None, None)
    );
    let (ledger, session) = file.begin(10).unwrap();
    assert!(ledger.feedback(word(id, "a", 1.0)).await.unwrap());
    drop(ledger);
    tokio::task::spawn_blocking(move || session.end(19))
        .await
        .unwrap()
        .unwrap();
    let found = entries(&LedgerFile::open_existing(&path).unwrap());
    assert_eq!(found[0].feedback, Some(1.0));
}

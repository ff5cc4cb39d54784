//! Labels of people, and the items that they stand for.

use crate::support::*;
use trilemma_domain::*;
use trilemma_store::*;

fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    (folder, store)
}

fn filled(store: &Store, name: &str) -> RunId {
    let run = store.begin_run(&manifest(name, 4)).unwrap();
    let mut noise = Noise(3);
    put(
        store,
        &run,
        (0..4).map(|idx| realistic(key(0, idx, 0), &mut noise)),
    );
    put(store, &run, [failed(key(1, 0, 0), &mut noise)]);
    run
}

fn label(item: u32, reviewer: &str, word: HumanWord) -> HumanLabel {
    HumanLabel {
        key: key(0, item, 0),
        reviewer: reviewer.to_owned(),
        word,
        note: None,
        labelled_us: BASE_US,
    }
}

fn items(places: &[(u32, &str, Option<u32>)]) -> Vec<ReviewItem> {
    places
        .iter()
        .map(|(item_idx, stratum, place)| ReviewItem {
            item_idx: *item_idx,
            stratum: (*stratum).to_owned(),
            place: *place,
        })
        .collect()
}

#[test]
fn drawn_items_come_back_and_are_replaced() {
    let (_folder, store) = open();
    let run = filled(&store, "r1");
    assert_eq!(store.review_items(&run).unwrap(), []);
    let first = items(&[(0, "near", Some(1)), (1, "near", None), (3, "far", Some(0))]);
    store.put_review_items(&run, &first).unwrap();
    assert_eq!(store.review_items(&run).unwrap(), first);
    let more = items(&[(1, "near", Some(2))]);
    store.put_review_items(&run, &more).unwrap();
    let all = store.review_items(&run).unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(all[1], more[0]);
    assert!(store.review_items(&"other".into()).is_err());
}

#[test]
fn labels_are_there_after_reopening_and_the_latest_word_counts() {
    let (folder, store) = open();
    let run = filled(&store, "r1");
    let noted = HumanLabel {
        note: Some("=1+1 \u{0} \"quoted\"".to_owned()),
        ..label(2, "ann", HumanWord::Fail)
    };
    store
        .put_labels(
            &run,
            &[
                label(0, "ann", HumanWord::Pass),
                label(0, "bob", HumanWord::Skipped),
                noted.clone(),
            ],
        )
        .unwrap();
    store
        .put_labels(&run, &[label(0, "ann", HumanWord::Fail)])
        .unwrap();
    drop(store);
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    assert_eq!(
        store.labels(&run).unwrap(),
        [
            label(0, "ann", HumanWord::Fail),
            label(0, "bob", HumanWord::Skipped),
            noted
        ]
    );
    store
        .remove_labels(&run, "ann", &[key(0, 0, 0), key(0, 1, 0), key(9, 9, 9)])
        .unwrap();
    let left: Vec<_> = store.labels(&run).unwrap();
    assert_eq!(left.len(), 2);
    assert_eq!(left[0].reviewer, "bob");
}

#[test]
fn a_label_of_no_answer_is_refused_with_all_others() {
    let (_folder, store) = open();
    let run = filled(&store, "r1");
    for missing in [key(0, 9, 0), key(1, 0, 0)] {
        let wrong = HumanLabel {
            key: missing,
            ..label(0, "ann", HumanWord::Pass)
        };
        let labels = [label(1, "ann", HumanWord::Pass), wrong];
        let error = store.put_labels(&run, &labels).unwrap_err();
        let expected = RecordError::UnknownTrial {
            run: run.clone(),
            key: missing,
        };
        assert_eq!(error, expected.into());
    }
    assert_eq!(store.labels(&run).unwrap(), []);
}

#[test]
fn labels_go_with_their_run_only() {
    let (_folder, store) = open();
    let (kept, gone) = (filled(&store, "kept"), filled(&store, "gone"));
    for run in [&kept, &gone] {
        store
            .put_labels(run, &[label(0, "ann", HumanWord::Pass)])
            .unwrap();
        store
            .put_review_items(run, &items(&[(0, "near", Some(0))]))
            .unwrap();
    }
    store.delete_run(&gone).unwrap();
    assert!(store.labels(&gone).is_err());
    assert_eq!(store.labels(&kept).unwrap().len(), 1);
    assert_eq!(store.review_items(&kept).unwrap().len(), 1);
}

#[test]
fn a_store_of_the_first_schema_learns_labels_and_keeps_its_trials() {
    let (folder, store) = open();
    let run = filled(&store, "r1");
    drop(store);
    let path = folder.path().join("s.db");
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch(
        "DROP TABLE review_item; DROP TABLE review_label; DROP TABLE judgement; \
         DROP TABLE judge_attempt; ALTER TABLE run DROP COLUMN purpose; DROP TABLE drift_look; \
         DROP TABLE drift_message; DROP TABLE load_test; DROP TABLE load_stage; \
         DROP TABLE load_batch; DROP TABLE embedding_call; \
         DROP TABLE embedding; UPDATE schema_version SET version = 1;",
    )
    .unwrap();
    drop(conn);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.settled(&run).unwrap().n_answered(), 4);
    store
        .put_labels(&run, &[label(0, "ann", HumanWord::Pass)])
        .unwrap();
    assert_eq!(store.labels(&run).unwrap().len(), 1);
}

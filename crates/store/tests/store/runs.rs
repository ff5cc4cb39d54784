//! Runs, snapshots, resuming, replaying.

use std::ops::ControlFlow;

use crate::support::*;
use trilemma_domain::*;
use trilemma_store::*;

fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    (folder, store)
}

#[test]
fn a_manifest_comes_back_and_its_name_is_taken() {
    let (_folder, store) = open();
    let manifest = manifest("r1", 3);
    let run = store.begin_run(&manifest).unwrap();
    assert_eq!(store.manifest(&run).unwrap(), manifest);
    let error = store.begin_run(&manifest).unwrap_err();
    assert_eq!(error, RecordError::RunExists(run).into());
    assert_eq!(
        store.manifest(&"other".into()).unwrap_err(),
        RecordError::UnknownRun("other".into()).into()
    );
}

#[test]
fn the_newest_unfinished_run_of_the_same_calls_is_resumed() {
    let (_folder, store) = open();
    let first = manifest("r1", 3);
    let print = first.fingerprint();
    assert_eq!(store.find_resumable(&print).unwrap(), None);
    store.begin_run(&first).unwrap();
    assert!(!store.has_other_runs(&"r1".into()).unwrap());
    assert!(store.has_other_runs(&"r2".into()).unwrap());
    store.begin_run(&manifest("r2", 3)).unwrap();
    let mut other_calls = manifest("r3", 3);
    other_calls.seed += 1;
    store.begin_run(&other_calls).unwrap();

    let found = store.find_resumable(&print).unwrap().unwrap();
    assert_eq!((found.run.as_str(), found.n_trials()), ("r2", 6));
    store.complete_run(&"r2".into(), BASE_US + 1).unwrap();
    assert_eq!(
        store.find_resumable(&print).unwrap().unwrap().run.as_str(),
        "r1"
    );
    let names: Vec<_> = store
        .runs()
        .unwrap()
        .into_iter()
        .map(|run| run.run.to_string())
        .collect();
    assert_eq!(names, ["r1", "r2", "r3"]);
}

#[test]
fn scorers_prices_and_dates_ask_for_no_other_run() {
    let first = manifest("r1", 3);
    let mut later = manifest("r9", 3);
    later.created_us += 5;
    later.as_of = jiff::civil::date(2025, 1, 1);
    later.scores = score_set(&[("judge", 2.0)]);
    assert_eq!(first.fingerprint(), later.fingerprint());

    let changes: [fn(&mut RunManifest); 6] = [
        |m| m.seed += 1,
        |m| m.repeats += 1,
        |m| m.golden = Fingerprint::of(b"other"),
        |m| drop(m.items.pop()),
        |m| m.candidates[0].candidate.params.temperature = Some(0.1),
        |m| m.parameters.clear(),
    ];
    for change in changes {
        let mut other = manifest("r1", 3);
        change(&mut other);
        assert_ne!(other.fingerprint(), first.fingerprint());
    }
}

#[test]
fn items_are_stored_once_and_leave_with_their_last_run() {
    let (_folder, store) = open();
    let golden = Fingerprint::of(b"golden");
    let items = [
        ("b", "{\"id\":\"b\"}"),
        ("a", "{\"id\":\"a\",\"x\":\"\\u0000\"}"),
    ];
    let items = items.map(|(id, body)| (ItemId::from(id), body.to_owned()));
    store.put_items(&golden, items.clone()).unwrap();
    store.begin_run(&manifest("r1", 2)).unwrap();
    store.begin_run(&manifest("r2", 2)).unwrap();
    // The second time nobody looks at the items.
    let untouched = std::iter::from_fn(|| -> Option<(ItemId, String)> { panic!("not read") });
    store.put_items(&golden, untouched).unwrap();

    let read = || {
        let mut all = Vec::new();
        store.items(&golden, |id, body| {
            all.push((id, body.to_owned()));
            ControlFlow::Continue(())
        })?;
        Ok::<_, StoreError>(all)
    };
    assert_eq!(read().unwrap(), items);
    assert_eq!(
        store.item(&golden, &"a".into()).unwrap().as_deref(),
        Some(items[1].1.as_str())
    );
    assert_eq!(store.item(&golden, &"zz".into()).unwrap(), None);

    store.delete_run(&"r1".into()).unwrap();
    assert_eq!(read().unwrap().len(), 2);
    store.delete_run(&"r2".into()).unwrap();
    assert_eq!(
        read().unwrap_err(),
        RecordError::UnknownGolden(golden).into()
    );
}

#[test]
fn a_deleted_run_gives_its_space_back_and_leaves_others_alone() {
    let (_folder, store) = open();
    let mut noise = Noise(1);
    let kept = store.begin_run(&manifest("kept", 50)).unwrap();
    let gone = store.begin_run(&manifest("gone", 500)).unwrap();
    put(
        &store,
        &kept,
        (0..50).map(|idx| realistic(key(0, idx, 0), &mut noise)),
    );
    put(
        &store,
        &gone,
        (0..500).map(|idx| realistic(key(0, idx, 0), &mut noise)),
    );
    let size = || fs_err::metadata(store.path()).unwrap().len();
    store.delete_run(&gone).unwrap();
    assert!(size() < 50 * 3_000 + 100_000, "{}", size());
    assert_eq!(store.settled(&kept).unwrap().n_answered(), 50);
    assert!(store.run(&gone).is_err());
    // The writer forgets the run as well, even while it lives.
    let writer = store.writer().unwrap();
    let refused = runtime().block_on(async {
        let trial = realistic(key(0, 0, 0), &mut noise);
        writer.trial(&gone, trial).await.unwrap().await
    });
    assert_eq!(refused.unwrap_err(), RecordError::UnknownRun(gone).into());
}

#[test]
fn only_called_answers_are_replayed_and_the_newest_wins() {
    let (_folder, store) = open();
    let mut noise = Noise(2);
    let request = Fingerprint::of(b"request");
    let r1 = store.begin_run(&manifest("r1", 9)).unwrap();
    let r2 = store.begin_run(&manifest("r2", 9)).unwrap();
    let with = |origin: TrialOrigin, idx: u32, noise: &mut Noise| Trial {
        request,
        origin,
        ..realistic(key(0, idx, 0), noise)
    };
    let replayed = TrialOrigin::Replayed {
        run: "r0".to_owned(),
    };
    put(
        &store,
        &r1,
        [
            with(replayed, 0, &mut noise),
            with(TrialOrigin::Imported, 1, &mut noise),
            Trial {
                request,
                ..failed(key(0, 2, 0), &mut noise)
            },
        ],
    );
    assert_eq!(store.answered_by_request(&request).unwrap(), None);
    let (old, new) = (
        with(TrialOrigin::Called, 3, &mut noise),
        with(TrialOrigin::Repeated, 0, &mut noise),
    );
    put(&store, &r1, [old.clone()]);
    assert_eq!(
        store.answered_by_request(&request).unwrap().unwrap().trial,
        old
    );
    put(&store, &r2, [new.clone()]);
    let found = store.answered_by_request(&request).unwrap().unwrap();
    assert_eq!((found.run, found.trial), (r2, new));
    // The same leading bytes are not enough.
    let mut near = *request.as_bytes();
    near[31] ^= 1;
    assert_eq!(
        store
            .answered_by_request(&Fingerprint::from_bytes(near))
            .unwrap(),
        None
    );
}

#[test]
fn unsettled_calls_are_known_across_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let mut noise = Noise(3);
    let run = {
        let store = Store::open(&path).unwrap();
        let run = store.begin_run(&manifest("r", 9)).unwrap();
        let writer = store.writer().unwrap();
        // 0: answered, though a second call was announced and never made. 1: sent, nothing came. 2: failed once, then waiting. 3: failed, sent again.
        for (idx, attempt) in [(0, 1), (0, 2), (1, 1), (2, 1), (3, 1), (3, 2)] {
            writer.announce(&run, key(0, idx, 0), attempt).unwrap();
        }
        put(&store, &run, [realistic(key(0, 0, 0), &mut noise)]);
        runtime().block_on(async {
            for idx in [2, 3] {
                let attempt = failed_attempt(1, BASE_US, None);
                let request = Fingerprint::of(b"x");
                drop(
                    writer
                        .attempt(&run, key(0, idx, 0), request, attempt)
                        .await
                        .unwrap(),
                );
            }
            writer.flush().await.unwrap();
        });
        run
    };
    let store = Store::open(&path).unwrap();
    let mut open: Vec<u32> = store
        .unsettled_calls(&run)
        .unwrap()
        .into_iter()
        .map(|key| key.item_idx)
        .collect();
    open.sort_unstable();
    assert_eq!(open, [1, 3]);

    let writer = store.writer().unwrap();
    writer.announce(&run, key(0, 1, 0), 1).unwrap();
    let repeated = Trial {
        origin: TrialOrigin::Repeated,
        ..realistic(key(0, 1, 0), &mut noise)
    };
    put(&store, &run, [repeated]);
    assert_eq!(store.unsettled_calls(&run).unwrap(), [key(0, 3, 0)].into());
    store.complete_run(&run, BASE_US).unwrap();
    assert_eq!(store.unsettled_calls(&run).unwrap(), [].into());
}

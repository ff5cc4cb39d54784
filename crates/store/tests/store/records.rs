//! Trials, attempts, money: what the writer makes of them.

use crate::support::*;
use trilemma_domain::*;
use trilemma_store::*;

fn begun(n_items: u32) -> (tempfile::TempDir, Store, RunId) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    let run = store.begin_run(&manifest("r", n_items)).unwrap();
    (folder, store, run)
}

#[test]
fn settled_tells_how_each_trial_ended() {
    let (_folder, store, run) = begun(10);
    let mut noise = Noise(1);
    put(
        &store,
        &run,
        [
            realistic(key(1, 2, 0), &mut noise),
            failed(key(0, 5, 0), &mut noise),
            realistic(key(0, 1, 0), &mut noise),
        ],
    );
    let writer = store.writer().unwrap();
    runtime().block_on(async {
        let attempt = failed_attempt(1, BASE_US, None);
        let early = writer.attempt(&run, key(0, 9, 0), Fingerprint::of(b"x"), attempt);
        early.await.unwrap().await.unwrap();
    });
    let settled = store.settled(&run).unwrap();
    let rate_limited = SettledState::Failed(FailureKind::RateLimited);
    assert_eq!(
        settled.iter().collect::<Vec<_>>(),
        [
            (key(0, 1, 0), SettledState::Answered),
            (key(0, 5, 0), rate_limited),
            (key(1, 2, 0), SettledState::Answered),
        ]
    );
    assert_eq!(settled.get(key(0, 5, 0)), Some(rate_limited));
    assert_eq!(settled.get(key(0, 9, 0)), None);
    assert!(settled.is_answered(key(1, 2, 0)) && !settled.is_answered(key(0, 5, 0)));
    let info = store.run(&run).unwrap();
    assert_eq!((info.n_answered, info.n_failed), (2, 1));
    let under_way = store.trial_detail(&run, key(0, 9, 0)).unwrap_err();
    assert!(matches!(
        under_way,
        StoreError::Record(RecordError::UnknownTrial { .. })
    ));
}

#[test]
fn named_trials_are_seen_as_in_the_whole_run() {
    let (_folder, store, run) = begun(10);
    let mut noise = Noise(4);
    let keys = [key(1, 2, 0), key(0, 5, 0), key(0, 1, 0), key(1, 7, 0)];
    put(
        &store,
        &run,
        [
            realistic(keys[0], &mut noise),
            failed(keys[1], &mut noise),
            realistic(keys[2], &mut noise),
            realistic(keys[3], &mut noise),
        ],
    );
    let mut all = Vec::new();
    store
        .observations(&run, |seen| {
            all.push(seen);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    // In the order asked for; what is not settled is left out.
    let asked = [keys[1], key(0, 9, 0), keys[0], key(7, 7, 7)];
    let mut some = Vec::new();
    store
        .observations_of(&run, &asked, |seen| some.push(seen))
        .unwrap();
    let expected = [keys[1], keys[0]].map(|key| {
        let one = all.iter().find(|seen| seen.key == key);
        *one.unwrap()
    });
    assert_eq!(some, expected);
    let unknown = store.observations_of(&"no-such-run".into(), &asked, |_| {});
    assert!(unknown.is_err());
}

#[test]
fn a_retried_failure_keeps_its_attempts_and_their_cost() {
    let (_folder, store, run) = begun(1);
    let mut noise = Noise(2);
    let at = key(0, 0, 0);
    let first = Trial {
        attempts: vec![
            failed_attempt(1, 10, Some(NanoUsd(100))),
            failed_attempt(2, 20, None),
        ],
        cost: Some(NanoUsd(100)),
        n_unpriced_attempts: 1,
        ..failed(at, &mut noise)
    };
    put(&store, &run, [first.clone()]);
    assert_eq!(store.trial_detail(&run, at).unwrap().trial, first);

    let second = realistic(at, &mut noise);
    let own_cost = second.cost.unwrap();
    put(&store, &run, [second.clone()]);
    let trial = store.trial_detail(&run, at).unwrap().trial;
    assert_eq!(trial.outcome, second.outcome);
    assert_eq!(trial.attempts[..2], first.attempts[..]);
    let last = Attempt {
        number: 3,
        ..second.attempts[0].clone()
    };
    assert_eq!(trial.attempts[2..], [last]);
    assert_eq!(trial.cost, Some(NanoUsd(own_cost.0 + 100)));
    assert_eq!(trial.n_unpriced_attempts, 1);
    let spent = store.spent(&run).unwrap();
    assert_eq!(
        (spent.trials.0, spent.n_unpriced_attempts),
        (own_cost.0 + 100, 1)
    );

    // An answer can be replaced as well; the attempt that brought the old one stays.
    let third = realistic(at, &mut noise);
    put(&store, &run, [third.clone()]);
    let trial = store.trial_detail(&run, at).unwrap().trial;
    assert_eq!(trial.outcome, third.outcome);
    let numbers: Vec<_> = trial
        .attempts
        .iter()
        .map(|attempt| attempt.number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(trial.attempts[2].timing, second.attempts[0].timing);
    let all = 100 + own_cost.0 + third.cost.unwrap().0;
    assert_eq!(trial.cost, Some(NanoUsd(all)));
    assert_eq!(store.settled(&run).unwrap().len(), 1);
}

#[test]
fn attempts_recorded_early_are_counted_once() {
    let (_folder, store, run) = begun(1);
    let mut noise = Noise(3);
    let at = key(0, 0, 0);
    let early = failed_attempt(1, BASE_US, Some(NanoUsd(40)));
    let mut trial = realistic(at, &mut noise);
    trial.attempts[0].number = 2;
    trial.attempts.insert(0, early.clone());
    trial.cost = trial.cost.map(|cost| NanoUsd(cost.0 + 40));
    let writer = store.writer().unwrap();
    runtime().block_on(async {
        let receipt = writer
            .attempt(&run, at, trial.request, early)
            .await
            .unwrap();
        receipt.await.unwrap();
        assert_eq!(store.spent(&run).unwrap().trials, NanoUsd(40));
        assert!(store.settled(&run).unwrap().is_empty());
        writer
            .trial(&run, trial.clone())
            .await
            .unwrap()
            .await
            .unwrap();
    });
    assert_eq!(store.trial_detail(&run, at).unwrap().trial, trial);
    assert_eq!(store.spent(&run).unwrap().trials, trial.cost.unwrap());
}

#[test]
fn the_same_trial_twice_in_one_group_is_one_trial() {
    let (_folder, store, run) = begun(1);
    let mut noise = Noise(4);
    let (a, b) = (
        realistic(key(0, 0, 0), &mut noise),
        realistic(key(0, 0, 0), &mut noise),
    );
    put(&store, &run, [a, b.clone()]);
    let trial = store.trial_detail(&run, b.key).unwrap().trial;
    assert_eq!((trial.outcome, trial.attempts.len()), (b.outcome, 2));
}

#[test]
fn raw_bodies_are_kept_where_they_were_given() {
    let (_folder, store, run) = begun(2);
    let mut noise = Noise(5);
    let mut trial = realistic(key(0, 0, 0), &mut noise);
    trial.attempts.insert(0, failed_attempt(1, BASE_US, None));
    trial.attempts[0].raw_body = Some(b"\xff\0 broken".to_vec());
    trial.attempts[1].number = 2;
    trial.attempts[1].raw_body = Some(vec![7; 100_000]);
    put(&store, &run, [trial.clone()]);
    assert_eq!(store.trial_detail(&run, trial.key).unwrap().trial, trial);
}

#[test]
fn money_spent_leaves_out_replays_and_imports() {
    let (_folder, store, run) = begun(9);
    let mut noise = Noise(6);
    let called = realistic(key(0, 0, 0), &mut noise);
    let unknown = Trial {
        cost: None,
        ..realistic(key(0, 1, 0), &mut noise)
    };
    let replayed = Trial {
        origin: TrialOrigin::Replayed {
            run: "r0".to_owned(),
        },
        ..realistic(key(0, 2, 0), &mut noise)
    };
    let imported = Trial {
        origin: TrialOrigin::Imported,
        ..realistic(key(0, 3, 0), &mut noise)
    };
    let cost = called.cost.unwrap();
    put(&store, &run, [called, unknown, replayed, imported]);
    let expected = Spent {
        trials: cost,
        n_unpriced_trials: 1,
        ..Spent::default()
    };
    assert_eq!(store.spent(&run).unwrap(), expected);
}

#[test]
fn an_answer_larger_than_the_queue_passes() {
    let (_folder, store, run) = begun(2);
    let mut noise = Noise(7);
    let mut trial = realistic(key(0, 0, 0), &mut noise);
    if let TrialOutcome::Answered { reply, .. } = &mut trial.outcome {
        reply.response.text = "x".repeat(20 << 20);
    }
    put(
        &store,
        &run,
        [trial.clone(), realistic(key(0, 1, 0), &mut noise)],
    );
    let row = store.answer(&run, trial.key).unwrap().unwrap();
    assert_eq!(row.reply.response.text.len(), 20 << 20);
    assert_eq!(store.settled(&run).unwrap().n_answered(), 2);
}

#[test]
fn a_full_queue_makes_its_callers_wait() {
    const MIB: usize = 1 << 20;
    let (_folder, store, run) = begun(100);
    let mut noise = Noise(10);
    let mut large = |idx| {
        let mut trial = realistic(key(0, idx, 0), &mut noise);
        if let TrialOutcome::Answered { reply, .. } = &mut trial.outcome {
            reply.response.text = "x".repeat(MIB);
        }
        trial
    };
    let writer = store.writer().unwrap();
    // Somebody else holds SQLite's write lock for a while, as a backup may do.
    let other = rusqlite::Connection::open(store.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    runtime().block_on(async {
        let mut n_taken = 0;
        let patience = std::time::Duration::from_millis(200);
        while let Ok(taken) =
            tokio::time::timeout(patience, writer.trial(&run, large(n_taken))).await
        {
            drop(taken.unwrap());
            n_taken += 1;
        }
        assert!((1..=8).contains(&n_taken), "{n_taken}");
        other.execute_batch("ROLLBACK").unwrap();
        drop(writer.trial(&run, large(n_taken)).await.unwrap());
        writer.flush().await.unwrap();
        assert_eq!(
            store.settled(&run).unwrap().n_answered(),
            n_taken as usize + 1
        );
    });
}

#[test]
fn commits_are_told_when_they_can_be_read() {
    let (_folder, store, run) = begun(50);
    let mut noise = Noise(8);
    let writer = store.writer().unwrap();
    let mut commits = writer.subscribe();
    runtime().block_on(async {
        for idx in 0..50 {
            let trial = realistic(key(0, idx, 0), &mut noise);
            let receipt = writer.trial(&run, trial.clone()).await.unwrap();
            if idx % 10 == 0 {
                assert_eq!(receipt.await.unwrap(), trial);
            }
        }
        for idx in 0..50 {
            let committed = commits.recv().await.unwrap();
            assert_eq!(
                (committed.run.as_str(), committed.key),
                ("r", key(0, idx, 0))
            );
            assert!(store.answer(&run, committed.key).unwrap().is_some());
        }
        drop(writer);
        assert_eq!(commits.recv().await, None);
    });
}

#[test]
fn an_export_does_not_depend_on_the_order_of_arrival() {
    let mut noise = Noise(9);
    let mut trials: Vec<Trial> = (0..40)
        .map(|idx| realistic(key(idx % 2, idx / 2, 0), &mut noise))
        .collect();
    trials.push(failed(key(1, 39, 0), &mut noise));
    let export = |trials: Vec<Trial>| {
        let (_folder, store, run) = begun(40);
        let items = [("a".into(), "{\"id\":\"a\",\n \"input\":\"x\"}".to_owned())];
        store.put_items(&Fingerprint::of(b"golden"), items).unwrap();
        put(&store, &run, trials);
        let mut out = Vec::new();
        store.export_jsonl(&run, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let text = export(trials.clone());
    trials.reverse();
    assert_eq!(export(trials.clone()), text);
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<_> = lines
        .iter()
        .map(|line| line["record"].as_str().unwrap())
        .collect();
    assert_eq!(kinds[..3], ["run", "item", "trial"]);
    assert_eq!(lines.len(), 1 + 1 + 41);
    let back: Vec<Trial> = lines[2..]
        .iter()
        .map(|line| serde_json::from_value(line["trial"].clone()).unwrap())
        .collect();
    trials.sort_by_key(|trial| trial.key);
    assert_eq!(back, trials);
}

//! Calls of judges: come back as written, replace nothing that was paid for, and are found again.

use std::ops::ControlFlow;

use trilemma_domain::{
    Attempt, Fingerprint, Judgement, JudgementKey, NanoUsd, Order, Score, ScoredOutcome, Seat,
    TrialKey, TrialOrigin, TrialOutcome,
};
use trilemma_store::{ScoreSet, Store, TrialDetail, Writer};

use crate::support::{
    Noise, failed, failed_attempt, key, manifest, put, realistic, runtime, score_set,
};

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    writer: Writer,
    run: trilemma_domain::RunId,
    set: ScoreSet,
}

impl Bench {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s.db")).unwrap();
        let set = score_set(&[("exact", 1.0), ("judge", 1.0)]);
        let mut manifest = manifest("r", 10);
        manifest.scores = set.clone();
        let run = store.begin_run(&manifest).unwrap();
        let mut noise = Noise(3);
        put(
            &store,
            &run,
            (0..3).map(|idx| realistic(key(0, idx, 0), &mut noise)),
        );
        Self {
            _folder: folder,
            writer: store.writer().unwrap(),
            store,
            run,
            set,
        }
    }

    fn put(&self, judgement: &Judgement) {
        let (run, set) = (&self.run, self.set.fingerprint());
        runtime().block_on(async {
            let receipt = self
                .writer
                .judgement(run, set, judgement.clone())
                .await
                .unwrap();
            receipt.await.unwrap();
        });
    }

    fn put_attempt(&self, key: JudgementKey, attempt: Attempt) {
        let (run, set) = (&self.run, self.set.fingerprint());
        runtime().block_on(async {
            let receipt = self
                .writer
                .judge_attempt(run, set, key, attempt)
                .await
                .unwrap();
            receipt.await.unwrap();
        });
    }

    fn detail(&self, key: TrialKey) -> TrialDetail {
        self.store.trial_detail(&self.run, key).unwrap()
    }
}

fn place(item_idx: u32, seat: Seat) -> JudgementKey {
    JudgementKey {
        trial: key(0, item_idx, 0),
        scorer_idx: 1,
        seat,
    }
}

/// A judgement with the attempts and the reply of a plausible call.
fn judgement(at: JudgementKey, question: &str, seed: u64) -> Judgement {
    let trial = realistic(at.trial, &mut Noise(seed));
    Judgement {
        key: at,
        model: "openai/gpt-4o".to_owned(),
        request: Fingerprint::of(question.as_bytes()),
        origin: TrialOrigin::Called,
        attempts: trial.attempts,
        cost: trial.cost,
        n_unpriced_attempts: 0,
        price_row: trial.price_row,
        outcome: trial.outcome,
        grade: ScoredOutcome::Scored {
            score: Score::new(0.75).unwrap(),
            explanation: Some("good\0 enough".to_owned()),
        },
    }
}

fn cost_of(attempts: &[Attempt]) -> NanoUsd {
    attempts.iter().filter_map(|attempt| attempt.cost).sum()
}

#[test]
fn a_judgement_comes_back_as_written() {
    let bench = Bench::begin();
    let seats = [
        Seat::default(),
        Seat {
            order: Order::Second,
            ..Seat::default()
        },
        Seat {
            round: 1,
            ..Seat::default()
        },
        Seat {
            judge: 2,
            ..Seat::default()
        },
    ];
    let written: Vec<Judgement> = seats
        .iter()
        .enumerate()
        .map(|(idx, seat)| judgement(place(1, *seat), &format!("q{idx}"), idx as u64))
        .collect();
    written.iter().for_each(|one| bench.put(one));
    let found = bench.detail(key(0, 1, 0)).judgements;
    assert_eq!(found.len(), written.len());
    for one in &written {
        let found = found
            .iter()
            .find(|found| found.seat == one.key.seat)
            .unwrap();
        assert_eq!(found.label, "judge");
        assert_eq!(found.scorer_idx, Some(1));
        assert_eq!(found.model, one.model);
        assert_eq!(found.request, one.request);
        assert_eq!(found.origin, one.origin);
        assert_eq!(found.outcome, one.outcome);
        assert_eq!(found.grade, one.grade);
        assert_eq!(found.cost, one.cost);
        assert_eq!(found.price_row, one.price_row);
        let stamps = |attempts: &[Attempt]| -> Vec<(i64, Option<NanoUsd>)> {
            attempts
                .iter()
                .map(|one| (one.started_us, one.cost))
                .collect()
        };
        assert_eq!(stamps(&found.attempts), stamps(&one.attempts));
    }
    assert!(bench.detail(key(0, 0, 0)).judgements.is_empty());
    let mut words = Vec::new();
    bench
        .store
        .judge_words(&bench.run, |word| {
            words.push(word);
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(words.len(), 4);
    assert!(words.iter().all(|word| word.n_answer_bytes > 0));
    let spent: NanoUsd = written.iter().map(|one| cost_of(&one.attempts)).sum();
    assert_eq!(bench.store.spent(&bench.run).unwrap().scoring, spent);
    let print = bench.set.fingerprint();
    let cost = bench
        .store
        .judging_cost(&bench.run, key(0, 1, 0), (&print, 1));
    assert_eq!(cost.unwrap(), Some(spent));
    let none = bench
        .store
        .judging_cost(&bench.run, key(0, 2, 0), (&print, 1));
    assert_eq!(none.unwrap(), None);
}

#[test]
fn attempts_recorded_early_are_recognised_and_those_of_failures_stay() {
    let bench = Bench::begin();
    let at = place(0, Seat::default());
    let early = failed_attempt(1, 1_733_000_000_500_000, Some(NanoUsd(7)));
    bench.put_attempt(at, early.clone());
    // The call then fails for good; later it is asked again and answered.
    let mut failure = judgement(at, "q", 1);
    failure.attempts = vec![
        early,
        failed_attempt(2, 1_733_000_000_900_000, Some(NanoUsd(5))),
    ];
    failure.outcome = failed(at.trial, &mut Noise(1)).outcome;
    failure.cost = Some(NanoUsd(12));
    bench.put(&failure);
    assert_eq!(bench.detail(at.trial).judgements[0].attempts.len(), 2);
    let answered = judgement(at, "q", 2);
    bench.put(&answered);
    let found = bench.detail(at.trial).judgements;
    assert_eq!(found.len(), 1);
    let n_attempts = 2 + answered.attempts.len();
    assert_eq!(found[0].attempts.len(), n_attempts);
    let numbers: Vec<u32> = found[0].attempts.iter().map(|one| one.number).collect();
    assert_eq!(numbers, (1..=n_attempts as u32).collect::<Vec<_>>());
    assert!(matches!(found[0].outcome, TrialOutcome::Answered { .. }));
    let spent = bench.store.spent(&bench.run).unwrap().scoring;
    assert_eq!(spent, NanoUsd(12 + cost_of(&answered.attempts).0));
}

#[test]
fn a_question_is_found_by_what_was_asked() {
    let bench = Bench::begin();
    let question = |text: &str| {
        let print = Fingerprint::of(text.as_bytes());
        bench.store.replied_by_request(&print).unwrap()
    };
    assert_eq!(question("q"), None);
    let mut failure = judgement(place(0, Seat::default()), "q", 1);
    failure.outcome = failed(key(0, 0, 0), &mut Noise(1)).outcome;
    bench.put(&failure);
    assert_eq!(question("q"), None, "a failure answers nothing");
    let called = judgement(place(1, Seat::default()), "q", 2);
    bench.put(&called);
    let found = question("q").unwrap();
    assert_eq!((found.key, &found.run), (key(0, 1, 0), &bench.run));
    assert_eq!(found.outcome, called.outcome);
    assert_eq!(question("another"), None);

    // Told again about another answer it is a copy; told about its own it changes nothing.
    let mut copy = called.clone();
    copy.origin = TrialOrigin::Replayed {
        run: bench.run.to_string(),
    };
    copy.attempts = Vec::new();
    copy.key.trial = key(0, 2, 0);
    bench.put(&copy);
    copy.key.trial = key(0, 1, 0);
    bench.put(&copy);
    assert_eq!(
        bench.detail(key(0, 1, 0)).judgements[0].origin,
        TrialOrigin::Called
    );
    assert_eq!(bench.detail(key(0, 2, 0)).judgements[0].origin, copy.origin);
    assert_eq!(question("q").unwrap().key, key(0, 1, 0));
    let spent = bench.store.spent(&bench.run).unwrap().scoring;
    let paid = cost_of(&failure.attempts).0 + cost_of(&called.attempts).0;
    assert_eq!(spent, NanoUsd(paid), "a copy costs nothing");
}

#[test]
fn what_was_announced_and_not_settled_is_known() {
    let bench = Bench::begin();
    let print = |text: &str| Fingerprint::of(text.as_bytes());
    for (item, question) in [(0, "a"), (1, "b"), (2, "c")] {
        bench
            .writer
            .announce_judgement(&bench.run, key(0, item, 0), &print(question))
            .unwrap();
    }
    bench.put(&judgement(place(1, Seat::default()), "b", 1));
    let open = bench.store.unsettled_judgements(&bench.run).unwrap();
    assert_eq!(open.len(), 2);
    assert!(open.contains(key(0, 0, 0), &print("a")));
    assert!(!open.contains(key(0, 1, 0), &print("b")));
    assert!(open.contains(key(0, 2, 0), &print("c")));
    assert!(!open.contains(key(0, 2, 0), &print("a")));
    // They say nothing of the trials themselves.
    assert!(bench.store.unsettled_calls(&bench.run).unwrap().is_empty());
    bench.store.forget_calls(&bench.run).unwrap();
    assert!(
        bench
            .store
            .unsettled_judgements(&bench.run)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn judgements_go_with_their_run() {
    let bench = Bench::begin();
    bench.put(&judgement(place(1, Seat::default()), "q", 2));
    bench.store.delete_run(&bench.run).unwrap();
    let print = Fingerprint::of(b"q");
    assert_eq!(bench.store.replied_by_request(&print).unwrap(), None);
}

#[test]
fn a_store_of_the_first_schema_learns_to_keep_them() {
    let bench = Bench::begin();
    let path = bench.store.path().to_owned();
    let Bench {
        _folder,
        store,
        writer,
        ..
    } = bench;
    drop((store, writer));
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.execute_batch(
        "DROP TABLE judgement; DROP TABLE judge_attempt; DROP TABLE review_item; \
         DROP TABLE review_label; ALTER TABLE run DROP COLUMN purpose; DROP TABLE drift_look; \
         DROP TABLE drift_message; DROP TABLE load_test; DROP TABLE load_stage; \
         DROP TABLE load_batch; DROP TABLE embedding_call; \
         DROP TABLE embedding; UPDATE schema_version SET version = 1;",
    )
    .unwrap();
    drop(conn);
    let again = Store::open(&path).unwrap();
    let run = again.runs().unwrap().remove(0).run;
    let bench = Bench {
        _folder,
        writer: again.writer().unwrap(),
        store: again,
        run,
        set: score_set(&[("exact", 1.0), ("judge", 1.0)]),
    };
    assert_eq!(bench.store.spent(&bench.run).unwrap().scoring, NanoUsd(0));
    bench.put(&judgement(place(1, Seat::default()), "q", 2));
    assert_eq!(bench.detail(key(0, 1, 0)).judgements.len(), 1);
    assert_eq!(bench.detail(key(0, 1, 0)).trial.key, key(0, 1, 0));
}

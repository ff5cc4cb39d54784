//! How fast it is: `cargo test --release -p trilemma-store -- --ignored speed --nocapture`.
//!
//! Bounds are half of what a machine of 2 cores reached in November 2026, so that a busy machine
//! passes and a lost index does not.

use std::hint::black_box;
use std::ops::ControlFlow;

use tokio::time::Instant;
use trilemma_domain::*;
use trilemma_store::*;

use crate::support::*;

const N_TRIALS: u32 = 100_000;
const N_CANDIDATES: u32 = 5;

fn trials(noise: &mut Noise) -> Vec<Trial> {
    (0..N_TRIALS)
        .map(|idx| realistic(key(idx % N_CANDIDATES, idx / N_CANDIDATES, 0), noise))
        .collect()
}

fn report(what: &str, started: Instant, n: u32) -> f64 {
    let seconds = started.elapsed().as_secs_f64();
    let each_us = seconds * 1e6 / f64::from(n);
    println!("{what}: {seconds:.3} s, {each_us:.2} us each");
    each_us
}

#[test]
#[ignore = "a measurement; meaningful in a release build only"]
fn speed_of_recording_and_reading_100_000_trials() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    let manifest = manifest("r", N_TRIALS / N_CANDIDATES);
    let run = store.begin_run(&manifest).unwrap();
    let trials = trials(&mut Noise(1));
    let requests: Vec<Fingerprint> = trials.iter().map(|trial| trial.request).collect();
    let keys: Vec<TrialKey> = trials.iter().map(|trial| trial.key).collect();

    let started = Instant::now();
    put(&store, &run, trials);
    let insert_us = report("trials", started, N_TRIALS);

    let started = Instant::now();
    let writer = store.writer().unwrap();
    runtime().block_on(async {
        let set = manifest.scores.fingerprint();
        for keys in keys.chunks(128) {
            let scores = keys.iter().map(|key| scored(*key, 0, 1.0)).collect();
            drop(writer.scores(&run, set, scores).await.unwrap());
        }
        writer.flush().await.unwrap();
    });
    report("scores", started, N_TRIALS);

    let started = Instant::now();
    let seen: Vec<Observation> = collect(|see| store.observations(&run, see));
    let observe_us = report("observations", started, N_TRIALS);
    assert_eq!(seen.len(), N_TRIALS as usize);

    let started = Instant::now();
    assert_eq!(store.runs().unwrap().len(), 1);
    report("runs listed", started, 1);

    let started = Instant::now();
    let settled = store.settled(&run).unwrap();
    report("settled", started, N_TRIALS);
    assert_eq!(settled.n_answered(), N_TRIALS as usize);

    let started = Instant::now();
    store
        .answers(&run, |row| {
            black_box(row);
            ControlFlow::Continue(())
        })
        .unwrap();
    report("answers", started, N_TRIALS);

    let started = Instant::now();
    for request in requests.iter().take(10_000) {
        assert!(store.answered_by_request(request).unwrap().is_some());
    }
    report("replays found", started, 10_000);
    let started = Instant::now();
    for idx in 0..10_000_u32 {
        let request = Fingerprint::of(&idx.to_be_bytes());
        assert!(store.answered_by_request(&request).unwrap().is_none());
    }
    report("replays missed", started, 10_000);

    let started = Instant::now();
    store.export_jsonl(&run, &mut std::io::sink()).unwrap();
    report("export", started, N_TRIALS);
    assert!(insert_us < 40.0, "{insert_us}");
    assert!(observe_us < 5.0, "{observe_us}");
}

#[test]
#[ignore = "a measurement; meaningful in a release build only"]
fn speed_of_calls_that_come_one_by_one() {
    const N_CALLS: u32 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("s.db")).unwrap();
    let run = store.begin_run(&manifest("r", N_CALLS)).unwrap();
    let writer = store.writer().unwrap();
    let started = Instant::now();
    for idx in 0..N_CALLS {
        writer.announce(&run, key(0, idx, 0), 1).unwrap();
    }
    report("announcements", started, N_CALLS);
    let mut noise = Noise(1);
    runtime().block_on(async {
        let started = Instant::now();
        for idx in 0..1_000 {
            let trial = realistic(key(0, idx, 0), &mut noise);
            writer.trial(&run, trial).await.unwrap().await.unwrap();
        }
        report("trials, each awaited", started, 1_000);
    });
}

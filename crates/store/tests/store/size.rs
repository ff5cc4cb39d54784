//! How much a trial occupies beyond its texts.

use crate::support::*;
use trilemma_store::*;

#[test]
fn a_trial_costs_less_than_700_bytes_beyond_its_answer() {
    const N_TRIALS: u32 = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::open(&path).unwrap();
    let manifest = manifest("r", N_TRIALS / 2);
    let run = store.begin_run(&manifest).unwrap();
    let mut noise = Noise(1);
    let trials: Vec<_> = (0..N_TRIALS)
        .map(|idx| match idx % 100 {
            99 => failed(key(idx % 2, idx / 2, 0), &mut noise),
            _ => realistic(key(idx % 2, idx / 2, 0), &mut noise),
        })
        .collect();
    let texts: usize = trials.iter().map(|trial| text_of(trial).len()).sum();
    let n_stamps: usize = trials
        .iter()
        .map(|trial| match &trial.outcome {
            trilemma_domain::TrialOutcome::Answered { timing, .. } => timing.chunk_us.len(),
            trilemma_domain::TrialOutcome::Failed(_) => 0,
        })
        .sum();
    let keys: Vec<_> = trials
        .iter()
        .filter(|trial| !text_of(trial).is_empty())
        .map(|trial| trial.key)
        .collect();
    put(&store, &run, trials);
    let writer = store.writer().unwrap();
    runtime().block_on(async {
        for key in keys {
            let set = manifest.scores.fingerprint();
            drop(
                writer
                    .scores(&run, set, vec![scored(key, 0, 1.0)])
                    .await
                    .unwrap(),
            );
        }
        writer.flush().await.unwrap();
    });
    drop((writer, store));
    // Closed, everything is in the one file.
    assert!(!folder.path().join("s.db-wal").exists());
    let n_bytes = fs_err::metadata(&path).unwrap().len();
    let per_trial = (n_bytes - texts as u64) / u64::from(N_TRIALS);
    println!(
        "{per_trial} bytes per trial beyond {} of answer, with {} stamps",
        texts / N_TRIALS as usize,
        n_stamps / N_TRIALS as usize
    );
    assert!(per_trial < 700, "{per_trial}");
}

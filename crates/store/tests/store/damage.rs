//! Damaged files and full disks: clear words, nothing lost that was acknowledged, no panic.

use std::ops::ControlFlow;
use std::path::Path;

use crate::support::*;
use trilemma_domain::*;
use trilemma_store::*;

fn filled(path: &Path, n_trials: u32) -> RunId {
    let store = Store::open(path).unwrap();
    let run = store.begin_run(&manifest("r", n_trials)).unwrap();
    let mut noise = Noise(1);
    put(
        &store,
        &run,
        (0..n_trials).map(|idx| realistic(key(0, idx, 0), &mut noise)),
    );
    run
}

/// Reads everything there is; gives the first error.
fn read_all(path: &Path, run: &RunId) -> Result<usize, StoreError> {
    let store = Store::open_existing(path)?;
    let mut n_answers = 0;
    store.runs()?;
    store.manifest(run)?;
    store.settled(run)?;
    store.unsettled_calls(run)?;
    store.observations(run, |_| ControlFlow::Continue(()))?;
    store.answers(run, |_| {
        n_answers += 1;
        ControlFlow::Continue(())
    })?;
    store.export_jsonl(run, &mut std::io::sink())?;
    Ok(n_answers)
}

#[test]
fn a_cut_off_file_is_told_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let run = filled(&path, 400);
    let file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    let error = read_all(&path, &run).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("s.db") && text.contains("hint: move the file away"),
        "{text}"
    );
}

#[test]
fn damage_anywhere_gives_an_error_or_the_same_answers_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let run = filled(&path, 60);
    let sound = fs_err::read(&path).unwrap();
    let mut noise = Noise(5);
    let mut n_told = 0;
    for _ in 0..60 {
        let mut bytes = sound.clone();
        for _ in 0..4 {
            let at = noise.below(bytes.len() as u64 / 16) as usize * 16;
            for byte in bytes.iter_mut().skip(at).take(16) {
                *byte = noise.next() as u8;
            }
        }
        let damaged = folder.path().join("damaged.db");
        fs_err::write(&damaged, bytes).unwrap();
        n_told += usize::from(read_all(&damaged, &run).is_err());
        for beside in ["damaged.db-wal", "damaged.db-shm"] {
            let _ = fs_err::remove_file(folder.path().join(beside));
        }
    }
    assert!(n_told > 0);
}

#[test]
fn a_cut_off_log_loses_its_end_only() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("s.db"), folder.path().join("copy.db"));
    let store = Store::open(&path).unwrap();
    let run = store.begin_run(&manifest("r", 50)).unwrap();
    let mut noise = Noise(1);
    for idx in 0..50 {
        put(&store, &run, [realistic(key(0, idx, 0), &mut noise)]);
    }
    // As a crash of the machine may leave it: the log torn within a commit.
    let wal = fs_err::read(folder.path().join("s.db-wal")).unwrap();
    fs_err::copy(&path, &copy).unwrap();
    fs_err::write(
        folder.path().join("copy.db-wal"),
        &wal[..wal.len() * 3 / 4 + 100],
    )
    .unwrap();
    let copied = Store::open_existing(&copy).unwrap();
    let settled = copied.settled(&run).unwrap();
    assert!((20..50).contains(&settled.len()), "{}", settled.len());
    let kept: Vec<u32> = settled.iter().map(|(key, _)| key.item_idx).collect();
    assert_eq!(kept, (0..kept.len() as u32).collect::<Vec<_>>());
    put(&copied, &run, [realistic(key(0, 49, 0), &mut noise)]);
    assert!(copied.settled(&run).unwrap().is_answered(key(0, 49, 0)));
}

#[test]
fn a_full_disk_is_told_and_what_was_acknowledged_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let options = StoreOptions {
        max_file_bytes: Some(400_000),
    };
    let store = Store::open_with(&path, options).unwrap();
    let run = store.begin_run(&manifest("r", 2_000)).unwrap();
    let writer = store.writer().unwrap();
    let mut noise = Noise(1);
    let acknowledged = runtime().block_on(async {
        let mut receipts = Vec::new();
        for idx in 0..1_000 {
            let trial = realistic(key(0, idx, 0), &mut noise);
            receipts.push(writer.trial(&run, trial).await.unwrap());
        }
        let mut acknowledged = Vec::new();
        let mut n_refused = 0;
        for receipt in receipts {
            match receipt.await {
                Ok(trial) => acknowledged.push(trial),
                Err(error) => {
                    assert_eq!(error, StoreError::DiskFull { path: path.clone() });
                    n_refused += 1;
                }
            }
        }
        assert!(n_refused > 0);
        // A caller that dropped its receipt learns of it at the next flush.
        let trial = realistic(key(0, 1_001, 0), &mut noise);
        drop(writer.trial(&run, trial).await.unwrap());
        assert_eq!(
            writer.flush().await,
            Err(StoreError::DiskFull { path: path.clone() })
        );
        assert_eq!(writer.flush().await, Ok(()));
        acknowledged
    });
    assert!(acknowledged.len() > 50);
    drop((writer, store));

    let store = Store::open(&path).unwrap();
    assert_eq!(store.settled(&run).unwrap().len(), acknowledged.len());
    for trial in &acknowledged {
        assert_eq!(&store.trial_detail(&run, trial.key).unwrap().trial, trial);
    }
    // With room again, recording goes on.
    put(&store, &run, [realistic(key(1, 0, 0), &mut noise)]);
    assert!(store.settled(&run).unwrap().is_answered(key(1, 0, 0)));
}

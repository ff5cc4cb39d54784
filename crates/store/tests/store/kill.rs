//! `kill -9` at any moment: what was acknowledged is there, what was announced is known.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::*;
use trilemma_domain::RunId;
use trilemma_store::*;

const N_KILLS: u64 = 8;

#[test]
fn nothing_acknowledged_is_lost_and_every_open_call_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let run = Store::open(&path)
        .unwrap()
        .begin_run(&manifest("r", 1_000_000))
        .unwrap();
    let (mut announced, mut acknowledged) = (HashSet::new(), HashSet::new());
    let mut noise = Noise(11);
    for session in 0..N_KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_writes", "--ignored", "--nocapture"])
            .env("TRILEMMA_STORE_TEST", &path)
            .env("TRILEMMA_STORE_SESSION", session.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The moment is random in records, not in time: as many as the child happens to reach.
        let n_seen = 20 + noise.below(2_000);
        let mut kill = Some(n_seen);
        let mut n = 0;
        // What is in the pipe when it dies counts as well.
        while let Some(Ok(line)) = lines.next() {
            let mut words = line.split(' ');
            let idx = match (words.next(), words.next().map(str::parse::<u32>)) {
                (Some("announced"), Some(Ok(idx))) => {
                    announced.insert(idx);
                    idx
                }
                (Some("acknowledged"), Some(Ok(idx))) => {
                    acknowledged.insert(idx);
                    idx
                }
                _ => continue,
            };
            assert_eq!(u64::from(idx) / 100_000, session);
            n += 1;
            if kill == Some(n) {
                child.kill().unwrap();
                kill = None;
            }
        }
        child.wait().unwrap();
        assert_eq!(kill, None, "the child ended by itself");
    }
    let store = Store::open(&path).unwrap();
    check(&store, &run, &announced, &acknowledged);
}

fn check(store: &Store, run: &RunId, announced: &HashSet<u32>, acknowledged: &HashSet<u32>) {
    let settled: HashSet<u32> = store
        .settled(run)
        .unwrap()
        .iter()
        .map(|(key, _)| key.item_idx)
        .collect();
    assert!(acknowledged.len() > 100);
    assert!(settled.is_superset(acknowledged));
    for idx in &settled {
        let trial = store.trial_detail(run, key(0, *idx, 0)).unwrap().trial;
        assert_eq!(trial, trial_of(*idx));
    }
    let open: HashSet<u32> = store
        .unsettled_calls(run)
        .unwrap()
        .into_iter()
        .map(|key| key.item_idx)
        .collect();
    assert!(open.is_disjoint(&settled));
    // Each announced call is either settled or known to be open.
    assert!(
        announced
            .iter()
            .all(|idx| settled.contains(idx) || open.contains(idx))
    );
}

fn trial_of(idx: u32) -> trilemma_domain::Trial {
    realistic(key(0, idx, 0), &mut Noise(u64::from(idx)))
}

#[test]
#[ignore = "run as a child process by nothing_acknowledged_is_lost_and_every_open_call_is_known"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent names store and session"
)]
fn child_writes() {
    let Some(path) = std::env::var_os("TRILEMMA_STORE_TEST") else {
        return;
    };
    let session: u32 = std::env::var("TRILEMMA_STORE_SESSION")
        .unwrap()
        .parse()
        .unwrap();
    let store = Store::open(Path::new(&path)).unwrap();
    let run = RunId::from("r");
    let writer = store.writer().unwrap();
    let tell = |word: &str, idx: u32| {
        // One write per line, so that a kill tears at most the last.
        let line = format!("{word} {idx}\n");
        std::io::stdout().write_all(line.as_bytes()).unwrap();
    };
    runtime().block_on(async {
        let mut waiting = std::collections::VecDeque::new();
        for idx in session * 100_000..(session + 1) * 100_000 {
            writer.announce(&run, key(0, idx, 0), 1).unwrap();
            tell("announced", idx);
            waiting.push_back((idx, writer.trial(&run, trial_of(idx)).await.unwrap()));
            if waiting.len() >= 50 {
                let (idx, receipt) = waiting.pop_front().unwrap();
                receipt.await.unwrap();
                tell("acknowledged", idx);
            }
        }
    });
}

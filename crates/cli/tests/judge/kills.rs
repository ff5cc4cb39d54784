//! `kill -9` while judges are asked: a rerun repeats no judgement that is on record, and marks what it
//! may have repeated.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use trilemma_sim::{Behaviour, Spread};

use crate::bench::{BY_RUBRIC, JUDGE, grades, judgements, outcome, served, trials, value, write};
use crate::support::{Served, is_slow_run, trilemma};

const N_ITEMS: usize = 100;
const N_ANSWERS: usize = 2 * N_ITEMS;

fn slow_judge() -> Behaviour {
    Behaviour {
        first_token_ms: Some(Spread::log_normal(40.0, 0.5)),
        ..grades("5", "2")
    }
}

/// What the judge was asked, in order.
fn asked(served: &Served) -> Vec<String> {
    let records = served.log.records();
    records
        .iter()
        .filter(|call| call.model.as_ref() == JUDGE)
        .map(|call| call.prompt.to_string())
        .collect()
}

fn kill_after(wait: Duration) {
    let served = served(N_ITEMS, vec![(JUDGE, slow_judge())]);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, &served.url, N_ITEMS, BY_RUBRIC);
    let mut child = trilemma(here, &["--as-of", "2024-12-01", "--json", "bench"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    // Calls that were in flight end at the simulator when it notices.
    std::thread::sleep(Duration::from_millis(200));
    let first = asked(&served);
    let n_recorded = if here.join(".trilemma/trilemma.db").exists() {
        judgements(&trials(here)).len()
    } else {
        0
    };
    let summary = value(here, &["bench"], &[0]);
    let all = asked(&served);
    let second = &all[first.len()..];
    // Every question is about an answer of its own, so what is on record is never asked again
    // exactly when the second session asks for the rest, once each.
    assert_eq!(second.len(), N_ANSWERS - n_recorded);
    let distinct: BTreeSet<&String> = second.iter().collect();
    assert_eq!(distinct.len(), second.len());
    let first: BTreeSet<&String> = first.iter().collect();
    let n_again = second
        .iter()
        .filter(|prompt| first.contains(prompt))
        .count();
    let trials = trials(here);
    let n_marked = judgements(&trials)
        .iter()
        .filter(|one| one["origin"] == "repeated")
        .count();
    assert!(n_again <= n_marked, "{n_again} repeated, {n_marked} marked");
    assert_eq!(summary["judges"]["n_repeated"], n_marked);
    assert_eq!(summary["n_unscored"], 0);
    assert_eq!(trials.len(), N_ANSWERS);
    for trial in &trials {
        let expected = [1.0, 0.25][crate::bench::candidate_idx(trial)];
        assert_eq!(outcome(trial), Ok(expected));
    }
}

/// Moments spread over a run, nowhere twice.
fn moments(n: u32) -> impl Iterator<Item = Duration> {
    (0..n).map(|idx| {
        let share = f64::from(idx) * 0.618_033_988_749_895 % 1.0;
        Duration::from_secs_f64(0.1 + 1.0 * share)
    })
}

#[test]
fn a_killed_session_repeats_no_recorded_judgement() {
    for wait in moments(2) {
        kill_after(wait);
    }
}

#[test]
fn slow_ten_kills_repeat_no_recorded_judgement() {
    if !is_slow_run() {
        return;
    }
    for wait in moments(10) {
        kill_after(wait);
    }
}

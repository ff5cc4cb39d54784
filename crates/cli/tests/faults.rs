//! Faulty endpoints: what can be answered is answered; what cannot is recorded as failed, never as 0.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on may panic, and says what it measured"
)]

mod support;

use tokio::time::Instant;

use support::{is_slow_run, json, serve, trilemma, write_golden, write_project};
use trilemma_sim::{Behaviour, FaultKind, FaultRule, LogOptions, Scenario, SimOptions, Spread};

fn options(faults: Vec<FaultRule>) -> SimOptions {
    SimOptions {
        scenario: Scenario {
            faults,
            defaults: Behaviour {
                first_token_ms: Some(Spread::Fixed(20.0)),
                ..Behaviour::default()
            },
            ..Scenario::default()
        },
        log: LogOptions {
            chunk_stamps: false,
            ..LogOptions::default()
        },
        ..SimOptions::default()
    }
}

fn rule(kind: FaultKind, n: u32) -> FaultRule {
    FaultRule::per_100(kind, n)
}

/// Of 100 calls 5 get 429 with Retry-After 1 s, 2 get 500, 1 is cut, 1 stalls, 1 is malformed.
fn mix() -> Vec<FaultRule> {
    vec![
        FaultRule {
            retry_after_s: Some(1.0),
            ..rule(FaultKind::RateLimited, 5)
        },
        rule(FaultKind::ServerError, 2),
        rule(FaultKind::CutMidBody, 1),
        rule(FaultKind::StallMidBody, 1),
        rule(FaultKind::MalformedJson, 1),
    ]
}

fn all_answered(n_items: usize, stall_timeout_s: u32, within_s: u64) {
    let served = serve(options(mix()));
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), n_items);
    let bench = format!("stall_timeout_s = {stall_timeout_s}\nconcurrency = 50");
    write_project(folder.path(), &served.url, &["m"], &bench);
    let start = Instant::now();
    let output = trilemma(folder.path(), &["--json", "bench"])
        .output()
        .unwrap();
    let seconds = start.elapsed().as_secs();
    let summary = json(&output, &[0]);
    println!(
        "{n_items} items in {seconds} s, {} calls",
        summary["n_attempts"]
    );
    assert_eq!(summary["n_answered"], n_items);
    assert_eq!(summary["n_failed"], 0);
    assert!(seconds <= within_s, "{seconds} s");
}

#[test]
fn a_faulty_endpoint_is_answered_in_full() {
    all_answered(200, 1, 60);
}

#[test]
fn slow_a_thousand_items_are_answered_within_a_minute() {
    if is_slow_run() {
        all_answered(1_000, 10, 60);
    } else {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
    }
}

#[test]
fn a_broken_endpoint_fails_its_items_with_their_cause_and_no_zero() {
    let served = serve(options(vec![FaultRule::every(FaultKind::ServerError, 1)]));
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 60);
    write_project(folder.path(), &served.url, &["m"], "max_attempts = 2");
    let output = trilemma(folder.path(), &["--json", "bench"])
        .output()
        .unwrap();
    let summary = json(&output, &[4]);
    assert_eq!(summary["n_failed"], 60);
    // The endpoint is given up on instead of being called twice for every item.
    assert!(served.log.n_ended() < 60, "{} calls", served.log.n_ended());
    let output = trilemma(folder.path(), &["export"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let trials: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|line: &serde_json::Value| line["record"] == "trial")
        .collect();
    assert_eq!(trials.len(), 60);
    assert!(trials.iter().all(|trial| trial.to_string().contains("500")));
    assert!(text.lines().all(|line| !line.contains("\"scored\"")));
}

#[test]
fn what_failed_is_tried_again_by_the_same_command() {
    let broken = serve(options(vec![FaultRule::every(FaultKind::ServerError, 1)]));
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 20);
    write_project(folder.path(), &broken.url, &["m"], "max_attempts = 1");
    json(
        &trilemma(folder.path(), &["--json", "bench"])
            .output()
            .unwrap(),
        &[4],
    );
    let port = broken.url.rsplit_once(':').unwrap().1.to_owned();
    drop(broken);
    let healed = support::serve_at(options(Vec::new()), &format!("127.0.0.1:{port}"));
    let summary = json(
        &trilemma(folder.path(), &["--json", "bench"])
            .output()
            .unwrap(),
        &[0],
    );
    assert_eq!(
        (summary["n_answered"].as_u64(), summary["n_failed"].as_u64()),
        (Some(20), Some(0))
    );
    assert_eq!(healed.log.n_ended(), 20);
}

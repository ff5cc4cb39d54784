//! Drift checks, end to end: nothing where nothing changed, an alarm where a model did, and a watch that is
//! killed again and again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[expect(dead_code, reason = "this binary uses a part of it")]
#[path = "daily/desk.rs"]
mod daily;
mod desk;
mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fs_err as fs;
use serde_json::Value;
use trilemma_sim::{Answers, Behaviour, Drift, LogprobRule, Scenario, SimOptions};

use daily::{append, run, text, value};
use support::{Served, is_slow_run, serve, trilemma, write_golden, write_project};

/// A model that echoes, and after so many calls does something else.
fn changing(after_calls: u64, change: Drift) -> (tempfile::TempDir, Served) {
    changing_from(Behaviour::default(), after_calls, change)
}

/// As [`changing`], from a model that does more than echo.
fn changing_from(
    before: Behaviour,
    after_calls: u64,
    change: Drift,
) -> (tempfile::TempDir, Served) {
    let behaviour = Behaviour {
        served_model: Some("a".to_owned()),
        system_fingerprint: Some("fp_1".to_owned()),
        drift: Some(Drift {
            after_calls,
            ..change
        }),
        ..before
    };
    let served = serve(SimOptions {
        scenario: Scenario {
            models: [
                ("a".to_owned(), behaviour),
                ("b".to_owned(), Behaviour::default()),
            ]
            .into(),
            ..Scenario::default()
        },
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 60);
    write_project(folder.path(), &served.url, &["a", "b"], "concurrency = 20");
    append(folder.path(), "[requirements]\npass_rate = { min = 0.7 }");
    (folder, served)
}

fn worse() -> Drift {
    Drift {
        answers: Some(Answers::Text {
            text: "I would rather not say.".to_owned(),
        }),
        system_fingerprint: Some("fp_2".to_owned()),
        ..Drift::default()
    }
}

/// Benchmark, then baseline: 60 + 300 calls of `a`.
fn measured(folder: &Path) {
    measured_with(folder, &[]);
}

fn measured_with(folder: &Path, more: &[&str]) {
    run(folder, &["bench"], &[0]);
    let arguments = ["drift", "baseline", "--candidate", "a", "--items", "60"];
    let baseline = run(folder, &[&arguments, more].concat(), &[0]);
    let said = text(&baseline.stderr);
    assert!(
        said.contains("300 calls: 1 candidate × 60 items × 5 answers"),
        "{said}"
    );
}

#[test]
fn a_model_that_changed_is_found_shown_and_decided_on_again() {
    // Two checks before the change.
    let (folder, _served) = changing(480, worse());
    let folder = folder.path();
    measured(folder);
    let cost = text(&run(folder, &["drift", "check", "--dry-run"], &[0]).stdout);
    assert!(cost.contains("60 calls") && cost.contains('$'), "{cost}");
    // With nothing to be found at once, --cheapest-first asks everything.
    for more in [&["--cheapest-first"][..], &[]] {
        let check = [&["drift", "check", "--json"], more].concat();
        let quiet = value(&run(folder, &check, &[0]));
        desk::assert_fits("drift", &quiet);
        assert_eq!(
            (&quiet["drifted"], &quiet["n_calls"]),
            (&false.into(), &60.into())
        );
    }
    let mut found = Value::Null;
    for _ in 0..3 {
        found = value(&run(folder, &["drift", "check", "--json"], &[0, 5]));
        if found["drifted"] == true {
            break;
        }
    }
    desk::assert_fits("drift", &found);
    let one = &found["candidates"][0];
    assert_eq!(
        (&one["drifted"], &one["served_other"]),
        (&true.into(), &false.into())
    );
    let alarms: Vec<&Value> = one["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["alarm"] == true)
        .collect();
    // Where the check before happened to be a little worse, the change is put there.
    let is_about_then = |alarm: &&Value| matches!(alarm["since_check"].as_u64(), Some(2 | 3));
    assert!(alarms.iter().any(is_about_then), "{alarms:#?}");
    assert_eq!(one["fingerprints"][1]["name"], "fp_2");
    assert_eq!(found["decision"]["holds"], "no");
    assert!(
        found["decision"]["text"]
            .as_str()
            .unwrap()
            .contains("from `a` to `b`")
    );
    // Checks since then are no measure of what was before.
    let again = value(&run(folder, &["drift", "check", "--json"], &[5]));
    assert_eq!(again["candidates"][0]["n_flips"], one["n_flips"]);
    assert_ne!(one["n_flips"], 0);
    // What was found stays, with the answers only where they are asked for.
    let shown = text(&run(folder, &["drift", "show"], &[5]).stdout);
    assert!(!shown.contains("rather not say"), "{shown}");
    let shown = text(&run(folder, &["drift", "show", "--with-content"], &[5]).stdout);
    assert!(
        shown.contains("then | say ") && shown.contains("now  | I would rather"),
        "{shown}"
    );
    for (file, said) in [("d.html", "<h1>Drift:"), ("d.md", "## Drift:")] {
        let out = folder.join(file);
        run(
            folder,
            &["drift", "show", "--out", out.to_str().unwrap()],
            &[5],
        );
        assert!(fs::read_to_string(out).unwrap().contains(said));
    }
    run(folder, &["drift", "show", "--out", "d.xyz"], &[2]);
    // Checks are no runs to decide on.
    let decision = value(&run(folder, &["decide", "--json"], &[0]));
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 2);
    let listed = text(&run(folder, &["runs", "list"], &[0]).stdout);
    assert!(
        listed.contains("drift baseline") && listed.contains("drift check"),
        "{listed}"
    );
}

#[test]
fn a_step_of_training_shows_in_log_probabilities_alone() {
    // Answers stay word for word what they were; five draws of noise apart is what moves.
    let rule = |moved| LogprobRule { noise: 0.05, moved };
    let before = Behaviour {
        logprobs: Some(rule(0.0)),
        ..Behaviour::default()
    };
    let change = Drift {
        logprobs: Some(rule(0.25)),
        ..Drift::default()
    };
    let (folder, _served) = changing_from(before, 480, change);
    let folder = folder.path();
    measured_with(folder, &["--logprobs", "always"]);
    let channel = |found: &Value, name: &str| {
        let findings = found["candidates"][0]["findings"].as_array().unwrap();
        let mut all = findings.iter();
        all.find(|one| one["channel"] == name).cloned().unwrap()
    };
    for _ in 0..2 {
        let quiet = value(&run(folder, &["drift", "check", "--json"], &[0]));
        desk::assert_fits("drift", &quiet);
        // It has a tenth of the chance of a false alarm: 90 checks / (5 % × 0.1).
        let threshold = channel(&quiet, "logprobs")["threshold"].as_f64().unwrap();
        assert!((threshold - 18_000.0).abs() < 1e-6, "{threshold}");
    }
    let mut found = Value::Null;
    for _ in 0..3 {
        found = value(&run(folder, &["drift", "check", "--json"], &[0, 5]));
        if found["drifted"] == true {
            break;
        }
    }
    let logprobs = channel(&found, "logprobs");
    assert_eq!(
        (&logprobs["alarm"], &logprobs["since_check"]),
        (&true.into(), &3.into()),
        "{logprobs:#}"
    );
    assert!(logprobs["change"]["low"].as_f64().unwrap() > 0.0);
    for other in ["quality", "pooled", "answers", "length"] {
        assert_eq!(channel(&found, other)["alarm"], false, "{other}");
    }
    assert_eq!(found["decision"]["holds"], "yes");
    let shown = text(&run(folder, &["drift", "show"], &[5]).stdout);
    assert!(shown.contains("! Log-probabilities: +0."), "{shown}");
    // They are on record, and leave with everything else.
    let exported = text(&run(folder, &["export", found["check"].as_str().unwrap()], &[0]).stdout);
    assert!(exported.contains("\"first_tokens\""), "{exported:.500}");
}

#[test]
fn a_model_of_another_name_is_an_alarm_at_once() {
    let change = Drift {
        served_model: Some("a-mini".to_owned()),
        ..Drift::default()
    };
    let (folder, served) = changing(360, change);
    measured(folder.path());
    // Where it is enough to know that, a tenth of the canary is asked, and nothing is said of the decision.
    let before = served.log.n_ended();
    let output = run(
        folder.path(),
        &["drift", "check", "--cheapest-first", "--json"],
        &[5],
    );
    assert_eq!(served.log.n_ended() - before, 6);
    let found = value(&output);
    assert_eq!(found["candidates"][0]["n_answers"], 6);
    assert_eq!(
        (&found["candidates"][0]["served_other"], &found["decision"]),
        (&true.into(), &Value::Null)
    );
    assert!(text(&output.stderr).contains("54 calls of this check were not made"));
    let output = run(folder.path(), &["drift", "check"], &[5]);
    let shown = text(&output.stdout);
    assert!(shown.contains("Check 2 of baseline"), "{shown}");
    assert!(
        shown.contains("Another model answers: `a-mini` (0 then, 60 now)"),
        "{shown}"
    );
    assert!(
        shown.lines().all(|line| line.chars().count() <= 100),
        "{shown}"
    );
}

#[test]
fn hostile_options_are_told() {
    let (folder, _served) = changing(9_999, Drift::default());
    for (arguments, said) in [
        (
            vec!["drift", "baseline", "--candidate", "z"],
            "one of `a`, `b`",
        ),
        (
            vec!["drift", "baseline", "--false-alarms", "2"],
            "failed to watch",
        ),
        (vec!["drift", "baseline", "--runs", "3"], "5..=50"),
        (vec!["drift", "watch", "--every", "soon"], "has no unit"),
        (
            vec!["drift", "check", "--baseline", "none"],
            "called `none`",
        ),
    ] {
        run(folder.path(), &["bench", "-q"], &[0]);
        let err = text(&run(folder.path(), &arguments, &[2]).stderr);
        assert!(err.contains(said), "{arguments:?}: {err}");
    }
}

/// A receiver of webhooks that keeps bodies.
fn receiver() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let kept = bodies.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut got = Vec::new();
            let mut piece = [0_u8; 4_096];
            loop {
                let n = stream.read(&mut piece).unwrap_or(0);
                got.extend_from_slice(piece.get(..n).unwrap());
                let head = String::from_utf8_lossy(&got).into_owned();
                let Some(at) = head.find("\r\n\r\n") else {
                    if n == 0 {
                        break;
                    }
                    continue;
                };
                let length = head
                    .to_lowercase()
                    .lines()
                    .find_map(|line| {
                        line.strip_prefix("content-length:")?
                            .trim()
                            .parse::<usize>()
                            .ok()
                    })
                    .unwrap_or(0);
                if got.len() >= at + 4 + length {
                    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1"), "{head}");
                    let body = got.get(at + 4..at + 4 + length).unwrap();
                    kept.lock()
                        .unwrap()
                        .push(serde_json::from_slice(body).unwrap());
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
                    break;
                }
                if n == 0 {
                    break;
                }
            }
        }
    });
    (url, bodies)
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_watch_writes_lines_tells_once_and_ends_with_5() {
    let (folder, _served) = changing(420, worse());
    let folder = folder.path();
    measured(folder);
    let (url, bodies) = receiver();
    let (log, told) = (folder.join("watch.jsonl"), folder.join("told.json"));
    let exec = format!("cat > '{}'", told.display());
    let watch = [
        "drift",
        "watch",
        "--every",
        "1s",
        "--out",
        log.to_str().unwrap(),
        "--webhook",
        &url,
        "--exec",
        &exec,
    ];
    let output = run(folder, &watch, &[5]);
    let printed: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines(&log), printed);
    let last = printed.last().unwrap();
    desk::assert_fits("drift", last);
    assert_eq!(
        (&last["drifted"], &printed[0]["drifted"]),
        (&true.into(), &false.into())
    );
    // Started again, it says so and tells nobody twice.
    run(folder, &watch, &[5]);
    assert_eq!(lines(&log), printed);
    let bodies = bodies.lock().unwrap();
    assert_eq!(bodies.len(), 1);
    assert_eq!(bodies[0]["id"], last["id"]);
    assert!(
        bodies[0]["text"]
            .as_str()
            .unwrap()
            .contains("Drift: `a` changed.")
    );
    let piped: Value = serde_json::from_str(&fs::read_to_string(told).unwrap()).unwrap();
    assert_eq!(piped, bodies[0]);
}

/// A gateway that has begun, and where its metrics are; it ends with the test.
struct Gateway {
    child: Child,
    admin: String,
}

impl Gateway {
    fn start(folder: &Path) -> Self {
        let mut child = trilemma(folder, &["serve", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let places: Value = loop {
            lines.read_line(&mut told).unwrap();
            if let Ok(places) = serde_json::from_str(&told) {
                break places;
            }
        };
        let url = places.get("metrics").and_then(Value::as_str).unwrap();
        let admin = url.trim_start_matches("http://");
        Self {
            admin: admin.trim_end_matches("/metrics").to_owned(),
            child,
        }
    }

    /// Lines of the metrics that are about drift.
    fn drift(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(&self.admin).unwrap();
        let request = "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        let lines = page
            .lines()
            .filter(|line| line.starts_with("trilemma_drift"));
        lines.map(str::to_owned).collect()
    }

    /// Waits for metrics of drift like these.
    fn drift_once(&self, is_meant: impl Fn(&[String]) -> bool) -> Vec<String> {
        for _ in 0..3_000 {
            let lines = self.drift();
            if is_meant(&lines) {
                return lines;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let last = self.drift();
        assert!(is_meant(&last), "{last:#?}");
        last
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Checks that are made while a gateway runs stand in its metrics.
#[test]
fn metrics_tell_what_the_latest_check_found() {
    let (folder, _served) = changing(420, worse());
    let folder = folder.path();
    measured(folder);
    append(
        folder,
        "[serve]\nlisten = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"",
    );
    let gateway = Gateway::start(folder);
    assert_eq!(gateway.drift(), Vec::<String>::new());
    let checked = |found: &Value| {
        let us = found["checked_us"].as_i64().unwrap();
        format!(
            "trilemma_drift_checked_timestamp_seconds{{candidate=\"a\",channel=\"quality\"}} {}",
            us as f64 / 1e6
        )
    };
    let quiet = value(&run(folder, &["drift", "check", "--json"], &[0]));
    let lines = gateway.drift_once(|lines| !lines.is_empty());
    let findings = quiet["candidates"][0]["findings"].as_array().unwrap();
    assert_eq!(lines.len(), 2 * findings.len());
    let alarms = lines
        .iter()
        .filter(|line| line.starts_with("trilemma_drift_alarm"));
    assert!(
        alarms.clone().all(|line| line.ends_with("} 0")),
        "{lines:#?}"
    );
    assert!(lines.contains(&checked(&quiet)), "{lines:#?}");
    let mut found = Value::Null;
    for _ in 0..3 {
        found = value(&run(folder, &["drift", "check", "--json"], &[0, 5]));
        if found["drifted"] == true {
            break;
        }
    }
    let lines = gateway.drift_once(|lines| lines.contains(&checked(&found)));
    for finding in found["candidates"][0]["findings"].as_array().unwrap() {
        let line = format!(
            "trilemma_drift_alarm{{candidate=\"a\",channel=\"{}\"}} {}",
            finding["channel"].as_str().unwrap(),
            u8::from(finding["alarm"] == true)
        );
        assert!(lines.contains(&line), "{line}: {lines:#?}");
    }
}

#[test]
fn slow_kills_of_a_watch_lose_no_evidence_and_double_no_alarm() {
    if !is_slow_run() {
        return;
    }
    let (folder, served) = changing(540, worse());
    let folder = folder.path();
    measured(folder);
    let (url, bodies) = receiver();
    let log = folder.join("watch.jsonl");
    let watch = [
        "drift",
        "watch",
        "--every",
        "1s",
        "--out",
        log.to_str().unwrap(),
        "--webhook",
        &url,
    ];
    let mut n_kills = 0_u64;
    loop {
        let mut child = trilemma(folder, &watch)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // From the middle of a start to the middle of a second check.
        std::thread::sleep(Duration::from_millis(40 + n_kills * 97 % 1_900));
        if let Some(status) = child.try_wait().unwrap() {
            assert_eq!(status.code(), Some(5));
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        n_kills += 1;
        assert!(n_kills < 150, "it never ends");
    }
    assert!(n_kills > 3, "{n_kills}");
    let found = lines(&log);
    let numbers: Vec<u64> = found
        .iter()
        .map(|line| line["number"].as_u64().unwrap())
        .collect();
    let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
    assert_eq!(numbers, expected, "each check once, in order");
    let drifted: Vec<bool> = found.iter().map(|line| line["drifted"] == true).collect();
    assert_eq!(drifted.iter().filter(|is| **is).count(), 1);
    assert_eq!(drifted.last(), Some(&true));
    // Every check rests on all its answers, and calls are repeated only where a kill cut them off.
    assert!(
        found
            .iter()
            .all(|line| line["candidates"][0]["n_answers"] == 60)
    );
    let n_calls = served.log.records().len() as u64 - 60;
    let n_needed = 360 + 60 * numbers.len() as u64;
    assert!(
        n_calls <= n_needed + 20 * n_kills,
        "{n_calls} calls, {n_needed} needed"
    );
    let ids: std::collections::BTreeSet<String> = bodies
        .lock()
        .unwrap()
        .iter()
        .map(|body| body["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "one alarm, however often it was told");
}

//! `kill -9` at random moments: a rerun goes on, repeats no recorded call, and marks what it may have
//! repeated. The simulator's own log is the witness.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on may panic, and says what it measured"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use support::{Served, is_slow_run, json, serve, trilemma, write_golden, write_project};
use trilemma_sim::{Answers, Behaviour, LogOptions, Scenario, SimOptions, Spread};

const MODELS: [&str; 2] = ["a", "b"];
const N_ITEMS: usize = 300;
const CONCURRENCY: usize = 40;

/// What a call was for.
type Call = (String, String);

/// Both answer alike, unless the best is looked for: then the second is always wrong.
fn served(requirement: &str) -> Served {
    let wrong = Behaviour {
        answers: Some(Answers::Text {
            text: "something else".to_owned(),
        }),
        first_token_ms: Some(Spread::log_normal(25.0, 0.5)),
        ..Behaviour::default()
    };
    let right = Behaviour {
        answers: None,
        ..wrong.clone()
    };
    let [first, second] = MODELS.map(str::to_owned);
    let models = if requirement == BEST {
        [(first, right.clone()), (second, wrong)].into()
    } else {
        BTreeMap::new()
    };
    serve(SimOptions {
        scenario: Scenario {
            defaults: right,
            models,
            ..Scenario::default()
        },
        log: LogOptions {
            chunk_stamps: false,
            ..LogOptions::default()
        },
        ..SimOptions::default()
    })
}

fn calls(served: &Served) -> Vec<Call> {
    let records = served.log.records();
    records
        .iter()
        .map(|one| (one.model.to_string(), one.prompt.to_string()))
        .collect()
}

/// The trials of the latest run by (model, prompt): whether answered, how they began, what they got.
fn trials(folder: &Path) -> BTreeMap<Call, serde_json::Value> {
    let output = trilemma(folder, &["export"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines
        .into_iter()
        .filter(|line| line["record"] == "trial")
        .map(|line| {
            let key = &line["trial"]["key"];
            let model = MODELS[usize::try_from(key["candidate_idx"].as_u64().unwrap()).unwrap()];
            let prompt = format!("say {}", key["item_idx"]);
            let prompt = trilemma_domain::Fingerprint::of(prompt.as_bytes());
            ((model.to_owned(), prompt.to_string()), line)
        })
        .collect()
}

/// What must not depend on interruptions.
fn figures(trials: &BTreeMap<Call, serde_json::Value>) -> Vec<String> {
    trials
        .values()
        .map(|line| {
            let outcomes: Vec<&serde_json::Value> = line["scores"]
                .as_array()
                .unwrap()
                .iter()
                .map(|score| &score["outcome"])
                .collect();
            format!(
                "{} {} {outcomes:?}",
                line["trial"]["key"], line["trial"]["cost"]
            )
        })
        .collect()
}

/// A project in a folder of its own, with a requirement that a race can look for. The second model is so
/// much dearer that no pass rate could make up for it: at one price a race has to ask both.
fn project(served: &Served, requirement: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), N_ITEMS);
    let mut bench = format!("concurrency = {CONCURRENCY}\n[requirements]\n{requirement}\n");
    for (model, price) in MODELS.into_iter().zip(["1", "4"]) {
        bench.push_str(&format!(
            "[[candidates]]\nmodel = \"sim/{model}\"\nprice = {{ input = \"{price}\", output = \"{price}\" }}\n"
        ));
    }
    write_project(folder.path(), &served.url, &[], &bench);
    folder
}

fn kill_after(wait: Duration, race: Race, undisturbed: &[String]) {
    let (command, requirement) = race;
    let served = served(requirement);
    let folder = project(&served, requirement);
    let mut child = trilemma(folder.path(), command)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap();
    // Calls that were in flight end at the simulator when it notices.
    std::thread::sleep(Duration::from_millis(300));
    let first = calls(&served);
    let recorded: BTreeSet<Call> = if folder.path().join(".trilemma/trilemma.db").exists() {
        let trials = trials(folder.path());
        trials.into_keys().collect()
    } else {
        BTreeSet::new()
    };
    let output = trilemma(folder.path(), command).output().unwrap();
    let summary = json(&output, &[0]);
    let all = calls(&served);
    let second = &all[first.len()..];
    let repeated_record: Vec<&Call> = second
        .iter()
        .filter(|call| recorded.contains(call))
        .collect();
    assert!(
        repeated_record.is_empty(),
        "recorded calls were repeated: {repeated_record:?}"
    );
    let first: BTreeSet<&Call> = first.iter().collect();
    let again: BTreeSet<&Call> = second.iter().filter(|call| first.contains(call)).collect();
    let settled = trials(folder.path());
    let unmarked: Vec<&&Call> = again
        .iter()
        .filter(|call| settled[**call]["trial"]["origin"] != "repeated")
        .collect();
    assert!(unmarked.is_empty(), "repeated without a mark: {unmarked:?}");
    assert_eq!(figures(&settled), undisturbed);
    println!(
        "{command:?} killed after {wait:?}: {} recorded, {} called again, {} marked",
        recorded.len(),
        again.len(),
        summary["n_repeated"]
    );
    // In flight, or received but not committed within the last 100 ms.
    let most = CONCURRENCY + 100 * CONCURRENCY / 15;
    assert!(again.len() <= most, "{} calls were repeated", again.len());
}

/// What a run that is left alone records.
fn undisturbed((command, requirement): Race) -> Vec<String> {
    let served = served(requirement);
    let folder = project(&served, requirement);
    let output = trilemma(folder.path(), command).output().unwrap();
    json(&output, &[0]);
    figures(&trials(folder.path()))
}

/// Moments spread evenly over a run, jittered by the golden ratio: repeatable, and nowhere twice.
fn moments(n: u32) -> impl Iterator<Item = Duration> {
    (0..n).map(move |idx| {
        let share = f64::from(idx) * 0.618_033_988_749_895 % 1.0;
        Duration::from_secs_f64(0.02 + 0.55 * share)
    })
}

/// What is run, and what is required of candidates.
type Race = (&'static [&'static str], &'static str);

const BAR: &str = "pass_rate = { min = 0.75 }";
/// So strict that the worse one is soon given up.
const BEST: &str = "not_worse_than = { candidate = \"best\", margin = 0.02 }";
const FULL: Race = (&["--json", "bench"], BAR);
const RACES: [Race; 4] = [
    (&["--json", "bench", "--adaptive=calibrated"], BAR),
    (&["--json", "bench", "--adaptive=certified"], BAR),
    (&["--json", "bench", "--adaptive=gates"], BAR),
    (&["--json", "bench", "--adaptive=gates"], BEST),
];

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let undisturbed = undisturbed(FULL);
    assert_eq!(undisturbed.len(), N_ITEMS * MODELS.len());
    for wait in moments(3) {
        kill_after(wait, FULL, &undisturbed);
    }
}

#[test]
fn slow_thirty_kills_lose_nothing() {
    if !is_slow_run() {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
        return;
    }
    let undisturbed = undisturbed(FULL);
    for wait in moments(30) {
        kill_after(wait, FULL, &undisturbed);
    }
}

/// A killed race asks what it would have asked, and nothing that it has an answer to.
#[test]
fn slow_killed_races_ask_nothing_twice() {
    if !is_slow_run() {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
        return;
    }
    for race in RACES {
        let undisturbed = undisturbed(race);
        let n_asked = undisturbed.len();
        assert!(n_asked < N_ITEMS * MODELS.len(), "{race:?} saves nothing");
        for wait in moments(7) {
            kill_after(2 * wait, race, &undisturbed);
        }
    }
}

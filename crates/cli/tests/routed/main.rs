//! What is measured is what is served: every item of a golden set goes the same way offline and through the gateway.
//!
//! A project is benchmarked against a simulator whose candidates answer differently, say nothing that can be compared,
//! are cut short and fail. For one policy of each kind, three accounts of each item are put side by side: what the
//! library makes of the recorded answers, what `route eval --items` tells, and what a served gateway did whose
//! upstreams give the same answers.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on may panic"
)]

#[path = "../support/mod.rs"]
mod support;

mod live;
mod offline;
mod promised;
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use live::{Lived, send_all};
use offline::{Records, Way};
use promised::{SCORED, assert_promised};
use serde_json::{Value, json};
use support::{is_slow_run, json as printed, trilemma};
use trilemma_domain::CandidateId;
use trilemma_route::Router;
use world::{N_ITEMS, simulated, write};

/// Settings under which no chain of the policies below is cut short by the number of attempts.
const SERVE: &str =
    "[serve]\nlisten = \"127.0.0.1:0\"\npolicy = \"policy.json\"\nmax_attempts = 8\n";

/// A folder with a benchmark run.
fn benched(repeats: u64) -> (tempfile::TempDir, Records) {
    let folder = tempfile::tempdir().unwrap();
    let sim = simulated(repeats, None);
    write(folder.path(), &sim.url, (repeats, SERVE));
    printed(
        &trilemma(folder.path(), &["bench", "--json"])
            .output()
            .unwrap(),
        &[0, 4],
    );
    let records = Records::read(folder.path());
    let (n_failed, n_silent) = records.n_failed_and_silent();
    assert_eq!(records.items.len(), N_ITEMS);
    assert!(n_failed > 20 && n_silent > 20, "{n_failed} {n_silent}");
    (folder, records)
}

/// Trains a policy of a kind into `policy.json`.
fn train(folder: &Path, project: &str, kind: &str) {
    let out = folder.join("policy.json");
    let mut command = trilemma(
        folder,
        &["route", "train", "--even-so", "--kind", kind, "--json"],
    );
    command.arg("--out").arg(out);
    if matches!(kind, "auto" | "query" | "cascade" | "read" | "classify") {
        command.args(["--target", "-3"]);
    }
    // The last project counts.
    if project != "trilemma.toml" {
        fs_err::copy(folder.join("trilemma.toml"), folder.join("kept.toml")).unwrap();
        fs_err::copy(folder.join(project), folder.join("trilemma.toml")).unwrap();
    }
    printed(&command.output().unwrap(), &[0, 1, 3]);
    if project != "trilemma.toml" {
        fs_err::copy(folder.join("kept.toml"), folder.join("trilemma.toml")).unwrap();
    }
}

/// Writes a policy by hand into `policy.json`.
fn by_hand(folder: &Path, plan: &Value) {
    let members = ["tiny", "small", "other", "large"].map(|id| json!({ "id": id }));
    let policy = json!({
        "schema_version": 1, "name": "by-hand", "candidates": members, "plan": plan,
        "reads": { "field": "question" }, "fallback": ["large", "other"],
    });
    fs_err::write(folder.join("policy.json"), policy.to_string()).unwrap();
}

/// That `route eval` tells the same of each item to which everybody has an answer; gives how many.
fn assert_eval_agrees(folder: &Path, records: &Records, ways: &[Way]) -> usize {
    let arguments = [
        "route",
        "eval",
        "--policy",
        "policy.json",
        "--items",
        "--json",
    ];
    let mut command = trilemma(folder, &arguments);
    let told = printed(&command.current_dir(folder).output().unwrap(), &[0]);
    let items = told["judged"][0]["items"].as_array().unwrap();
    let mut n = 0;
    for told in items {
        let idx = records.place(told["item"].as_str().unwrap());
        if !records.is_whole(idx) {
            continue;
        }
        let way = &ways[idx];
        assert_eq!(told["asked"], json!(way.asked), "{told}");
        assert_eq!(told["answered_by"], json!(way.answered_by), "{told}");
        assert_eq!(told["why"], json!(way.why), "{told}");
        n += 1;
    }
    n
}

/// How two accounts of an item differ; empty = in nothing.
fn difference(way: &Way, lived: &Lived, may_be_another_of_the_same: bool) -> String {
    let evidence = lived.entry.evidence.as_ref().unwrap();
    let decision: Value = serde_json::from_str(evidence.decision.as_ref().unwrap().text()).unwrap();
    let calls: Vec<&str> = evidence
        .attempts
        .iter()
        .map(|one| one.candidate.as_str())
        .collect();
    let asked: Vec<&str> = way.asked.iter().flatten().map(String::as_str).collect();
    let Some(by) = &way.answered_by else {
        // All have failed: the gateway asks again what may pass, and then says so.
        return if calls.starts_with(&asked) && lived.status >= 400 {
            String::new()
        } else {
            format!(
                "offline nobody answers; live {calls:?}, status {}",
                lived.status
            )
        };
    };
    let mut told = String::new();
    let mut check = |what: &str, offline: String, live: String| {
        if offline != live {
            told.push_str(&format!("{what}: offline {offline}, live {live}\n"));
        }
    };
    check("asked", format!("{asked:?}"), format!("{calls:?}"));
    check("status", "200".to_owned(), lived.status.to_string());
    check(
        "answered by",
        format!("{:?}", Some(by)),
        format!("{:?}", lived.model.as_ref()),
    );
    check(
        "in the ledger",
        by.clone(),
        lived.entry.row.candidate.clone(),
    );
    if !may_be_another_of_the_same {
        check("text", way.text.clone(), lived.text.clone());
    }
    check(
        "why",
        json!(way.why).to_string(),
        decision["why"].to_string(),
    );
    let scores = decision["scores"].as_array().cloned().unwrap_or_default();
    if !(scores.len() == way.scores.len()
        && scores.iter().zip(&way.scores).all(|(a, b)| is_near(a, b)))
    {
        check(
            "scores",
            json!(way.scores).to_string(),
            json!(scores).to_string(),
        );
    }
    let escalated = format!("{:?}", Some(way.escalated));
    check("escalated", escalated, format!("{:?}", evidence.escalated));
    told
}

/// The same but for the last digit that reading JSON may lose.
fn is_near(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|other| is_near(value, other)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-12 * a.abs().max(1.0)
        }
        _ => a == b,
    }
}

/// Compares every item; gives the ways.
fn assert_same(
    folder: &Path,
    records: &Records,
    (name, repeats, is_unordered): (&str, u64, bool),
) -> Vec<Way> {
    let text = fs_err::read_to_string(folder.join("policy.json")).unwrap();
    let router = Router::read(&text).unwrap();
    let ways: Vec<Way> = (0..N_ITEMS).map(|idx| records.way(&router, idx)).collect();
    let n_told = assert_eval_agrees(folder, records, &ways);
    // New candidates, for whom the first answer is the next.
    let sim = simulated(repeats, Some(records));
    let project = fs_err::read_to_string(folder.join("trilemma.toml")).unwrap();
    write(folder, &sim.url, (repeats, &format!("{SERVE}{SCORED}")));
    let lived = send_all(folder, records);
    // Of repeats it counts items of which some failed, which `Records::is_whole` does not.
    if repeats == 1 {
        let promised = assert_promised(folder, records, &ways);
        let rests_on = match name {
            "query" => "expected_quality",
            "read" | "cascade" => "gain",
            "in turn" | "exactly" => "agreed",
            _ => "score",
        };
        for figure in ["score", rests_on] {
            assert!(
                promised.iter().any(|one| one == figure),
                "{name}: {promised:?}"
            );
        }
    }
    fs_err::write(folder.join("trilemma.toml"), project).unwrap();
    let mut differing = Vec::new();
    for (idx, (way, lived)) in ways.iter().zip(&lived).enumerate() {
        let told = difference(way, lived, is_unordered);
        if !told.is_empty() {
            let seen: Vec<String> = (way.asked.iter().flatten())
                .map(|id| {
                    format!(
                        "{id}: {:?}",
                        records.outcome(&CandidateId::from(id.as_str()), idx, 0)
                    )
                })
                .collect();
            differing.push(format!("item {idx}\n{told}{}\n", seen.join("\n")));
        }
    }
    assert!(
        differing.is_empty(),
        "{name}: {} of {N_ITEMS} items go another way\n{}",
        differing.len(),
        differing[..differing.len().min(5)].join("\n")
    );
    assert!(n_told > N_ITEMS / 3, "{name}: {n_told}");
    ways
}

/// That a policy does more than one thing, or the comparison shows little.
fn n_different(ways: &[Way]) -> usize {
    let all: BTreeSet<_> = ways
        .iter()
        .map(|way| (&way.asked, &way.answered_by))
        .collect();
    all.len()
}

/// All kinds in the slow run, else those that say most.
#[test]
fn slow_policies_of_every_kind_are_served_as_they_were_measured() {
    let (folder, records) = benched(1);
    let folder = folder.path();
    let is_due = |kind: &str| is_slow_run() || ["rules", "read", "in turn"].contains(&kind);
    for (kind, project, least) in [
        ("rules", "ruled.toml", 4),
        ("query", "trilemma.toml", 2),
        ("cascade", "trilemma.toml", 2),
        ("read", "trilemma.toml", 2),
        ("per-task", "trilemma.toml", 2),
        ("tiers", "trilemma.toml", 2),
        ("auto", "ruled.toml", 4),
    ] {
        if !is_due(kind) {
            continue;
        }
        train(folder, project, kind);
        let ways = assert_same(folder, &records, (kind, 1, false));
        assert!(
            n_different(&ways) >= least,
            "{kind}: {}",
            n_different(&ways)
        );
    }
    let cheap = json!(["tiny", "small", "other"]);
    for (name, plan) in [
        (
            "in turn",
            json!({ "cascade": {
                "ask": cheap, "pace": "in_turn", "extract": ["last_number"], "accept": { "agree": 2 },
                "escalate": { "single": "large" },
            }}),
        ),
        (
            "exactly",
            json!({ "cascade": {
                "ask": cheap, "compare": "exact", "accept": { "agree": 2 },
                "escalate": { "cascade": {
                    "ask": ["large"], "accept": "complete", "extract": ["last_number"], "escalate": { "single": "other" },
                }},
            }}),
        ),
    ] {
        if !is_due(name) {
            continue;
        }
        by_hand(folder, &plan);
        let ways = assert_same(folder, &records, (name, 1, false));
        assert!(n_different(&ways) >= 4, "{name}: {}", n_different(&ways));
    }
}

/// One candidate asked several times: one after the other in the recorded order, at the same time in any.
#[test]
fn repeated_answers_are_compared_as_they_were_measured() {
    let (folder, records) = benched(3);
    let folder = folder.path();
    for (pace, is_unordered) in [("in_turn", false), ("together", true)] {
        by_hand(
            folder,
            &json!({ "cascade": {
                "ask": ["small", "small", "small"], "pace": pace, "extract": ["last_number"], "accept": { "agree": 2 },
                "escalate": { "single": "large" },
            }}),
        );
        let ways = assert_same(folder, &records, (pace, 3, is_unordered));
        assert!(n_different(&ways) >= 3, "{pace}: {}", n_different(&ways));
    }
}

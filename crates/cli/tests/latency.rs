//! `trilemma latency` end to end, against simulated endpoints over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod desk;
mod support;

use std::path::Path;
use std::process::Output;

use desk::{assert_fits, assert_printable};
use serde_json::Value;
use support::{Served, json, serve, trilemma, write_golden, write_project};
use trilemma_sim::{Scenario, SimOptions};

fn served(scenario: &str) -> Served {
    serve(SimOptions {
        scenario: Scenario::parse(scenario).unwrap(),
        ..SimOptions::default()
    })
}

fn project(url: &str, models: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path(), 12);
    write_project(folder.path(), url, models, "concurrency = 4");
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let output = trilemma(folder, arguments).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(!err.contains("panicked"), "{err}");
    output
}

fn text(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(all).unwrap()
}

const FAST: &str = "[models.fast]\nfirst_token_ms = 2\nanswers = { type = \"tokens\", count = 8 }\n\
                    [models.slow]\nfirst_token_ms = 12\nanswers = { type = \"tokens\", count = 8 }";

/// Every request leaves as it was recorded: two candidates, warm-up and all.
fn samples_are_every_request(folder: &Path) {
    for (name, format) in [("s.csv", "csv"), ("s.jsonl", "jsonl")] {
        let file = folder.join(name);
        let arguments = ["latency", "--again", "--samples", file.to_str().unwrap()];
        assert!(run(folder, &arguments).status.success());
        let rows = fs_err::read_to_string(&file).unwrap();
        assert_eq!(
            rows.lines().count() - usize::from(format == "csv"),
            170,
            "{name}"
        );
        if format == "csv" {
            assert!(rows.starts_with("test,candidate,stage,arrivals,number,warmup,intended_ms,"));
            continue;
        }
        let line: serde_json::Value = serde_json::from_str(rows.lines().last().unwrap()).unwrap();
        let of = |name: &str| line.get(name).cloned().unwrap();
        assert_eq!(of("chunk_ms").as_array().unwrap().len(), 8);
        assert_eq!(
            (&of("warmup"), &of("error")),
            (&false.into(), &serde_json::Value::Null)
        );
        let (ours, theirs) = (of("e2e_from_schedule_ms").as_f64(), of("e2e_ms").as_f64());
        assert!(
            ours.unwrap() >= theirs.unwrap() && theirs.unwrap() > 0.0,
            "{line}"
        );
    }
    assert_eq!(
        run(folder, &["latency", "--again", "--samples", "s.txt"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_test_is_measured_kept_and_worked_out_again() {
    let sim = served(FAST);
    let folder = project(&sim.url, &["fast", "slow"]);
    let folder = folder.path();
    let arguments = ["--json", "latency", "-n", "80", "--class", "interactive"];
    let report = json(&run(folder, &arguments), &[0]);
    assert_fits("latency", &report);
    assert_eq!(report["simulated"], true);
    let fast = &report["candidates"][0];
    assert_eq!(fast["stages"][0]["figures"]["n_answered"], 80);
    assert_eq!(fast["stages"][0]["figures"]["n_warmup"], 5);
    assert_eq!(fast["output_tokens_mean"], 8.0);
    assert!(fast["output_tokens_per_s"].as_f64().unwrap() > 0.0);
    assert_eq!(report["comparisons"].as_array().unwrap().len(), 4);
    let cost: f64 = fast["cost"]["known_usd"].as_str().unwrap().parse().unwrap();
    assert!(cost > 0.0);

    // The record alone gives the same figures, and every form of them.
    let again = json(&run(folder, &["--json", "latency", "--again"]), &[0]);
    assert_eq!(again["candidates"][0]["stages"], fast["stages"]);
    let page = folder.join("l.html");
    let table = folder.join("l.csv");
    let (page_text, table_text) = (page.to_str().unwrap(), table.to_str().unwrap());
    let told = run(
        folder,
        &[
            "latency", "--again", "--html", page_text, "--csv", table_text,
        ],
    );
    let told = text(&told);
    assert_printable(&told);
    for part in [
        "SIMULATED",
        "from schedule",
        "needs n = 368",
        "meets",
        "Next: trilemma latency",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(
        fs_err::read_to_string(page)
            .unwrap()
            .contains("Content-Security-Policy")
    );
    assert!(fs_err::read_to_string(table).unwrap().lines().count() > 40);
    samples_are_every_request(folder);
    let list = text(&run(folder, &["latency", "--list"]));
    assert!(list.contains("1 load test"), "{list}");
    assert!(text(&run(folder, &["latency", "--again=nope"])).contains("--list"));
}

#[test]
fn an_endpoint_needs_no_project() {
    let sim = served(FAST);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("{}/v1", sim.url);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_trilemma"))
        .current_dir(folder.path())
        .env_clear()
        .args([
            "--json",
            "latency",
            "--base-url",
            &url,
            "--model",
            "fast",
            "--prompt-tokens",
            "40..60",
        ])
        .args([
            "--output-tokens",
            "16",
            "--rate",
            "80",
            "-n",
            "80",
            "--warmup",
            "10",
        ])
        .output()
        .unwrap();
    let report = json(&output, &[0]);
    let candidate = &report["candidates"][0];
    assert_eq!(candidate["stages"][0]["figures"]["n_sent"], 80);
    assert_eq!(report["prompts"]["type"], "synthetic");
    let input = candidate["input_tokens_mean"].as_f64().unwrap();
    assert!((40.0..62.0).contains(&input), "{input}");
    assert_eq!(candidate["cost"]["n_unpriced"], 90);
    assert!(folder.path().join(".trilemma/trilemma.db").exists());
}

#[test]
fn verdicts_and_silence_make_the_exit_code() {
    let sim = served(FAST);
    let folder = project(&sim.url, &["slow"]);
    let slo = |slo: &str, exit: i32| {
        let output = run(
            folder.path(),
            &["--json", "latency", "-n", "60", "-c", "8", "--slo", slo],
        );
        json(&output, &[exit])
    };
    slo("e2e_p95=30s", 0);
    slo("ttft_p95=3ms", 1);
    let few = run(
        folder.path(),
        &["--json", "latency", "-n", "10", "--slo", "e2e_p95=30s"],
    );
    let few = json(&few, &[3]);
    let own = few["candidates"][0]["stages"][0]["verdicts"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (own["verdict"].as_str(), own["required"].as_bool()),
        (Some("undecided"), Some(true))
    );
    assert!(own["more_requests"].as_u64().unwrap() > 40);

    let broken = served("faults = [{ kind = \"server_error\", every = 1 }]");
    let folder = project(&broken.url, &["m"]);
    let output = run(
        folder.path(),
        &["--json", "latency", "-n", "6", "--warmup", "0"],
    );
    let report = json(&output, &[4]);
    assert_eq!(
        report["candidates"][0]["stages"][0]["figures"]["failures"]["server_error"],
        6
    );
}

#[test]
fn a_sweep_and_a_search_end_with_what_they_found() {
    let sim = served(FAST);
    let folder = project(&sim.url, &["fast"]);
    let sweep = run(
        folder.path(),
        &["--json", "latency", "--sweep=1,4", "-n", "30"],
    );
    let sweep = json(&sweep, &[0]);
    assert_fits("latency", &sweep);
    assert_eq!(
        sweep["candidates"][0]["stages"].as_array().unwrap().len(),
        2
    );
    assert!(
        sweep["candidates"][0]["saturation"]["requests_per_s"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    let arguments = [
        "--json",
        "latency",
        "--goodput",
        "--slo",
        "e2e_p50=20s",
        "--from",
        "60",
        "--most",
        "60",
    ];
    let search = run(
        folder.path(),
        &[&arguments[..], &["--duration", "1s", "--warmup", "2"]].concat(),
    );
    let search = json(&search, &[0]);
    assert_fits("latency", &search);
    assert_eq!(search["candidates"][0]["goodput"]["holds_per_s"], 60.0);
    assert_eq!(search["candidates"][0]["goodput"]["resolved"], true);
}

#[test]
fn wrong_input_is_refused_with_the_fix_and_a_plan_calls_nobody() {
    let sim = served(FAST);
    let folder = project(&sim.url, &["fast"]);
    let folder = folder.path();
    for (arguments, word) in [
        (&["--slo", "speed_p95=1s"][..], "metrics: ttft"),
        (&["--rate", "0"], "above 0"),
        (
            &["--goodput", "--class", "batch", "--rate", "1"],
            "cannot be used with",
        ),
        (&["--sweep=fast"], "1,2,4,8"),
        (&["--only", "gpt-9"], "one of fast"),
        (&["--trace", "nowhere.txt"], "nowhere.txt"),
        (&["--ramp", "1..5"], "--duration"),
        (&["--duration", "yesterday"], "ms, s, m or h"),
    ] {
        let output = run(folder, &[&["latency"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            text(&output).contains(word),
            "{arguments:?}: {}",
            text(&output)
        );
    }
    let plan = text(&run(
        folder,
        &["latency", "--dry-run", "--rate", "2", "--duration", "30s"],
    ));
    assert!(
        plan.contains("2/s, Poisson") && plan.contains("at most about $"),
        "{plan}"
    );
    assert_eq!(sim.log.records().len(), 0);
    // A budget is a hard stop; what was measured until then is told.
    let output = run(
        folder,
        &[
            "--json",
            "latency",
            "-n",
            "5000",
            "--output-tokens",
            "8",
            "--budget",
            "0.002",
        ],
    );
    let report: Value = json(&output, &[0, 3]);
    assert!(
        report["stopped"].as_str().unwrap().contains("budget"),
        "{report:#}"
    );
}

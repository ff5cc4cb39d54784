//! From a file of another tool to a verdict, in one command and without a key.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on may panic"
)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::{data_folder, is_slow_run, json, serve, trilemma};
use trilemma_sim::{LogOptions, Scenario, SimOptions};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/tests/fixtures");
    folder.join(name).display().to_string()
}

fn text(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = trilemma(folder, arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{told}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), told)
}

#[test]
fn a_promptfoo_file_becomes_a_verdict_a_project_and_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = fixture("promptfoo.json");
    let arguments = ["--as-of", "2026-11-01", "import", &file, "--bar", "0.3"];
    let (verdict, told) = text(folder.path(), &arguments, 0);
    assert!(
        verdict.contains("Use `openai:chat:gpt-4o-2024-08-06`"),
        "{verdict}"
    );
    assert!(
        told.contains("3 of 3 sums that the files state themselves agree"),
        "{told}"
    );
    assert!(folder.path().join("trilemma-report.html").exists());
    let golden = std::fs::read_to_string(folder.path().join("golden.jsonl")).unwrap();
    assert_eq!(golden.lines().count(), 6);

    // The written project holds for every other command.
    let (checked, _) = text(folder.path(), &["--as-of", "2026-11-01", "decide"], 0);
    assert!(
        checked.contains("Use `openai:chat:gpt-4o-2024-08-06`"),
        "{checked}"
    );
    let (exported, _) = text(folder.path(), &["export"], 0);
    let lines: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let run = &lines[0]["manifest"];
    assert_eq!(run["notes"]["imported"]["files"][0]["tool"], "promptfoo");
    assert_eq!(run["notes"]["imported"]["files"][0]["version"], "0.121.20");
    let trials: Vec<&Value> = lines
        .iter()
        .filter(|line| line["record"] == "trial")
        .collect();
    assert_eq!(trials.len(), 18);
    assert!(
        trials
            .iter()
            .all(|line| line["trial"]["origin"] == "imported")
    );

    // The same file again is the same run.
    let (_, told) = text(
        folder.path(),
        &["--as-of", "2026-11-01", "import", &file],
        0,
    );
    assert!(told.contains("imported before"), "{told}");
    let (runs, _) = text(folder.path(), &["--json", "runs", "list"], 0);
    let runs: Value = serde_json::from_str(&runs).unwrap();
    assert_eq!(runs.as_array().unwrap().len(), 1);

    // Requirements are the project's now.
    let (_, told) = text(folder.path(), &["import", &file, "--bar", "0.9"], 2);
    assert!(told.contains("`--bar` is for a new project"), "{told}");
}

#[test]
fn inspect_logs_of_three_models_pair_by_sample() {
    let folder = tempfile::tempdir().unwrap();
    let files = ["inspect-strong.eval", "inspect-weak.eval", "inspect.json"].map(fixture);
    let mut arguments = vec!["--json", "--as-of", "2026-11-01", "import"];
    arguments.extend(files.iter().map(String::as_str));
    let output = trilemma(folder.path(), &arguments).output().unwrap();
    let told = json(&output, &[0, 1, 3]);
    assert_eq!(told["files"].as_array().unwrap().len(), 3);
    assert!(
        told["checks"]
            .as_array()
            .unwrap()
            .iter()
            .all(|check| check["agrees"] == true)
    );
    assert_eq!(told["unpaired"].as_array().unwrap().len(), 0);
    let decision = &told["decision"];
    let rates: Vec<f64> = decision["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pass_rate"]["value"].as_f64().unwrap())
        .collect();
    // The accuracies that Inspect printed: 1.000, 0.500, 0.667.
    let expected = [1.0, 0.5, 2.0 / 3.0];
    assert!(
        rates
            .iter()
            .zip(expected)
            .all(|(rate, value)| (rate - value).abs() < 1e-9),
        "{rates:?}"
    );
    // Latency is known, cost is not: unknown, never 0.
    for candidate in decision["candidates"].as_array().unwrap() {
        assert!(
            candidate["cost"]["per_query"].is_null(),
            "{}",
            candidate["cost"]
        );
    }
}

#[test]
fn outputs_alone_are_scored_by_the_project() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::from("item,candidate,input,expected,output\n");
    for idx in 0..40 {
        let right = if idx % 2 == 0 { idx } else { 99 };
        writeln!(table, "q{idx},good,say {idx},{idx},{idx}").unwrap();
        writeln!(table, "q{idx},bad,say {idx},{idx},{right}").unwrap();
    }
    let file = folder.path().join("outputs.csv");
    std::fs::write(&file, table).unwrap();
    let file = file.display().to_string();
    let (verdict, _) = text(folder.path(), &["import", &file, "--scorer", "exact"], 0);
    assert!(verdict.contains("Use `good`"), "{verdict}");
    assert!(verdict.contains("50.0 %"), "{verdict}");
}

#[test]
fn broken_rows_are_refused_by_line_and_left_out_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r.csv");
    std::fs::write(&file, "item,candidate,score\na,m,1\nb,m,often\nc,m,1\n").unwrap();
    let file = file.display().to_string();
    let (_, told) = text(folder.path(), &["import", &file], 2);
    assert!(
        told.contains("line 3: `score`") && told.contains("--lenient"),
        "{told}"
    );
    assert!(!folder.path().join("trilemma.toml").exists());
    assert!(!folder.path().join(".trilemma").exists());
    let (_, told) = text(
        folder.path(),
        &["import", &file, "--lenient", "--bar", "0.01"],
        0,
    );
    assert!(told.contains("left out 1 row that"), "{told}");
}

#[test]
fn hostile_names_survive_the_project_file() {
    let folder = tempfile::tempdir().unwrap();
    let rows: Vec<Value> = ["a\"b\\c", "tab\tnl\nend", "[[x]]", "ünï = 1"]
        .iter()
        .flat_map(|name| {
            (0..3).map(move |item| serde_json::json!({"item": item, "candidate": name, "score": 1}))
        })
        .collect();
    let file = folder.path().join("r.json");
    std::fs::write(&file, serde_json::to_string(&rows).unwrap()).unwrap();
    let file = file.display().to_string();
    let output = trilemma(folder.path(), &["--json", "import", &file])
        .output()
        .unwrap();
    let told = json(&output, &[0, 3]);
    assert_eq!(told["decision"]["candidates"].as_array().unwrap().len(), 4);
}

/// Verdicts of the comparison with the incumbent, by candidate.
fn comparison(decision: &Value) -> BTreeMap<String, String> {
    let candidates = decision["candidates"].as_array().unwrap().iter();
    candidates
        .filter_map(|one| {
            let gates = one["gates"].as_array()?.iter();
            let mut found = gates.filter(|gate| gate["gate"] == "not_worse_than");
            let verdict = found.next()?["verdict"].as_str()?.to_owned();
            Some((one["id"].as_str()?.to_owned(), verdict))
        })
        .collect()
}

/// The seven models whose answers are in both sources.
const SEVEN: [&str; 7] = [
    "gpt-4o-2024-08-06",
    "gpt-4o-mini-2024-07-18",
    "claude-3-haiku-20240307",
    "gemini-1.5-pro",
    "gemini-1.5-flash",
    "Meta-Llama-3.1-8B-Instruct",
    "Meta-Llama-3.1-70B-Instruct",
];

fn benchmarked(data: &Path, folder: &Path) -> Value {
    let source = data.join("zeroeval-gsm8k");
    let replay: Vec<PathBuf> = SEVEN
        .iter()
        .map(|name| source.join("responses").join(format!("{name}.jsonl")))
        .collect();
    let scenario = Scenario {
        golden: Some(source.join("golden.jsonl")),
        replay,
        ..Scenario::default()
    };
    let mut options = SimOptions::load(scenario, &source).unwrap();
    options.log = LogOptions {
        in_memory: false,
        ..LogOptions::default()
    };
    let served = serve(options);
    let golden = source.join("golden.jsonl");
    let mut text = format!(
        r#"
[task]
name = "gsm8k"
kind = "reasoning"
golden = {golden:?}
incumbent = "gpt-4o-2024-08-06"
[requirements]
not_worse_than = {{ candidate = "incumbent", margin = 0.05 }}
[providers.sim]
dialect = "openai"
base_url = "{}/v1"
api_key = {{ env = "SIM_KEY" }}
[[scorers]]
type = "numeric"
tolerance = 0
extract = [{{ step = "json_field", field = "answer", lenient = true }}, "strip:$,", "fraction", "first_number"]
expected_extract = ["strip:$,", "first_number"]
"#,
        served.url
    );
    for name in SEVEN {
        writeln!(
            text,
            "[[candidates]]\nid = {name:?}\nmodel = \"sim/{name}\"\nstream = false"
        )
        .unwrap();
    }
    std::fs::write(folder.join("trilemma.toml"), text).unwrap();
    let arguments = ["--json", "--as-of", "2024-12-01", "select"];
    json(&trilemma(folder, &arguments).output().unwrap(), &[0, 1, 3])
}

#[test]
fn slow_imported_outcomes_get_the_verdicts_of_the_benchmarked_run() {
    if !is_slow_run() {
        return;
    }
    let Some(data) = data_folder() else { return };
    let own = tempfile::tempdir().unwrap();
    let benchmarked = comparison(&benchmarked(&data, own.path()));
    let folder = tempfile::tempdir().unwrap();
    // The file has an eighth model, which is another snapshot: left out, as comparisons are held
    // over all candidates together.
    let table = std::fs::read_to_string(data.join("routing/zeroeval_gsm_8models.csv")).unwrap();
    let file = folder.path().join("seven.csv");
    std::fs::write(
        &file,
        without_column_group(&table, "claude-3-5-sonnet-20241022"),
    )
    .unwrap();
    let file = file.display().to_string();
    let arguments = [
        "--json",
        "--as-of",
        "2024-12-01",
        "import",
        &file,
        "--incumbent",
        "gpt-4o-2024-08-06",
        "--margin",
        "0.05",
    ];
    let output = trilemma(folder.path(), &arguments).output().unwrap();
    let told = json(&output, &[0, 1, 3]);
    let imported = comparison(&told["decision"]);
    assert_eq!(imported, benchmarked);
    assert_eq!(imported.len(), SEVEN.len());
    let kinds: std::collections::BTreeSet<&String> = imported.values().collect();
    assert!(
        kinds.len() > 1,
        "a test in which all verdicts are alike shows little: {imported:?}"
    );
}

/// The table without the columns whose name ends in this.
fn without_column_group(table: &str, ending: &str) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(table.as_bytes());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut keep: Vec<bool> = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        if keep.is_empty() {
            keep = row.iter().map(|name| !name.ends_with(ending)).collect();
        }
        let kept = row
            .iter()
            .zip(&keep)
            .filter(|(_, keep)| **keep)
            .map(|(cell, _)| cell);
        writer.write_record(kept).unwrap();
    }
    writer.into_inner().unwrap()
}

/// 220 items on which two candidates are right together, alone, or not at all.
///
/// SciPy 1.17.1 and statsmodels 0.15.0: `proportions_ztest([175, 159], [220, 220])` gives p = 0.0745,
/// an interval of −0.7 to +15.2 points (Wald); `mcnemar([[150, 25], [9, 36]], exact=True)` gives
/// p = 0.0090. The same items tell what their sums do not.
#[test]
fn paired_answers_show_what_their_sums_hide() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = String::from("item,score_new,score_old\n");
    let mut idx = 0;
    for (n, new, old) in [(150, 1, 1), (25, 1, 0), (9, 0, 1), (36, 0, 0)] {
        for _ in 0..n {
            writeln!(table, "q{idx},{new},{old}").unwrap();
            idx += 1;
        }
    }
    let file = folder.path().join("paired.csv");
    std::fs::write(&file, table).unwrap();
    let file = file.display().to_string();
    let arguments = [
        "--json",
        "import",
        &file,
        "--incumbent",
        "old",
        "--margin",
        "0.05",
    ];
    let output = trilemma(folder.path(), &arguments).output().unwrap();
    let told = json(&output, &[0]);
    let gate = &told["decision"]["candidates"][0]["gates"][0];
    let difference = &gate["estimate"]["difference"];
    let close = |key: &str, value: f64| (difference[key].as_f64().unwrap() - value).abs() < 5e-4;
    assert!(close("value", 16.0 / 220.0), "{difference}");
    // The whole interval lies above 0: the new one is better, not only not worse.
    assert!(
        close("low", 0.0220) && close("high", 0.1274),
        "{difference}"
    );
    assert_eq!(gate["verdict"], "meets");
}

/// Two experiments of one model, a file each: names come once per file, in their order.
#[test]
fn exports_of_other_tools_are_named_once_per_file() {
    let folder = tempfile::tempdir().unwrap();
    let event = |experiment: &str, idx: u32, score: u32| {
        serde_json::json!({
            "id": format!("{experiment}-{idx}"), "experiment_id": experiment, "span_id": idx.to_string(),
            "root_span_id": idx.to_string(), "input": { "question": format!("{idx}?") }, "output": "a",
            "expected": "a", "scores": { "accuracy": score },
            "metrics": { "duration": 0.8, "prompt_tokens": 900, "completion_tokens": 120, "estimated_cost": 0.0002 },
            "metadata": { "model": "gpt-4o-mini-2024-07-18" },
        })
    };
    let put = |name: &str, weak: u32| {
        let events: Vec<Value> = (0..120)
            .map(|idx| event(name, idx, u32::from(idx % weak != 0)))
            .collect();
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, serde_json::json!({ "events": events }).to_string()).unwrap();
        path.display().to_string()
    };
    let (old, new) = (put("old", 3), put("new", 60));
    let shared = ["--as-of", "2026-11-01", "import", &old, &new];
    let names = [
        "--map",
        "braintrust",
        "--candidate",
        "old prompt",
        "--candidate",
        "new prompt",
    ];
    let wish = ["--incumbent", "old prompt"];
    let (verdict, told) = text(folder.path(), &[&shared[..], &names, &wish].concat(), 0);
    assert!(verdict.contains("Use `new prompt`"), "{verdict}");
    assert!(told.contains("read as an export of Braintrust"), "{told}");
    assert!(told.contains("2 candidates, 120 items"), "{told}");

    // What was imported is worth money: measured tokens, priced by the catalog.
    let figures = [
        "--as-of",
        "2026-11-01",
        "--json",
        "tco",
        "--queries-per-day",
        "10000",
    ];
    let tco: Value = json(&trilemma(folder.path(), &figures).output().unwrap(), &[0]);
    let names: Vec<&str> = tco["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["old prompt", "new prompt"], "{tco}");

    let other = tempfile::tempdir().unwrap();
    let three = ["--candidate", "a", "--candidate", "b", "--candidate", "c"];
    let (_, told) = text(other.path(), &[&shared[..], &three].concat(), 2);
    assert!(told.contains("3 names for 2 files"), "{told}");
    let (_, told) = text(
        other.path(),
        &[&shared[..], &["--map", "mlfow"]].concat(),
        2,
    );
    assert!(told.contains("mlflow, langfuse, braintrust"), "{told}");
}

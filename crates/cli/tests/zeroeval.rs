//! The whole path on recorded answers of twelve real models: every accuracy must be the published one.
//!
//! Source: WildEval/ZeroEval, commit 8c1485e (Apache-2.0), on the questions of GSM8K (MIT). The
//! scorer is configured with general steps; nothing in the program knows this data set.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on may panic, and says what it measured"
)]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use support::{Served, data_folder, json, serve, trilemma};
use trilemma_sim::{LogOptions, Scenario, SimOptions};

const SCORER: &str = r#"
[[scorers]]
type = "numeric"
tolerance = 0
extract = [{ step = "json_field", field = "answer", lenient = true }, "strip:$,", "fraction", "first_number"]
expected_extract = ["strip:$,", "first_number"]
"#;

fn published(data: &Path) -> Vec<(String, f64)> {
    let text = std::fs::read_to_string(data.join("zeroeval-gsm8k/published.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let rows = json["published"].as_object().unwrap();
    rows.iter()
        .map(|(name, value)| (name.clone(), value.as_f64().unwrap()))
        .collect()
}

/// List prices of 2024 by model; a model that is not listed has none.
fn prices(data: &Path) -> Vec<(String, String, String)> {
    let text = std::fs::read_to_string(data.join("routing/prices_2024_list.csv")).unwrap();
    let cells = |line: &str| {
        let mut cells = line.split(',').map(str::to_owned);
        Some((cells.next()?, cells.next()?, cells.next()?))
    };
    text.lines().skip(1).filter_map(cells).collect()
}

fn serve_recorded(data: &Path, models: &[(String, f64)]) -> Served {
    let folder = data.join("zeroeval-gsm8k");
    let scenario = Scenario {
        golden: Some(folder.join("golden.jsonl")),
        replay: models
            .iter()
            .map(|(name, _)| folder.join("responses").join(format!("{name}.jsonl")))
            .collect(),
        ..Scenario::default()
    };
    let mut options = SimOptions::load(scenario, &folder).unwrap();
    options.log = LogOptions {
        in_memory: false,
        ..LogOptions::default()
    };
    serve(options)
}

fn project(data: &Path, models: &[(String, f64)], url: &str, margin: f64) -> String {
    let golden = data.join("zeroeval-gsm8k/golden.jsonl");
    let mut text = format!(
        r#"
[task]
name = "gsm8k"
kind = "reasoning"
golden = {golden:?}
incumbent = "gpt-4o-2024-08-06"

[requirements]
not_worse_than = {{ candidate = "incumbent", margin = {margin} }}

[traffic]
queries_per_day = 10000

[providers.sim-openai]
dialect = "openai"
base_url = "{url}/v1"
api_key = {{ env = "SIM_KEY" }}

[providers.sim-anthropic]
dialect = "anthropic"
base_url = "{url}/v1"
api_key = {{ env = "SIM_KEY" }}

[providers.sim-gemini]
dialect = "gemini"
base_url = "{url}/v1beta"
api_key = {{ env = "SIM_KEY" }}
"#
    );
    text.push_str(SCORER);
    let prices = prices(data);
    for (idx, (name, _)) in models.iter().enumerate() {
        let provider = match name.split('-').next() {
            Some("claude") => "sim-anthropic",
            Some("gemini") => "sim-gemini",
            _ => "sim-openai",
        };
        write!(
            text,
            "\n[[candidates]]\nid = {name:?}\nmodel = \"{provider}/{name}\"\nstream = {}\nparams = {{ temperature = 0.0, max_output_tokens = 4096 }}\n",
            idx % 2 == 0
        )
        .unwrap();
        if let Some((_, input, output)) = prices.iter().find(|(model, _, _)| model == name) {
            writeln!(
                text,
                "price = {{ input = \"{input}\", output = \"{output}\" }}"
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn slow_all_twelve_accuracies_are_the_published_ones() {
    let Some(data) = data_folder() else { return };
    if !support::is_slow_run() {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
        return;
    }
    let models = published(&data);
    let served = serve_recorded(&data, &models);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trilemma.toml");
    for margin in [0.03, 0.05] {
        std::fs::write(&file, project(&data, &models, &served.url, margin)).unwrap();
        let arguments = ["--json", "--as-of", "2024-12-01", "select"];
        let output = trilemma(folder.path(), &arguments).output().unwrap();
        let result = json(&output, &[0, 1, 3]);
        let candidates = result["candidates"].as_array().unwrap();
        let is_single = |one: &&serde_json::Value| one["id"] != "routed-mix";
        assert_eq!(candidates.iter().filter(is_single).count(), models.len());
        println!("margin {margin}: {}", result["conclusion"]);
        for (name, expected) in &models {
            let found = candidates
                .iter()
                .find(|one| one["id"] == name.as_str())
                .unwrap();
            let rate = found["pass_rate"]["value"].as_f64().unwrap();
            let percent = (rate * 10_000.0).round() / 100.0;
            assert!(
                (percent - expected).abs() < 0.0101,
                "{name}: {percent} != {expected}"
            );
        }
    }
    assert_eq!(
        served.log.n_ended(),
        12 * 1_319,
        "the second selection called nobody"
    );
}

/// Three seeds of the race for requirements, and one of the race for the best, end to end: the calls that it claims are those in the simulator's log, and what it
/// recommends is admissible by all items.
#[test]
fn slow_raced_seeds_claim_the_calls_that_were_made() {
    let Some(data) = data_folder() else { return };
    if !support::is_slow_run() {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
        return;
    }
    let priced = prices(&data);
    let is_priced = |name: &str| priced.iter().any(|(model, _, _)| model == name);
    let mut models = published(&data);
    models.retain(|(name, _)| is_priced(name));
    let rate = |wanted: &str| {
        let found = models.iter().find(|(name, _)| name == wanted);
        found.unwrap().1
    };
    let margin = 0.05;
    let least = rate("gpt-4o-2024-08-06") - 100.0 * margin;
    for (mode, seed) in [("gates", 1), ("gates", 2), ("gates", 3), ("calibrated", 1)] {
        let served = serve_recorded(&data, &models);
        let folder = tempfile::tempdir().unwrap();
        let text = project(&data, &models, &served.url, margin);
        let text = format!("{text}\n[bench]\nseed = {seed}\n");
        std::fs::write(folder.path().join("trilemma.toml"), text).unwrap();
        let race = format!("--adaptive={mode}");
        let arguments = ["--json", "--as-of", "2024-12-01", "bench", &race];
        let output = trilemma(folder.path(), &arguments).output().unwrap();
        let summary = json(&output, &[0]);
        let race = &summary["race"];
        let completed: Vec<u64> = race["completed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|idx| idx.as_u64().unwrap())
            .collect();
        let asked = race["n_asked"].as_array().unwrap();
        let claimed: u64 = (0..)
            .zip(asked)
            .map(|(idx, n)| {
                if completed.contains(&idx) {
                    1_319
                } else {
                    n.as_u64().unwrap()
                }
            })
            .sum();
        let called = served.log.n_ended();
        assert_eq!(claimed, called, "{race}");
        assert_eq!(summary["n_attempts"], called);
        let all = 1_319 * models.len() as u64;
        assert!(called < all, "nothing was saved");
        let arguments = ["--json", "--as-of", "2024-12-01", "decide"];
        let decision = json(&trilemma(folder.path(), &arguments).output().unwrap(), &[0]);
        let id = decision["conclusion"]["decided"]["recommended_id"]
            .as_str()
            .unwrap();
        println!(
            "{mode}, seed {seed}: {called} of {all} calls ({:.1} %), {id}",
            100.0 * called as f64 / all as f64
        );
        assert!(rate(id) >= least, "{id} is inadmissible");
        assert_eq!(served.log.n_ended(), called, "deciding calls nobody");
    }
}

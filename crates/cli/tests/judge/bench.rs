//! A project with two candidates and a judge, all simulated, and what its runs leave behind.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use trilemma_sim::{
    Answers, Behaviour, LogOptions, Scenario, ScriptAnswer, ScriptRule, SimOptions,
};

use crate::support::{Served, serve, trilemma};

/// The judge, whose price the catalog knows.
pub(crate) const JUDGE: &str = "gpt-4o-2024-08-06";
/// Its price in nano-dollars per token, input and output (list price of 2024-10-02).
pub(crate) const PRICE: (i64, i64) = (2_500, 10_000);
/// The candidates.
pub(crate) const CANDIDATES: [&str; 2] = ["good", "poor"];

/// A reply to whatever contains a text.
pub(crate) fn rule(contains: &str, text: &str) -> ScriptRule {
    ScriptRule {
        contains: Some(contains.to_owned()),
        answers: vec![ScriptAnswer {
            text: text.to_owned(),
            ..ScriptAnswer::default()
        }],
        ..ScriptRule::default()
    }
}

/// A model that answers by rules.
pub(crate) fn scripted(rules: Vec<ScriptRule>) -> Behaviour {
    Behaviour {
        answers: Some(Answers::Script { rules }),
        ..Behaviour::default()
    }
}

/// What a candidate answers to an item.
pub(crate) fn answer(candidate: &str, idx: usize) -> String {
    format!("[{candidate} {idx}]")
}

/// A candidate that answers each item with its own name and the item's number.
pub(crate) fn candidate(name: &str, n_items: usize) -> Behaviour {
    let rules = (0..n_items).map(|idx| rule(&format!("[case {idx}]"), &answer(name, idx)));
    scripted(rules.collect())
}

/// A judge that gives a grade to every answer of a candidate.
pub(crate) fn grades(good: &str, poor: &str) -> Behaviour {
    let verdict = |grade: &str| format!("{{\"explanation\": \"seen\", \"score\": {grade}}}");
    scripted(vec![
        rule("[good ", &verdict(good)),
        rule("[poor ", &verdict(poor)),
    ])
}

/// Serves both candidates and judges under their names.
pub(crate) fn served(n_items: usize, judges: Vec<(&str, Behaviour)>) -> Served {
    let mut models: Vec<(String, Behaviour)> = CANDIDATES
        .into_iter()
        .map(|name| (name.to_owned(), candidate(name, n_items)))
        .collect();
    models.extend(
        judges
            .into_iter()
            .map(|(name, behaviour)| (name.to_owned(), behaviour)),
    );
    serve(SimOptions {
        scenario: Scenario {
            models: models.into_iter().collect(),
            ..Scenario::default()
        },
        log: LogOptions {
            chunk_stamps: false,
            ..LogOptions::default()
        },
        ..SimOptions::default()
    })
}

/// The options of a judge by rubric.
pub(crate) const BY_RUBRIC: &str = "model = \"openai/gpt-4o-2024-08-06\"\nrubric = \"Is it right?\"\nparams = { max_output_tokens = 200 }\n";

/// Writes golden set and project; `scorer` is the rest of the judge's table.
pub(crate) fn write(folder: &Path, url: &str, n_items: usize, scorer: &str) {
    let items = (0..n_items).map(|idx| {
        let item = json!({
            "id": format!("i{idx}"), "input": format!("question [case {idx}]"),
        });
        format!("{item}\n")
    });
    fs_err::write(folder.join("golden.jsonl"), items.collect::<String>()).unwrap();
    let mut project = format!(
        "[task]\nname = \"t\"\nkind = \"generation\"\ngolden = \"golden.jsonl\"\nincumbent = \"poor\"\n\
         [requirements]\npass_rate = {{ min = 0.5 }}\n\
         [bench]\nmax_attempts = 2\nconcurrency = 8\n\
         [providers.openai]\nbase_url = \"{url}/v1\"\napi_key = {{ env = \"SIM_KEY\" }}\n\
         [providers.sim]\ndialect = \"openai\"\nbase_url = \"{url}/v1\"\napi_key = {{ env = \"SIM_KEY\" }}\n\
         [[scorers]]\ntype = \"judge\"\n{scorer}"
    );
    for name in CANDIDATES {
        project.push_str(&format!(
            "[[candidates]]\nid = \"{name}\"\nmodel = \"sim/{name}\"\nprice = {{ input = \"1\", output = \"2\" }}\n"
        ));
    }
    fs_err::write(folder.join("trilemma.toml"), project).unwrap();
}

/// Replaces a part of the project.
pub(crate) fn edit(folder: &Path, from: &str, to: &str) {
    let path = folder.join("trilemma.toml");
    let text = fs_err::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    fs_err::write(path, text.replace(from, to)).unwrap();
}

/// Runs the program on a day on which prices are fresh.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["--as-of", "2024-12-01"];
    all.extend(arguments);
    trilemma(folder, &all).output().unwrap()
}

/// The same, printing JSON, with one of these exit codes.
pub(crate) fn value(folder: &Path, arguments: &[&str], exits: &[i32]) -> Value {
    let mut all = vec!["--json"];
    all.extend(arguments);
    crate::support::json(&run(folder, &all), exits)
}

/// Calls that a model has received.
pub(crate) fn n_calls(served: &Served, model: &str) -> usize {
    let records = served.log.records();
    records
        .iter()
        .filter(|call| call.model.as_ref() == model)
        .count()
}

/// The trials of the latest run as exported.
pub(crate) fn trials(folder: &Path) -> Vec<Value> {
    let output = run(folder, &["export"]);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["record"] == "trial")
        .collect()
}

/// The judgements of all trials.
pub(crate) fn judgements(trials: &[Value]) -> Vec<Value> {
    let all = trials
        .iter()
        .filter_map(|trial| trial["judgements"].as_array());
    all.flatten().cloned().collect()
}

/// The one score of a trial, or why there is none.
pub(crate) fn outcome(trial: &Value) -> Result<f64, String> {
    let outcome = &trial["scores"][0]["outcome"];
    if let Some(score) = outcome["scored"]["score"].as_f64() {
        return Ok(score);
    }
    let why = [
        &outcome["failed"]["reason"],
        &outcome["not_applicable"]["reason"],
    ];
    let why = why.into_iter().find_map(Value::as_str);
    Err(why.unwrap_or("no score").to_owned())
}

/// A trial's item.
pub(crate) fn item_idx(trial: &Value) -> usize {
    let idx = trial["trial"]["key"]["item_idx"].as_u64().unwrap();
    usize::try_from(idx).unwrap()
}

/// A trial's candidate.
pub(crate) fn candidate_idx(trial: &Value) -> usize {
    let idx = trial["trial"]["key"]["candidate_idx"].as_u64().unwrap();
    usize::try_from(idx).unwrap()
}

/// A sum of money in nano-dollars.
pub(crate) fn nano(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

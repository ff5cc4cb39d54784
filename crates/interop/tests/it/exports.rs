//! Exports of MLflow, Langfuse and Braintrust, told by their columns.
//!
//! MLflow's files were written by mlflow 3.17.2; those of Langfuse and Braintrust stand here in the
//! shape that their sources give (`results/exports`), because both are services.

use trilemma_domain::{Expected, Input, NanoUsd};
use trilemma_interop::{Export, Field, Gathered, Origin, ReadOptions};

use crate::{fixture, items, read, read_one, refusal, trials, written};

fn named(path: std::path::PathBuf, name: &str) -> (Gathered, Origin) {
    let options = ReadOptions {
        candidate: Some(name.to_owned()),
        ..ReadOptions::default()
    };
    let (gathered, mut origins) = read(&[path], &options).unwrap();
    (gathered, origins.remove(0))
}

const BRAINTRUST: &str = concat!(
    r#"{"events": [{"id": "e1", "experiment_id": "x1", "span_id": "s1", "root_span_id": "s1", "is_root": true, "input": {"question": "2+2?"}, "output": "4", "expected": "4", "error": null, "scores": {"Levenshtein": 1, "style": 0.5}, "metrics": {"start": 1.0, "end": 9.0, "duration": 0.75, "prompt_tokens": 20, "prompt_cached_tokens": 8, "completion_tokens": 3, "estimated_cost": 0.0000125}, "metadata": {"model": "gpt-4o-mini"}, "tags": ["math"]},"#,
    r#"{"id": "e2", "experiment_id": "x1", "span_id": "s2", "root_span_id": "s1", "is_root": false, "input": "2+2?", "output": "4", "scores": null, "metrics": {"prompt_tokens": 20}},"#,
    r#"{"id": "e3", "experiment_id": "x1", "span_id": "s3", "root_span_id": "s3", "is_root": true, "input": {"question": "3+3?"}, "output": null, "expected": "6", "error": "TimeoutError", "scores": {}, "metrics": {"start": 1.0, "end": 2.0}, "metadata": {"model": "gpt-4o-mini"}},"#,
    r#"{"id": "e4", "experiment_id": "x2", "span_id": "s4", "root_span_id": "s4", "is_root": true, "input": {"question": "2+2?"}, "output": "5", "expected": "4", "error": null, "scores": {"Levenshtein": 0, "style": null}, "metadata": {"model": "gpt-4o-mini"}}], "cursor": null}"#,
);

#[test]
fn braintrust_experiments_pair_by_input_and_go_by_experiment() {
    let (_folder, path) = written("fetch.json", BRAINTRUST);
    let (mut gathered, origin) = read_one(&path);
    assert_eq!(gathered.n_problems, 0, "{:?}", gathered.problems);
    assert!(origin.notes[0].contains("Braintrust; 1 rows are steps"));
    let names: Vec<_> = gathered
        .candidates
        .iter()
        .map(|one| (one.name.as_str(), one.model.as_deref()))
        .collect();
    let model = Some("gpt-4o-mini");
    assert_eq!(names, [("gpt-4o-mini", model), ("gpt-4o-mini / x2", model)]);
    assert_eq!((gathered.n_items, gathered.repeats), (2, 1));
    assert_eq!(gathered.scorers, ["Levenshtein", "style"]);
    let items = items(&mut gathered);
    assert_eq!(items[0].body.input, Some(Input::Text("2+2?".to_owned())));
    assert_eq!(items[0].body.tags, ["math"]);
    let trials = trials(&mut gathered);
    let usage = trials[0].usage.unwrap();
    assert_eq!((usage.input_total(), usage.cache_read), (20, Some(8)));
    assert_eq!(trials[0].cost, Some(NanoUsd(12_500)));
    assert_eq!(trials[0].latency.unwrap().as_millis(), 750);
    // The second row has an error and no score; its root's times are no latency.
    assert_eq!(trials[1].failed.as_deref(), Some("TimeoutError"));
    assert_eq!((trials[1].usage, trials[1].latency), (None, None));
    assert_eq!(gathered.unpaired[0].candidate, "gpt-4o-mini / x2");
}

#[test]
fn names_of_the_user_go_before_those_of_the_tool() {
    let (_folder, path) = written("fetch.json", BRAINTRUST);
    let (gathered, _) = named(path, "mine");
    assert_eq!(gathered.candidates.len(), 1);
    assert_eq!(gathered.candidates[0].name, "mine");
    assert_eq!(gathered.candidates[0].model.as_deref(), Some("gpt-4o-mini"));
    // Of several scores one can be picked, and a flattened table says the same.
    let flat = "input,output,scores.a,scores.b,metrics.prompt_tokens,metrics.completion_tokens\nq,x,1,0,5,2\n";
    let (_folder, path) = written("flat.csv", flat);
    let options = ReadOptions {
        export: Some(Export::Braintrust),
        columns: vec![(Field::Score, "scores.b".to_owned())],
        candidate: Some("m".to_owned()),
        ..ReadOptions::default()
    };
    let (mut gathered, _) = read(&[path], &options).unwrap();
    assert_eq!(gathered.tallies[0].n_passed, 0);
    assert_eq!(trials(&mut gathered)[0].usage.unwrap().input_total(), 5);
}

/// A trace as Langfuse exports it in JSON.
fn trace(idx: u32, run: &str, output: &str, accuracy: &str, level: &str) -> String {
    format!(
        r#"{{"id": "t{run}{idx}", "timestamp": "2026-11-20T10:00:00Z", "name": "experiment-item-run", "userId": null, "sessionId": null, "release": null, "version": null, "environment": "sdk-experiment", "tags": ["easy"], "bookmarked": false, "public": false, "input": "capital of {idx}?", "output": {output}, "metadata": {{"experiment_name": "geo", "experiment_run_name": "{run}", "dataset_id": "d", "dataset_item_id": "i{idx}"}}, "latency": 1.25, "usage": {{"promptTokens": 12, "completionTokens": 0, "totalTokens": 12}}, "inputCost": null, "outputCost": null, "totalCost": 0.0004, "level": "{level}", "errorCount": 0, "warningCount": 0, "defaultCount": 1, "debugCount": 0, "observationCount": 2, "inputTokens": 12, "outputTokens": 3, "totalTokens": 15, "accuracy": {accuracy}, "tone": ["polite"], "comments": []}}"#
    )
}

#[test]
fn langfuse_traces_pair_by_dataset_item() {
    let rows = [
        trace(1, "run-a", r#""Paris""#, "[1, 0]", "DEFAULT"),
        trace(2, "run-a", "null", "null", "ERROR"),
        trace(1, "run-b", r#""Paris""#, "[1]", "ERROR"),
        trace(2, "run-b", r#""Rome""#, "[0]", "DEFAULT")
            .replace(": 12,", ": 0,")
            .replace("\"outputTokens\": 3", "\"outputTokens\": 0")
            .replace("0.0004", "0"),
    ];
    let (_folder, path) = written("traces.json", format!("[{}]", rows.join(",")));
    let (mut gathered, origin) = read_one(&path);
    assert_eq!(gathered.n_problems, 0, "{:?}", gathered.problems);
    assert_eq!(origin.notes, ["read as an export of Langfuse"]);
    let names: Vec<_> = gathered
        .candidates
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["run-a", "run-b"]);
    assert_eq!(gathered.scorers, ["accuracy", "tone"]);
    assert_eq!(items(&mut gathered)[0].id, "i1");
    let trials = trials(&mut gathered);
    // Two values of one name count with their mean.
    assert_eq!(trials[0].scores[0].value, Ok(0.5));
    assert_eq!(trials[0].usage.unwrap().output, 3);
    assert_eq!(trials[0].cost, Some(NanoUsd(400_000)));
    assert_eq!(trials[0].latency.unwrap().as_millis(), 1_250);
    assert_eq!(
        trials[1].failed.as_deref(),
        Some("the trace ended in an error")
    );
    // A step that failed and was tried again does not undo the answer.
    assert_eq!(
        (
            trials[2].failed.is_none(),
            trials[2].scores[0].value.clone()
        ),
        (true, Ok(1.0))
    );
    assert_eq!((trials[3].usage, trials[3].cost), (None, None));
}

#[test]
fn langfuse_csv_holds_json_texts() {
    let csv = concat!(
        "\"id\",\"name\",\"bookmarked\",\"input\",\"output\",\"metadata\",\"latency\",\"observationCount\",\"inputTokens\",\"outputTokens\",\"level\",\"accuracy\"\n",
        "\"\"\"t1\"\"\",\"\"\"x\"\"\",\"false\",\"{\"\"q\"\":\"\"a?\"\"}\",\"\"\"yes\"\"\",\"{\"\"dataset_item_id\"\":\"\"i1\"\"}\",\"0.5\",\"1\",\"7\",\"2\",\"\"\"DEFAULT\"\"\",\"[1]\"\n",
    );
    let (_folder, path) = written("traces.csv", csv);
    let (mut gathered, _) = named(path, "m");
    assert_eq!(gathered.n_problems, 0, "{:?}", gathered.problems);
    let item = &items(&mut gathered)[0];
    assert_eq!(item.id, "i1");
    assert_eq!(item.body.input, Some(Input::Text("a?".to_owned())));
    let trial = &trials(&mut gathered)[0];
    assert_eq!(trial.output.as_deref(), Some("yes"));
    assert_eq!(trial.scores[0].value, Ok(1.0));
}

#[test]
fn langfuse_observations_keep_roots_and_what_was_scored() {
    let row = |id: &str, parent: &str, score: &str| {
        format!(
            r#"{{"id": "{id}", "traceId": "t", "type": "SPAN", "name": "n", "level": "DEFAULT", "providedModelName": "gpt-4o", "modelParameters": null, "usageDetails": {{"input": 10, "input_cached_tokens": 4, "output": 6, "total": 20}}, "totalCost": 0.01, "input": "q-{id}", "output": "a", "metadata": {{}}, "latencyMs": 900, "timeToFirstTokenMs": 120, "tags": [], "parentObservationId": {parent}, "quality": {score}}}"#
        )
    };
    let rows = [
        row("1", "null", "[1]"),
        row("2", "\"1\"", "null"),
        row("3", "\"1\"", "[0]"),
    ];
    let (_folder, path) = written("observations.jsonl", rows.join("\n"));
    let (mut gathered, origin) = named(path, "m");
    assert_eq!(gathered.n_trials(), 2);
    assert!(
        origin.notes[0].contains("1 rows are steps"),
        "{:?}",
        origin.notes
    );
    assert_eq!(gathered.candidates[0].model.as_deref(), Some("gpt-4o"));
    let trial = &trials(&mut gathered)[0];
    let usage = trial.usage.unwrap();
    assert_eq!(
        (usage.input_total(), usage.cache_read, usage.output),
        (14, Some(4), 6)
    );
    assert_eq!(trial.ttft.unwrap().as_millis(), 120);
    assert_eq!(trial.latency.unwrap().as_millis(), 900);
}

#[test]
fn exports_without_a_name_ask_for_one() {
    let (_folder, path) = written(
        "t.jsonl",
        r#"{"trace_id": "t", "trace_metadata": {}, "request": "q", "response": "a", "assessments": []}"#,
    );
    let words = match read(&[path], &ReadOptions::default()) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    assert!(words.contains("no column names the candidate"), "{words}");
    assert!(words.contains("--candidate NAME"), "{words}");
    let steps = r#"{"span_id": "a", "root_span_id": "b", "input": "q"}"#;
    assert!(refusal("s.jsonl", steps).contains("all of its 1 rows are steps"));
}

#[test]
fn mlflow_results_have_the_means_of_their_runs() {
    let files = ["mlflow-strong.jsonl", "mlflow-weak.jsonl"].map(fixture);
    let (mut gathered, origins) = read(&files, &ReadOptions::default()).unwrap();
    assert_eq!(gathered.n_problems, 0, "{:?}", gathered.problems);
    assert_eq!(origins[0].notes, ["read as an export of MLflow"]);
    assert_eq!((gathered.n_items, gathered.repeats), (5, 1));
    assert!(gathered.unpaired.is_empty());
    // Its runs have ids for names, and scores come by the alphabet.
    assert_eq!(gathered.candidates.len(), 2);
    assert_eq!(gathered.scorers, ["closeness", "exact"]);
    let items = items(&mut gathered);
    assert_eq!(items[0].body.input, Some(Input::Text("apple".to_owned())));
    assert_eq!(
        items[0].body.expected,
        Some(Expected::Text("elppa".to_owned()))
    );
    let trials = trials(&mut gathered);
    let means = |candidate: u32| {
        let sum = |scorer: usize| -> f64 {
            let own = trials.iter().filter(|trial| trial.candidate == candidate);
            own.filter_map(|trial| Some(trial.scores.get(scorer)?.value.clone().unwrap()))
                .sum()
        };
        (sum(0) / 5.0, sum(1) / 5.0)
    };
    // `closeness/mean` and `exact/mean` of MLflow, which counts the answer that failed as 0.
    assert_eq!(means(0), (1.0, 1.0));
    let (closeness, exact) = means(1);
    assert!(
        (closeness - 0.56).abs() < 1e-12 && (exact - 0.4).abs() < 1e-12,
        "{closeness} {exact}"
    );
    let failed: Vec<_> = trials
        .iter()
        .filter(|trial| trial.failed.is_some())
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].scores.is_empty());
    assert!(trials.iter().all(|trial| trial.latency.is_some()));
    assert!(
        trials
            .iter()
            .all(|trial| trial.usage.unwrap().input_total() == 12)
    );
}

#[test]
fn mlflow_csv_holds_texts_of_python_and_needs_a_name() {
    let (mut gathered, _) = named(fixture("mlflow-weak.csv"), "weak");
    assert_eq!(gathered.n_problems, 0, "{:?}", gathered.problems);
    assert_eq!((gathered.n_trials(), gathered.n_items), (5, 5));
    // The expectation's column reads as no score.
    assert_eq!(gathered.scorers, ["closeness", "exact"]);
    assert_eq!(gathered.tallies[0].n_failed, 1);
    let trials = trials(&mut gathered);
    assert_eq!(trials[0].scores[1].value, Ok(1.0));
    assert_eq!(trials[0].output.as_deref(), Some("elppa"));
    // Tokens stand in a text of Python there: unknown.
    assert!(trials.iter().all(|trial| trial.usage.is_none()));
}

/// The shape of `eval_results_table.json`, which `mlflow.evaluate` of MLflow 2 writes.
#[test]
fn mlflow_tables_split_into_columns_and_data_are_read() {
    let table = r#"{"columns": ["inputs", "ground_truth", "outputs", "latency", "exact_match/v1/score", "toxicity/v1/score"], "data": [["2+2?", "4", "4", 0.5, 1, 0.01], ["3+3?", "6", "7", 0.7, 0, 0.02], ["short", "row"]]}"#;
    let (_folder, path) = written("eval_results_table.json", table);
    let (mut gathered, _) = named(path, "m");
    assert_eq!(gathered.scorers, ["exact_match", "toxicity"]);
    assert_eq!((gathered.n_trials(), gathered.n_problems), (2, 1));
    assert!(
        gathered.problems[0]
            .to_string()
            .contains("2 values for 6 columns"),
        "{:?}",
        gathered.problems
    );
    let item = &items(&mut gathered)[0];
    assert_eq!(item.body.expected, Some(Expected::Text("4".to_owned())));
    assert_eq!(trials(&mut gathered)[1].latency.unwrap().as_millis(), 700);
}

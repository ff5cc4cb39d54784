//! lm-evaluation-harness samples and OpenAI Evals rows, in the shapes that their sources document.

use trilemma_domain::{Expected, Input};
use trilemma_interop::{ReadOptions, Tool};

use crate::{items, read, read_one, refusal, trials, written};

const SAMPLES: &str = concat!(
    r#"{"doc_id": 0, "doc": {"question": "2+2?"}, "target": "4", "arguments": {"gen_args_0": {"arg_0": "Q: 2+2?"}}, "resps": [["It is 4"]], "filtered_resps": ["4"], "filter": "strict", "metrics": ["exact_match"], "exact_match": 1.0, "doc_hash": "h0"}"#,
    "\n",
    r#"{"doc_id": 0, "doc": {"question": "2+2?"}, "target": "4", "resps": [["It is 4"]], "filter": "flexible", "metrics": ["exact_match"], "exact_match": 0.0, "doc_hash": "h0"}"#,
    "\n",
    r#"{"doc_id": 1, "doc": {"question": "3+3?"}, "target": "6", "resps": [["7"]], "filter": "strict", "metrics": ["exact_match"], "exact_match": 0.0, "doc_hash": "h1"}"#,
    "\n",
);

#[test]
fn lm_eval_samples_take_the_model_from_the_file_beside_them() {
    let (folder, path) = written("samples_gsm8k_2026-11-01T10-00-00.jsonl", SAMPLES);
    let results = r#"{"model_name": "vendor/model-a", "lm_eval_version": "0.4.13"}"#;
    std::fs::write(
        folder.path().join("results_2026-11-01T10-00-00.json"),
        results,
    )
    .unwrap();
    let (mut gathered, origin) = read_one(&path);
    assert_eq!(origin.tool, Tool::LmEval);
    assert_eq!(origin.version.as_deref(), Some("0.4.13"));
    assert_eq!(gathered.candidates[0].name, "vendor/model-a");
    // The second filter of a document is no second trial.
    assert_eq!(
        (
            gathered.n_trials(),
            gathered.n_items,
            gathered.tallies[0].n_passed
        ),
        (2, 2, 1)
    );
    assert!(
        origin.notes[0].contains("`flexible` are left out"),
        "{:?}",
        origin.notes
    );
    let items = items(&mut gathered);
    assert_eq!(items[0].id, "gsm8k/0");
    assert_eq!(items[0].body.input, Some(Input::Text("Q: 2+2?".to_owned())));
    assert_eq!(items[1].body.expected, Some(Expected::Text("6".to_owned())));
    assert_eq!(trials(&mut gathered)[0].output.as_deref(), Some("It is 4"));
}

#[test]
fn lm_eval_samples_without_a_model_ask_for_one() {
    let words = refusal("samples_gsm8k_x.jsonl", SAMPLES);
    assert!(
        words.contains("do not name the model") && words.contains("--candidate"),
        "{words}"
    );
    let (_folder, path) = written("samples_gsm8k_x.jsonl", SAMPLES);
    let options = ReadOptions {
        candidate: Some("mine".to_owned()),
        ..ReadOptions::default()
    };
    let (gathered, _) = read(&[path], &options).unwrap();
    assert_eq!(gathered.candidates[0].name, "mine");
}

#[test]
fn hosted_openai_rows_pair_by_content_over_runs() {
    let row = |run: &str, model: &str, idx: u32, passes: bool| {
        serde_json::json!({
            "run_id": run, "data_source_idx": idx,
            "item": { "question": format!("q{idx}"), "answer": "a" },
            "sample": { "model": model, "output_text": "text",
                        "usage": { "prompt_tokens": 12, "completion_tokens": 3 } },
            "grades": { "similar": 0.4 }, "passes": { "similar": passes },
        })
        .to_string()
    };
    let lines = [
        row("r1", "gpt-a", 0, true),
        row("r1", "gpt-a", 1, false),
        row("r2", "gpt-a", 1, true),
        row("r2", "gpt-a", 0, true),
        r#"{"run_id": "r2", "data_source_idx": 2, "item": {"question": "q2"}, "sample": {"model": "gpt-a", "error": {"message": "rate limit"}}}"#.to_owned(),
    ];
    let (_folder, path) = written("rows.jsonl", lines.join("\n"));
    let (mut gathered, origin) = read_one(&path);
    assert_eq!(origin.tool, Tool::OpenaiEvals);
    let names: Vec<_> = gathered
        .candidates
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["gpt-a", "gpt-a / r2"]);
    assert_eq!(gathered.n_items, 3);
    assert_eq!(
        (gathered.tallies[0].n_passed, gathered.tallies[1].n_passed),
        (1, 2)
    );
    assert_eq!(gathered.tallies[1].n_failed, 1);
    assert_eq!(gathered.scorers, ["pass", "similar"]);
    let first = &trials(&mut gathered)[0];
    assert_eq!(first.usage.unwrap().input_total(), 12);
    assert_eq!(first.output.as_deref(), Some("text"));
}

#[test]
fn event_logs_of_openai_evals_have_the_accuracy_of_their_report() {
    let lines = [
        r#"{"spec": {"completion_fns": ["gpt-b"], "eval_name": "e"}}"#,
        r#"{"run_id": "x", "event_id": 0, "sample_id": "s.0", "type": "sampling", "data": {"prompt": [{"role": "user", "content": "2+2?"}], "sampled": ["4"]}}"#,
        r#"{"run_id": "x", "event_id": 1, "sample_id": "s.0", "type": "match", "data": {"correct": true, "expected": "4", "picked": "4"}}"#,
        r#"{"run_id": "x", "event_id": 2, "sample_id": "s.1", "type": "match", "data": {"correct": false, "expected": "5"}}"#,
        r#"{"final_report": {"accuracy": 0.5}}"#,
    ];
    let (_folder, path) = written("log.jsonl", lines.join("\n"));
    let (mut gathered, origin) = read_one(&path);
    assert_eq!(gathered.candidates[0].name, "gpt-b");
    let checks = gathered.check(&origin);
    assert!(checks.len() == 1 && checks[0].holds, "{checks:?}");
    let items = items(&mut gathered);
    assert!(matches!(items[0].body.input, Some(Input::Messages(_))));
    assert_eq!(items[0].body.expected, Some(Expected::Text("4".to_owned())));
    assert_eq!(trials(&mut gathered)[0].output.as_deref(), Some("4"));
}

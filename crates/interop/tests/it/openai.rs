//! What the API of OpenAI's hosted evals answers, in the shape of its reference and of openai-python.

use serde_json::{Value, json};
use trilemma_domain::{Expected, Input};
use trilemma_interop::{ReadOptions, Tool};

use crate::{items, problems, read, read_one, trials, written};

/// An output item as `GET /v1/evals/{id}/runs/{id}/output_items` gives it.
fn item(run: &str, model: &str, idx: u32, passed: [bool; 2]) -> Value {
    let grader = |name: &str, passed: bool| {
        json!({
            "name": format!("{name}-a2486074-d803-4445-b431-ad2262e85d47"), "type": "string_check",
            "sample": null, "passed": passed, "score": if passed { 1.0 } else { 0.0 },
        })
    };
    json!({
        "object": "eval.run.output_item", "id": format!("outputitem_{run}_{idx}"),
        "created_at": 1_743_092_076, "run_id": run, "eval_id": "eval_1", "status": "pass",
        "datasource_item_id": idx,
        "datasource_item": { "headline": format!("headline {idx}"), "ground_truth": "Technology" },
        "results": [grader("label", passed[0]), grader("tone", passed[1])],
        "sample": {
            "input": [
                { "role": "developer", "content": "Classify.", "tool_call_id": null, "tool_calls": null },
                { "role": "user", "content": format!("headline {idx}") },
            ],
            "output": [{ "role": "assistant", "content": "Technology" }],
            "finish_reason": "stop", "model": model, "error": null, "temperature": 1.0, "top_p": 1.0,
            "max_completion_tokens": 2048, "seed": 42,
            "usage": { "total_tokens": 35, "completion_tokens": 2, "prompt_tokens": 33, "cached_tokens": 30 },
        },
    })
}

fn page(rows: &[Value], has_more: bool) -> String {
    let page = json!({
        "object": "list", "data": rows, "first_id": "a", "last_id": "b", "has_more": has_more,
    });
    // The API's answers are indented.
    serde_json::to_string_pretty(&page).unwrap()
}

fn run(id: &str, passed: u32, failed: u32, errored: u32) -> String {
    let run = json!({
        "object": "eval.run", "id": id, "eval_id": "eval_1", "status": "completed", "model": "gpt-a",
        "name": "nightly", "created_at": 1_743_092_069, "report_url": "https://example.invalid",
        "result_counts": { "total": passed + failed + errored, "errored": errored, "failed": failed, "passed": passed },
        "per_model_usage": [], "per_testing_criteria_results": [], "data_source": {}, "error": null,
    });
    serde_json::to_string_pretty(&run).unwrap()
}

#[test]
fn pages_of_output_items_have_the_counts_of_their_run() {
    let (folder, first) = written(
        "page-1.json",
        page(
            &[
                item("r1", "gpt-a", 0, [true, true]),
                item("r1", "gpt-a", 1, [true, false]),
            ],
            true,
        ),
    );
    let mut failed = item("r1", "gpt-a", 2, [false, false]);
    failed["sample"]["error"] = json!({ "code": "rate_limit_exceeded", "message": "too fast" });
    failed["sample"]["output"] = json!([]);
    failed["results"] = json!([]);
    let other = [
        failed,
        item("r2", "gpt-a", 0, [false, true]),
        item("r2", "gpt-a", 1, [true, true]),
        item("r2", "gpt-a", 2, [true, true]),
    ];
    let put = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let files = [
        first,
        put("page-2.json", page(&other, false)),
        put("run-1.json", run("r1", 1, 1, 1)),
        put("run-2.json", run("r2", 2, 1, 0)),
    ];
    let (mut gathered, origins) = read(&files, &ReadOptions::default()).unwrap();
    assert_eq!(gathered.n_problems, 0, "{:?}", gathered.problems);
    assert!(
        origins
            .iter()
            .all(|origin| origin.tool == Tool::OpenaiEvals)
    );
    assert!(
        origins[0].notes[0].contains("has_more"),
        "{:?}",
        origins[0].notes
    );
    assert!(origins[1].notes.is_empty());
    let names: Vec<_> = gathered
        .candidates
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["gpt-a", "gpt-a / r2"]);
    assert_eq!((gathered.n_items, gathered.repeats), (3, 1));
    assert_eq!(gathered.scorers, ["pass", "label", "tone"]);
    for origin in &origins[2..] {
        let checks = gathered.check(origin);
        assert!(checks.len() == 1 && checks[0].holds, "{checks:?}");
    }
    let items = items(&mut gathered);
    assert!(matches!(&items[0].body.input, Some(Input::Messages(messages)) if messages.len() == 2));
    assert_eq!(
        items[0].body.expected,
        Some(Expected::Text("Technology".to_owned()))
    );
    let trials = trials(&mut gathered);
    let usage = trials[0].usage.unwrap();
    assert_eq!((usage.input_total(), usage.cache_read), (33, Some(30)));
    assert_eq!(trials[0].output.as_deref(), Some("Technology"));
    assert_eq!(trials[2].failed.as_deref(), Some("too fast"));
}

#[test]
fn a_count_that_differs_from_the_rows_is_told() {
    let (folder, path) = written(
        "page.json",
        page(&[item("r1", "m", 0, [true, true])], false),
    );
    let run_file = folder.path().join("run.json");
    std::fs::write(&run_file, run("r1", 2, 0, 0)).unwrap();
    let (gathered, origins) = read(&[run_file, path], &ReadOptions::default()).unwrap();
    let checks = gathered.check(&origins[0]);
    assert!(checks.len() == 1 && !checks[0].holds, "{checks:?}");
}

#[test]
fn output_items_a_line_each_say_the_same_as_pages() {
    let rows = [
        item("r1", "m", 0, [true, true]),
        item("r1", "m", 1, [false, true]),
    ];
    let (_pages, page_file) = written("page.json", page(&rows, false));
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let (_lines, line_file) = written("rows.jsonl", lines.join("\n"));
    let (_one, one_file) = written("one.json", serde_json::to_string_pretty(&rows[0]).unwrap());
    let (mut paged, _) = read_one(&page_file);
    let (mut lined, _) = read_one(&line_file);
    assert_eq!(items(&mut paged), items(&mut lined));
    assert_eq!(trials(&mut paged), trials(&mut lined));
    assert_eq!(read_one(&one_file).0.n_trials(), 1);
}

#[test]
fn damaged_output_items_are_told_and_the_others_kept() {
    let mut broken = item("r1", "m", 1, [true, true]);
    broken.as_object_mut().unwrap().remove("datasource_item");
    let rows = [item("r1", "m", 0, [true, true]), broken];
    let words = problems("page.json", page(&rows, false));
    assert!(words.contains("`datasource_item`: is missing"), "{words}");
    let text = page(&rows[..1], false);
    let words = crate::refusal("page.json", &text[..text.len() - 40]);
    assert!(words.contains("ends too early"), "{words}");
}

//! `init --from`: another tool's configuration becomes a project that `check` takes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod desk;

use std::path::Path;
use std::process::{Command, Output};

use desk::{TODAY, assert_fits, run, stderr, stdout, toml_value, value};
use serde_json::json;

const CONFIG: &str = r#"
description: Support
providers:
  - openai:gpt-4o-mini-2024-07-18
  - id: anthropic:messages:claude-sonnet-4-5-20250929
    config: {temperature: 0.2, max_tokens: 300}
  - id: https://rag.example/v1/ask
    label: rag
    config: {body: {question: "{{prompt}}", k: 3}, transformResponse: json.answer}
  - nobody:model
prompts:
  - "Answer: {{question}}"
  - '[{"role":"user","content":"Short! {{question}}"}]'
defaultTest:
  options: {provider: openai:gpt-4.1-2025-04-14}
tests:
  - vars: {question: Where is my order?}
    assert: [{type: contains, value: order}, {type: llm-rubric, value: 'is "polite"'}]
  - vars: {question: 'Quotes " and \ and {braces}'}
    assert: [{type: not-contains, value: sorry}, {type: python, value: "len(output) < 9"}]
"#;

fn with_keys(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trilemma"))
        .current_dir(folder)
        .env_clear()
        .env("OPENAI_API_KEY", "sk-openai-0123456789")
        .env("ANTHROPIC_API_KEY", "sk-anthropic-0123456789")
        .args(arguments)
        .args(["--as-of", TODAY])
        .output()
        .unwrap()
}

#[test]
fn a_promptfoo_configuration_becomes_a_project() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs_err::write(folder.join("promptfooconfig.yaml"), CONFIG).unwrap();
    let told = run(folder, &["init", "--from", "promptfooconfig.yaml"]);
    let files = stdout(&told, 0);
    assert_eq!(
        files.lines().collect::<Vec<_>>(),
        [
            "checks.json",
            "golden.jsonl",
            "prompt-2.md",
            "prompt.md",
            "trilemma.toml"
        ]
    );
    let said = stderr(&told, 0);
    assert!(
        said.contains("2 items, 2 of them with checks of their own"),
        "{said}"
    );
    assert!(said.contains("assertion python"), "{said}");
    assert!(said.contains("no address of `nobody` is known"), "{said}");
    assert!(said.contains("ANTHROPIC_API_KEY, OPENAI_API_KEY"), "{said}");
    assert!(said.contains("trilemma check"), "{said}");
    let project = toml_value(&folder.join("trilemma.toml"));
    assert_fits("project", &project);
    assert_eq!(project["task"]["pass_threshold"], 1.0);
    let ids: Vec<&str> = project["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids,
        [
            "gpt-4o-mini-2024-07-18@prompt",
            "gpt-4o-mini-2024-07-18@prompt-2",
            "claude-sonnet-4-5-20250929@prompt",
            "claude-sonnet-4-5-20250929@prompt-2",
            "rag@prompt",
            "rag@prompt-2",
        ]
    );
    for line in fs_err::read_to_string(folder.join("golden.jsonl"))
        .unwrap()
        .lines()
    {
        assert_fits("golden-item", &serde_json::from_str(line).unwrap());
    }
    let checked = stdout(&with_keys(folder, &["check"]), 0);
    assert!(checked.contains("2 items"), "{checked}");
    // Nothing is written over.
    let again = stderr(&run(folder, &["init", "--from", "promptfooconfig.yaml"]), 2);
    assert!(again.contains("--force"), "{again}");
}

#[test]
fn the_summary_lists_what_was_not_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("c.yaml"), CONFIG).unwrap();
    let summary = value(
        &run(
            folder.path(),
            &["init", "new", "--from", "c.yaml", "--json"],
        ),
        0,
    );
    assert_eq!(summary["n_items"], 2);
    assert_eq!(summary["tools"], json!(["promptfoo"]));
    let whats: Vec<&str> = summary["not_taken_over"]
        .as_array()
        .unwrap()
        .iter()
        .map(|loss| loss["what"].as_str().unwrap())
        .collect();
    assert_eq!(whats, ["assertion python", "candidate model"]);
    let text = fs_err::read_to_string(folder.path().join("new/trilemma.toml")).unwrap();
    assert!(text.contains("# - assertion python"), "{text}");
}

#[test]
fn test_sets_and_models_of_two_tools_become_one_project() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows = "{\"user_input\": \"Capital of France?\", \"reference\": \"Paris\"}\n\
        {\"user_input\": \"Capital of Spain?\", \"reference\": \"Madrid\"}\n";
    fs_err::write(folder.join("ragas.jsonl"), rows).unwrap();
    let models = "model_list:\n  - model_name: mini\n    litellm_params: {model: openai/gpt-4o-mini-2024-07-18}\n\
        \u{20} - model_name: own\n    litellm_params: {model: openai/llama, api_base: http://gpu.example/v1}\n";
    fs_err::write(folder.join("litellm.yaml"), models).unwrap();
    stdout(
        &run(
            folder,
            &["init", "--from", "ragas.jsonl", "--from", "litellm.yaml"],
        ),
        0,
    );
    stdout(&with_keys(folder, &["check"]), 0);
    // A server that speaks like OpenAI does not take OpenAI's place.
    let project = toml_value(&folder.join("trilemma.toml"));
    assert_eq!(
        project["providers"]["gpu-example"]["base_url"],
        "http://gpu.example/v1"
    );
    assert_eq!(
        project["candidates"][0]["model"],
        "openai/gpt-4o-mini-2024-07-18"
    );
    assert_eq!(project["candidates"][1]["model"], "gpu-example/llama");
}

#[test]
fn results_and_nonsense_are_sent_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let check = |text: &str, part: &str| {
        fs_err::write(folder.join("f.json"), text).unwrap();
        let told = stderr(&run(folder, &["init", "--from", "f.json"]), 2);
        assert!(told.contains(part), "{told}");
        assert!(!folder.join("trilemma.toml").exists());
    };
    check(
        "{\"evalId\": \"e\", \"results\": {}}",
        "trilemma import f.json",
    );
    check("[1]", "no configuration");
    let told = stderr(&run(folder, &["init", "--from", "nowhere.yaml"]), 2);
    assert!(told.contains("nowhere.yaml"), "{told}");
}

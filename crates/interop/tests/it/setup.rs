//! Configurations and test sets of other tools become the parts of a project.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use trilemma_domain::{Expected, Input, ScoredOutcome, ScorerSpec};
use trilemma_interop::{Draft, DraftCall, SetupTool, read_setup};
use trilemma_score::{Answer, build};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// Reads files that are written for it.
fn setup(files: &[(&str, &str)]) -> Result<Draft, String> {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, text)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    read_setup(&paths).map_err(|error| error.to_string())
}

fn lost(draft: &Draft) -> String {
    let lines: Vec<String> = draft
        .unmapped
        .iter()
        .map(|loss| format!("{} ×{}: {}", loss.what, loss.n, loss.why))
        .collect();
    lines.join("\n")
}

/// What our checks say of an answer to an item.
fn passes(draft: &Draft, idx: usize, answer: &str) -> Option<bool> {
    let scorer = build(&ScorerSpec {
        kind: "checks".to_owned(),
        label: "checks".to_owned(),
        weight: 1.0,
        options: Map::from_iter([("checks".to_owned(), Value::Object(draft.checks.clone()))]),
    })
    .unwrap();
    let item = draft.items.get(idx).unwrap();
    match scorer.score(item, &Answer::text(answer)) {
        ScoredOutcome::Scored { score, .. } => Some(score.value() > 0.5),
        ScoredOutcome::NotApplicable { .. } | ScoredOutcome::Failed { .. } => None,
    }
}

/// promptfoo 0.121.20 ran `promptfoo-config.yaml` with its `echo` provider: every row of its results
/// passes here when it passed there.
#[test]
fn checks_pass_where_promptfoo_passed() {
    let draft = read_setup(&[fixture("promptfoo-config.yaml")]).unwrap();
    assert_eq!(draft.tools, [SetupTool::Promptfoo]);
    assert_eq!(draft.name.as_deref(), Some("Refund answers"));
    let results: Value =
        serde_json::from_slice(&std::fs::read(fixture("promptfoo-config-results.json")).unwrap())
            .unwrap();
    let rows = results["rows"].as_array().unwrap();
    assert_eq!(draft.items.len(), rows.len());
    let mut n_passed = 0;
    for row in rows {
        let idx = row["testIdx"].as_u64().unwrap() as usize;
        let output = row["output"].as_str().unwrap();
        let ours = passes(&draft, idx, output);
        // A test all of whose assertions have weight 0 passes there; here nothing is left to check
        // but the default assertion.
        assert_eq!(
            ours,
            row["success"].as_bool(),
            "{row:#} {:?}",
            draft.items[idx]
        );
        n_passed += u64::from(ours == Some(true));
    }
    assert_eq!(results["stats"]["successes"], n_passed);
    let lost = lost(&draft);
    assert!(lost.contains("provider echo"), "{lost}");
    assert!(lost.contains("assertion contains of weight 0"), "{lost}");
}

#[test]
fn a_configuration_of_promptfoo_becomes_candidates_prompts_and_judges() {
    let text = r#"
description: Support
providers:
  - openai:chat:gpt-4o-mini
  - id: anthropic:messages:claude-sonnet-4-5
    label: sonnet
    config: {temperature: 0.2, max_tokens: 300, tools: []}
  - id: https://rag.example/v1/ask
    config:
      method: POST
      body: {question: "{{prompt}}"}
      transformResponse: json.result.answer
  - file://provider.py
prompts:
  - "Answer {{question}} as {{ role }}."
  - '[{"role":"system","content":"Be brief."},{"role":"user","content":"{{question}}"}]'
  - "{{ question | dump }}"
defaultTest:
  options: {provider: openai:gpt-4.1-2025-04-14}
tests:
  - vars: {question: [Why?, How?], role: clerk}
    assert:
      - {type: llm-rubric, value: "is polite to {{role}}"}
      - {type: javascript, value: "output.length > 3"}
  - description: Capital of France
    vars: {question: Capital?}
    assert: [{type: factuality, value: It is Paris.}, {type: similar, value: Paris}]
env: {X: 1}
"#;
    let draft = setup(&[("promptfooconfig.yaml", text)]).unwrap();
    let ids: Vec<&str> = draft.candidates.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["gpt-4o-mini", "sonnet", "rag-example"]);
    assert_eq!(draft.candidates[1].params.max_output_tokens, Some(300));
    let DraftCall::Http { base_url, pipeline } = &draft.candidates[2].call else {
        panic!("an endpoint");
    };
    assert_eq!(base_url, "https://rag.example");
    assert_eq!(pipeline.reply.answer.as_deref(), Some("result.answer"));
    assert_eq!(draft.prompts.len(), 2);
    assert_eq!(
        draft.prompts[1].source,
        "=== system ===\nBe brief.\n=== user ===\n{{question}}\n"
    );
    let items = &draft.items;
    assert_eq!(items.len(), 3);
    assert_eq!(items[1].input, Input::Text("How?".to_owned()));
    assert_eq!(items[0].extras.criteria, ["is polite to clerk"]);
    assert_eq!(items[0].extras.tags, ["judged", "partly-imported"]);
    assert_eq!(items[2].id.as_str(), "capital-of-france");
    assert_eq!(
        items[2].expected,
        Some(Expected::Text("It is Paris.".to_owned()))
    );
    // A name that a prompt uses is empty where a test has none, as in Nunjucks.
    assert_eq!(items[2].extras.metadata["role"], "");
    let judges: Vec<(&str, &Value)> = draft
        .scorers
        .iter()
        .map(|spec| (spec.label.as_str(), &spec.options["model"]))
        .collect();
    let model = json!("openai/gpt-4.1-2025-04-14");
    assert_eq!(judges, [("rubric", &model), ("factuality", &model)]);
    let lost = lost(&draft);
    for part in [
        "assertion javascript ×2: it runs code",
        "assertion similar ×1: it needs embeddings",
        "provider file://provider.py",
        "provider setting tools",
        "prompt ×1: `{{ question | dump }}` is only known to Nunjucks",
        "setting env",
    ] {
        assert!(lost.contains(part), "{part}\n{lost}");
    }
}

#[test]
fn files_outside_the_folder_are_not_followed() {
    let text = "prompts: ['file://../../etc/passwd.txt', 'file:///etc/hostname.txt', hi]\n\
        providers: ['openai:gpt-4o']\ntests: file://../tests.csv\n";
    let draft = setup(&[("c.yaml", text)]).unwrap();
    assert_eq!(draft.prompts.len(), 1);
    let lost = lost(&draft);
    assert!(
        lost.contains("prompt ×1") && lost.contains("tests ×1"),
        "{lost}"
    );
    let inner = tempfile::tempdir().unwrap();
    let folder = inner.path().join("project");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(inner.path().join("secret.txt"), "the secret").unwrap();
    let text = "prompts: ['file://../secret.txt', hi]\nproviders: ['openai:gpt-4o']\ntests: []\n";
    std::fs::write(folder.join("c.yaml"), text).unwrap();
    let draft = read_setup(&[folder.join("c.yaml")]).unwrap();
    assert_eq!(draft.prompts.len(), 1);
    assert!(self::lost(&draft).contains("lies outside the configuration's folder"));
}

#[test]
fn hosted_evals_become_checks_and_judges() {
    let rows = concat!(
        r#"{"item": {"ticket_text": "My monitor is dark", "correct_label": "Hardware"}}"#,
        "\n",
        r#"{"item": {"ticket_text": "Word crashes", "correct_label": "Software"}}"#,
        "\n",
    );
    let eval = r#"{
      "name": "IT tickets",
      "data_source_config": {"type": "custom", "item_schema": {}, "include_sample_schema": true},
      "testing_criteria": [
        {"type": "string_check", "name": "label", "input": "{{ sample.output_text }}", "operation": "eq", "reference": "{{ item.correct_label }}"},
        {"type": "string_check", "name": "no excuse", "input": "{{sample.output_text}}", "operation": "ne", "reference": "sorry"},
        {"type": "text_similarity", "name": "near", "input": "{{sample.output_text}}", "reference": "{{item.correct_label}}", "evaluation_metric": "fuzzy_match", "pass_threshold": 0.8},
        {"type": "label_model", "name": "tone", "model": "gpt-4.1-2025-04-14", "labels": ["kind", "rude"], "passing_labels": ["kind"],
         "input": [{"role": "user", "content": "Is {{sample.output_text}} kind to {{item.ticket_text}}?"}]},
        {"type": "python", "name": "code", "source": "def grade(sample, item): return 1"}
      ]}"#;
    let run = r#"{"data_source": {"type": "completions", "model": "gpt-4.1-2025-04-14",
      "input_messages": {"type": "template", "template": [
        {"role": "developer", "content": "Classify."}, {"role": "user", "content": "{{ item.ticket_text }}"}]},
      "sampling_params": {"temperature": 0, "max_completions_tokens": 50, "top_p": null}}}"#;
    let draft = setup(&[
        ("eval.json", eval),
        ("run.json", run),
        ("tickets.jsonl", rows),
    ])
    .unwrap();
    assert_eq!(draft.tools, [SetupTool::OpenaiEvals]);
    assert_eq!(draft.items.len(), 2);
    assert_eq!(
        draft.items[0].input,
        Input::Text("My monitor is dark".to_owned())
    );
    assert_eq!(
        draft.items[1].expected,
        Some(Expected::Text("Software".to_owned()))
    );
    // What graders compare with is kept from candidates.
    assert!(!draft.items[1].extras.metadata.contains_key("correct_label"));
    assert_eq!(passes(&draft, 0, "Hardware"), Some(true));
    assert_eq!(passes(&draft, 0, "hardware"), Some(false));
    assert_eq!(passes(&draft, 1, "Hardware"), Some(false));
    assert_eq!(draft.scorers.len(), 1);
    assert_eq!(
        draft.scorers[0].options["scale"],
        json!({"kind": 1.0, "rude": 0.0})
    );
    assert_eq!(
        draft.prompts[0].source,
        "=== system ===\nClassify.\n=== user ===\n{{ metadata.ticket_text }}\n"
    );
    assert_eq!(draft.candidates[0].params.max_output_tokens, Some(50));
    let lost = lost(&draft);
    assert!(lost.contains("grader near (text_similarity)"), "{lost}");
    assert!(lost.contains("grader code (python)"), "{lost}");
}

#[test]
fn data_sets_become_items() {
    let check = |name: &str, line: &str, tool: SetupTool, input: &str, expected: Expected| {
        let draft = setup(&[(name, &format!("{line}\n{line}\n"))]).unwrap();
        assert_eq!(draft.tools, [tool], "{line}");
        assert_eq!(draft.items.len(), 2);
        assert_ne!(draft.items[0].id, draft.items[1].id);
        assert_eq!(
            draft.items[0].input,
            Input::Text(input.to_owned()),
            "{line}"
        );
        assert_eq!(draft.items[0].expected, Some(expected), "{line}");
        assert_eq!(draft.scorers.len(), 1);
        build(&draft.scorers[0]).unwrap();
        draft
    };
    let text = |text: &str| Expected::Text(text.to_owned());
    let inspect = r#"{"input": "2+2?", "target": "B", "choices": ["3", "4"], "id": "q", "metadata": {"area": "sums"}, "sandbox": "docker"}"#;
    let draft = check(
        "a.jsonl",
        inspect,
        SetupTool::Inspect,
        "2+2?\n\nA) 3\nB) 4",
        text("B"),
    );
    assert_eq!(draft.scorers[0].kind, "multiple_choice");
    assert_eq!(draft.items[0].extras.metadata["area"], "sums");
    assert!(lost(&draft).contains("field sandbox"));
    let ragas =
        r#"{"user_input": "Q", "reference": "A", "retrieved_contexts": ["c"], "response": "R"}"#;
    let draft = check("a.jsonl", ragas, SetupTool::Ragas, "Q", text("A"));
    assert_eq!(
        draft.items[0].extras.metadata["retrieved_contexts"],
        json!(["c"])
    );
    assert!(lost(&draft).contains("field response"));
    let deepeval = r#"{"input": "Q", "expected_output": "A", "context": ["c"], "additional_metadata": {"k": 1}}"#;
    check("a.jsonl", deepeval, SetupTool::DeepEval, "Q", text("A"));
    let bedrock = r#"{"prompt": "Q", "referenceResponse": "A", "category": "geo"}"#;
    let draft = check("a.jsonl", bedrock, SetupTool::Bedrock, "Q", text("A"));
    assert_eq!(draft.items[0].extras.tags, ["geo"]);
    let langfuse = r#"{"id": "x", "input": {"question": "Q"}, "expectedOutput": {"answer": "A"}}"#;
    check("a.jsonl", langfuse, SetupTool::Dataset, "Q", text("A"));
    let mlflow = r#"{"inputs": {"question": "Q"}, "expectations": {"a": 1, "b": 2}}"#;
    let json = Expected::Json(json!({"a": 1, "b": 2}));
    let draft = check("a.jsonl", mlflow, SetupTool::Dataset, "Q", json);
    assert_eq!(draft.scorers[0].kind, "json_fields");
    let long = "x".repeat(200);
    let openai = format!(r#"{{"input": "Q", "ideal": "{long}"}}"#);
    let draft = check("a.jsonl", &openai, SetupTool::OpenaiEvals, "Q", text(&long));
    assert_eq!(draft.scorers[0].options["mode"], "reference");
    let chat = r#"{"input": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}], "ideal": ["a", "b"]}"#;
    let draft = setup(&[("a.jsonl", chat)]).unwrap();
    assert!(matches!(&draft.items[0].input, Input::Messages(list) if list.len() == 2));
}

#[test]
fn litellm_models_become_candidates() {
    let text = r#"
model_list:
  - model_name: fast
    litellm_params: {model: openai/gpt-4o-mini-2024-07-18, api_key: os.environ/OPENAI_API_KEY, temperature: 0.1}
  - model_name: own
    litellm_params: {model: openai/llama, api_base: "http://gpu:8000/v1", api_key: sk-not-a-good-idea}
  - model_name: "*"
    litellm_params: {model: "*"}
router_settings: {routing_strategy: least-busy}
"#;
    let draft = setup(&[("config.yaml", text)]).unwrap();
    assert_eq!(draft.tools, [SetupTool::LiteLlm]);
    let ids: Vec<&str> = draft.candidates.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["fast", "own"]);
    let DraftCall::Model { key_env, .. } = &draft.candidates[0].call else {
        panic!("a model");
    };
    assert_eq!(key_env.as_deref(), Some("OPENAI_API_KEY"));
    let words = format!("{draft:?}");
    assert!(!words.contains("sk-not-a-good-idea"));
    let lost = lost(&draft);
    assert!(
        lost.contains("setting router_settings") && lost.contains("api_key"),
        "{lost}"
    );
    assert!(lost.contains("a pattern of names"), "{lost}");
}

#[test]
fn what_is_no_configuration_is_told() {
    let check = |name: &str, text: &str, part: &str| {
        let words = setup(&[(name, text)]).unwrap_err();
        assert!(words.contains(part), "{name}: {words}");
    };
    check("a.json", "{\"a\": 1}", "no configuration that we know");
    check("a.json", "{", "no JSON");
    check("a.yaml", "a: [", "no YAML");
    check("a.yaml", "- 1\n- 2\n", "no configuration that we know");
    check(
        "a.jsonl",
        "{\"x\": 1}\n{\"x\"\n",
        "line 2 is no JSON object",
    );
    check("a.jsonl", "{\"x\": 1}\n", "rows of no tool");
    check("a.csv", "a,a\n1,2\n", "occurs twice");
    check(
        "r.json",
        "{\"evalId\": \"e\", \"results\": {}}",
        "results, not tests",
    );
    check(
        "r.jsonl",
        "{\"promptIdx\": 0, \"testIdx\": 0}\n",
        "trilemma import",
    );
    check("a.csv", "", "no rows");
}

#[test]
fn ids_are_unique_however_tests_are_called() {
    let text = "providers: ['openai:gpt-4o']\nprompts: ['{{q}}']\ntests:\n\
        - {description: same, vars: {q: a}}\n- {description: same, vars: {q: b}}\n- {description: same-2, vars: {q: c}}\n";
    let draft = setup(&[("c.yaml", text)]).unwrap();
    let mut seen = HashMap::new();
    for item in &draft.items {
        *seen.entry(item.id.to_string()).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

/// Whatever a file holds, reading it ends, with a draft or with words.
#[test]
fn fuzz_nothing_makes_it_panic() {
    bolero::check!()
        .with_type::<(u8, Vec<u8>)>()
        .for_each(|(kind, bytes)| {
            let name = ["c.yaml", "t.csv", "d.json", "d.jsonl"][usize::from(kind % 4)];
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            if kind & 4 == 0 {
                text = format!("providers: [x]\nprompts: ['{{{{a}}}}']\ntests:\n  - {text}");
            }
            let _ = setup(&[(name, &text)]);
        });
}

/// Samples that inspect_ai 0.3.285 wrote and read again: it has five, with these targets.
#[test]
fn samples_that_inspect_wrote_become_items() {
    let draft = read_setup(&[fixture("inspect-samples.jsonl")]).unwrap();
    assert_eq!(draft.tools, [SetupTool::Inspect]);
    let ids: Vec<&str> = draft.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["capital", "either", "choice", "chat", "open"]);
    let expected: Vec<Option<Expected>> = draft
        .items
        .iter()
        .map(|item| item.expected.clone())
        .collect();
    let text = |text: &str| Some(Expected::Text(text.to_owned()));
    let either = Expected::List(vec!["2".to_owned(), "3".to_owned()]);
    // A sample without a target has an empty one there.
    let all = [text("Paris"), Some(either), text("B"), text("cold"), None];
    assert_eq!(expected, all);
    let choices = "Which is a mammal?\n\nA) trout\nB) bat\nC) eagle";
    assert_eq!(draft.items[2].input, Input::Text(choices.to_owned()));
    assert_eq!(draft.items[2].extras.metadata["topic"], "biology");
    assert!(matches!(&draft.items[3].input, Input::Messages(chat) if chat.len() == 2));
}

//! A small model as classifier, from a benchmark to the gateway: evaluated, trained, explained, served.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod aside;
#[path = "../desk/mod.rs"]
mod desk;
#[path = "../support/mod.rs"]
mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use desk::assert_fits;
use serde_json::{Value, json};
use support::{Served, json, serve, start_gateway, trilemma};
use trilemma_sim::{Scenario, SimOptions};

const SCENARIO: &str = r#"
[models.small]
first_token_ms = 2
answers = { type = "script", rules = [{ contains = "theorem", answers = [{ text = "no" }] }, { answers = [{ text = "yes" }] }] }
usage = { input = 100, output = 10 }
[models.large]
first_token_ms = 2
answers = { type = "text", text = "yes" }
usage = { input = 100, output = 10 }
[models.triage]
first_token_ms = 2
answers = { type = "script", rules = [
  { contains = "chatter", answers = [{ text = "I would say HARD-TO-TELL" }] },
  { contains = "theorem", answers = [{ text = "Hard" }] },
  { answers = [{ text = "easy" }] },
] }
usage = { input = 40, output = 1 }
"#;

const N_ITEMS: usize = 120;

/// USD: 100 tokens at 1 and 10 at 10 per million, a tenth of that, and 40 at 0.1 and 1 at 1.
const LARGE: f64 = 0.0002;
const SMALL: f64 = 0.000_02;
const LABEL: f64 = 0.000_005;

fn query(idx: usize) -> String {
    match idx {
        idx if idx % 10 == 7 => format!("chatter about theorem {idx}"),
        idx if idx.is_multiple_of(3) => format!("prove theorem {idx}"),
        _ => format!("name colour {idx}"),
    }
}

/// A project with a classifier; `more` is appended to it.
fn project(folder: &Path, url: &str, more: &str) {
    let entry = |id: &str, price: (&str, &str), rest: &str| {
        format!(
            "[[candidates]]\nid = \"{id}\"\nmodel = \"sim/{id}\"\nstream = false\n\
             price = {{ input = \"{}\", output = \"{}\" }}\n{rest}\n",
            price.0, price.1
        )
    };
    let text = format!(
        "[task]\nname = \"t\"\nkind = \"other\"\ngolden = \"golden.jsonl\"\n\
         [prompts]\ntriage = \"triage.txt\"\n\
         [providers.sim]\ndialect = \"openai\"\nbase_url = \"{url}/v1\"\napi_key = {{ env = \"SIM_KEY\" }}\n\
         [[scorers]]\ntype = \"exact\"\n{}{}{}[serve]\nlisten = \"127.0.0.1:0\"\npolicy = \"policy.json\"\n{more}",
        entry("small", ("0.1", "1"), ""),
        entry("large", ("1", "10"), ""),
        entry(
            "triage",
            ("0.1", "1"),
            "prompt = \"triage\"\nparams = { max_output_tokens = 16 }"
        ),
    );
    fs_err::write(folder.join("trilemma.toml"), text).unwrap();
    fs_err::write(
        folder.join("triage.txt"),
        "=== system ===\nAnswer easy or hard, nothing else.\n=== user ===\n{{ input }}",
    )
    .unwrap();
    let items: String = (0..N_ITEMS)
        .map(|idx| {
            let item = json!({"id": format!("i{idx}"), "input": query(idx), "expected": "yes"});
            format!("{item}\n")
        })
        .collect();
    fs_err::write(folder.join("golden.jsonl"), items).unwrap();
}

const CLASSIFIER: &str = "[routing.classifier]\nby = \"triage\"\nlabels = [\"easy\", \"hard\"]\n";

/// The policy of docs/routing.md.
fn by_hand() -> Value {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/routing.md");
    let docs = fs_err::read_to_string(docs).unwrap();
    let (_, rest) = docs.split_once("```json\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let policy = serde_json::from_str(text).unwrap();
    assert_fits("policy", &policy);
    policy
}

/// A folder in which everybody has been asked about everything.
fn benched(more: &str) -> (tempfile::TempDir, Served) {
    let sim = serve(SimOptions {
        scenario: Scenario::parse(SCENARIO).unwrap(),
        ..SimOptions::default()
    });
    let folder = tempfile::tempdir().unwrap();
    project(folder.path(), &sim.url, more);
    let done = trilemma(folder.path(), &["bench"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    (folder, sim)
}

fn told(folder: &Path, words: &[&str], exits: &[i32]) -> Value {
    json(&trilemma(folder, words).output().unwrap(), exits)
}

fn refused(folder: &Path, words: &[&str], exit: i32) -> String {
    let output = trilemma(folder, words).output().unwrap();
    assert_eq!(output.status.code(), Some(exit), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn close(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[test]
fn labels_are_evaluated_trained_and_explained_without_a_call() {
    let (folder, sim) = benched(CLASSIFIER);
    let folder = folder.path();
    let n_calls = sim.log.n_ended();
    let words = ["route", "eval", "--kind", "classify", "--json", "--items"];
    let sheet = told(folder, &words, &[0]);
    assert_fits("route-eval", &sheet);
    let judged = &sheet["judged"][0];
    close(&judged["labels_usd"]["value"], LABEL);
    // Everything right, and no more than what is hard or cannot be told goes to the large one.
    assert_eq!(judged["point"]["quality"], 1.0);
    let n_large = (0..N_ITEMS)
        .filter(|idx| query(*idx).contains("theorem"))
        .count();
    let n = N_ITEMS as f64;
    let usd = LABEL + SMALL + n_large as f64 / n * (LARGE - SMALL);
    close(&judged["point"]["cost_usd"], usd);
    close(&judged["calls"], 2.0);
    close(&judged["escalated"]["value"], 0.0);
    assert!(
        judged["wait_s"]["p50"].as_f64().unwrap()
            > judged["wait_s"]["best_single_p50"].as_f64().unwrap()
    );
    let singles: Vec<&str> = (sheet["singles"].as_array().unwrap().iter())
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(singles, ["small", "large"]);

    let words = ["route", "train", "--kind", "classify", "--json"];
    let trained = told(folder, &words, &[0]);
    assert_fits("route-train", &trained);
    close(&trained["measured"]["figures"]["labels_usd"][0], LABEL);
    let policy: Value =
        serde_json::from_str(&fs_err::read_to_string(folder.join("policy.json")).unwrap()).unwrap();
    assert_fits("policy", &policy);
    let plan = &policy["plan"]["classify"];
    assert_eq!(plan["labels"]["easy"]["single"], "small");
    assert_eq!(plan["labels"]["hard"]["single"], "large");
    assert_eq!(plan["otherwise"]["single"], "large");
    assert_eq!(policy["candidates"][2]["id"], "triage");
    assert!(policy["candidates"][2]["alone"].is_null());
    // Left to itself, the training takes no label where the words of a query tell as much for nothing.
    let path = folder.join("auto.json");
    let words = ["route", "train", "--json", "-o", path.to_str().unwrap()];
    let auto = told(folder, &words, &[0]);
    let usd = |one: &Value| one["measured"]["figures"]["cost_usd"][0].as_f64().unwrap();
    assert!(usd(&auto) < usd(&trained), "{auto}");

    let item = told(
        folder,
        &["route", "explain", "--item", "i7", "--json"],
        &[0],
    );
    assert_fits("route-explain", &item);
    let said = &item["item"]["labels"][0];
    assert_eq!(said["candidate"], "triage");
    assert_eq!(said["says"], "I would say HARD-TO-TELL");
    close(&said["cost_usd"], LABEL);
    close(&item["item"]["cost_usd"], LABEL + LARGE);
    assert_eq!(item["item"]["answered_by"], "large");
    assert_eq!(
        item["calls"][0],
        json!({"candidate": "large", "use": "given"})
    );
    let output = trilemma(folder, &["route", "explain", "--item", "i3"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("`triage` says \"Hard\", for 0.00000500 USD"),
        "{text}"
    );
    let text = trilemma(folder, &["route", "explain", "What?"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("asks `triage` for a label"), "{text}");
    assert!(text.contains("cost 0.00000500 USD per query"), "{text}");
    let asked = told(folder, &["route", "explain", "What?", "--json"], &[0]);
    assert_fits("route-explain", &asked);
    assert_eq!(asked["calls"][0]["use"], "labelled");
    assert_eq!(asked["cases"].as_array().unwrap().len(), 3);
    assert_eq!(sim.log.n_ended(), n_calls);
}

/// Who answers a query, whole or streamed.
fn answered_by(address: &str, query: &str, stream: bool) -> String {
    let body = json!({
        "model": "auto", "stream": stream, "messages": [{"role": "user", "content": query}],
    })
    .to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains("HARD"), "{answer}");
    let mut head = answer.lines();
    let name = head.find_map(|line| line.strip_prefix("x-trilemma-model: "));
    name.unwrap().to_owned()
}

#[test]
fn a_policy_by_hand_decides_offline_as_in_the_gateway_for_the_whole_set() {
    let (folder, _sim) = benched("");
    let folder = folder.path();
    fs_err::write(folder.join("policy.json"), format!("{:#}\n", by_hand())).unwrap();
    let path = folder.join("policy.json");
    let path = path.to_str().unwrap();
    let words = ["route", "eval", "--policy", path, "--json", "--items"];
    let sheet = told(folder, &words, &[0]);
    assert_fits("route-eval", &sheet);
    let items = sheet["judged"][0]["items"].as_array().unwrap();
    assert_eq!(items.len(), N_ITEMS);
    let (mut child, address) = start_gateway(folder);
    let mut n_small = 0;
    for (idx, item) in items.iter().enumerate() {
        let live = answered_by(&address, &query(idx), idx % 2 == 0);
        assert_eq!(item["answered_by"], json!(live), "{item}");
        n_small += usize::from(live == "small");
    }
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    child.wait().unwrap();
    assert!(n_small > 40 && n_small < 90, "{n_small}");
    assert_calls_are_counted_apart(folder, n_small);
}

/// A label is asked for each query that has more than one candidate, and no answer is asked for twice.
fn assert_calls_are_counted_apart(folder: &Path, n_small: usize) {
    let evidence = told(folder, &["evidence", "--json"], &[0]);
    assert_fits("evidence", &evidence);
    let candidates = evidence.get("candidates").and_then(Value::as_array);
    let candidates = candidates.unwrap();
    let of = |name: &str| {
        candidates
            .iter()
            .find(|one| one["candidate"] == name)
            .unwrap()
    };
    let (triage, small) = (of("triage"), of("small"));
    assert_eq!(triage["calls"], 0, "{triage}");
    assert_eq!(small["calls"], n_small, "{small}");
    let count = |one: &Value, key: &str| one.get(key).and_then(Value::as_u64).unwrap();
    let n_labels = count(triage, "label_calls");
    let labelled = candidates.iter().map(|one| count(one, "labelled"));
    assert_eq!(labelled.sum::<u64>(), n_labels);
    assert!(n_labels > 40, "{triage}");
    for one in candidates {
        assert_eq!(one["repeated"], 0, "{one}");
    }
    let text = trilemma(folder, &["evidence"]).output().unwrap();
    let text = String::from_utf8(text.stderr).unwrap();
    assert!(text.contains("with a call for a label first"), "{text}");
    assert!(!text.contains("more than one call"), "{text}");
}

#[test]
fn what_was_asked_otherwise_than_live_is_no_label() {
    let (folder, sim) = benched(CLASSIFIER);
    let folder = folder.path();
    // The item's name is nothing that a gateway knows.
    fs_err::write(
        folder.join("triage.txt"),
        "easy or hard? {{ id }}: {{ input }}",
    )
    .unwrap();
    let done = trilemma(folder, &["bench"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let told = refused(folder, &["route", "train", "--kind", "classify"], 2);
    assert!(
        told.contains("was asked something else than a gateway would ask it"),
        "{told}"
    );
    assert!(told.contains("hint:"), "{told}");
    // Nothing else needs it.
    let words = ["route", "train", "--kind", "single", "--json"];
    let other = json(&trilemma(folder, &words).output().unwrap(), &[0]);
    assert_eq!(other["left_out"][0]["candidate"], "triage");
    let reason = other["left_out"][0]["reason"].as_str().unwrap();
    assert_eq!(reason, "gives labels, for which nobody asks here");

    project(folder, &sim.url, "");
    let told = refused(folder, &["route", "train", "--kind", "classify"], 2);
    assert!(told.contains("[routing.classifier]"), "{told}");
}

#[test]
fn rules_ask_for_labels_too() {
    let rule = "[[routing.rules]]\nname = \"triage\"\nwhen = { words = { min = 3 } }\n\
                then = { classify = { by = \"triage\", labels = { easy = { single = \"small\" } }, otherwise = { single = \"large\" } } }\n";
    let (folder, _sim) = benched(rule);
    let folder = folder.path();
    let trained = told(
        folder,
        &["route", "train", "--kind", "rules", "--json"],
        &[0],
    );
    assert_fits("route-train", &trained);
    close(&trained["measured"]["figures"]["labels_usd"][0], LABEL);
    let (mut child, address) = start_gateway(folder);
    assert_eq!(answered_by(&address, "name colour 1", false), "small");
    assert_eq!(answered_by(&address, "prove theorem 3", true), "large");
    child.kill().unwrap();
    child.wait().unwrap();
    // Beside single candidates labels would not be paid for, so no such mix is proposed.
    let decided = told(
        folder,
        &["decide", "--json", "--on-undecided", "pass"],
        &[0, 1],
    );
    let reason = decided["routing"]["reason"].as_str().unwrap();
    assert!(reason.contains("ask for labels"), "{reason}");
}

#[test]
fn check_says_what_keeps_a_classifier_from_its_labels() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    project(folder, "http://127.0.0.1:1", CLASSIFIER);
    let check = |needles: &[&str]| {
        let output = trilemma(folder, &["check"]).output().unwrap();
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for needle in needles {
            assert!(text.contains(needle), "{needle}: {text}");
        }
    };
    let path = folder.join("trilemma.toml");
    let good = fs_err::read_to_string(&path).unwrap();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from));
        fs_err::write(&path, good.replace(from, to)).unwrap();
    };
    with("prompt = \"triage\"\n", "");
    check(&[
        "routing.classifier.by",
        "has no prompt of its own",
        "asks for one of easy, hard",
        "line",
    ]);
    with("labels = [\"easy\", \"hard\"]", "labels = [\"easy\"]");
    check(&["routing.classifier.labels", "tell nothing apart"]);
    with(
        "labels = [\"easy\", \"hard\"]",
        "labels = [\"easy\", \"tricky\"]",
    );
    check(&["maps label `tricky`, of which prompt `triage` says nothing"]);
    with("by = \"triage\"", "by = \"triag\"");
    check(&["did you mean `triage`?"]);
    with("params = { max_output_tokens = 16 }", "");
    check(&["any length", "max_output_tokens = 16"]);
    with(
        "[routing.classifier]",
        "[[routing.rules]]\nname = \"r\"\nwhen = {}\nthen = { classify = { by = \"triage\", labels = { hrad = { single = \"large\" } }, otherwise = { single = \"small\" } } }\n[routing.classifier]",
    );
    check(&[
        "rule `r` maps label `hrad`, which `triage` is not asked for",
        "did you mean `hard`?",
        "rule `r` does not map label `easy`",
    ]);
    // A policy by hand, with the line at which it names the classifier.
    with("prompt = \"triage\"\n", "");
    let bare = fs_err::read_to_string(&path)
        .unwrap()
        .replace(CLASSIFIER, "");
    fs_err::write(&path, bare).unwrap();
    fs_err::write(folder.join("policy.json"), format!("{:#}\n", by_hand())).unwrap();
    check(&[
        "policy.json, line",
        "asks `triage` for labels, which has no prompt of its own",
    ]);
}

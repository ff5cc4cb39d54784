//! A golden set, four candidates that answer it differently, and the project around them.
//!
//! Everything is a function of the item's number: answers that differ, answers in which nothing is found, answers
//! that are cut, withheld or refused, and calls that fail.

use std::path::Path;

use serde_json::{Value, json};
use trilemma_domain::{CandidateId, FinishReason};
use trilemma_route::Outcome;
use trilemma_sim::{Scenario, SimOptions};

use crate::offline::Records;
use crate::support::{Served, serve};

/// Items of the golden set.
pub(crate) const N_ITEMS: usize = 240;
/// Candidates with the share of items, of 100, that each knows.
const MODELS: [(&str, &str, u64); 4] = [
    ("tiny", "a", 55),
    ("small", "b", 65),
    ("other", "c", 70),
    ("large", "a", 93),
];

/// A number that looks random and is always the same.
fn coin(item: usize, salt: u64) -> u64 {
    let mut bits = (item as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 29)) % 100
}

fn task(item: usize) -> &'static str {
    ["sums", "naming", "proof"][item % 3]
}

fn question(item: usize) -> String {
    let what = match item % 5 {
        0 => "How many apples are left?",
        1 => "Prove that the number is even, step by step, and say why it cannot be otherwise.",
        2 => "いくつ残っていますか 🦀",
        3 => "Write `fn main() {}` so that it prints the count.",
        _ => "Name it.",
    };
    let more = "Consider every case that is told of. ".repeat(item % 7);
    format!("case {item:03}; {more}{what}")
}

/// One answer of a candidate: a text, and what goes wrong with it.
fn answer(model: usize, item: usize, nth: u64) -> Value {
    let (_, _, knows) = MODELS[model];
    let salt = 1_000 * model as u64 + nth;
    let is_hard = item % 3 == 2 && model < 3;
    let knows = if is_hard { knows / 2 } else { knows };
    let expected = item * 7 + 3;
    let fault = match coin(item, salt + 500) {
        0..3 | 7..9 => Some("server_error"),
        3..5 => Some("length"),
        5 => Some("content_filter"),
        6 => Some("refusal"),
        _ => None,
    };
    let text = match coin(item, salt) {
        n if n < knows => format!("The answer is {expected}."),
        // Nothing can be found in it.
        n if n % 5 == 0 => "I cannot say for sure.".to_owned(),
        n if n % 5 == 1 => format!(
            "{} words of doubt, and then {}",
            "many ".repeat(20),
            expected + 1
        ),
        n => format!("It is {}", expected + n as usize % 3 + 1),
    };
    match fault {
        Some(fault) => json!({ "text": text, "fault": fault }),
        None => json!({ "text": text }),
    }
}

/// Whether a scripted answer was recorded so.
fn is_recorded(answer: &Value, outcome: &Outcome) -> bool {
    let scripted = answer["text"].as_str().unwrap();
    let (text, finish) = match outcome {
        Outcome::Failed => {
            return answer["fault"] == "server_error";
        }
        Outcome::Answered { text, finish, .. } => (text, finish.as_ref().unwrap()),
        Outcome::Embedded { .. } => return false,
    };
    match answer["fault"].as_str() {
        None => *finish == FinishReason::Stop && text == scripted,
        Some("length") => *finish == FinishReason::Length && scripted.starts_with(text),
        // Some dialects have one word for both.
        Some("content_filter" | "refusal") => {
            matches!(finish, FinishReason::ContentFilter | FinishReason::Refusal)
        }
        Some(_) => false,
    }
}

/// Simulated candidates that answer each item `n_answers` times before they begin anew; where there are records, in
/// their order.
pub(crate) fn simulated(n_answers: u64, records: Option<&Records>) -> Served {
    let models = MODELS.iter().enumerate().map(|(model, (name, _, _))| {
        let rules: Vec<Value> = (0..N_ITEMS)
            .map(|item| {
                let mut answers: Vec<Value> =
                    (0..n_answers).map(|nth| answer(model, item, nth)).collect();
                if let Some(records) = records {
                    let item = records.place(&format!("i{item:03}"));
                    let mut left = answers;
                    answers = (0..n_answers as usize)
                        .map(|nth| {
                            let outcome = records.outcome(&CandidateId::from(*name), item, nth);
                            let mut all = left.iter();
                            let at = all.position(|one| is_recorded(one, &outcome));
                            let at = at.unwrap_or_else(|| panic!("{name}: {left:?}, {outcome:?}"));
                            left.remove(at)
                        })
                        .collect();
                }
                json!({ "contains": format!("case {item:03};"), "answers": answers })
            })
            .collect();
        let behaviour = json!({
            "answers": { "type": "script", "rules": rules },
            "logprobs": { "noise": 0.0 },
        });
        ((*name).to_owned(), behaviour)
    });
    let models: serde_json::Map<String, Value> = models.collect();
    let scenario: Scenario = serde_json::from_value(json!({ "models": models })).unwrap();
    serve(SimOptions {
        scenario,
        ..SimOptions::default()
    })
}

/// Writes golden set, prompt and project, and the same project with rules as `ruled.toml`; `more` is appended to both.
pub(crate) fn write(folder: &Path, url: &str, (repeats, more): (u64, &str)) {
    let items: String = (0..N_ITEMS)
        .map(|item| {
            let tag = ["blue", "green"][item % 2];
            let tier = ["free", "pro"][item / 2 % 2];
            let line = json!({
                "id": format!("i{item:03}"), "input": question(item), "expected": (item * 7 + 3).to_string(),
                "tags": [tag],
                "metadata": {
                    "task": task(item), "user_tier": tier, "route": "auto",
                    "question": question(item).split("; ").nth(1).unwrap(),
                },
            });
            format!("{line}\n")
        })
        .collect();
    fs_err::write(folder.join("golden.jsonl"), items).unwrap();
    let prompt = "=== system ===\nAnswer with a number.\n=== user ===\nQuestion: {{ input }}\n";
    fs_err::write(folder.join("prompt.md"), prompt).unwrap();
    let mut text = format!(
        "[task]\nname = \"routed\"\nkind = \"other\"\ngolden = \"golden.jsonl\"\n[prompts]\ndefault = \"prompt.md\"\n\
         [[scorers]]\ntype = \"numeric\"\n\
         [bench]\nmax_attempts = 1\nrepeats = {repeats}\n\
         [routing]\nread_field = \"question\"\nfallback = [\"large\", \"other\"]\n"
    );
    for (name, dialect, path) in [
        ("a", "openai", "/v1"),
        ("b", "anthropic", ""),
        ("c", "gemini", "/v1beta"),
    ] {
        text.push_str(&format!(
            "[providers.{name}]\ndialect = \"{dialect}\"\nbase_url = \"{url}{path}\"\napi_key = {{ env = \"SIM_KEY\" }}\n"
        ));
    }
    for (place, (name, provider, _)) in MODELS.into_iter().enumerate() {
        let price = [1, 2, 3, 30][place];
        text.push_str(&format!(
            "[[candidates]]\nid = \"{name}\"\nmodel = \"{provider}/{name}\"\n\
             price = {{ input = \"{price}\", output = \"{}\" }}\n",
            4 * price
        ));
        if provider == "a" {
            text.push_str("params = { extra_body = { logprobs = true } }\n");
        }
    }
    text.push_str(more);
    fs_err::write(folder.join("trilemma.toml"), &text).unwrap();
    for rule in [
        "name = \"payers\"\nwhen = { user_tier = [\"pro\"], task = [\"proof\"] }\nthen = \"large\"",
        "name = \"code\"\nwhen = { matches = \"fn main\", tags = [\"green\"], route = [\"auto\"] }\nthen = \"other\"",
        "name = \"long\"\nwhen = { chars = { min = 150 } }\nthen = { cascade = { ask = [\"tiny\", \"small\"], accept = { agree = 2 }, extract = [\"last_number\"], escalate = { single = \"large\" } } }",
    ] {
        text.push_str(&format!("\n[[routing.rules]]\n{rule}\n"));
    }
    fs_err::write(folder.join("ruled.toml"), text).unwrap();
}

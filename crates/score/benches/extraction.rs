//! Time per answer of the usual numeric extraction on answers of about 1 KB.
//!
//! Run with `cargo bench -p trilemma-score`. Prints the median of 50 rounds in microseconds for
//! each kind of answer; the goal is at most 5 µs.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark measures and prints"
)]

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Map, json};
use trilemma_domain::{Expected, Input, Item, ScorerSpec};
use trilemma_score::{Answer, Scorer, build};

const N_PER_ROUND: u32 = 2_000;

fn scorer(extract: serde_json::Value) -> Option<Scorer> {
    let mut options = Map::new();
    options.insert("extract".to_owned(), extract);
    build(&ScorerSpec {
        kind: "numeric".to_owned(),
        label: "numeric".to_owned(),
        weight: 1.0,
        options,
    })
    .ok()
}

fn median_us(scorer: &Scorer, item: &Item, text: &str) -> f64 {
    let mut rounds: Vec<f64> = (0..50)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..N_PER_ROUND {
                black_box(scorer.score(item, &Answer::text(black_box(text))));
            }
            start.elapsed().as_secs_f64() * 1e6 / f64::from(N_PER_ROUND)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() {
    let item = Item {
        expected: Some(Expected::Text("1234".to_owned())),
        ..Item::new("case", Input::Text(String::new()))
    };
    let reasoning = "First add 12 and 30, then take half of it. ".repeat(22);
    let field = json!([
        { "step": "json_field", "field": "answer", "lenient": true },
        "strip:$,",
        "fraction",
        "first_number",
    ]);
    let cases = [
        (
            "json field",
            field.clone(),
            format!(
                "```json\n{{\n  \"reasoning\": \"{reasoning}\",\n  \"answer\": \"$1,234\"\n}}\n```"
            ),
        ),
        (
            "json field, broken strings",
            field,
            format!(
                "{{reasoning: \"{}\", answer: 1,234}}",
                reasoning.replace("add", "\"add\"\n")
            ),
        ),
        (
            "last number of prose",
            json!(["last_number"]),
            format!("{reasoning}So it is 1,234."),
        ),
    ];
    for (name, extract, text) in cases {
        if let Some(scorer) = scorer(extract) {
            let us = median_us(&scorer, &item, &text);
            println!("{name}: {us:.2} µs for {} bytes", text.len());
        }
    }
}

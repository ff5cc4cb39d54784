//! Hostile answers: long, deep and broken ones end in bounded time and never panic.

#![cfg(test)]

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use trilemma_domain::{Expected, Input, Item, Order, ScorerSpec};
use trilemma_score::{Answer, Mode, SCORERS, STEPS, Scorer, build};

fn item(expected: Expected) -> Item {
    Item {
        expected: Some(expected),
        ..Item::new("case", Input::Text("task".to_owned()))
    }
}

fn scorer(kind: &str, options: Map<String, Value>) -> Scorer {
    build(&ScorerSpec {
        kind: kind.to_owned(),
        label: kind.to_owned(),
        weight: 1.0,
        options,
    })
    .unwrap()
}

/// Every kind as its example configures it.
fn every_scorer() -> Vec<Scorer> {
    SCORERS
        .iter()
        .map(|row| {
            let table: toml::Table = toml::from_str(row.example).unwrap();
            let mut options = serde_json::to_value(&table["scorers"][0]).unwrap();
            let options = options.as_object_mut().unwrap();
            options.remove("type");
            options.remove("weight");
            scorer(row.name, options.clone())
        })
        .collect()
}

fn texts(n: usize) -> Vec<(&'static str, String)> {
    vec![
        ("letters", "a".repeat(n)),
        ("words", "the quick brown fox ".repeat(n / 20)),
        ("digits", "7".repeat(n)),
        ("groups", "1,234".repeat(n / 5)),
        ("signs", "-$".repeat(n / 2)),
        ("quotes", "\"".repeat(n)),
        ("quoted commas", "\",".repeat(n / 2)),
        ("escapes", "\\".repeat(n)),
        ("open braces", "{".repeat(n)),
        ("open keys", "{\"a\":".repeat(n / 5)),
        ("open bare keys", "{a:".repeat(n / 3)),
        ("open lists", "[".repeat(n)),
        (
            "one long string",
            format!("{{\"a\":\"{}", "x\" ".repeat(n / 3)),
        ),
        (
            "string of quotes",
            format!("{{\"a\":\"{}", "\"b ".repeat(n / 3)),
        ),
        ("many objects", "{\"a\":1}".repeat(n / 7)),
        ("strings without an end", "{a:\"b\" c} ".repeat(n / 11)),
        ("broken objects", "{\"a\" 1}".repeat(n / 7)),
        ("comments", format!("{{{}", "/**/".repeat(n / 4))),
        (
            "open comment",
            format!("{{\"b\": 1, {}", "/*".repeat(n / 2)),
        ),
        ("fences", "```\n".repeat(n / 4)),
        ("backticks", "`".repeat(n)),
        ("think", "<think>".repeat(n / 7)),
        ("unthink", "</think>".repeat(n / 8)),
        ("boxed", "\\boxed{".repeat(n / 7)),
        ("cues", "score: answer is ".repeat(n / 17)),
        ("brackets", "[[4".repeat(n / 3)),
        ("dots", "1.".repeat(n / 2)),
        ("spaces", " ".repeat(n)),
        ("lines", "\n".repeat(n)),
        ("nul", "\0".repeat(n)),
        (
            "broken utf-8",
            String::from_utf8_lossy(&vec![0xC3; n / 3]).into_owned(),
        ),
        ("marks", "e\u{301}".repeat(n / 3)),
    ]
}

/// Each kind of text through every scorer and step; anything quadratic would take minutes.
#[test]
fn long_answers_take_linear_time() {
    run_all(20_000);
}

/// The same with 10 MB each.
#[test]
#[ignore = "slow: run with `cargo test --release -- --ignored`"]
fn slow_ten_megabytes_take_linear_time() {
    run_all(10_000_000);
}

fn run_all(n: usize) {
    let scorers = every_scorer();
    let steps: Vec<Scorer> = STEPS
        .iter()
        .map(|row| {
            let table: toml::Table = toml::from_str(&format!("x = {}", row.example)).unwrap();
            let step = serde_json::to_value(&table["x"]).unwrap();
            let options = json!({ "extract": [step], "max": 5 });
            scorer("length", options.as_object().unwrap().clone())
        })
        .collect();
    let expected = item(Expected::Text("{\"a\": \"seven 7 B\"}".to_owned()));
    for (name, text) in texts(n) {
        let answer = Answer::text(&text);
        for scorer in scorers.iter().chain(&steps) {
            match scorer.mode() {
                Mode::Pure => drop(scorer.score(&expected, &answer)),
                Mode::Judge(judge) => {
                    drop(judge.read(Order::First, &text));
                    drop(judge.read(Order::Second, &text));
                    drop(scorer.judge_prompts(&expected, &answer, Some(&answer)));
                }
                Mode::Command(command) => {
                    drop(command.read(&text));
                    drop(scorer.command_request(&expected, &answer));
                }
            }
        }
        println!("{name}");
    }
}

/// Short texts of hostile pieces, in both places where foreign text can stand.
#[test]
fn fuzz_every_scorer() {
    let scorers: Vec<std::panic::AssertUnwindSafe<Scorer>> = every_scorer()
        .into_iter()
        .map(std::panic::AssertUnwindSafe)
        .collect();
    const PIECES: [&str; 32] = [
        "{",
        "}",
        "[",
        "]",
        "\"a\":",
        "\"",
        ",",
        "1",
        "-",
        ".5",
        "\n",
        "A",
        "(B)",
        "answer is ",
        "score: ",
        "```",
        "<think>",
        "</think>",
        "\\boxed{",
        "\\",
        "\u{0}",
        "\u{1b}[31m",
        "é",
        "\u{202e}",
        "=1+1",
        "<script>",
        "'",
        "/",
        "%",
        " ",
        "the ",
        "{{ answer }}",
    ];
    bolero::check!()
        .with_iterations(600)
        .with_max_len(64)
        .for_each(move |bytes| {
            let near: String = bytes
                .iter()
                .map(|byte| PIECES[usize::from(*byte) % PIECES.len()])
                .collect();
            let texts = [Cow::Borrowed(near.as_str()), String::from_utf8_lossy(bytes)];
            for (text, other) in [(&texts[0], &texts[1]), (&texts[1], &texts[0])] {
                let item = item(Expected::Text(other.to_string()));
                let answer = Answer::text(text);
                for scorer in &scorers {
                    match scorer.mode() {
                        Mode::Pure => drop(scorer.score(&item, &answer)),
                        Mode::Judge(judge) => {
                            drop(judge.read(Order::First, text));
                            scorer.judge_prompts(&item, &answer, None).unwrap();
                        }
                        Mode::Command(command) => {
                            drop(command.read(text));
                            scorer.command_request(&item, &answer).unwrap();
                        }
                    }
                }
            }
        });
}

//! Table tests of the pure scorers.

#![cfg(test)]

use std::time::Duration;

use serde_json::{Value, json};
use trilemma_domain::{
    Expected, FinishReason, Input, Item, NanoUsd, ScoredOutcome, ScorerSpec, ToolCall,
};
use trilemma_score::{Answer, Mode, build};

fn item(expected: Option<Expected>) -> Item {
    Item {
        expected,
        ..Item::new("case", Input::Text(String::new()))
    }
}

fn scorer(kind: &str, options: &Value) -> trilemma_score::Scorer {
    build(&ScorerSpec {
        kind: kind.to_owned(),
        label: kind.to_owned(),
        weight: 1.0,
        options: options.as_object().unwrap().clone(),
    })
    .unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Expected values as a golden set writes them.
fn expected(value: &Value) -> Option<Expected> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(Expected::Text(text.clone())),
        Value::Array(list) if list.iter().all(Value::is_string) => Some(Expected::List(
            list.iter()
                .map(|t| t.as_str().unwrap().to_owned())
                .collect(),
        )),
        other => Some(Expected::Json(other.clone())),
    }
}

#[derive(Debug, PartialEq)]
enum Is {
    Score(f64),
    Absent,
    Broken,
}
use Is::{Absent, Broken, Score};

fn of(outcome: &ScoredOutcome) -> Is {
    match outcome {
        ScoredOutcome::Scored { score, .. } => Score((score.value() * 1e9).round() / 1e9),
        ScoredOutcome::NotApplicable { .. } => Absent,
        ScoredOutcome::Failed { .. } => Broken,
    }
}

#[track_caller]
fn check(kind: &str, options: Value, cases: &[(&str, Value, Is)]) {
    let scorer = scorer(kind, &options);
    for (text, wanted, is) in cases {
        let outcome = scorer.score(&item(expected(wanted)), &Answer::text(text));
        assert_eq!(
            &of(&outcome),
            is,
            "{kind} {options} on {text:?}: {outcome:?}"
        );
    }
}

#[track_caller]
fn check_answer(kind: &str, options: Value, wanted: Value, answer: &Answer<'_>, is: Is) {
    let outcome = scorer(kind, &options).score(&item(expected(&wanted)), answer);
    assert_eq!(of(&outcome), is, "{kind} {options}: {outcome:?}");
}

#[test]
fn exact() {
    check(
        "exact",
        json!({}),
        &[
            (" Paris\n", json!("Paris"), Score(1.0)),
            ("paris", json!("Paris"), Score(0.0)),
            ("b", json!(["a", "b"]), Score(1.0)),
            ("4", json!(4), Score(1.0)),
            ("true", json!(true), Score(1.0)),
            ("x", Value::Null, Absent),
            ("", json!("Paris"), Score(0.0)),
        ],
    );
    check(
        "exact",
        json!({"invert": true}),
        &[("a", json!("a"), Score(0.0))],
    );
}

#[test]
fn normalised() {
    check(
        "normalised",
        json!({}),
        &[
            ("  New   York! ", json!("new york"), Score(1.0)),
            ("\u{ff11}\u{ff12}", json!("12"), Score(1.0)),
            ("-3.5", json!("3.5"), Score(0.0)),
            ("3.5", json!("35"), Score(0.0)),
            ("$5", json!("5"), Score(0.0)),
            ("the end", json!("end"), Score(0.0)),
            ("don\u{2019}t know", json!("dont know"), Score(1.0)),
            ("Straße", json!("STRAßE"), Score(1.0)),
            ("\u{201c}yes\u{201d}", json!("yes"), Score(1.0)),
        ],
    );
    check(
        "normalised",
        json!({"articles": "drop", "keep": ["case"]}),
        &[
            ("the end", json!("end"), Score(1.0)),
            ("End", json!("end"), Score(0.0)),
        ],
    );
}

#[test]
fn contains_and_start() {
    check(
        "contains_any",
        json!({}),
        &[
            ("it is Paris.", json!(["Rome", "Paris"]), Score(1.0)),
            ("it is paris.", json!("Paris"), Score(0.0)),
            ("x", Value::Null, Absent),
        ],
    );
    check(
        "contains_any",
        json!({"values": ["PARIS"], "ignore_case": true}),
        &[("it is Paris.", Value::Null, Score(1.0))],
    );
    check(
        "contains_all",
        json!({}),
        &[
            ("a b c", json!(["a", "b"]), Score(1.0)),
            ("a", json!(["a", "b"]), Score(0.5)),
            ("", json!(["a", "b"]), Score(0.0)),
        ],
    );
    check(
        "starts_with",
        json!({"values": "select", "ignore_case": true}),
        &[
            (" SELECT 1", Value::Null, Score(1.0)),
            ("then SELECT", Value::Null, Score(0.0)),
        ],
    );
}

#[test]
fn regex() {
    check(
        "regex",
        json!({"pattern": r"[A-Z]{2}-\d+", "whole": true}),
        &[
            (" AB-12\n", Value::Null, Score(1.0)),
            ("see AB-12", Value::Null, Score(0.0)),
        ],
    );
    check(
        "regex",
        json!({"ignore_case": true}),
        &[
            ("It is PARIS", json!(["rome", "par.s"]), Score(1.0)),
            ("x", json!("("), Broken),
            ("x", Value::Null, Absent),
        ],
    );
}

#[test]
fn numeric() {
    check(
        "numeric",
        json!({}),
        &[
            ("3 plus 4 is $7.00", json!("7"), Score(1.0)),
            ("8", json!(7), Score(0.0)),
            ("none", json!("7"), Score(0.0)),
            ("7", json!("seven"), Broken),
            ("7", Value::Null, Absent),
            ("1,000", json!(["999", "1000"]), Score(1.0)),
            ("9007199254740993", json!("9007199254740992"), Score(0.0)),
        ],
    );
    check(
        "numeric",
        json!({"tolerance": 0.1}),
        &[
            ("0.3", json!("0.2"), Score(1.0)),
            ("0.301", json!("0.2"), Score(0.0)),
        ],
    );
    check(
        "numeric",
        json!({"relative_tolerance": 0.01}),
        &[
            ("101", json!("100"), Score(1.0)),
            ("-101", json!("-100"), Score(1.0)),
            ("102", json!("100"), Score(0.0)),
            ("0.001", json!("0"), Score(0.0)),
        ],
    );
}

#[test]
fn multiple_choice() {
    let right = |text| (text, json!("B"), Score(1.0));
    let wrong = |text| (text, json!("B"), Score(0.0));
    check(
        "multiple_choice",
        json!({}),
        &[
            right("B"),
            right("(b)"),
            right("**B.**"),
            right("B) Paris"),
            right("The answer is B."),
            right("The correct answer is (B) because A is wrong."),
            right("Answer: **B**"),
            right("answer is option B"),
            right(r"so $\boxed{B}$"),
            right(r"\boxed{\text{B}}"),
            right("A is cold, C is hot.\n\nB"),
            right("First I thought the answer is A. No, the answer is B."),
            right("<think>A or C?</think>B"),
            right("I would pick B"),
            wrong("A"),
            wrong("A or B"),
            wrong("I have no idea, a guess would be bad"),
            wrong("The answer is a matter of taste"),
            wrong(""),
            wrong("E"),
        ],
    );
    check(
        "multiple_choice",
        json!({"letters": "ABCDE"}),
        &[
            ("E", json!("(e)"), Score(1.0)),
            ("The answer is a matter of taste", json!("A"), Score(0.0)),
            ("the answer is a.", json!("A"), Score(1.0)),
            ("The answer is A because", json!("A"), Score(1.0)),
            ("E", json!("E) none"), Score(1.0)),
            ("E", json!("F"), Broken),
            ("E", Value::Null, Absent),
        ],
    );
}

#[test]
fn json_valid() {
    check(
        "json_valid",
        json!({}),
        &[
            (" {\"a\": [1]} ", Value::Null, Score(1.0)),
            ("7", Value::Null, Score(1.0)),
            ("{a: 1}", Value::Null, Score(0.0)),
            ("```json\n{}\n```", Value::Null, Score(0.0)),
            ("{} {}", Value::Null, Score(0.0)),
            ("", Value::Null, Score(0.0)),
        ],
    );
    check(
        "json_valid",
        json!({"shape": "object", "extract": ["code_fence"]}),
        &[
            ("```json\n{}\n```", Value::Null, Score(1.0)),
            ("```json\n[]\n```", Value::Null, Score(0.0)),
        ],
    );
}

#[cfg(feature = "json-schema")]
#[test]
fn json_schema() {
    let schema = json!({
        "type": "object",
        "required": ["n"],
        "properties": {"n": {"type": "integer", "minimum": 1}, "s": {"pattern": "^(a+)+$"}},
        "additionalProperties": false,
    });
    let hostile = format!("{{\"n\": 1, \"s\": \"{}b\"}}", "a".repeat(100_000));
    check(
        "json_schema",
        json!({ "schema": schema }),
        &[
            ("{\"n\": 3}", Value::Null, Score(1.0)),
            ("{\"n\": 0}", Value::Null, Score(0.0)),
            ("{\"n\": 3, \"x\": 1}", Value::Null, Score(0.0)),
            ("so: {\"n\": 3}", Value::Null, Score(0.0)),
            (hostile.as_str(), Value::Null, Score(0.0)),
        ],
    );
    check(
        "json_schema",
        json!({ "schema": schema, "search": true }),
        &[
            ("so: {\"n\": 3}", Value::Null, Score(1.0)),
            ("nothing", Value::Null, Score(0.0)),
        ],
    );
    for bad in [
        json!({"type": "nothing"}),
        json!({"$ref": "https://example.com/x.json"}),
        json!({"pattern": "(?=x)"}),
    ] {
        let spec = ScorerSpec {
            kind: "json_schema".to_owned(),
            label: "s".to_owned(),
            weight: 1.0,
            options: json!({ "schema": bad }).as_object().unwrap().clone(),
        };
        assert!(build(&spec).is_err(), "{bad}");
    }
}

#[test]
fn json_fields() {
    let wanted = || json!({"a": "x", "b": 2, "c": {"d": true, "e": null}, "l": [1, 2]});
    check(
        "json_fields",
        json!({}),
        &[
            (
                "Here: {\"a\": \" x\", \"b\": 2.0, \"c\": {\"d\": true}, \"l\": [1, 2]}",
                wanted(),
                Score(1.0),
            ),
            ("{\"a\": \"x\", \"b\": \"2\"}", wanted(), Score(0.5)),
            (
                "{\"a\": \"y\", \"b\": 2, \"c\": {\"d\": false}, \"l\": [2, 1, 1]}",
                wanted(),
                Score(0.375),
            ),
            ("{}", wanted(), Score(0.0)),
            ("no object", wanted(), Score(0.0)),
            ("{a: x}", wanted(), Score(0.0)),
            ("{\"a\": 1}", json!("{\"a\": 1}"), Score(1.0)),
            ("{\"a\": 1}", json!("text"), Broken),
            ("{\"a\": 1}", Value::Null, Absent),
        ],
    );
    check(
        "json_fields",
        json!({"lenient": true, "lists": "set", "extra": "penalise", "object": "last"}),
        &[
            ("{a: 1} {l: [2, 1]}", json!({"l": [1, 2]}), Score(1.0)),
            ("{l: [2, 3]}", json!({"l": [1, 2]}), Score(0.5)),
            ("{l: [1, 2], x: 1}", json!({"l": [1, 2]}), Score(0.5)),
        ],
    );
    check(
        "json_fields",
        json!({"fields": {
            "c.name": "normalised",
            "sum": {"compare": "numeric", "tolerance": 0.01, "weight": 2},
            "text": "similar",
            "tags": "set",
            "note": "present",
        }}),
        &[(
            "{\"c\": {\"name\": \"ACME, Inc.\"}, \"sum\": \"$10.005\", \"text\": \"abcd\", \"tags\": [\"b\", \"a\"], \"note\": \"n\", \"other\": 1}",
            json!({"c": {"name": "acme inc"}, "sum": 10, "text": "abcx", "tags": ["a", "b"]}),
            Score(0.958_333_333),
        )],
    );
}

#[test]
fn field_problems_are_placed() {
    let spec = ScorerSpec {
        kind: "json_fields".to_owned(),
        label: "f".to_owned(),
        weight: 1.0,
        options: json!({"fields": {"a": "exactly", "b": {"compar": "auto", "weight": -1}}})
            .as_object()
            .unwrap()
            .clone(),
    };
    let places: Vec<String> = build(&spec)
        .unwrap_err()
        .into_iter()
        .filter_map(|problem| problem.option)
        .collect();
    assert_eq!(
        places,
        ["fields.a.compare", "fields.b.compar", "fields.b.weight"]
    );
}

fn call(name: &str, arguments: Value) -> ToolCall {
    ToolCall {
        id: "any".to_owned(),
        name: name.to_owned(),
        arguments,
    }
}

#[test]
fn tool_calls() {
    let wanted = json!([
        {"name": "find", "arguments": {"city": "Rome", "n": 2}},
        {"name": "book", "arguments": {}},
    ]);
    let both = [
        call("book", json!({})),
        call("find", json!({"n": 2.0, "city": "Rome"})),
    ];
    let extra = [call("find", json!({"city": "Rome", "n": 2, "max": 3}))];
    let broken = [call("find", json!("{\"city\""))];
    let case = |options: Value, calls: &[ToolCall], is| {
        let answer = Answer {
            tool_calls: calls,
            ..Answer::default()
        };
        check_answer("tool_calls", options, wanted.clone(), &answer, is);
    };
    case(json!({}), &both, Score(1.0));
    case(json!({"order": "same"}), &both, Score(0.0));
    case(json!({"order": "same", "credit": "f1"}), &both, Score(0.5));
    case(json!({"credit": "f1"}), &extra, Score(0.0));
    case(
        json!({"credit": "f1", "arguments": "include"}),
        &extra,
        Score(0.666_666_667),
    );
    case(json!({}), &broken, Score(0.0));
    case(
        json!({"arguments": "ignore", "credit": "f1"}),
        &broken,
        Score(0.666_666_667),
    );
    case(json!({}), &[], Score(0.0));
    let none = Item {
        expected: Some(Expected::ToolCalls(Vec::new())),
        ..item(None)
    };
    let scorer = scorer("tool_calls", &json!({}));
    assert_eq!(of(&scorer.score(&none, &Answer::text("hi"))), Score(1.0));
    let called = Answer {
        tool_calls: &both,
        ..Answer::default()
    };
    assert_eq!(of(&scorer.score(&none, &called)), Score(0.0));
    assert_eq!(
        of(&scorer.score(&item(expected(&json!("text"))), &called)),
        Absent
    );
}

#[test]
fn label_sets() {
    check(
        "label_set_f1",
        json!({}),
        &[
            ("[\"A\", \"b\"]", json!(["b", "a"]), Score(1.0)),
            ("a, c", json!(["a", "b"]), Score(0.5)),
            ("- a\n- b\n- b", json!("a; b"), Score(1.0)),
            ("none", json!([]), Score(1.0)),
            ("a", json!([]), Score(0.0)),
            ("", json!(["a"]), Score(0.0)),
            ("[1, 2]", json!([1, 2]), Score(1.0)),
            ("a", json!({"a": 1}), Absent),
        ],
    );
    check(
        "label_set_f1",
        json!({"measure": "jaccard"}),
        &[("a, c", json!(["a", "b"]), Score(0.333_333_333))],
    );
    check(
        "label_set_f1",
        json!({"measure": "equal"}),
        &[("a, c", json!(["a", "b"]), Score(0.0))],
    );
}

#[test]
fn similarity() {
    check(
        "levenshtein",
        json!({}),
        &[
            ("kitten", json!("sitting"), Score(0.571_428_571)),
            ("", json!("ab"), Score(0.0)),
            ("AB", json!("ab"), Score(0.0)),
            ("a", json!(["zz", "a"]), Score(1.0)),
        ],
    );
    check(
        "levenshtein",
        json!({"ignore_case": true}),
        &[("AB", json!("ab"), Score(1.0))],
    );
    check(
        "token_f1",
        json!({}),
        &[
            ("The Eiffel Tower!", json!("eiffel tower"), Score(1.0)),
            ("tower in paris", json!("eiffel tower"), Score(0.4)),
            ("the", json!("a"), Score(1.0)),
            ("the", json!("x"), Score(0.0)),
            ("x x y", json!("x z"), Score(0.4)),
            ("a\u{2013}b", json!("\u{2013}b"), Score(1.0)),
        ],
    );
    check(
        "rouge_l",
        json!({}),
        &[
            ("the cat", json!("the cat"), Score(1.0)),
            ("x", json!("\u{6771}\u{4eac}"), Broken),
        ],
    );
}

#[test]
fn refusals() {
    check(
        "refusal",
        json!({}),
        &[
            ("Paris.", Value::Null, Score(1.0)),
            (
                "I\u{2019}m sorry, but I can\u{2019}t help with that.",
                Value::Null,
                Score(0.0),
            ),
            (
                "<think>I cannot help</think>Sure: 4",
                Value::Null,
                Score(1.0),
            ),
            ("", Value::Null, Score(0.0)),
        ],
    );
    let filtered = FinishReason::ContentFilter;
    let marked = Answer {
        text: "fine",
        finish: Some(&filtered),
        ..Answer::default()
    };
    check_answer("refusal", json!({}), Value::Null, &marked, Score(0.0));
    check_answer(
        "refusal",
        json!({"invert": true}),
        Value::Null,
        &marked,
        Score(1.0),
    );
    let own = Answer::text("Das kann ich nicht.");
    let phrases = json!({"phrases": ["das kann ich nicht"]});
    check_answer("refusal", phrases, Value::Null, &own, Score(0.0));
    let calls = [call("f", json!({}))];
    let called = Answer {
        tool_calls: &calls,
        ..Answer::default()
    };
    check_answer("refusal", json!({}), Value::Null, &called, Score(1.0));
}

#[test]
fn limits() {
    check(
        "length",
        json!({"min": 2, "max": 3}),
        &[
            ("one", Value::Null, Score(0.0)),
            ("one two", Value::Null, Score(1.0)),
            ("1 2 3 4", Value::Null, Score(0.0)),
        ],
    );
    check(
        "length",
        json!({"max": 2, "unit": "characters"}),
        &[("\u{e9}\u{e9}", Value::Null, Score(1.0))],
    );
    check(
        "length",
        json!({"max": 2, "unit": "output_tokens"}),
        &[("text", Value::Null, Broken)],
    );
    let stop = FinishReason::Length;
    let known = Answer {
        text: "x",
        latency: Some(Duration::from_millis(1500)),
        ttft: Some(Duration::from_millis(300)),
        cost: Some(NanoUsd(2_000_000)),
        output_tokens: Some(2),
        finish: Some(&stop),
        ..Answer::default()
    };
    let blank = Answer::text("x");
    for (kind, options, is) in [
        (
            "length",
            json!({"max": 2, "unit": "output_tokens"}),
            Score(1.0),
        ),
        ("latency", json!({"max_ms": 1500}), Score(1.0)),
        ("latency", json!({"max_ms": 1499.9}), Score(0.0)),
        (
            "latency",
            json!({"max_ms": 500, "of": "first_token"}),
            Score(1.0),
        ),
        ("cost", json!({"max_usd": "0.002"}), Score(1.0)),
        ("cost", json!({"max_usd": "0.0019"}), Score(0.0)),
        ("finish", json!({}), Score(0.0)),
        ("finish", json!({"accept": ["length"]}), Score(1.0)),
    ] {
        check_answer(kind, options.clone(), Value::Null, &known, is);
        check_answer(kind, options, Value::Null, &blank, Broken);
    }
}

#[test]
fn commands() {
    let scorer = scorer(
        "command",
        &json!({"command": ["score", "-x"], "timeout_s": 2, "options": {"k": 1}}),
    );
    let Mode::Command(spec) = scorer.mode() else {
        panic!("no command");
    };
    assert_eq!(spec.argv, ["score", "-x"]);
    assert_eq!(spec.timeout, Duration::from_secs(2));
    let item = item(expected(&json!("four")));
    let request = scorer.command_request(&item, &Answer::text("4")).unwrap();
    assert_eq!(request["schema_version"], 1);
    assert_eq!(request["item"]["expected"], json!({"text": "four"}));
    assert_eq!(request["answer"]["text"], "4");
    assert_eq!(request["answer"]["latency_ms"], Value::Null);
    assert_eq!(request["options"], json!({"k": 1}));
    for (stdout, is) in [
        ("{\"score\": 0.5, \"explanation\": \"half\"}\n", Score(0.5)),
        ("{\"score\": 1}", Score(1.0)),
        ("{\"not_applicable\": \"no\"}", Absent),
        ("{\"failed\": \"no\"}", Broken),
        ("{\"score\": 1.5}", Broken),
        ("{\"score\": 1, \"failed\": \"x\"}", Broken),
        ("{\"score\": 1, \"extra\": 2}", Broken),
        ("{}", Broken),
        ("1", Broken),
        ("", Broken),
    ] {
        assert_eq!(of(&spec.read(stdout)), is, "{stdout}");
    }
    assert_eq!(of(&scorer.score(&item, &Answer::text("4"))), Broken);
}

//! Checks of extraction.

use serde_json::{Value, json};

use super::number::read_number;
use super::{Extraction, STEPS};

fn run(steps: &Value, text: &str) -> Option<String> {
    let extraction = Extraction::build(steps).unwrap();
    extraction.apply(text).ok().map(|left| left.into_owned())
}

#[track_caller]
fn check(step: &str, text: &str, expected: Option<&str>) {
    assert_eq!(
        run(&json!(step), text).as_deref(),
        expected,
        "{step} on {text:?}"
    );
}

#[track_caller]
fn check_table(step: Value, text: &str, expected: Option<&str>) {
    assert_eq!(run(&step, text).as_deref(), expected, "{step} on {text:?}");
}

#[test]
fn first_numbers() {
    for (text, expected) in [
        ("42", Some("42")),
        ("The answer is 42.", Some("42")),
        ("$1,234.50 in total", Some("1234.50")),
        ("-$5", Some("-5")),
        ("$-5", Some("-5")),
        ("\u{2212}7 degrees", Some("-7")),
        ("10-5", Some("10")),
        ("(3)", Some("3")),
        (".5 l", Some("0.5")),
        ("a list: 1,2,3", Some("1")),
        ("1,234,567", Some("1234567")),
        ("1'234'567", Some("1234567")),
        ("1\u{a0}234", Some("1234")),
        ("12,34", Some("12")),
        ("1234,567", Some("1234")),
        ("45%", Some("45")),
        ("USD50 for 2", Some("50")),
        ("Q3 brought 50", Some("50")),
        ("only Q3", Some("3")),
        ("1e5", Some("1e5")),
        ("2.5E-3 m", Some("2.5e-3")),
        ("3e8f", Some("3")),
        ("1.2.3", Some("1.2")),
        ("5.", Some("5")),
        ("2024-12-01", Some("2024")),
        ("- 5 apples", Some("5")),
        ("x = -5", Some("-5")),
        ("007", Some("007")),
        ("none", None),
        ("", None),
        ("-", None),
        ("$", None),
        ("\u{0}9", Some("9")),
    ] {
        check("first_number", text, expected);
    }
}

#[test]
fn last_numbers() {
    check("last_number", "3 apples and 4 pears make 7.", Some("7"));
    check("last_number", "10-5", Some("5"));
    check("last_number", "50 in Q3", Some("50"));
    check("last_number", "1,000 to 2,000.5", Some("2000.5"));
    check("last_number", "none", None);
}

#[test]
fn number_options() {
    let comma = |text, expected| {
        check_table(
            json!({"step": "first_number", "decimal": ","}),
            text,
            expected,
        );
    };
    comma("1.234,56 Euro", Some("1234.56"));
    comma("3,5", Some("3.5"));
    comma("-0,5", Some("-0.5"));
    let share = |text, expected| {
        check_table(
            json!({"step": "first_number", "percent": "divide"}),
            text,
            expected,
        );
    };
    share("45 %", Some("0.45"));
    share("45", Some("45"));
}

#[test]
fn numbers_compare_exactly() {
    let same = |a: &str, b: &str| {
        let (a, b) = (read_number(a).unwrap(), read_number(b).unwrap());
        a.same_digits(&b)
    };
    assert!(same("42", "42.00"));
    assert!(same("042", "42"));
    assert!(same("-0", "0"));
    assert!(same("1e2", "100"));
    assert!(!same("9007199254740993", "9007199254740992"));
    assert!(!same("1", "-1"));
    assert!(!same("1", "10"));
    assert!(!same("1.01", "1.1"));
}

#[test]
fn fractions() {
    check("fraction", "3/4", Some("0.75"));
    check("fraction", " -3/4 ", Some("-0.75"));
    check("fraction", "1 1/2", Some("1.5"));
    check("fraction", r"\frac{1}{8}", Some("0.125"));
    check("fraction", r"-\dfrac{1}{2}", Some("-0.5"));
    for unchanged in ["3/0", "a/b", "3/4 cups", "24/7/365", "", "7", "1/2/3", "/"] {
        check("fraction", unchanged, Some(unchanged));
    }
}

#[test]
fn fences() {
    let text = "Intro\n```python\nprint(1)\n```\nthen\n~~~JSON\n{\"a\": 1}\n~~~\nend";
    check("code_fence", text, Some("print(1)"));
    check("code_fence:json", text, Some("{\"a\": 1}"));
    check("code_fence:rust", text, None);
    check_table(
        json!({"step": "code_fence", "which": "last"}),
        text,
        Some("{\"a\": 1}"),
    );
    check("code_fence", "```\na\r\nb\r\n```", Some("a\r\nb"));
    check("code_fence", "```json\n{\"a\": 1", Some("{\"a\": 1"));
    check(
        "code_fence",
        "````\n```\ninner\n```\n````",
        Some("```\ninner\n```"),
    );
    check("code_fence", "```\n```", Some(""));
    check("code_fence", "`inline` only", None);
    check("code_fence", "```inline``` only", None);
}

#[test]
fn json_fields() {
    let text = "Sure: {\"x\": 1} and {\"answer\": \"42\", \"n\": [1, {\"k\": true}]}";
    check("json_field:answer", text, Some("42"));
    check("json_field:n.1.k", text, Some("true"));
    check("json_field:n", text, Some("[1,{\"k\":true}]"));
    check("json_field:none", text, None);
    check("json_field:a", "{\"a\": null}", None);
    check("json_field:a", "{a: 1}", None);
    let lenient = json!({"step": "json_field", "field": "a", "lenient": true});
    check_table(lenient.clone(), "{a: 1}", Some("1"));
    check_table(lenient, "{\"a\": \"cut o", Some("cut o"));
    check_table(
        json!({"step": "json_field", "field": "a", "object": "last"}),
        "{\"a\": 1} {\"a\": 2} {\"b\": 3}",
        Some("2"),
    );
}

#[test]
fn patterns() {
    check(r"regex:\d+", "a 12 b 34", Some("12"));
    check(r"regex:b (\d+)", "a 12 b 34", Some("34"));
    check_table(
        json!({"step": "regex", "pattern": r"(?<n>\d)(?<m>[a-z])", "group": "m", "which": "last"}),
        "1a 2b",
        Some("b"),
    );
    check_table(
        json!({"step": "regex", "pattern": "(a)(b)", "group": 0}),
        "xab",
        Some("ab"),
    );
    check_table(
        json!({"step": "regex", "pattern": "answer", "ignore_case": true}),
        "ANSWER",
        Some("ANSWER"),
    );
    check("regex:z", "abc", None);
}

#[test]
fn cuts() {
    check("after:Answer:", "Answer: 1. No, Answer: 2", Some(" 2"));
    check("before:;", "a;b;c", Some("a"));
    check("after:=", "none", None);
    check_table(
        json!({"step": "after", "marker": "answer:", "ignore_case": true, "which": "first"}),
        "ANSWER: x answer: y",
        Some(" x answer: y"),
    );
    check_table(
        json!({"step": "before", "marker": "Sources", "optional": true}),
        "no marker",
        Some("no marker"),
    );
    check("strip:$,", "$1,000", Some("1000"));
    check("strip:$,", "plain", Some("plain"));
    check(
        "boxed",
        r"so \boxed{1} or \boxed{\frac{1}{2}}.",
        Some(r"\frac{1}{2}"),
    );
    check("boxed", r"\boxed{1", None);
}

#[test]
fn lines_and_case() {
    check("first_line", "\n  a \n b\n", Some("a"));
    check("last_line", "a\n b \n\n", Some("b"));
    check("last_line", " \n", None);
    check("lower", "ÄB", Some("äb"));
    check("trim", " \u{a0}x\n", Some("x"));
}

#[test]
fn reasoning() {
    let step = "without_reasoning";
    check(step, "plain", Some("plain"));
    check(step, "<think>hm 1</think>2", Some("2"));
    check(step, "a<think>b</think>c<think>d</think>e", Some("ace"));
    check(step, "began before</think>4", Some("4"));
    check(step, "<think>never ends 5", Some(""));
    check(step, "<reasoning>x</reasoning><think>y</think>z", Some("z"));
}

#[test]
fn steps_run_in_order_and_name_the_one_that_failed() {
    let steps = json!(["code_fence:json", { "step": "json_field", "field": "a" }, "first_number"]);
    let extraction = Extraction::build(&steps).unwrap();
    let left = extraction.apply("```json\n{\"a\": \"7 kg\"}\n```").unwrap();
    assert_eq!(left, "7");
    let missing = extraction.apply("```json\n{\"b\": 1}\n```").unwrap_err();
    assert_eq!(missing.to_string(), "step 2 (`json_field`) found nothing");
}

#[test]
fn problems_come_all_at_once_with_their_place() {
    let steps = json!([
        "trimm",
        "trim:x",
        { "step": "json_field", "feld": "a" },
        { "step": "regex", "pattern": "(", "which": "middle" },
        { "step": "regex", "pattern": "a(b)", "group": 2 },
        7,
    ]);
    let problems = Extraction::build(&steps).unwrap_err();
    let found: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem.option.as_deref().unwrap(), problem.hint.as_str()))
        .collect();
    let places: Vec<&str> = found.iter().map(|(place, _)| *place).collect();
    assert_eq!(
        places,
        [
            "extract[0].step",
            "extract[1]",
            "extract[2].feld",
            "extract[2].field",
            "extract[3].which",
            "extract[3].pattern",
            "extract[4].group",
            "extract[5]",
        ]
    );
    assert_eq!(found[0].1, "did you mean `trim`?");
    assert_eq!(found[2].1, "did you mean `field`?");
}

#[test]
fn examples_of_the_table_build() {
    for kind in STEPS {
        let table: toml::Table = toml::from_str(&format!("step = {}", kind.example)).unwrap();
        let value = serde_json::to_value(&table["step"]).unwrap();
        assert!(Extraction::build(&value).is_ok(), "{}", kind.name);
    }
}

/// Every step, in each of its settings, on any text: ends, keeps to the text, and leaves valid
/// text behind; numbers are readable again.
#[test]
fn fuzz_every_step() {
    let steps: Vec<Extraction> = [
        json!("trim"),
        json!("lower"),
        json!("code_fence"),
        json!({"step": "code_fence", "language": "json", "which": "last"}),
        json!("json_field:a"),
        json!({"step": "json_field", "field": "a.0", "lenient": true}),
        json!({"step": "json_field", "field": "a", "lenient": true, "object": "last"}),
        json!(r"regex:(\w+)\s*$"),
        json!("first_number"),
        json!("last_number"),
        json!({"step": "last_number", "decimal": ",", "percent": "divide"}),
        json!("fraction"),
        json!("first_line"),
        json!("last_line"),
        json!("after:a"),
        json!("before:1"),
        json!("strip:$,"),
        json!("boxed"),
        json!("without_reasoning"),
    ]
    .iter()
    .map(|steps| Extraction::build(steps).unwrap())
    .collect();
    const PIECES: [&str; 32] = [
        "1", "23", ",", ".", "-", "\u{2212}", "$", "%", "e5", "/", "\\frac{", "}", "{", "\"a\":",
        "\"", "```", "json\n", "\n", "~~~", "<think>", "</think>", "\\boxed{", "é", "\u{a0}",
        "USD", "a", " ", "'", "[", "]", "\u{0}", "000",
    ];
    bolero::check!()
        .with_iterations(4_000)
        .with_max_len(80)
        .for_each(|bytes| {
            let near: String = bytes
                .iter()
                .map(|byte| PIECES[usize::from(*byte) % PIECES.len()])
                .collect();
            for text in [near.as_str(), &String::from_utf8_lossy(bytes)] {
                for step in &steps {
                    let _ = step.apply(text);
                }
                if let Ok(number) = steps[8].apply(text) {
                    assert_eq!(
                        read_number(&number).map(|number| number.text).as_deref(),
                        Some(&*number),
                        "{text:?}"
                    );
                }
            }
        });
}

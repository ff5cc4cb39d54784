//! Checks of finding and reading JSON.

use serde_json::{Value, json};

use super::reader::{Leniency, MAX_DEPTH, Reader};
use super::{equal, first_value, lookup, objects};

fn all(text: &str, leniency: Leniency) -> Vec<Value> {
    objects(text, leniency)
        .map(|found| Value::Object(found.map))
        .collect()
}

#[track_caller]
fn check_lenient(text: &str, expected: &[Value]) {
    assert_eq!(all(text, Leniency::Lenient), expected, "{text}");
}

#[track_caller]
fn check_strict(text: &str, expected: &[Value]) {
    assert_eq!(all(text, Leniency::Strict), expected, "{text}");
}

#[test]
fn valid_objects_are_found_in_prose() {
    for check in [check_strict, check_lenient] {
        check("no object", &[]);
        check(
            "Here: {\"a\": 1} and {\"b\": [2, {\"c\": null}]}.",
            &[json!({"a": 1}), json!({"b": [2, {"c": null}]})],
        );
        check("```json\n{\"a\":\"x\"}\n```", &[json!({"a": "x"})]);
        check("the set {1, 2} or {\"a\": 1}", &[json!({"a": 1})]);
        check("{}", &[json!({})]);
        check(r#"{"a": "é😀\n\/"}"#, &[json!({"a": "é😀\n/"})]);
        check(
            r#"{"a": -1.5e3, "b": true}"#,
            &[json!({"a": -1500.0, "b": true})],
        );
    }
}

#[test]
fn strict_refuses_what_is_no_json() {
    for text in [
        "{a: 1}",
        "{'a': 1}",
        "{\"a\": 1,}",
        "{\"a\": [1,]}",
        "{\"a\" 1}",
        "{\"a\": 1",
        "{\"a\": \"x\ny\"}",
        "{\"a\": 01}",
        "{\"a\": \"\\x\"}",
        "{\"a\": \"\\ud800\"}",
        "{\"a\": 1 // no\n}",
        "{\"a\": True}",
    ] {
        check_strict(text, &[]);
    }
}

#[test]
fn lenient_reads_what_models_write() {
    check_lenient("{answer: 42}", &[json!({"answer": 42})]);
    check_lenient("{'answer': 'it''s'}", &[json!({"answer": "it''s"})]);
    check_lenient(
        "{'a': 'it's here', 'b': 1}",
        &[json!({"a": "it's here", "b": 1})],
    );
    check_lenient("{\"a\": 1,}", &[json!({"a": 1})]);
    check_lenient("{\"a\": [1, 2,], }", &[json!({"a": [1, 2]})]);
    check_lenient("{\"a\": \"x\ny\"}", &[json!({"a": "x\ny"})]);
    check_lenient(
        "{\"a\": 1, // why\n \"b\": 2 /* so */}",
        &[json!({"a": 1, "b": 2})],
    );
    check_lenient(
        "{\"a\": True, \"b\": None}",
        &[json!({"a": true, "b": null})],
    );
    check_lenient(
        "{\"a\": $1,234.50 dollars}",
        &[json!({"a": "$1,234.50 dollars"})],
    );
    check_lenient("{\"a\": 3/4, \"b\": 2}", &[json!({"a": "3/4", "b": 2})]);
    check_lenient("{\"a\": [1,234]}", &[json!({"a": [1, 234]})]);
    check_lenient("{\"a\": \"\\(x\\)\"}", &[json!({"a": "\\(x\\)"})]);
    check_lenient("{\"a\": , \"b\": 1}", &[json!({"a": null, "b": 1})]);
    check_lenient("{\"a\": \"\\ud800x\"}", &[json!({"a": "\u{fffd}x"})]);
}

#[test]
fn lenient_repairs_quotes() {
    check_lenient(
        r#"{"why": "He said "no" to it", "answer": 3}"#,
        &[json!({"why": "He said \"no\" to it", "answer": 3})],
    );
    check_lenient(
        "{\"why\": \"so it is\"\n \"answer\": \"3\"}",
        &[json!({"why": "so it is", "answer": "3"})],
    );
    check_lenient(
        "{\"why\": \"so it is,\n \"answer\": \"3\"}",
        &[json!({"why": "so it is", "answer": "3"})],
    );
    check_lenient(
        r#"{"why": "it holds "x": "1" inside and ends", "b": 2}"#,
        &[json!({"why": "it holds", "x": "1\" inside and ends", "b": 2})],
    );
}

#[test]
fn an_escaped_member_inside_a_string_is_part_of_it() {
    check_lenient(
        r#"{"reasoning": "so \"answer\": \"5\""#,
        &[json!({"reasoning": "so \"answer\": \"5\""})],
    );
}

#[test]
fn truncation_keeps_what_was_complete() {
    for (text, expected) in [
        ("{\"a\": 1, \"b\": \"tex", json!({"a": 1, "b": "tex"})),
        ("{\"a\": 1, \"b\": [1, 2", json!({"a": 1, "b": [1, 2]})),
        (
            "{\"a\": 1, \"b\": {\"c\": 2",
            json!({"a": 1, "b": {"c": 2}}),
        ),
        ("{\"a\": 1, \"b\"", json!({"a": 1})),
        ("{\"a\": 1, \"b\":", json!({"a": 1})),
        ("{\"a\": 1,", json!({"a": 1})),
    ] {
        let found = objects(text, Leniency::Lenient).next().unwrap();
        assert!(!found.complete, "{text}");
        assert_eq!(Value::Object(found.map), expected, "{text}");
    }
    let whole = objects("{\"a\": 1}", Leniency::Lenient).next().unwrap();
    assert!(whole.complete);
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}1{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
    assert!(all(&deep, Leniency::Strict).is_empty());
    let kept = all(&deep, Leniency::Lenient);
    assert!(kept.len() <= 1);
    let fine = format!("{}1{}", "{\"a\":".repeat(MAX_DEPTH), "}".repeat(MAX_DEPTH));
    assert_eq!(all(&fine, Leniency::Strict).len(), 1);
    let lists = "[".repeat(1_000_000);
    assert!(first_value(&lists, Leniency::Lenient).is_none_or(|value| value.is_array()));
}

#[test]
fn paths() {
    let value = json!({"a": {"b.c": [10, {"d": 1}]}, "x.y": 2, "": 3});
    for (path, expected) in [
        ("a", Some(json!({"b.c": [10, {"d": 1}]}))),
        ("x.y", Some(json!(2))),
        ("a.b.c", Some(json!([10, {"d": 1}]))),
        ("a.z", None),
        ("a.b", None),
        ("x", None),
    ] {
        assert_eq!(lookup(&value, path).cloned(), expected, "{path}");
    }
    assert_eq!(lookup(&json!({"l": [{"d": 1}]}), "l.0.d"), Some(&json!(1)));
    assert_eq!(lookup(&json!({"l": [1]}), "l.1"), None);
}

#[test]
fn equality_is_by_meaning() {
    assert!(equal(&json!({"a": [1, 2.0]}), &json!({"a": [1.0, 2]})));
    assert!(!equal(&json!([1, 2]), &json!([2, 1])));
    assert!(!equal(&json!("1"), &json!(1)));
    assert!(!equal(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
}

/// Builds text that is near JSON from arbitrary bytes, so that fuzzing reaches the inner paths.
fn near_json(bytes: &[u8]) -> String {
    const PIECES: [&str; 32] = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "'",
        " ",
        "\n",
        "a",
        "\"a\"",
        "\"b\":",
        "1",
        "-1.5e3",
        "true",
        "null",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\n",
        "//",
        "/*",
        "*/",
        "é",
        "😀",
        "None",
        "\"x\",",
        "{\"a\":",
        "[1,",
        "\u{0}",
        "0",
    ];
    bytes
        .iter()
        .map(|byte| PIECES[usize::from(*byte) % PIECES.len()])
        .collect()
}

fn same_as_serde(text: &str) {
    let start = text.len() - text.trim_start_matches([' ', '\n']).len();
    let mut reader = Reader::new(text, start, Leniency::Strict);
    let own = match text.as_bytes().get(start) {
        Some(b'{') => reader.object().map(Value::Object),
        Some(b'[') => reader.list().map(Value::Array),
        _ => return,
    };
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let theirs = stream.next().and_then(Result::ok);
    assert_eq!(own, theirs, "{text}");
    if let Some(value) = theirs {
        assert_eq!(reader.pos(), stream.byte_offset(), "{text}");
        // What is valid means the same to a lenient reader.
        let mut lenient = Reader::new(text, start, Leniency::Lenient);
        let again = match value {
            Value::Object(_) => lenient.object().map(Value::Object),
            _ => lenient.list().map(Value::Array),
        };
        assert_eq!(again, Some(value), "{text}");
        assert!(!lenient.truncated(), "{text}");
    }
}

#[test]
fn fuzz_strict_reading_equals_serde_json() {
    bolero::check!()
        .with_iterations(20_000)
        .with_max_len(60)
        .for_each(|bytes| same_as_serde(&near_json(bytes)));
}

#[test]
fn valid_documents_mean_the_same_leniently() {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[\"',:{}\\[\\]\\\\/ \n#a-c]{0,12}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::hash_map("[\"',:{}a-c \n]{0,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    proptest!(|(value in tree)| {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            same_as_serde(&text);
        }
    });
}

#[test]
fn fuzz_lenient_reading_ends_and_keeps_its_place() {
    bolero::check!()
        .with_iterations(20_000)
        .with_max_len(200)
        .for_each(|bytes| {
            let text = near_json(bytes);
            for found in objects(&text, Leniency::Lenient) {
                drop(found);
            }
            first_value(&text, Leniency::Lenient);
            let foreign = String::from_utf8_lossy(bytes);
            objects(&foreign, Leniency::Lenient).for_each(drop);
        });
}

/// Strings without a plausible end are searched to the end of the text only once, not once for
/// each of the 200,000 objects.
#[test]
fn many_strings_without_an_end_take_linear_time() {
    let text = "{a:\"b\" c} ".repeat(200_000);
    assert_eq!(objects(&text, Leniency::Lenient).count(), 200_000);
    assert_eq!(
        first_value(&text, Leniency::Lenient),
        Some(json!({"a": "b"}))
    );
}

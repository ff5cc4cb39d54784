//! Items as JSON Lines, in the form in which people write them.
//!
//! In: items. Out: lines that the reader reads back as the same items. A text input is written as a
//! plain text, a list of messages as a list, an expected text, list or object as itself; only an
//! expected JSON value that would be taken for something else is wrapped in `{"json": …}`.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use trilemma_domain::{Expected, Input, Item};

/// Writes items, one line each.
///
/// # Errors
/// Whatever the writer reports.
pub fn write_jsonl<'a>(
    items: impl IntoIterator<Item = &'a Item>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for item in items {
        let line = line(item)?;
        out.write_all(line.as_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// Writes one item with `id`, `input` and `expected` first, as people look for them.
fn line(item: &Item) -> io::Result<String> {
    let mut fields: Vec<(&str, Value)> = vec![
        ("id", Value::from(item.id.as_str())),
        ("input", input(&item.input)?),
    ];
    if let Some(expected) = &item.expected {
        fields.push(("expected", expected_json(expected)?));
    }
    for (name, texts) in [
        ("criteria", &item.extras.criteria),
        ("tags", &item.extras.tags),
    ] {
        if !texts.is_empty() {
            fields.push((name, json!(texts)));
        }
    }
    for (name, text) in [
        ("cluster", &item.extras.cluster),
        ("difficulty", &item.extras.difficulty),
    ] {
        if let Some(text) = text {
            fields.push((name, Value::from(text.as_str())));
        }
    }
    if (item.weight - 1.0).abs() >= f64::EPSILON {
        fields.push(("weight", json!(item.weight)));
    }
    if !item.extras.tools.is_empty() {
        fields.push(("tools", serde_json::to_value(&item.extras.tools)?));
    }
    if !item.extras.metadata.is_empty() {
        fields.push(("metadata", Value::Object(item.extras.metadata.clone())));
    }
    let members: Vec<String> = fields
        .into_iter()
        .map(|(name, value)| format!("\"{name}\": {value}"))
        .collect();
    Ok(format!("{{{}}}", members.join(", ")))
}

fn input(input: &Input) -> io::Result<Value> {
    match input {
        Input::Text(text) => Ok(Value::from(text.as_str())),
        Input::Messages(messages) => Ok(serde_json::to_value(messages)?),
    }
}

fn expected_json(expected: &Expected) -> io::Result<Value> {
    Ok(match expected {
        Expected::Text(text) => Value::from(text.as_str()),
        Expected::List(texts) => json!(texts),
        Expected::ToolCalls(calls) => json!({ "tool_calls": serde_json::to_value(calls)? }),
        Expected::Json(Value::Object(object)) if !is_wrapper(object) => {
            Value::Object(object.clone())
        }
        Expected::Json(value) => json!({ "json": value }),
    })
}

fn is_wrapper(object: &Map<String, Value>) -> bool {
    object.len() == 1 && (object.contains_key("json") || object.contains_key("tool_calls"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use trilemma_domain::{Message, Part, Role, Tool, ToolCall};

    use super::*;
    use crate::testing::item;
    use crate::{Format, GoldenSet, ReadOptions, read_from};

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            let key = prop_oneof![
                Just("json".to_owned()),
                Just("tool_calls".to_owned()),
                "[a-c]{1,2}"
            ];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..3)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn call() -> impl Strategy<Value = ToolCall> {
        (
            ".{0,3}",
            "[a-z]{1,5}",
            prop::collection::btree_map("[a-z]", any::<u8>(), 0..3),
        )
            .prop_map(|(id, name, arguments)| ToolCall {
                id,
                name,
                arguments: json!(arguments),
            })
    }

    fn expected() -> impl Strategy<Value = Option<Expected>> {
        prop_oneof![
            Just(None),
            ".{0,9}".prop_map(|text| Some(Expected::Text(text))),
            prop::collection::vec(".{0,4}", 0..3).prop_map(|list| Some(Expected::List(list))),
            json_value().prop_map(|value| Some(Expected::Json(value))),
            prop::collection::vec(call(), 0..3).prop_map(|calls| Some(Expected::ToolCalls(calls))),
        ]
    }

    fn input() -> impl Strategy<Value = Input> {
        let part = prop_oneof![
            ".{0,9}".prop_map(|text| Part::Text { text }),
            Just(Part::CacheBreakpoint),
            call().prop_map(Part::ToolCall),
            Just(Part::Image {
                url: None,
                data: Some("AAAA".into()),
                media_type: Some("image/png".into())
            }),
            Just(Part::Image {
                url: Some("https://e.org/x".into()),
                data: None,
                media_type: None
            }),
            Just(Part::File {
                data: "AAAA".into(),
                media_type: "application/pdf".into(),
                name: Some("a".into())
            }),
            ".{0,3}".prop_map(|text| Part::ToolResult {
                id: "i".into(),
                text
            }),
        ];
        let role = prop_oneof![Just(Role::System), Just(Role::User), Just(Role::Assistant)];
        let message = (role, prop::collection::vec(part, 0..4))
            .prop_map(|(role, parts)| Message { role, parts });
        prop_oneof![
            ".{0,20}".prop_map(Input::Text),
            prop::collection::vec(message, 0..4).prop_map(Input::Messages),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            input in input(),
            expected in expected(),
            tags in prop::collection::vec(".{0,5}", 0..3),
            cluster in prop::option::of(".{0,5}"),
            weight in 0.001_f64..1e6,
            key in "[x-z]{1,3}",
            value in json_value(),
        ) {
            let mut written = item("a", "", "");
            written.input = input;
            written.expected = expected;
            written.extras.criteria = tags.clone();
            written.extras.tags = tags;
            written.extras.cluster = cluster;
            written.weight = weight;
            written.extras.tools = vec![Tool { name: "f".into(), description: None, parameters: json!({"a": 1}), strict: None, }];
            written.extras.metadata.insert(key, value);
            let mut out = Vec::new();
            write_jsonl([&written], &mut out).unwrap();
            let options = ReadOptions { format: Some(Format::Jsonl), ..ReadOptions::default() };
            let set = read_from(&out[..], "t", &options).unwrap();
            let again = &set.items()[0];
            prop_assert!((again.weight - written.weight).abs() <= written.weight * 1e-15);
            written.weight = again.weight;
            prop_assert_eq!(again, &written);
            let whole = GoldenSet::from_items("t", vec![written]).unwrap();
            prop_assert_eq!(whole.fingerprint(), set.fingerprint());
        }
    }
}

//! Rows of data sets: Inspect, OpenAI Evals, DeepEval, Ragas, Bedrock, and the like.
//!
//! In: rows. Out: items. Which tool wrote them is told by the names of its fields:
//!
//! | tool | asked | expected | read 2026-11 |
//! |---|---|---|---|
//! | OpenAI Evals | `input` (text or messages) | `ideal` | openai/evals `docs/build-eval.md` |
//! | hosted Evals | fields of `item` | by the graders | OpenAI API reference, `evals` |
//! | Inspect | `input`, with `choices` | `target` | inspect_ai `dataset/_dataset.py` |
//! | DeepEval | `input` | `expected_output` | deepeval `dataset/golden.py` |
//! | Ragas | `user_input` | `reference` | ragas `dataset_schema.py` |
//! | Bedrock | `prompt` | `referenceResponse` | Bedrock user guide, "prompt dataset" |
//! | Langfuse, Braintrust | `input` | `expectedOutput`, `expected` | their API references |
//! | MLflow, LangSmith | `inputs` | `expectations`, `outputs` | mlflow `genai/datasets` |

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use trilemma_domain::{Expected, Input, Item, Message, Role, ScorerSpec};

use super::draft::{Draft, Losses, SetupTool};
use super::source::Rows;
use super::template::plain;

/// Longest expected text, on average, that is compared word for word, in characters.
const SHORT: usize = 60;
/// Fields that hold answers, which are results and no test.
const ANSWERS: [&str; 6] = [
    "actual_output",
    "response",
    "modelResponses",
    "output",
    "output_text",
    "outputs",
];

struct Shape {
    tool: SetupTool,
    asked: &'static str,
    expected: &'static [&'static str],
}

const SHAPES: [Shape; 9] = [
    Shape {
        tool: SetupTool::OpenaiEvals,
        asked: "item",
        expected: &[],
    },
    Shape {
        tool: SetupTool::OpenaiEvals,
        asked: "input",
        expected: &["ideal"],
    },
    Shape {
        tool: SetupTool::Inspect,
        asked: "input",
        expected: &["target"],
    },
    Shape {
        tool: SetupTool::DeepEval,
        asked: "input",
        expected: &["expected_output"],
    },
    Shape {
        tool: SetupTool::Ragas,
        asked: "user_input",
        expected: &["reference"],
    },
    Shape {
        tool: SetupTool::Bedrock,
        asked: "prompt",
        expected: &["referenceResponse"],
    },
    Shape {
        tool: SetupTool::Dataset,
        asked: "input",
        expected: &["expected", "expectedOutput"],
    },
    Shape {
        tool: SetupTool::Dataset,
        asked: "inputs",
        expected: &["expectations", "outputs"],
    },
    Shape {
        tool: SetupTool::DeepEval,
        asked: "input",
        expected: &["retrieval_context", "context"],
    },
];

/// The tool whose rows have these fields; `None` = nobody's that we know.
pub(crate) fn tool_of(row: &Map<String, Value>) -> Option<SetupTool> {
    shape_of(row).map(|shape| shape.tool)
}

fn shape_of(row: &Map<String, Value>) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| {
        let has_asked = match row.get(shape.asked) {
            Some(Value::Object(_)) => true,
            Some(Value::Null) | None => false,
            Some(_) => shape.asked != "item",
        };
        let has_expected =
            shape.expected.is_empty() || shape.expected.iter().any(|name| row.contains_key(*name));
        has_asked && has_expected
    })
}

/// Reads rows into items.
pub(crate) fn rows(rows: Rows, name: &str, draft: &mut Draft, losses: &mut Losses) {
    let mut taken: HashSet<String> = draft.items.iter().map(|item| item.id.to_string()).collect();
    let mut has_choices = false;
    for (line, row) in rows {
        let place = format!("{name}:{line}");
        let Some(shape) = shape_of(&row) else {
            losses.add(&place, "row", "it has not the fields of the others");
            continue;
        };
        draft.of(shape.tool);
        has_choices |= row.get("choices").is_some_and(Value::is_array);
        if let Some(item) = item(row, shape, &place, losses) {
            draft.push(item, &mut taken);
        }
    }
    let is_hosted = draft.items.iter().all(|item| item.expected.is_none());
    if has_choices {
        draft.add_scorer(scorer("multiple_choice", json!({})));
    } else if !is_hosted {
        add_comparison(draft, losses);
    }
}

fn scorer(kind: &str, options: Value) -> ScorerSpec {
    ScorerSpec {
        kind: kind.to_owned(),
        label: kind.to_owned(),
        weight: 1.0,
        options: options.as_object().cloned().unwrap_or_default(),
    }
}

/// Short answers are compared word for word, long ones by a judge.
fn add_comparison(draft: &mut Draft, losses: &mut Losses) {
    let lengths: Vec<usize> = draft
        .items
        .iter()
        .filter_map(|item| match &item.expected {
            Some(Expected::Text(text)) => Some(text.chars().count()),
            Some(Expected::List(list)) => list.iter().map(|text| text.chars().count()).max(),
            Some(Expected::Json(_) | Expected::ToolCalls(_)) | None => None,
        })
        .collect();
    let has_json = draft
        .items
        .iter()
        .any(|item| matches!(item.expected, Some(Expected::Json(_))));
    let mean = lengths.iter().sum::<usize>() / lengths.len().max(1);
    let (spec, why) = if has_json && lengths.is_empty() {
        (
            scorer("json_fields", json!({})),
            "the expected values are JSON",
        )
    } else if mean <= SHORT {
        (
            scorer("normalised", json!({})),
            "the expected answers are short",
        )
    } else {
        let options = json!({ "model": "openai/gpt-4.1-2025-04-14", "mode": "reference" });
        (
            scorer("judge", options),
            "the expected answers are long texts",
        )
    };
    losses.add(
        "data set",
        "metrics of the other tool",
        format!(
            "a data set names none; `{}` was chosen, because {why}",
            spec.kind
        ),
    );
    draft.add_scorer(spec);
}

fn item(
    mut row: Map<String, Value>,
    shape: &Shape,
    place: &str,
    losses: &mut Losses,
) -> Option<Item> {
    let asked = row.remove(shape.asked).unwrap_or_default();
    let mut metadata = Map::new();
    let expected = shape
        .expected
        .iter()
        .find_map(|name| row.remove(*name))
        .and_then(expected);
    for name in ANSWERS {
        if row.remove(name).is_some_and(|value| !value.is_null()) {
            losses.add(
                place,
                format!("field {name}"),
                "answers are results: `trilemma import` reads them",
            );
        }
    }
    let id = row
        .remove("id")
        .map(|id| plain(&id))
        .filter(|id| !id.is_empty());
    let tags = tags(&mut row);
    for name in ["metadata", "additional_metadata", "additionalMetadata"] {
        match row.remove(name) {
            Some(Value::Object(fields)) => metadata.extend(fields),
            Some(Value::Null) | None => {}
            Some(other) => {
                metadata.insert("note".to_owned(), other);
            }
        }
    }
    for name in [
        "sandbox",
        "files",
        "setup",
        "tools_called",
        "expected_tools",
    ] {
        if row.remove(name).is_some_and(|value| !value.is_null()) {
            losses.add(
                place,
                format!("field {name}"),
                "it belongs to an agent's surroundings, which are not built here",
            );
        }
    }
    let choices = row.remove("choices");
    let input = match asked {
        Value::Object(fields) => {
            let text = single_text(&fields);
            metadata.extend(fields);
            Input::Text(text)
        }
        Value::Array(messages) => match chat(&messages) {
            Some(messages) => Input::Messages(messages),
            None => {
                losses.add(
                    place,
                    "row",
                    "its messages hold more than texts; write the item by hand",
                );
                return None;
            }
        },
        other => Input::Text(plain(&other)),
    };
    let input = with_choices(input, choices.as_ref());
    row.retain(|_, value| !value.is_null());
    metadata.extend(row);
    for reserved in ["id", "input", "messages", "tags", "metadata"] {
        metadata.remove(reserved);
    }
    let line = place.rsplit(':').next().unwrap_or_default();
    let mut item = Item::new(id.unwrap_or_else(|| format!("r{line}")), input);
    item.expected = expected;
    item.extras.tags = tags;
    item.extras.metadata = metadata;
    Some(item)
}

fn tags(row: &mut Map<String, Value>) -> Vec<String> {
    match row.remove("tags").or_else(|| row.remove("category")) {
        Some(Value::Array(list)) => list.iter().map(plain).collect(),
        Some(Value::String(tag)) if !tag.is_empty() => vec![tag],
        _ => Vec::new(),
    }
}

fn expected(value: Value) -> Option<Expected> {
    match value {
        Value::Null => None,
        // Inspect writes an empty target where there is none.
        Value::String(text) if text.is_empty() => None,
        Value::Array(list) if list.iter().all(Value::is_string) => {
            Some(Expected::List(list.iter().map(plain).collect()))
        }
        Value::Array(list) => Some(Expected::Json(Value::Array(list))),
        Value::Object(fields) if fields.is_empty() => None,
        Value::Object(fields) => {
            let mut values = fields.values();
            match (values.next(), values.next()) {
                (Some(Value::String(only)), None) => Some(Expected::Text(only.clone())),
                _ => Some(Expected::Json(Value::Object(fields))),
            }
        }
        other => Some(Expected::Text(plain(&other))),
    }
}

/// What a question of several fields asks: the usual one, the only one, or all.
fn single_text(fields: &Map<String, Value>) -> String {
    const USUAL: [&str; 7] = [
        "input",
        "question",
        "query",
        "prompt",
        "message",
        "text",
        "ticket_text",
    ];
    if let Some(value) = USUAL.iter().find_map(|name| fields.get(*name)) {
        return plain(value);
    }
    let mut values = fields.values();
    match (values.next(), values.next()) {
        (Some(only), None) => plain(only),
        _ => {
            let lines: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", plain(value)))
                .collect();
            lines.join("\n")
        }
    }
}

fn chat(messages: &[Value]) -> Option<Vec<Message>> {
    messages
        .iter()
        .map(|message| {
            let role = match message
                .get("role")
                .or_else(|| message.get("type"))?
                .as_str()?
            {
                "system" | "developer" => Role::System,
                "user" | "human" => Role::User,
                "assistant" | "ai" => Role::Assistant,
                _ => return None,
            };
            let text = message.get("content")?.as_str()?;
            Some(Message::text(role, text.to_owned()))
        })
        .collect()
}

/// Puts the choices below the question, as Inspect's `multiple_choice` does.
fn with_choices(input: Input, choices: Option<&Value>) -> Input {
    let Some(Value::Array(choices)) = choices else {
        return input;
    };
    match input {
        Input::Text(mut text) => {
            text.push('\n');
            for (letter, choice) in ('A'..='Z').zip(choices) {
                text.push_str(&format!("\n{letter}) {}", plain(choice)));
            }
            Input::Text(text)
        }
        messages @ Input::Messages(_) => messages,
    }
}

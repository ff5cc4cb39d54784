//! Graders of OpenAI's hosted Evals as checks and judges.
//!
//! In: an eval's definition (`testing_criteria`), or a run's (`data_source`), as the API gives them, and the
//! items read before. Out: checks for each item, judges, prompt and candidate. Fields as in OpenAI's API
//! reference, read 2026-11; the service shut down on 2026-11-30.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use trilemma_domain::{Params, PromptText, ScorerSpec};

use super::draft::{Draft, DraftCall, DraftCandidate, Losses, PARTLY, SetupTool};
use super::template::{self, Piece, plain};

/// How definitions name the answer.
const ANSWER: &str = "sample.output_text";

/// Whether a document defines graders or a run.
pub(crate) fn is_definition(value: &Value) -> bool {
    value.get("testing_criteria").is_some()
        || value.get("data_source").is_some()
        || value.get("graders").is_some()
        || is_grader(value)
}

fn is_grader(value: &Value) -> bool {
    let kind = value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    [
        "string_check",
        "text_similarity",
        "label_model",
        "score_model",
        "python",
        "multi",
    ]
    .contains(&kind)
}

/// Reads a definition; its graders apply to all items of the draft.
pub(crate) fn definition(value: &Value, path: &Path, draft: &mut Draft, losses: &mut Losses) {
    draft.of(SetupTool::OpenaiEvals);
    let place = path
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    draft.name = draft.name.take().or_else(|| value.get("name").map(plain));
    for (name, why) in [
        ("metadata", None),
        ("data_source_config", None),
        ("python", Some("it runs code")),
    ] {
        if let (Some(_), Some(why)) = (value.get(name), why) {
            losses.add(&place, name, why);
        }
    }
    if let Some(source) = value.get("data_source") {
        run(source, &place, draft, losses);
    }
    let listed = value
        .get("testing_criteria")
        .or_else(|| value.get("graders"));
    let graders: Vec<Value> = match listed {
        Some(Value::Array(list)) => list.clone(),
        Some(Value::Object(named)) => named.values().cloned().collect(),
        _ if is_grader(value) => vec![value.clone()],
        _ => Vec::new(),
    };
    let mut hidden = BTreeSet::new();
    for (idx, grader) in graders.iter().enumerate() {
        let name = grader
            .get("name")
            .map(plain)
            .unwrap_or_else(|| format!("grader-{}", idx + 1));
        let fields = grader.as_object().cloned().unwrap_or_default();
        let kind = fields.get("type").map(plain).unwrap_or_default();
        let done = match kind.as_str() {
            "string_check" | "text_similarity" => check(&kind, &fields, draft),
            "label_model" | "score_model" => judge(&kind, &name, &fields, draft),
            "python" => Err("it runs code; write it as a `command` scorer".to_owned()),
            "multi" => Err(
                "its formula combines other graders; list them one by one, each with a `weight`"
                    .to_owned(),
            ),
            other => Err(format!("`{other}` is no grader that we know")),
        };
        hide_answers(&fields, &mut hidden);
        if let Err(why) = done {
            losses.add(&place, format!("grader {name} ({kind})"), why);
            for item in &mut draft.items {
                if !item.extras.tags.iter().any(|tag| tag == PARTLY) {
                    item.extras.tags.push(PARTLY.to_owned());
                }
            }
        }
    }
    hide(draft, &hidden);
}

/// The fields of items that graders compare with: candidates must not see them.
fn hide_answers(grader: &Map<String, Value>, hidden: &mut BTreeSet<String>) {
    for side in ["input", "reference"] {
        let Some(text) = grader.get(side).and_then(Value::as_str) else {
            continue;
        };
        for piece in template::pieces(text) {
            if let Piece::Name(name) = piece
                && let Some(field) = name.strip_prefix("item.")
            {
                hidden.insert(field.to_owned());
            }
        }
    }
}

/// Takes answers out of what prompts and programs see, but for those that a prompt or a rubric names.
fn hide(draft: &mut Draft, hidden: &BTreeSet<String>) {
    let named = |field: &str| {
        let place = format!("metadata.{field}");
        let rubrics = draft
            .scorers
            .iter()
            .filter_map(|spec| spec.options.get("rubric"));
        draft
            .prompts
            .iter()
            .any(|prompt| prompt.source.contains(&place))
            || rubrics
                .filter_map(Value::as_str)
                .any(|rubric| rubric.contains(&place))
    };
    let hidden: Vec<&String> = hidden.iter().filter(|field| !named(field)).collect();
    for item in &mut draft.items {
        for field in &hidden {
            item.extras.metadata.remove(*field);
        }
    }
}

/// The fields of an item as a template names them: `item.x`, and the answer's as they are.
fn fields_of(draft: &Draft, idx: usize) -> Map<String, Value> {
    let metadata = draft
        .items
        .get(idx)
        .map(|item| item.extras.metadata.clone())
        .unwrap_or_default();
    let mut fields = metadata.clone();
    if let Some(item) = draft.items.get(idx)
        && !fields.contains_key("input")
    {
        fields.insert("input".to_owned(), Value::from(item.input.last_user_text()));
    }
    let mut values = metadata;
    values.insert("item".to_owned(), Value::Object(fields));
    values
}

fn is_answer(template: &str) -> bool {
    matches!(template::pieces(template.trim()).as_slice(), [Piece::Name(name)] if *name == ANSWER)
}

/// A grader that compares the answer with a text.
fn check(kind: &str, fields: &Map<String, Value>, draft: &mut Draft) -> Result<(), String> {
    let text = |name: &str| fields.get(name).map(plain).unwrap_or_default();
    let (input, reference) = (text("input"), text("reference"));
    // `string_check` may name the answer on either side; containing is not symmetric.
    let operation = text("operation");
    let is_turned = is_answer(&reference) && !is_answer(&input);
    if is_turned && kind == "string_check" && !["eq", "ne"].contains(&operation.as_str()) {
        return Err("it looks for the answer in a text, not for a text in the answer".to_owned());
    }
    let wanted = if is_turned { &input } else { &reference };
    if !is_turned && !is_answer(&input) {
        return Err(format!(
            "`{input}` is not the answer as a whole (`{{{{ {ANSWER} }}}}`)"
        ));
    }
    let make = |expected: &str| -> Result<Value, String> {
        let exact = |more: Value| {
            let mut check = json!({ "type": "exact", "expected": expected, "extract": [], "expected_extract": [] });
            if let (Some(check), Value::Object(more)) = (check.as_object_mut(), more) {
                check.extend(more);
            }
            check
        };
        Ok(match (kind, operation.as_str()) {
            ("string_check", "eq") => exact(json!({})),
            ("string_check", "ne") => exact(json!({ "not": true })),
            ("string_check", "like") => json!({ "type": "contains_any", "values": [expected] }),
            ("string_check", "ilike") => {
                json!({ "type": "contains_any", "values": [expected], "ignore_case": true })
            }
            ("text_similarity", _) => similarity(fields, expected)?,
            (_, other) => return Err(format!("its operation is `{other}`")),
        })
    };
    for idx in 0..draft.items.len() {
        let values = fields_of(draft, idx);
        let expected = template::fill(wanted, &values)
            .map_err(|part| format!("`{part}` is more than a name"))?;
        let check = make(&expected)?;
        let Some(item) = draft.items.get_mut(idx) else {
            continue;
        };
        if item.expected.is_none() && !expected.is_empty() && operation != "ne" {
            item.expected = Some(trilemma_domain::Expected::Text(expected));
        }
        let list = draft
            .checks
            .entry(item.id.to_string())
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Some(list) = list.as_array_mut() {
            list.push(check);
        }
    }
    Ok(())
}

fn similarity(fields: &Map<String, Value>, expected: &str) -> Result<Value, String> {
    let metric = fields
        .get("evaluation_metric")
        .map(plain)
        .unwrap_or_default();
    let least = fields.get("pass_threshold").and_then(Value::as_f64);
    match (metric.as_str(), least) {
        ("rouge_l", Some(least)) => Ok(
            json!({ "type": "rouge_l", "expected": expected, "at_least": least.clamp(0.0, 1.0) }),
        ),
        ("rouge_l", None) => Err("it names no `pass_threshold`".to_owned()),
        (other, _) => Err(format!(
            "`{other}` has another formula here or none: the same bar would mean something else"
        )),
    }
}

/// A grader that asks a model.
fn judge(
    kind: &str,
    name: &str,
    fields: &Map<String, Value>,
    draft: &mut Draft,
) -> Result<(), String> {
    let messages = fields
        .get("input")
        .and_then(Value::as_array)
        .ok_or("it has no messages")?;
    let mut texts = Vec::new();
    for message in messages {
        let content = message.get("content");
        let text = match content {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Object(part)) => part.get("text").map(plain).unwrap_or_default(),
            _ => return Err("the content of a message is no text".to_owned()),
        };
        texts.push(rubric_text(&text)?);
    }
    let model = fields.get("model").map(plain).unwrap_or_default();
    let scale = if kind == "label_model" {
        let labels: Vec<String> = list(fields, "labels");
        let passing = list(fields, "passing_labels");
        if labels.len() < 2 {
            return Err("it has fewer than two labels".to_owned());
        }
        let words = labels.into_iter().map(|label| {
            let score = if passing.contains(&label) { 1.0 } else { 0.0 };
            (label, json!(score))
        });
        Value::Object(words.collect())
    } else {
        let range: Vec<f64> = fields
            .get("range")
            .and_then(Value::as_array)
            .map(|range| range.iter().filter_map(Value::as_f64).collect())
            .unwrap_or_else(|| vec![0.0, 1.0]);
        match range.as_slice() {
            [low, high] if low < high && low.fract() == 0.0 && high.fract() == 0.0 => {
                Value::from(format!("{low}-{high}"))
            }
            _ => return Err("its range has no whole ends".to_owned()),
        }
    };
    let mut options = json!({
        "model": format!("openai/{model}"), "rubric": texts.join("\n\n"), "scale": scale, "show_expected": false,
    });
    let bar = fields.get("pass_threshold").and_then(Value::as_f64);
    if let (Some(options), Some(_)) = (options.as_object_mut(), bar) {
        // The project's bar is told by `cli`, because it holds for all scorers.
        options.retain(|_, value| !value.is_null());
    }
    draft.add_scorer(ScorerSpec {
        kind: "judge".to_owned(),
        label: name.to_owned(),
        weight: 1.0,
        options: options.as_object().cloned().unwrap_or_default(),
    });
    match bar {
        Some(bar) if kind == "score_model" => Err(format!(
            "it is a `judge` now, but its own bar of {bar} is not: one `pass_threshold` holds for the whole answer"
        )),
        _ => Ok(()),
    }
}

fn list(fields: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = fields.get(name).and_then(Value::as_array);
    list.into_iter().flatten().map(plain).collect()
}

/// The words of a grader as a rubric: `item.x` by its metadata name, the answer by the judge's own place.
fn rubric_text(text: &str) -> Result<String, String> {
    let mut rubric = String::new();
    for piece in template::pieces(text) {
        match piece {
            Piece::Text(part) => rubric.push_str(part),
            Piece::Name(ANSWER) => rubric.push_str("(the answer to be judged, below)"),
            Piece::Name(name) => match name.strip_prefix("item.") {
                Some("input") => rubric.push_str("{{ input }}"),
                Some(field) => rubric.push_str(&format!("{{{{ metadata.{field} }}}}")),
                None => return Err(format!("`{name}` is not known here")),
            },
            Piece::Other(part) => return Err(format!("`{part}` is more than a name")),
        }
    }
    Ok(rubric)
}

/// What a run asks, and whom.
fn run(source: &Value, place: &str, draft: &mut Draft, losses: &mut Losses) {
    if let Some(model) = source.get("model").and_then(Value::as_str) {
        draft.candidates.push(DraftCandidate {
            id: model.to_owned(),
            call: DraftCall::Model {
                provider: "openai".to_owned(),
                model: model.to_owned(),
                base_url: None,
                key_env: None,
            },
            prompt: None,
            params: sampling(source.get("sampling_params"), place, losses),
        });
    }
    let template = source
        .pointer("/input_messages/template")
        .and_then(Value::as_array);
    let Some(messages) = template else { return };
    let mut text = String::new();
    for message in messages {
        let role = match message
            .get("role")
            .and_then(Value::as_str)
            .unwrap_or("user")
        {
            "developer" | "system" => "system",
            "assistant" => "assistant",
            _ => "user",
        };
        let content = message.get("content");
        let content = match content {
            Some(Value::Object(part)) => part.get("text").map(plain),
            other => other.map(plain),
        };
        match rubric_text(&content.unwrap_or_default()) {
            Ok(content) => text.push_str(&format!("=== {role} ===\n{content}\n")),
            Err(why) => {
                losses.add(place, "messages of the run", why);
                return;
            }
        }
    }
    draft.prompts.push(PromptText {
        name: "default".to_owned(),
        source: text,
    });
}

fn sampling(value: Option<&Value>, place: &str, losses: &mut Losses) -> Params {
    let mut params = Params::default();
    for (key, value) in value.and_then(Value::as_object).into_iter().flatten() {
        match key.as_str() {
            _ if value.is_null() => {}
            "temperature" => params.temperature = value.as_f64(),
            "top_p" => params.top_p = value.as_f64(),
            "seed" => params.seed = value.as_i64(),
            "max_completions_tokens" | "max_completion_tokens" => {
                params.max_output_tokens = value.as_u64().and_then(|n| u32::try_from(n).ok());
            }
            "reasoning_effort" => params.reasoning_effort = value.as_str().map(str::to_owned),
            other => losses.add(
                place,
                format!("sampling parameter {other}"),
                "it has no counterpart here",
            ),
        }
    }
    params
}

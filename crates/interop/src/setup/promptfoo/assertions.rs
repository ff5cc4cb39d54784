//! Assertions of promptfoo as checks, criteria and references.
//!
//! In: one assertion and the variables of its test. Out: a check of the scorer `checks`, a criterion for a
//! judge, or a reference answer; or why there is none. A check is proven by building it.

use std::path::Path;

use serde_json::{Map, Value, json};
use trilemma_domain::ScorerSpec;

use crate::setup::draft::Losses;
use crate::setup::source;
use crate::setup::template::{fill, plain};

/// promptfoo's own bars, where the assertion names none.
const LEVENSHTEIN: f64 = 5.0;

/// What the assertions of one test come to.
#[derive(Debug, Default)]
pub(super) struct Asserted {
    /// Checks, as the scorer `checks` reads them.
    pub(super) checks: Vec<Value>,
    /// What a judge has to find in the answer.
    pub(super) criteria: Vec<String>,
    /// What a judge compares the answer with.
    pub(super) reference: Option<String>,
    /// The model that grades, as promptfoo names it.
    pub(super) grader: Option<String>,
    /// Assertions that were left out.
    pub(super) n_lost: usize,
}

/// Where assertions stand.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) folder: &'a Path,
    pub(super) name: &'a str,
    pub(super) vars: &'a Map<String, Value>,
}

enum Meaning {
    Check(Value),
    Criterion(String),
    Reference(String),
    Lost(String),
}

impl Asserted {
    /// Adds the assertions of a list.
    pub(super) fn add_all(&mut self, list: &Value, place: Place<'_>, losses: &mut Losses) {
        for assertion in list.as_array().into_iter().flatten() {
            match assertion.as_object() {
                Some(fields) => self.add(fields, place, losses),
                None => {
                    self.n_lost += 1;
                    let why =
                        "references to templates of assertions are not followed; write it out";
                    losses.add(place.name, "assertion by reference", why);
                }
            }
        }
    }

    fn add(&mut self, fields: &Map<String, Value>, place: Place<'_>, losses: &mut Losses) {
        let kind = fields.get("type").map(plain).unwrap_or_default();
        if kind == "assert-set" {
            self.add_set(fields, place, losses);
            return;
        }
        let weight = fields.get("weight").and_then(Value::as_f64);
        if weight == Some(0.0) {
            losses.add(
                place.name,
                format!("assertion {kind} of weight 0"),
                "it can never fail there, so it is not needed",
            );
            return;
        }
        self.grader = self.grader.take().or_else(|| grader(fields));
        match meaning(&kind, fields, place) {
            Meaning::Check(mut check) => {
                if let (Some(weight), Some(check)) = (weight, check.as_object_mut()) {
                    check.insert("weight".to_owned(), json!(weight));
                }
                match proven(&check) {
                    Ok(()) => self.checks.push(check),
                    Err(why) => self.lose(&kind, why, place, losses),
                }
            }
            Meaning::Criterion(text) => self.criteria.push(text),
            Meaning::Reference(text) if self.reference.is_none() => self.reference = Some(text),
            Meaning::Reference(_) => {
                self.lose(
                    &kind,
                    "a test has one reference answer here".to_owned(),
                    place,
                    losses,
                );
            }
            Meaning::Lost(why) => self.lose(&kind, why, place, losses),
        }
    }

    fn add_set(&mut self, fields: &Map<String, Value>, place: Place<'_>, losses: &mut Losses) {
        let mut inner = Self::default();
        inner.add_all(fields.get("assert").unwrap_or(&Value::Null), place, losses);
        self.n_lost += inner.n_lost;
        let threshold = fields.get("threshold").and_then(Value::as_f64);
        if threshold.is_some() && !(inner.criteria.is_empty() && inner.reference.is_none()) {
            let why = "a judge's word cannot be averaged with checks; all of them must pass here";
            losses.add(place.name, "threshold of a set that a model grades", why);
        }
        self.criteria.extend(inner.criteria);
        self.reference = self.reference.take().or(inner.reference);
        self.grader = self.grader.take().or(inner.grader);
        if !inner.checks.is_empty() {
            let mut group = json!({ "of": inner.checks });
            if let (Some(least), Some(group)) = (threshold, group.as_object_mut()) {
                group.insert("at_least".to_owned(), json!(least));
            }
            self.checks.push(group);
        }
    }

    fn lose(&mut self, kind: &str, why: String, place: Place<'_>, losses: &mut Losses) {
        self.n_lost += 1;
        losses.add(place.name, format!("assertion {kind}"), why);
    }
}

fn grader(fields: &Map<String, Value>) -> Option<String> {
    match fields.get("provider")? {
        Value::String(id) => Some(id.clone()),
        Value::Object(provider) => provider.get("id").map(plain),
        _ => None,
    }
}

/// Builds the check once, so that the project will take it.
fn proven(check: &Value) -> Result<(), String> {
    let spec = ScorerSpec {
        kind: "checks".to_owned(),
        label: "checks".to_owned(),
        weight: 1.0,
        options: Map::from_iter([("checks".to_owned(), json!({ "x": [check] }))]),
    };
    trilemma_score::build(&spec)
        .map(|_| ())
        .map_err(|problems| {
            let first = problems.into_iter().next();
            first.map_or_else(String::new, |one| {
                one.message.replace("item `x`: check 1: ", "")
            })
        })
}

fn meaning(kind: &str, fields: &Map<String, Value>, place: Place<'_>) -> Meaning {
    if fields.contains_key("transform") || fields.contains_key("contextTransform") {
        return lost("it is applied to the output of `transform`, which is code");
    }
    let (base, negated) = match kind.strip_prefix("not-") {
        Some(base) => (base, true),
        None => (kind, false),
    };
    let value = match value(fields, place) {
        Ok(value) => value,
        Err(why) => return Meaning::Lost(why),
    };
    let threshold = fields.get("threshold").and_then(Value::as_f64);
    let found = match graded(base, &value) {
        Some(Meaning::Criterion(text)) if negated => {
            return Meaning::Criterion(format!("The following does NOT hold: {text}"));
        }
        Some(other) if !negated => return other,
        Some(_) => return lost("the opposite of a comparison with a reference is not judged here"),
        None => pure(base, &value, threshold),
    };
    match (found, negated) {
        (Meaning::Check(mut check), true) => {
            if let Some(fields) = check.as_object_mut() {
                fields.insert("not".to_owned(), Value::Bool(true));
            }
            Meaning::Check(check)
        }
        (found, _) => found,
    }
}

fn lost(why: &str) -> Meaning {
    Meaning::Lost(why.to_owned())
}

/// The value with variables filled in, or what the file that it names holds.
fn value(fields: &Map<String, Value>, place: Place<'_>) -> Result<Value, String> {
    let value = fields.get("value").cloned().unwrap_or(Value::Null);
    filled(value, place)
}

fn filled(value: Value, place: Place<'_>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match text.strip_prefix("file://") {
            Some(name) if is_code(name) => return Err("it runs code".to_owned()),
            Some(name) => {
                let path = source::inside(place.folder, name)?;
                let text = source::text(&path).map_err(|error| format!("failed to {error}"))?;
                if name.ends_with(".json") {
                    serde_json::from_str(&text).map_err(|error| format!("`{name}`: {error}"))?
                } else {
                    Value::String(text)
                }
            }
            None => Value::String(fill(&text, place.vars).map_err(|part| {
                format!(
                    "its value needs `{}`, which only Nunjucks has",
                    excerpt(&part)
                )
            })?),
        },
        Value::Array(list) => list
            .into_iter()
            .map(|value| filled(value, place))
            .collect::<Result<_, _>>()?,
        other => other,
    })
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

fn is_code(name: &str) -> bool {
    [".js", ".cjs", ".mjs", ".ts", ".py", ".rb"]
        .iter()
        .any(|extension| name.split(':').next().unwrap_or(name).ends_with(extension))
}

/// Assertions that a model grades.
fn graded(base: &str, value: &Value) -> Option<Meaning> {
    Some(match base {
        "llm-rubric" | "model-graded-closedqa" | "g-eval" => match value {
            Value::String(text) => Meaning::Criterion(text.clone()),
            Value::Array(list) => {
                let texts: Vec<String> = list.iter().map(plain).collect();
                Meaning::Criterion(texts.join("\n"))
            }
            _ => lost("its rubric is no text"),
        },
        "factuality" | "model-graded-factuality" => match value {
            Value::String(text) => Meaning::Reference(text.clone()),
            _ => lost("its reference is no text"),
        },
        _ => return None,
    })
}

/// Assertions that are functions of the output.
fn pure(base: &str, value: &Value, threshold: Option<f64>) -> Meaning {
    let one = plain(value);
    let check = match base {
        "equals" => match value {
            Value::Object(_) | Value::Array(_) => {
                json!({ "type": "json_fields", "expected": value })
            }
            _ => json!({ "type": "exact", "expected": one, "extract": [], "expected_extract": [] }),
        },
        "contains" => json!({ "type": "contains_any", "values": [one] }),
        "icontains" => json!({ "type": "contains_any", "values": [one], "ignore_case": true }),
        "contains-any" => json!({ "type": "contains_any", "values": several(value) }),
        "icontains-any" => {
            json!({ "type": "contains_any", "values": several(value), "ignore_case": true })
        }
        "contains-all" => json!({ "type": "contains_all", "values": several(value) }),
        "icontains-all" => {
            json!({ "type": "contains_all", "values": several(value), "ignore_case": true })
        }
        "starts-with" => json!({ "type": "starts_with", "values": [one], "extract": [] }),
        "regex" => json!({ "type": "regex", "pattern": one, "extract": [] }),
        "is-json" | "contains-json" => return of_json(base == "contains-json", value),
        "is-refusal" => json!({ "type": "refusal", "invert": true }),
        "word-count" => return word_count(value),
        "levenshtein" => json!({
            "type": "levenshtein", "expected": one,
            "max_distance": threshold.unwrap_or(LEVENSHTEIN) as u64,
            "extract": [], "expected_extract": [],
        }),
        "latency" => match threshold {
            Some(ms) => json!({ "type": "latency", "max_ms": ms }),
            None => return lost("it names no threshold"),
        },
        "cost" => match threshold {
            Some(usd) => json!({ "type": "cost", "max_usd": usd.to_string() }),
            None => return lost("it names no threshold"),
        },
        "finish-reason" => json!({ "type": "finish", "accept": several(value) }),
        other => return lost(reason(other)),
    };
    Meaning::Check(check)
}

/// Why a type has no counterpart.
fn reason(base: &str) -> &'static str {
    match base {
        "javascript" | "python" | "ruby" | "webhook" => {
            "it runs code; write it as a `command` scorer, which reads the answer from its standard input"
        }
        "similar" | "similar:cosine" | "similar:dot" | "similar:euclidean" | "answer-relevance" => {
            "it needs embeddings; a `judge` with `mode = \"reference\"` compares meanings"
        }
        "rouge-n" | "bleu" | "gleu" | "meteor" => {
            "its formula differs from our `rouge_l`, `bleu` and `chrf`: the same bar would mean something else"
        }
        "select-best" | "max-score" => {
            "it compares outputs with each other; a `judge` with `mode = \"pairwise\"` does"
        }
        "context-faithfulness" | "context-recall" | "context-relevance" => {
            "it is several calls of a grader there; write what you expect as a rubric of a `judge`"
        }
        "human" => "a person grades it; see `trilemma review`",
        "is-xml" | "contains-xml" | "is-html" | "contains-html" | "is-sql" | "contains-sql" => {
            "there is no such scorer; a `command` scorer can check it"
        }
        "is-valid-function-call"
        | "is-valid-openai-function-call"
        | "is-valid-openai-tools-call"
        | "tool-call-f1" => {
            "calls are compared by the scorer `tool_calls` with the item's expected calls"
        }
        _ => "there is no such scorer",
    }
}

fn several(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().map(plain).collect(),
        other => super::cells::comma_list(&plain(other)),
    }
}

fn of_json(anywhere: bool, value: &Value) -> Meaning {
    let schema = match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(schema @ Value::Object(_)) => Some(schema),
            Ok(_) | Err(_) => return lost("its schema is no JSON object"),
        },
        Value::Object(_) => Some(value.clone()),
        _ => return lost("its schema is no JSON object"),
    };
    Meaning::Check(match (schema, anywhere) {
        (None, false) => json!({ "type": "json_valid" }),
        (Some(schema), false) => json!({ "type": "json_schema", "schema": schema }),
        (schema, true) => json!({
            "type": "json_schema", "search": true,
            "schema": schema.unwrap_or_else(|| json!({ "type": "object" })),
        }),
    })
}

fn word_count(value: &Value) -> Meaning {
    let count = |value: &Value| match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    let mut check = json!({ "type": "length", "unit": "words" });
    let Some(fields) = check.as_object_mut() else {
        return lost("its value cannot be read");
    };
    match value {
        Value::Object(limits) => {
            for name in ["min", "max"] {
                if let Some(limit) = limits.get(name).and_then(count) {
                    fields.insert(name.to_owned(), json!(limit));
                }
            }
        }
        other => match count(other) {
            Some(n) => {
                fields.insert("min".to_owned(), json!(n));
                fields.insert("max".to_owned(), json!(n));
            }
            None => return lost("its value is no number"),
        },
    }
    Meaning::Check(check)
}

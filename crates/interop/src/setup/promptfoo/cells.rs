//! Cells of promptfoo's CSV: `type(threshold):value` and its short forms.

use serde_json::{Map, Value, json};

/// Reads the cell of an `__expected` column; `None` = nothing is asserted.
pub(super) fn assertion(cell: &str) -> Option<Map<String, Value>> {
    let cell = cell.trim();
    if cell.is_empty() {
        return None;
    }
    let made = |kind: &str, value: &str| {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), Value::from(kind));
        if !value.is_empty() {
            fields.insert("value".to_owned(), Value::from(value));
        }
        fields
    };
    for (start, kind) in [
        ("javascript:", "javascript"),
        ("fn:", "javascript"),
        ("eval:", "javascript"),
        ("python:", "python"),
        ("grade:", "llm-rubric"),
    ] {
        if let Some(value) = cell.strip_prefix(start) {
            return Some(made(kind, value.trim()));
        }
    }
    if cell.starts_with("file://") {
        return Some(made("javascript", cell));
    }
    let (head, value) = match cell.split_once(':') {
        Some((head, value)) => (head, value.trim()),
        None => (cell, ""),
    };
    let (kind, threshold) = match head.strip_suffix(')').and_then(|head| head.split_once('(')) {
        Some((kind, threshold)) => match threshold.trim().parse::<f64>() {
            Ok(threshold) => (kind, Some(threshold)),
            Err(_) => return Some(made("equals", cell)),
        },
        None => (head, None),
    };
    if !is_type(kind) {
        return Some(made("equals", cell));
    }
    let mut fields = made(kind, value);
    if let Some(threshold) = threshold {
        fields.insert("threshold".to_owned(), json!(threshold));
    }
    Some(fields)
}

/// Every type that a cell may begin with; anything else is a text to be equal to.
fn is_type(kind: &str) -> bool {
    const TYPES: [&str; 52] = [
        "answer-relevance",
        "bleu",
        "classifier",
        "contains",
        "contains-all",
        "contains-any",
        "contains-html",
        "contains-json",
        "contains-sql",
        "contains-xml",
        "context-faithfulness",
        "context-recall",
        "context-relevance",
        "conversation-relevance",
        "cost",
        "equals",
        "factuality",
        "finish-reason",
        "g-eval",
        "gleu",
        "guardrails",
        "human",
        "icontains",
        "icontains-all",
        "icontains-any",
        "is-html",
        "is-json",
        "is-refusal",
        "is-sql",
        "is-valid-function-call",
        "is-valid-openai-function-call",
        "is-valid-openai-tools-call",
        "is-xml",
        "latency",
        "levenshtein",
        "llm-rubric",
        "max-score",
        "meteor",
        "model-graded-closedqa",
        "model-graded-factuality",
        "moderation",
        "perplexity",
        "perplexity-score",
        "pi",
        "regex",
        "rouge-n",
        "select-best",
        "similar",
        "starts-with",
        "tool-call-f1",
        "webhook",
        "word-count",
    ];
    TYPES.contains(&kind.strip_prefix("not-").unwrap_or(kind))
}

/// A list with commas; a part in double quotes may hold some.
pub(super) fn comma_list(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        match (c, parts.last_mut()) {
            ('"', _) => is_quoted = !is_quoted,
            (',', _) if !is_quoted => parts.push(String::new()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
    }
    parts
        .iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// The list of a `__metadata:KEY[]` cell: commas, `\,` for one that belongs to a part.
pub(super) fn escaped_list(text: &str) -> Vec<String> {
    text.replace("\\,", "\u{0}")
        .split(',')
        .map(|part| part.replace('\u{0}', ",").trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_cells_is_read() {
        let check = |cell: &str, wanted: Value| {
            let found = assertion(cell).map_or(Value::Null, Value::Object);
            assert_eq!(found, wanted, "{cell}");
        };
        check("", Value::Null);
        check("Paris", json!({"type": "equals", "value": "Paris"}));
        check("note: x", json!({"type": "equals", "value": "note: x"}));
        check(
            "contains:Paris",
            json!({"type": "contains", "value": "Paris"}),
        );
        check(
            "not-contains: a:b",
            json!({"type": "not-contains", "value": "a:b"}),
        );
        check("is-json", json!({"type": "is-json"}));
        check(
            "similar(0.8):x",
            json!({"type": "similar", "value": "x", "threshold": 0.8}),
        );
        check(
            "levenshtein(3):x",
            json!({"type": "levenshtein", "value": "x", "threshold": 3.0}),
        );
        check("f(x): y", json!({"type": "equals", "value": "f(x): y"}));
        check(
            "grade: be kind",
            json!({"type": "llm-rubric", "value": "be kind"}),
        );
        check("fn: true", json!({"type": "javascript", "value": "true"}));
        check(
            "latency(500)",
            json!({"type": "latency", "threshold": 500.0}),
        );
        assert_eq!(comma_list("a, \"b, c\" ,d"), ["a", "b, c", "d"]);
        assert_eq!(escaped_list("a, b\\,c"), ["a", "b,c"]);
    }
}

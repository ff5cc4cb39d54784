//! Templates of other tools: Nunjucks of promptfoo, Jinja of OpenAI's graders.
//!
//! In: a template and the values of its names. Out: the text, where the template only names values, or
//! a template of ours, where it is a prompt. What goes beyond that is said to.

use serde_json::{Map, Value};

/// What stands in `{{ … }}` and `{% … %}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
    /// A filter, a block or a comment.
    Other(&'a str),
}

/// Splits a template.
pub(crate) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(at) = next_mark(rest) {
        let (before, from) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let (end, is_output) = match from.get(..2) {
            Some("{{") => ("}}", true),
            Some("{%") => ("%}", false),
            _ => ("#}", false),
        };
        let Some(length) = from.find(end).map(|at| at + end.len()) else {
            pieces.push(Piece::Other(from));
            return pieces;
        };
        let (whole, after) = from.split_at(length);
        let inner = whole.get(2..length - 2).unwrap_or_default();
        let inner = inner.trim_matches('-').trim();
        pieces.push(if is_output && is_name(inner) {
            Piece::Name(inner)
        } else {
            Piece::Other(whole)
        });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn next_mark(text: &str) -> Option<usize> {
    ["{{", "{%", "{#"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'))
        && !text.contains('-')
        && text.split('.').all(|step| !step.is_empty())
}

/// The value of a dotted name.
pub(crate) fn lookup<'a>(values: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = values.get(name) {
        return Some(value);
    }
    let (head, path) = name.split_once('.')?;
    path.split('.')
        .try_fold(values.get(head)?, |value, step| match value {
            Value::Object(fields) => fields.get(step),
            Value::Array(list) => list.get(step.parse::<usize>().ok()?),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
}

/// Puts values in place of names; a name without a value becomes nothing, as in Nunjucks.
///
/// # Errors
/// The part that is more than a name.
pub(crate) fn fill(template: &str, values: &Map<String, Value>) -> Result<String, String> {
    if !template.contains('{') {
        return Ok(template.to_owned());
    }
    let mut text = String::new();
    for piece in pieces(template) {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Name(name) => {
                text.push_str(&lookup(values, name).map(plain).unwrap_or_default());
            }
            Piece::Other(part) => return Err(part.to_owned()),
        }
    }
    Ok(text)
}

/// A value as it appears in a text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The names that a template uses, and its first part that we do not have.
pub(crate) fn names(template: &str) -> (Vec<&str>, Option<&str>) {
    let mut found = Vec::new();
    let mut foreign = None;
    for piece in pieces(template) {
        match piece {
            Piece::Name(name) => found.push(name.split('.').next().unwrap_or(name)),
            Piece::Other(part) if !is_shared(part) => {
                foreign.get_or_insert(part);
            }
            Piece::Other(_) | Piece::Text(_) => {}
        }
    }
    (found, foreign)
}

/// Blocks and filters that mean the same in Nunjucks and minijinja.
fn is_shared(part: &str) -> bool {
    if part.starts_with("{#") {
        return true;
    }
    let inner = part
        .trim_start_matches(['{', '%', '-'])
        .trim_end_matches(['}', '%', '-'])
        .trim();
    if part.starts_with("{%") {
        let word = inner.split_whitespace().next().unwrap_or_default();
        return ["if", "elif", "else", "endif", "for", "endfor", "set"].contains(&word);
    }
    let filters: Vec<&str> = inner.split('|').skip(1).map(str::trim).collect();
    !filters.is_empty()
        && filters.iter().all(|filter| {
            let name = filter.split('(').next().unwrap_or(filter).trim();
            [
                "trim",
                "upper",
                "lower",
                "title",
                "capitalize",
                "join",
                "length",
                "first",
                "last",
                "default",
                "replace",
            ]
            .contains(&name)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_filled_and_the_rest_is_told() {
        let values = json!({"a": 1, "b": {"c": ["x"]}, "t": "{{ a }}"});
        let values = values.as_object().unwrap();
        let check = |template: &str, text: Result<&str, &str>| {
            let found = fill(template, values);
            assert_eq!(found.as_deref().map_err(String::as_str), text);
        };
        check("plain { text }", Ok("plain { text }"));
        check("{{a}}-{{ b.c.0 }}-{{- t -}}", Ok("1-x-{{ a }}"));
        check("<{{ none }}>", Ok("<>"));
        check("{{ a | upper }}", Err("{{ a | upper }}"));
        check("{{ a", Err("{{ a"));
        check("{% if a %}", Err("{% if a %}"));
        assert_eq!(
            names("{{ q | trim }} {{ x.y }}{% raw %}"),
            (vec!["x"], Some("{% raw %}"))
        );
    }
}

//! Dotted paths into JSON values.
//!
//! In: a value and a path such as `order.lines.0.sku`. Out: the value there. Whole numbers index
//! lists. A key that itself holds dots is found when it matches the rest of the path as written.

use serde_json::Value;

/// Looks up a dotted path; `None` when there is no such value.
pub(crate) fn lookup<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    if let Value::Object(map) = value
        && let Some(found) = map.get(path)
    {
        return Some(found);
    }
    let (head, rest) = path.split_once('.')?;
    let inner = step(value, head)?;
    if rest.contains('.') {
        return lookup(inner, rest);
    }
    step(inner, rest)
}

fn step<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

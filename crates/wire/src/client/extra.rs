//! Body fields that the project passes through.
//!
//! In: our body and `extra_body`. Out: the merged body. Objects are merged key by key, so that
//! `{"generationConfig":{"topK":40}}` keeps what we put there; any other value replaces ours.

use serde_json::{Map, Value};

/// Merges `extra` into `body`; `extra` wins. Nesting is bounded by what the parsers admit.
pub(crate) fn merge(body: &mut Map<String, Value>, extra: &Map<String, Value>) {
    for (key, value) in extra {
        match (body.get_mut(key), value) {
            (Some(Value::Object(ours)), Value::Object(theirs)) => merge(ours, theirs),
            _ => {
                body.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_merge_and_the_rest_is_replaced() {
        let mut body = serde_json::json!({"a": {"b": 1, "c": [1]}, "d": 1});
        let extra = serde_json::json!({"a": {"c": [2], "e": null}, "d": {"f": 1}});
        if let (Value::Object(body), Value::Object(extra)) = (&mut body, &extra) {
            merge(body, extra);
        }
        let expected = serde_json::json!({"a": {"b": 1, "c": [2], "e": null}, "d": {"f": 1}});
        assert_eq!(body, expected);
    }
}

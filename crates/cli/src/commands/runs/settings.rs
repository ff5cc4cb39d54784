//! What two runs were asked to do, compared setting by setting.
//!
//! In: two manifests. Out: settings that differ, by name, as text before and after. Long texts, such
//! as prompts and rubrics, are shown by their hashes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use trilemma_domain::Fingerprint;
use trilemma_store::{CandidateRecord, RunManifest, ScoreSet, Store};

/// Longer texts are shown by their hash.
const MAX_CHARS: usize = 60;

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// Which one, such as `seed` or `params.temperature`.
    pub(crate) setting: String,
    /// Its value in the earlier run; `None` = it was not set.
    pub(crate) before: Option<String>,
    /// Its value in the later run; `None` = it is not set.
    pub(crate) after: Option<String>,
}

/// Settings of the runs that differ, candidates apart.
///
/// # Errors
/// As the store gives them.
pub(super) fn changes(
    store: &Store,
    before: &RunManifest,
    after: &RunManifest,
) -> anyhow::Result<Vec<Change>> {
    let of = |run: &RunManifest| -> anyhow::Result<Value> {
        Ok(serde_json::json!({
            "project": run.project,
            "trilemma": run.trilemma_version,
            "golden_set": run.golden.short(),
            "seed": run.seed,
            "repeats": run.repeats,
            "prices_as_of": run.as_of,
            "parameters": run.parameters,
            // What speaks for a run now, not what did when it began.
            "scorers": scorers(&store.score_set(&run.run)?),
        }))
    };
    Ok(between(&of(before)?, &of(after)?))
}

fn scorers(set: &ScoreSet) -> Value {
    let by_label = set.scorers.iter().map(|scorer| {
        let spec = &scorer.spec;
        let value = serde_json::json!({
            "type": spec.kind, "weight": spec.weight, "options": spec.options,
        });
        (spec.label.clone(), value)
    });
    let mut all = serde_json::Map::from_iter(by_label);
    all.insert(
        "pass_threshold".to_owned(),
        set.pass_threshold.value().into(),
    );
    Value::Object(all)
}

/// Settings of a candidate that differ.
pub(super) fn of_candidate(before: &CandidateRecord, after: &CandidateRecord) -> Vec<Change> {
    let of = |record: &CandidateRecord| serde_json::to_value(&record.candidate).unwrap_or_default();
    between(&of(before), &of(after))
}

fn between(before: &Value, after: &Value) -> Vec<Change> {
    let (mut old, mut new) = (BTreeMap::new(), BTreeMap::new());
    leaves(before, "", &mut old);
    leaves(after, "", &mut new);
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| Change {
            setting: name.clone(),
            before: old.get(name).map(shown),
            after: new.get(name).map(shown),
        })
        .collect()
}

/// Every value by its path; what is null is not set.
fn leaves<'a>(value: &'a Value, path: &str, into: &mut BTreeMap<String, &'a Value>) {
    let below = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, &below(name), into);
            }
        }
        Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            into.insert(path.to_owned(), value);
        }
    }
}

fn shown(value: &&Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.chars().count() <= MAX_CHARS && !text.contains('\n') {
        return text;
    }
    format!("text {}", Fingerprint::of(text.as_bytes()).short())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told_and_long_texts_by_hash() {
        let long = "x".repeat(61);
        let before = json!({"seed": 1, "p": {"t": 0.5, "n": null, "s": "a"}, "q": long});
        let after = json!({"seed": 1, "p": {"t": 0.7, "n": 3, "s": "a"}, "q": "one\ntwo"});
        let found = between(&before, &after);
        let names: Vec<&str> = found.iter().map(|one| one.setting.as_str()).collect();
        assert_eq!(names, ["p.n", "p.t", "q"]);
        assert_eq!(found[0].before, None);
        assert_eq!(found[0].after.as_deref(), Some("3"));
        assert_eq!(found[1].before.as_deref(), Some("0.5"));
        for text in [&found[2].before, &found[2].after] {
            assert!(text.as_deref().unwrap().starts_with("text "), "{text:?}");
        }
        assert!(between(&before, &before).is_empty());
    }
}

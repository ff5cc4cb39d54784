//! What `evidence` promises of a policy: what it does on the run's items, which traffic that is the golden set keeps.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::offline::{Records, Way};
use crate::support::{json, trilemma};

/// Appended to the project that is served: every answer is scored by what needs no expected one.
pub(crate) const SCORED: &str = "score_share = 1.0\n[[scorers]]\ntype = \"json_valid\"\n";

/// Figures of items to which everybody has an answer, by name.
fn of_ways(records: &Records, ways: &[Way]) -> BTreeMap<&'static str, Vec<f64>> {
    let mut all: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    let share = |is: bool| f64::from(u8::from(is));
    for (idx, way) in ways.iter().enumerate() {
        if !records.is_whole(idx) {
            continue;
        }
        let mut own: BTreeMap<&'static str, f64> = BTreeMap::new();
        own.insert(
            "score",
            share(serde_json::from_str::<Value>(&way.text).is_ok()),
        );
        for score in &way.scores {
            let number = |key: &str| score[key].as_f64().unwrap();
            match score["kind"].as_str().unwrap() {
                "expected" => {
                    own.entry("expected_quality").or_insert(number("quality"));
                    own.entry("expected_cost_usd").or_insert(number("cost_usd"));
                }
                "weighed" => {
                    let enough = share(number("score") <= number("threshold"));
                    own.entry("judged_enough").or_insert(enough);
                    own.entry("gain").or_insert(number("gain"));
                    if let Some(agree) = score["agree"].as_bool() {
                        own.entry("agreed").or_insert(share(agree));
                    }
                }
                _ => {
                    _ = own
                        .entry("agreed")
                        .or_insert(share(score["need"].is_null()))
                }
            }
        }
        for (key, value) in own {
            all.entry(key).or_default().push(value);
        }
    }
    all
}

/// That every figure of a policy's decisions and answers has that of the benchmark beside it; gives their names.
pub(crate) fn assert_promised(folder: &Path, records: &Records, ways: &[Way]) -> Vec<String> {
    let told = json(
        &trilemma(folder, &["evidence", "--json"]).output().unwrap(),
        &[0],
    );
    let schema = trilemma(folder, &["schema", "evidence"]).output().unwrap();
    let schema = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(jsonschema::is_valid(&schema, &told), "{told}");
    let promises = told["promises"].as_array().unwrap();
    let policy = promises.iter().find(|one| one["of"] == "policy");
    let policy = policy.unwrap_or_else(|| panic!("{told:#}"));
    let n_whole = (0..ways.len()).filter(|idx| records.is_whole(*idx)).count();
    assert_eq!(policy["replayed"]["n_items"], n_whole, "{policy:#}");
    let expected = of_ways(records, ways);
    let figures = policy["figures"].as_array().unwrap();
    let mut names = Vec::new();
    for (name, values) in expected {
        let found = figures.iter().find(|one| one["figure"] == name);
        let found = found.unwrap_or_else(|| panic!("{name}: {policy:#}"));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let promised = &found["promised"];
        // Amounts that are all alike have no interval.
        if promised.is_null() && values.iter().all(|one| (one - mean).abs() < 1e-12) {
            continue;
        }
        let point = promised["point"].as_f64();
        let point = point.unwrap_or_else(|| panic!("{name}: {found}"));
        assert!((point - mean).abs() < 1e-9, "{name}: {mean} {found}");
        assert_eq!(promised["n"], values.len(), "{name}: {found}");
        assert!(
            found["realised"]["n"].as_u64().unwrap() > 30,
            "{name}: {found}"
        );
        let verdict = found["verdict"].as_str().unwrap();
        assert!(
            ["within", "no_difference_shown"].contains(&verdict),
            "{name}: {found}"
        );
        names.push(name.to_owned());
    }
    names
}

//! What a log says of the run as a whole.

use serde_json::Value;

use crate::results::row::Named;
use crate::results::take::{Claim, Claimed, Origin, Tool};
use crate::results::values;

/// The run that samples belong to.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) candidate: Named,
    /// Prefix of item names; a task's items are not those of another.
    pub(crate) task: String,
    /// Scorers in the task's order: the first decides.
    pub(crate) scorers: Vec<String>,
}

/// Reads `eval` of a log.
pub(crate) fn header(eval: &Value, wanted: Option<&str>) -> Option<Header> {
    let model = values::at(eval, &["model"]).and_then(values::name)?;
    let scorers = values::at(eval, &["scorers"])
        .and_then(Value::as_array)
        .map(|scorers| {
            let names = scorers
                .iter()
                .filter_map(|one| one.get("name").and_then(values::name));
            names.collect()
        })
        .unwrap_or_default();
    Some(Header {
        candidate: Named {
            name: wanted.map_or_else(|| model.clone(), str::to_owned),
            model: Some(model),
            run: None,
        },
        task: values::at(eval, &["task"])
            .and_then(values::name)
            .unwrap_or_default(),
        scorers,
    })
}

/// What the log says of itself: version, state, and the means that Inspect computed.
pub(crate) fn origin(log: &Value, eval: &Value, header: &Header) -> Origin {
    let mut origin = Origin::of(Tool::Inspect);
    origin.version = values::at(eval, &["packages", "inspect_ai"]).and_then(values::name);
    origin.title = Some(header.task.clone()).filter(|task| !task.is_empty());
    let status = values::at(log, &["status"]).and_then(Value::as_str);
    if let Some(status) = status.filter(|status| *status != "success") {
        origin.notes.push(format!(
            "the log of {} ended as `{status}`",
            header.candidate.name
        ));
    }
    if let Some(results) = values::at(log, &["results"]) {
        origin.claims = claims(results, header);
    }
    origin
}

fn claims(results: &Value, header: &Header) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut claim = |what: Claimed| {
        claims.push(Claim {
            candidate: header.candidate.name.clone(),
            what,
        });
    };
    if let Some(n) = values::at(results, &["completed_samples"]).and_then(values::count) {
        claim(Claimed::Rows(n));
    }
    let scores = values::at(results, &["scores"]).and_then(Value::as_array);
    for score in scores.map(Vec::as_slice).unwrap_or_default() {
        // Other reducers than the mean are no mean of ours.
        let is_mean = values::at(score, &["reducer"])
            .and_then(Value::as_str)
            .is_none_or(|reducer| reducer == "mean");
        let metric = ["accuracy", "mean"]
            .iter()
            .find_map(|name| values::at(score, &["metrics", name, "value"]));
        let name = values::at(score, &["name"]).and_then(values::name);
        if let (true, Some(name), Some(value)) = (is_mean, name, metric.and_then(values::number)) {
            claim(Claimed::Mean { score: name, value });
        }
    }
    claims
}

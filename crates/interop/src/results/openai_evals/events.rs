//! Event logs of the open-source tool.

use std::collections::BTreeMap;

use serde_json::Value;
use trilemma_golden::Problem;

use crate::results::row::{ItemBody, ItemKey, Named, NamedScore, ResultRow, RowOutcome};
use crate::results::take::{Claim, Claimed, Origin};
use crate::results::values;

/// What the lines before told.
pub(super) struct Events {
    wanted: Option<String>,
    /// The model of the log.
    spec: Option<String>,
    /// What was asked and answered for a sample whose score has not come yet.
    asked: BTreeMap<String, (Option<Value>, Option<String>)>,
}

impl Events {
    pub(super) fn new(wanted: Option<String>) -> Self {
        Self {
            wanted,
            spec: None,
            asked: BTreeMap::new(),
        }
    }

    fn model(&self) -> Option<String> {
        self.wanted.clone().or_else(|| self.spec.clone())
    }

    /// Takes the next line; `None` = it completes no result.
    pub(super) fn event(
        &mut self,
        value: &Value,
        line: u64,
        origin: &mut Origin,
    ) -> Result<Option<ResultRow>, Problem> {
        if let Some(spec) = values::at(value, &["spec"]) {
            let names = values::at(spec, &["completion_fns"]).and_then(Value::as_array);
            self.spec = names.and_then(|names| names.first()).and_then(values::name);
            return Ok(None);
        }
        if let Some(report) = values::at(value, &["final_report"]) {
            origin.claims.extend(self.accuracy(report));
            return Ok(None);
        }
        self.sample(value, line)
    }

    fn accuracy(&self, report: &Value) -> Option<Claim> {
        Some(Claim {
            candidate: self.model()?,
            what: Claimed::Mean {
                score: "correct".to_owned(),
                value: values::at(report, &["accuracy"]).and_then(values::number)?,
            },
        })
    }

    fn sample(&mut self, value: &Value, line: u64) -> Result<Option<ResultRow>, Problem> {
        let kind = values::at(value, &["type"]).and_then(Value::as_str);
        let sample = values::at(value, &["sample_id"]).and_then(values::name);
        let data = values::at(value, &["data"]).unwrap_or(&Value::Null);
        let (Some(kind), Some(sample)) = (kind, sample) else {
            return Ok(None);
        };
        if kind == "sampling" {
            let prompt = values::at(data, &["prompt"]).cloned();
            let answer = match values::at(data, &["sampled"]) {
                Some(Value::Array(members)) => members.first().and_then(values::text),
                Some(one) => values::text(one),
                None => None,
            };
            self.asked.insert(sample, (prompt, answer));
            return Ok(None);
        }
        let scores = match kind {
            "match" => correct(data),
            "metrics" => metrics(data),
            _ => return Ok(None),
        };
        let name = self.model().ok_or_else(|| {
            Problem::new("no `spec` line names the model")
                .at(line)
                .hint("`--candidate NAME`")
        })?;
        let (prompt, sampled) = self.asked.remove(&sample).unwrap_or_default();
        let output = values::at(data, &["sampled"])
            .and_then(values::text)
            .or(sampled);
        Ok(Some(ResultRow {
            line,
            candidate: Named {
                model: self.spec.clone().or_else(|| Some(name.clone())),
                name,
                run: None,
            },
            item: ItemKey::Id(sample),
            repeat: None,
            body: ItemBody {
                input: prompt.as_ref().and_then(values::input),
                expected: values::at(data, &["expected"]).and_then(values::expected),
                ..ItemBody::default()
            },
            outcome: RowOutcome::Answered { output, scores },
            usage: None,
            latency: None,
            ttft: None,
            cost: None,
        }))
    }
}

fn correct(data: &Value) -> Vec<NamedScore> {
    let value = values::at(data, &["correct"]).and_then(values::score);
    vec![NamedScore {
        name: "correct".to_owned(),
        value,
        explanation: None,
    }]
}

fn metrics(data: &Value) -> Vec<NamedScore> {
    let named = data.as_object().into_iter().flatten();
    named
        .filter_map(|(name, value)| Some(NamedScore::new(name.clone(), values::score(value)?)))
        .collect()
}

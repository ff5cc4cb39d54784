//! A run in the shape of promptfoo's results file, for `promptfoo import` and its viewer.
//!
//! Shape: promptfoo 0.121.20, version 3 of its results, as it was seen to write it. Rows are written as
//! they come; sums stand behind them. What trilemma knows and promptfoo has no place for is in
//! `metadata`. Unknown costs and latencies are left out, not 0.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use trilemma_domain::{Expected, Fingerprint, Input};

use super::row::{ExportHead, ExportRow, RowExport};

/// Writes the file.
pub struct PromptfooExport<W: Write> {
    out: W,
    head: ExportHead,
    sums: Vec<Sums>,
    n_rows: u64,
}

#[derive(Debug, Clone, Default)]
struct Sums {
    passed: u64,
    failed: u64,
    errors: u64,
    score: f64,
    latency_ms: u64,
    cost_usd: f64,
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl<W: Write> PromptfooExport<W> {
    /// Writes everything that stands before the first row.
    ///
    /// # Errors
    /// As the writer gives them.
    pub fn new(mut out: W, head: ExportHead) -> io::Result<Self> {
        let id = json!(format!("eval-trilemma-{}", head.run));
        write!(
            out,
            "{{\"evalId\":{id},\"results\":{{\"version\":3,\"timestamp\":{},\"results\":[",
            json!(head.created)
        )?;
        Ok(Self {
            out,
            sums: vec![Sums::default(); head.candidates.len()],
            head,
            n_rows: 0,
        })
    }

    fn prompt_id(&self, candidate: usize) -> String {
        let template = self
            .head
            .candidates
            .get(candidate)
            .and_then(|(_, _, prompt)| prompt.as_deref());
        Fingerprint::of(template.unwrap_or("{{input}}").as_bytes()).to_string()
    }

    fn add(&mut self, row: &ExportRow<'_>) {
        let Some(sums) = self.sums.get_mut(row.candidate) else {
            return;
        };
        match row.pass {
            Some(true) => sums.passed += 1,
            Some(false) => sums.failed += 1,
            None => sums.errors += 1,
        }
        sums.score += row.score.unwrap_or(0.0);
        let millis = row.latency.map_or(0, |time| time.as_millis());
        sums.latency_ms += u64::try_from(millis).unwrap_or(0);
        // promptfoo holds money as a float; sums of ours stay where they are exact.
        sums.cost_usd += row.cost.map_or(0.0, trilemma_domain::NanoUsd::to_f64_usd);
        if let Some(usage) = &row.usage {
            sums.prompt_tokens += usage.input_total();
            sums.completion_tokens += usage.output;
        }
    }

    fn row_json(&self, row: &ExportRow<'_>) -> Value {
        let (name, model) = match self.head.candidates.get(row.candidate) {
            Some((name, model, _)) => (name.as_str(), model.as_str()),
            None => ("", ""),
        };
        let vars = vars(row);
        let tokens = tokens(row);
        let reason = reason(row);
        let error = row
            .error
            .clone()
            .or_else(|| (row.pass != Some(true)).then(|| reason.clone()));
        let mut response = Map::new();
        response.insert("cached".to_owned(), json!(row.replayed));
        response.insert("tokenUsage".to_owned(), tokens.clone());
        match row.output {
            Some(output) => response.insert("output".to_owned(), json!(output)),
            None => response.insert("error".to_owned(), json!(error)),
        };
        let mut value = json!({
            "id": format!("{}-{}-{}-{}", self.head.run, row.candidate, row.item_idx, row.repeat),
            "provider": { "id": model, "label": name },
            "prompt": { "raw": asked(row), "label": name, "config": {} },
            "promptId": self.prompt_id(row.candidate),
            "promptIdx": row.candidate,
            "testIdx": row.item_idx,
            "vars": vars,
            "testCase": {
                "vars": vars,
                "assert": [],
                "options": {},
                "description": row.item.id.as_str(),
                "metadata": { "item": row.item.id.as_str(), "repeat": row.repeat },
            },
            "response": response,
            "score": row.score.unwrap_or(0.0),
            "success": row.pass == Some(true),
            "failureReason": match row.pass { Some(true) => 0, Some(false) => 1, None => 2 },
            "namedScores": self.named(row),
            "gradingResult": self.grading(row, &reason),
            "tokenUsage": tokens,
            "metadata": { "trilemma": { "run": self.head.run, "n_attempts": row.n_attempts } },
        });
        if let Some(members) = value.as_object_mut() {
            let latency = row.latency.map(|time| json!(time.as_millis().max(1)));
            members.extend(latency.map(|latency| ("latencyMs".to_owned(), latency)));
            let cost = row.cost.map(|cost| json!(cost.to_f64_usd()));
            members.extend(cost.map(|cost| ("cost".to_owned(), cost)));
            members.extend(error.map(|error| ("error".to_owned(), json!(error))));
        }
        value
    }

    fn named(&self, row: &ExportRow<'_>) -> Value {
        let pairs = self.head.scorers.iter().zip(&row.scores);
        pairs
            .filter_map(|(label, score)| Some((label.clone(), json!(score.value?))))
            .collect::<Map<_, _>>()
            .into()
    }

    fn grading(&self, row: &ExportRow<'_>, reason: &str) -> Value {
        if row.pass.is_none() {
            return Value::Null;
        }
        let pairs = self.head.scorers.iter().zip(&row.scores);
        let parts: Vec<Value> = pairs
            .filter_map(|(label, score)| {
                let value = score.value?;
                Some(json!({
                    "pass": row.pass == Some(true),
                    "score": value,
                    "reason": score.explanation.clone().unwrap_or_else(|| format!("{label}: {value}")),
                    "assertion": { "type": "javascript", "value": label, "metric": label },
                }))
            })
            .collect();
        json!({
            "pass": row.pass == Some(true),
            "score": row.score.unwrap_or(0.0),
            "reason": reason,
            "namedScores": self.named(row),
            "componentResults": parts,
        })
    }

    fn prompt_json(&self, idx: usize, sums: &Sums) -> Value {
        let (name, _, prompt) = self.head.candidates.get(idx).cloned().unwrap_or_default();
        json!({
            "id": self.prompt_id(idx),
            "raw": prompt.unwrap_or_else(|| "{{input}}".to_owned()),
            "label": name,
            "provider": name,
            "metrics": {
                "score": sums.score,
                "testPassCount": sums.passed,
                "testFailCount": sums.failed,
                "testErrorCount": sums.errors,
                "assertPassCount": sums.passed,
                "assertFailCount": sums.failed,
                "totalLatencyMs": sums.latency_ms,
                "tokenUsage": usage_json(sums.prompt_tokens, sums.completion_tokens),
                "namedScores": {},
                "namedScoresCount": {},
                "cost": sums.cost_usd,
            },
        })
    }
}

impl<W: Write> RowExport for PromptfooExport<W> {
    fn row(&mut self, row: &ExportRow<'_>) -> io::Result<()> {
        self.add(row);
        if self.n_rows > 0 {
            self.out.write_all(b",")?;
        }
        self.n_rows += 1;
        let value = self.row_json(row);
        serde_json::to_writer(&mut self.out, &value).map_err(io::Error::from)
    }

    fn finish(&mut self) -> io::Result<()> {
        let sum = |of: fn(&Sums) -> u64| self.sums.iter().map(of).sum::<u64>();
        let stats = json!({
            "successes": sum(|one| one.passed),
            "failures": sum(|one| one.failed),
            "errors": sum(|one| one.errors),
            "tokenUsage": usage_json(sum(|one| one.prompt_tokens), sum(|one| one.completion_tokens)),
        });
        let prompts: Vec<Value> = self
            .sums
            .iter()
            .enumerate()
            .map(|(idx, sums)| self.prompt_json(idx, sums))
            .collect();
        let providers: Vec<&str> = self
            .head
            .candidates
            .iter()
            .map(|(name, _, _)| name.as_str())
            .collect();
        let config = json!({
            "description": self.head.project,
            "prompts": prompts.iter().filter_map(|prompt| prompt.get("raw")).collect::<Vec<_>>(),
            "providers": providers,
            "tests": [],
        });
        let metadata = json!({
            "promptfooVersion": "0.121.20",
            "exportedAt": self.head.created,
            "evaluationCreatedAt": self.head.created,
            "exportedBy": format!("trilemma {}", self.head.version),
        });
        write!(
            self.out,
            "],\"prompts\":{},\"stats\":{stats}}},\"config\":{config},\"shareableUrl\":null,\"metadata\":{metadata},\"vars\":[\"input\",\"expected\"]}}",
            Value::from(prompts)
        )?;
        self.out.flush()
    }
}

fn vars(row: &ExportRow<'_>) -> Value {
    let mut vars = Map::new();
    vars.insert("input".to_owned(), json!(asked(row)));
    if let Some(expected) = &row.item.expected {
        let text = match expected {
            Expected::Text(text) => json!(text),
            Expected::List(texts) => json!(texts.join("\n")),
            Expected::Json(value) => json!(value.to_string()),
            Expected::ToolCalls(calls) => json!(serde_json::to_string(calls).unwrap_or_default()),
        };
        vars.insert("expected".to_owned(), text);
    }
    vars.into()
}

fn asked(row: &ExportRow<'_>) -> String {
    match &row.item.input {
        Input::Text(text) => text.clone(),
        Input::Messages(_) => row.item.input.last_user_text(),
    }
}

fn tokens(row: &ExportRow<'_>) -> Value {
    match &row.usage {
        Some(usage) => usage_json(usage.input_total(), usage.output),
        None => json!({}),
    }
}

fn usage_json(prompt: u64, completion: u64) -> Value {
    json!({
        "prompt": prompt,
        "completion": completion,
        "total": prompt.saturating_add(completion),
        "numRequests": 1,
        "cached": 0,
    })
}

fn reason(row: &ExportRow<'_>) -> String {
    let told = row
        .scores
        .iter()
        .find_map(|score| score.explanation.clone());
    match (told, row.pass) {
        (Some(told), _) => told,
        (None, Some(true)) => "All assertions passed".to_owned(),
        (None, Some(false)) => "Scored below the threshold".to_owned(),
        (None, None) => row.error.clone().unwrap_or_else(|| "Not scored".to_owned()),
    }
}

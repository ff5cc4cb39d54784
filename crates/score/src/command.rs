//! The protocol between us and a program that scores answers.
//!
//! In: options; item and answer; later the program's output. Out: what to run and what to write to
//! it; later an outcome. Runs nothing: `grade` does, only after the user allowed code, without a
//! shell.
//!
//! Protocol, version 1: the program reads one JSON object from its standard input and writes one
//! JSON object to its standard output, then ends with status 0. Input:
//! `{"schema_version": 1, "item": {…}, "answer": {"text", "tool_calls", "finish", "refusal",
//! "latency_ms", "ttft_ms", "cost_usd", "output_tokens"}, "options": {…}}`, where `answer.text` is
//! the extracted text and unknown fields are `null`. Output: `{"score": 0.8, "explanation": "…"}`
//! with a score from 0 to 1, or `{"not_applicable": "why"}`, or `{"failed": "why"}`. Any other
//! output, another status and a timeout are missing scores, never 0.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use trilemma_domain::{Item, Score, ScoredOutcome};

use crate::answer::Answer;
use crate::options::Options;
use crate::outcome::{failed, not_applicable};
use crate::text::excerpt;

/// An external scorer, described.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// The program and its arguments; never empty.
    pub argv: Vec<String>,
    /// Longest run.
    pub timeout: Duration,
    options: Map<String, Value>,
}

/// Reads the options of a command; `None` = the problems are in the reader.
pub(crate) fn read_command(options: &mut Options<'_>) -> Option<CommandSpec> {
    let timeout_s = options
        .number("timeout_s", 0.001..=86_400.0)
        .unwrap_or(30.0);
    let passed_on = options.table("options").cloned().unwrap_or_default();
    if !options.has("command") {
        options.problem(
            "command",
            "`command` is missing",
            "add such as `command = [\"python3\", \"score.py\"]`",
        );
    }
    let argv = options.texts("command")?;
    if argv.first().is_some_and(String::is_empty) {
        options.problem("command", "the program's name is empty", "name a program");
        return None;
    }
    Some(CommandSpec {
        argv,
        timeout: Duration::from_secs_f64(timeout_s),
        options: passed_on,
    })
}

/// What the program may write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Output {
    score: Option<f64>,
    explanation: Option<String>,
    not_applicable: Option<String>,
    failed: Option<String>,
}

impl CommandSpec {
    /// The JSON object for the program's standard input.
    pub(crate) fn request(&self, item: &Item, answer: &Answer<'_>, text: &str) -> Value {
        let millis = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
        json!({
            "schema_version": 1,
            "item": item,
            "answer": {
                "text": text,
                "tool_calls": answer.tool_calls,
                "finish": answer.finish,
                "refusal": answer.refusal,
                "latency_ms": millis(answer.latency),
                "ttft_ms": millis(answer.ttft),
                "cost_usd": answer.cost.map(|cost| cost.to_usd()),
                "output_tokens": answer.output_tokens,
            },
            "options": self.options,
        })
    }

    /// Reads what the program wrote to its standard output before it ended with status 0.
    #[must_use]
    pub fn read(&self, stdout: &str) -> ScoredOutcome {
        let output: Output = match serde_json::from_str(stdout.trim()) {
            Ok(output) => output,
            Err(error) => {
                return failed(format!(
                    "the command's output `{}` cannot be read: {error}",
                    excerpt(stdout)
                ));
            }
        };
        match output {
            Output {
                score: Some(value),
                explanation,
                not_applicable: None,
                failed: None,
            } => match Score::new(value) {
                Ok(score) => ScoredOutcome::Scored { score, explanation },
                Err(error) => failed(format!("cannot {error}")),
            },
            Output {
                score: None,
                not_applicable: Some(reason),
                failed: None,
                ..
            } => not_applicable(reason),
            Output {
                score: None,
                not_applicable: None,
                failed: Some(reason),
                ..
            } => failed(reason),
            _ => failed("the command wrote none or several of `score`, `not_applicable`, `failed`"),
        }
    }
}

//! Scorers `length`, `latency`, `cost` and `finish`: limits on the answer's circumstances.
//!
//! In: the answer's length, time, cost or reason to stop. Out: 1 within the limits, else 0. What is
//! unknown (a latency that was not measured, a cost without a price) is a missing score. These are
//! per-answer scores; limits on averages and quantiles belong in `[requirements]`.

use rust_decimal::Decimal;
use trilemma_domain::{FinishReason, NanoUsd, Usd};

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, failed, matched};

pub(crate) const LENGTH: ScorerKind = ScorerKind {
    name: "length",
    doc: "1 when the answer's length lies within limits, both included.",
    needs: Needs::ANSWER,
    options: &[
        OptionDoc::new("min", OptionType::Count, "0", "Shortest length."),
        OptionDoc::bare(
            "max",
            OptionType::Count,
            "Longest length; no limit when absent.",
        ),
        OptionDoc::new(
            "unit",
            OptionType::Choice(&["words", "characters", "lines", "output_tokens"]),
            r#""words""#,
            "What is counted; `output_tokens` are those billed, reasoning included.",
        ),
    ],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "length"
max = 120
unit = "words"
"#,
    build: build_length,
};

pub(crate) const LATENCY: ScorerKind = ScorerKind {
    name: "latency",
    doc: "1 when the answer came within a time.",
    needs: Needs::ANSWER,
    options: &[
        OptionDoc::bare(
            "max_ms",
            OptionType::Number,
            "Longest time in milliseconds; required.",
        ),
        OptionDoc::new(
            "of",
            OptionType::Choice(&["answer", "first_token"]),
            r#""answer""#,
            "To the last byte, or to the first visible token.",
        ),
    ],
    extraction: None,
    example: r#"[[scorers]]
type = "latency"
max_ms = 2000
weight = 0
"#,
    build: build_latency,
};

pub(crate) const COST: ScorerKind = ScorerKind {
    name: "cost",
    doc: "1 when the answer cost at most an amount.",
    needs: Needs::ANSWER,
    options: &[OptionDoc::bare(
        "max_usd",
        OptionType::Usd,
        "Highest cost of one answer in dollars, in quotes; required.",
    )],
    extraction: None,
    example: r#"[[scorers]]
type = "cost"
max_usd = "0.002"
weight = 0
"#,
    build: build_cost,
};

pub(crate) const FINISH: ScorerKind = ScorerKind {
    name: "finish",
    doc: "1 when the model stopped for an accepted reason.",
    needs: Needs::ANSWER,
    options: &[OptionDoc::new(
        "accept",
        OptionType::Texts,
        r#"["stop", "tool_calls"]"#,
        "`stop`, `length`, `tool_calls`, `content_filter`, `refusal`, or a vendor's own word.",
    )],
    extraction: None,
    example: r#"[[scorers]]
type = "finish"
accept = ["stop"]
"#,
    build: build_finish,
};

#[derive(Debug, Clone, Copy)]
enum Unit {
    Words,
    Characters,
    Lines,
    OutputTokens,
}

#[derive(Debug)]
struct Length {
    min: u64,
    max: Option<u64>,
    unit: Unit,
}

fn build_length(options: &mut Options<'_>) -> Option<Engine> {
    let units = [
        ("words", Unit::Words),
        ("characters", Unit::Characters),
        ("lines", Unit::Lines),
        ("output_tokens", Unit::OutputTokens),
    ];
    let unit = options.choice("unit", &units, Unit::Words);
    let min = options.count("min", 0..=u64::MAX).unwrap_or(0);
    let max = options.count("max", 0..=u64::MAX);
    if max.is_some_and(|max| max < min) {
        options.problem("max", "`max` is below `min`", "swap them");
    }
    if !options.has("min") && !options.has("max") {
        options.problem(
            "max",
            "neither `min` nor `max` is given",
            "add such as `max = 120`",
        );
    }
    Some(Engine::Pure(Box::new(Length { min, max, unit })))
}

impl Rule for Length {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let (n, unit) = match self.unit {
            Unit::Words => (case.text()?.split_whitespace().count() as u64, "words"),
            Unit::Characters => (case.text()?.chars().count() as u64, "characters"),
            Unit::Lines => (case.text()?.lines().count() as u64, "lines"),
            Unit::OutputTokens => {
                let known = case.answer.output_tokens;
                let n = known.ok_or_else(|| failed("the number of output tokens is unknown"))?;
                (n, "output tokens")
            }
        };
        let fits = n >= self.min && self.max.is_none_or(|max| n <= max);
        Ok(matched(fits, || match self.max {
            Some(max) => format!("{n} {unit}, accepted are {} to {max}", self.min),
            None => format!("{n} {unit}, accepted are at least {}", self.min),
        }))
    }
}

#[derive(Debug)]
struct Latency {
    max_ms: f64,
    first_token: bool,
}

fn build_latency(options: &mut Options<'_>) -> Option<Engine> {
    let first_token = options.choice("of", &[("answer", false), ("first_token", true)], false);
    if !options.has("max_ms") {
        options.problem(
            "max_ms",
            "`max_ms` is missing",
            "add such as `max_ms = 2000`",
        );
    }
    let max_ms = options.number("max_ms", 0.0..=f64::INFINITY)?;
    Some(Engine::Pure(Box::new(Latency {
        max_ms,
        first_token,
    })))
}

impl Rule for Latency {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let time = if self.first_token {
            case.answer.ttft
        } else {
            case.answer.latency
        };
        let time = time.ok_or_else(|| failed("the latency was not measured"))?;
        let ms = time.as_secs_f64() * 1000.0;
        Ok(matched(ms <= self.max_ms, || {
            format!("{ms:.0} ms, accepted are at most {} ms", self.max_ms)
        }))
    }
}

#[derive(Debug)]
struct Cost {
    max: NanoUsd,
}

fn build_cost(options: &mut Options<'_>) -> Option<Engine> {
    let text = options.required_text("max_usd")?;
    let max = text
        .parse::<Decimal>()
        .ok()
        .filter(|amount| !amount.is_sign_negative())
        .and_then(|amount| Usd::new(amount).settle().ok());
    if max.is_none() {
        options.problem(
            "max_usd",
            format!("`{text}` is no amount of dollars"),
            "write a decimal in quotes, such as `\"0.002\"`",
        );
    }
    Some(Engine::Pure(Box::new(Cost { max: max? })))
}

impl Rule for Cost {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let cost = case
            .answer
            .cost
            .ok_or_else(|| failed("the cost is unknown"))?;
        Ok(matched(cost <= self.max, || {
            format!(
                "cost {} USD, accepted are at most {} USD",
                cost.to_usd().decimal().normalize(),
                self.max.to_usd().decimal().normalize()
            )
        }))
    }
}

#[derive(Debug)]
struct Finish {
    accept: Vec<String>,
}

fn build_finish(options: &mut Options<'_>) -> Option<Engine> {
    let accept = options
        .texts("accept")
        .unwrap_or_else(|| vec!["stop".to_owned(), "tool_calls".to_owned()]);
    Some(Engine::Pure(Box::new(Finish { accept })))
}

impl Rule for Finish {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let finish = case
            .answer
            .finish
            .ok_or_else(|| failed("the vendor gave no reason to stop"))?;
        let word = match finish {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Refusal => "refusal",
            FinishReason::Other(word) => word,
        };
        let accepted = self.accept.iter().any(|accepted| accepted == word);
        Ok(matched(accepted, || format!("stopped for `{word}`")))
    }
}

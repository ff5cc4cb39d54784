//! Scorer `tool_calls`: the model called the expected tools with the expected arguments.
//!
//! In: the answer's tool calls; the expected ones (tool calls, or JSON `[{"name", "arguments"}]`).
//! Out: 1 when all agree, else 0; with `credit = "f1"` 2·matches / (calls + expected calls). An
//! empty expected list means that no tool may be called. Numbers are equal by value (1 = 1.0), the
//! order of object keys never counts. Ids are ignored.

use serde_json::Value;
use trilemma_domain::{Expected, ScoredOutcome, ToolCall};

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::json::equal;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, not_applicable, plain};
use crate::text::excerpt;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "tool_calls",
    doc: "1 when the model called the expected tools with the expected arguments.",
    needs: Needs::EXPECTED,
    options: &[
        OptionDoc::new(
            "arguments",
            OptionType::Choice(&["equal", "include", "ignore"]),
            r#""equal""#,
            "Arguments must be equal, must include the expected ones, or do not count.",
        ),
        OptionDoc::new(
            "order",
            OptionType::Choice(&["any", "same"]),
            r#""any""#,
            "Whether the calls must come in the expected order.",
        ),
        OptionDoc::new(
            "credit",
            OptionType::Choice(&["all", "f1"]),
            r#""all""#,
            "1 only when all calls agree, or partial credit.",
        ),
    ],
    extraction: None,
    example: r#"[[scorers]]
type = "tool_calls"
arguments = "include"
credit = "f1"
"#,
    build,
};

#[derive(Debug, Clone, Copy)]
enum Arguments {
    Equal,
    Include,
    Ignore,
}

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let kinds = [
        ("equal", Arguments::Equal),
        ("include", Arguments::Include),
        ("ignore", Arguments::Ignore),
    ];
    let arguments = options.choice("arguments", &kinds, Arguments::Equal);
    let ordered = options.choice("order", &[("any", false), ("same", true)], false);
    let partial = options.choice("credit", &[("all", false), ("f1", true)], false);
    Some(Engine::Pure(Box::new(ToolCalls {
        arguments,
        ordered,
        partial,
    })))
}

#[derive(Debug)]
struct ToolCalls {
    arguments: Arguments,
    ordered: bool,
    partial: bool,
}

impl ToolCalls {
    fn agrees(&self, got: &ToolCall, wanted: &ToolCall) -> bool {
        got.name == wanted.name
            && match self.arguments {
                Arguments::Ignore => true,
                Arguments::Equal => equal(&got.arguments, &wanted.arguments),
                Arguments::Include => includes(&got.arguments, &wanted.arguments),
            }
    }

    fn n_matches(&self, got: &[ToolCall], wanted: &[ToolCall]) -> usize {
        if self.ordered {
            // The longest run of expected calls in their order, greedily.
            let mut rest = got.iter();
            return wanted
                .iter()
                .filter(|wanted| {
                    let mut ahead = rest.clone();
                    let found = ahead.any(|got| self.agrees(got, wanted));
                    if found {
                        rest = ahead;
                    }
                    found
                })
                .count();
        }
        let mut free: Vec<&ToolCall> = got.iter().collect();
        wanted
            .iter()
            .filter(|wanted| {
                let found = free.iter().position(|got| self.agrees(got, wanted));
                found.map(|at| free.swap_remove(at)).is_some()
            })
            .count()
    }
}

/// Whether `got` has every member of `wanted`, at every depth of objects.
fn includes(got: &Value, wanted: &Value) -> bool {
    match (got, wanted) {
        (Value::Object(got), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| got.get(key).is_some_and(|got| includes(got, wanted))),
        _ => equal(got, wanted),
    }
}

fn expected_calls(expected: &Expected) -> Result<Vec<ToolCall>, ScoredOutcome> {
    match expected {
        Expected::ToolCalls(calls) => Ok(calls.clone()),
        Expected::Json(value) => serde_json::from_value(value.clone()).map_err(|_| {
            not_applicable("the item's expected JSON is no list of `name` and `arguments`")
        }),
        Expected::Text(_) | Expected::List(_) => {
            Err(not_applicable("the item expects a text, not tool calls"))
        }
    }
}

impl Rule for ToolCalls {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let wanted = expected_calls(case.expected()?)?;
        let got = case.answer.tool_calls;
        let matches = self.n_matches(got, &wanted);
        let n = got.len() + wanted.len();
        if matches * 2 == n {
            return Ok(plain(1.0));
        }
        let score = if self.partial {
            2.0 * matches as f64 / n as f64
        } else {
            0.0
        };
        Ok(because(
            score,
            format!(
                "{matches} calls agree; called {}, expected {}",
                names(got),
                names(&wanted)
            ),
        ))
    }
}

fn names(calls: &[ToolCall]) -> String {
    if calls.is_empty() {
        return "nothing".to_owned();
    }
    let texts: Vec<String> = calls
        .iter()
        .take(5)
        .map(|call| excerpt(&format!("{}({})", call.name, call.arguments)))
        .collect();
    texts.join(", ")
}

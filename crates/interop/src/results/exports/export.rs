//! Which tool's export a table is, and what a row of it says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::row::Row;
use super::{braintrust, langfuse, mlflow};
use crate::container::table::{Cells, Layout};
use crate::results::options::Field;

/// A tool whose exported tables are understood without a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Export {
    /// MLflow: `result_df` of `mlflow.genai.evaluate`, `search_traces`, and the table of
    /// `mlflow.evaluate`.
    Mlflow,
    /// Langfuse: traces or observations, exported as CSV, JSON or JSONL.
    Langfuse,
    /// Braintrust: events of an experiment, as its API gives them.
    Braintrust,
}

impl Export {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Mlflow, Self::Langfuse, Self::Braintrust];

    /// The word on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mlflow => "mlflow",
            Self::Langfuse => "langfuse",
            Self::Braintrust => "braintrust",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|export| export.name() == text)
    }

    /// The tool's own way to write its name.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Mlflow => "MLflow",
            Self::Langfuse => "Langfuse",
            Self::Braintrust => "Braintrust",
        }
    }

    /// The tool whose columns these are; `None` = none of them.
    pub(crate) fn of(cells: &Cells) -> Option<Self> {
        Self::ALL.into_iter().find(|export| match export {
            Self::Mlflow => mlflow::is(cells),
            Self::Langfuse => langfuse::is(cells),
            Self::Braintrust => braintrust::is(cells),
        })
    }

    /// What a row says; `None` = it is a step inside a trace.
    pub(crate) fn told(self, cells: &Cells, layout: Layout) -> Option<Told> {
        let row = Row { cells, layout };
        match self {
            Self::Mlflow => mlflow::told(&row),
            Self::Langfuse => langfuse::told(&row),
            Self::Braintrust => braintrust::told(&row),
        }
    }
}

/// Where the reader puts the tool's run.
pub(crate) const RUN: &str = "=run";

/// What a row of an export says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Told {
    pub(crate) fields: BTreeMap<Field, Value>,
    /// The tool's run, which tells candidates of one model apart.
    pub(crate) run: Option<String>,
}

impl Told {
    /// Notes a field that the row has.
    pub(super) fn note(&mut self, field: Field, value: Option<Value>) {
        if let Some(value) = value {
            self.fields.insert(field, value);
        }
    }

    /// Notes named scores. A row that ended in an error has none, whatever scorers said of nothing.
    pub(super) fn note_scores(&mut self, scores: Cells) {
        let is_failed = self.fields.contains_key(&Field::Error);
        if !scores.is_empty() && !is_failed {
            self.fields.insert(Field::Score, Value::Object(scores));
        }
    }

    /// Notes tokens and cost, of which a tool writes 0 where it knows none.
    pub(super) fn note_usage(&mut self, figures: [(Field, Option<Value>); 4]) {
        let is_known = |value: &Value| crate::results::values::number(value) != Some(0.0);
        let tokens = |field: Field| matches!(field, Field::InputTokens | Field::OutputTokens);
        let mut of_tokens = figures.iter().filter(|(field, _)| tokens(*field));
        let has_tokens = of_tokens.any(|(_, value)| value.as_ref().is_some_and(is_known));
        for (field, value) in figures {
            let keeps = match field {
                Field::CostUsd => value.as_ref().is_some_and(is_known),
                _ => has_tokens,
            };
            self.note(field, value.filter(|_| keeps));
        }
    }
}

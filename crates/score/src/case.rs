//! One answer to one item, as a rule sees it.
//!
//! In: item, answer, extraction steps. Out: extracted texts of both sides. An answer in which
//! extraction finds nothing scores 0; an expected value in which it finds nothing is a fault of the
//! golden set, so the score is missing.

use std::borrow::Cow;

use serde_json::Value;
use trilemma_domain::{Expected, Item, ScoredOutcome};

use crate::answer::Answer;
use crate::extract::Pipeline;
use crate::outcome::{because, failed, not_applicable};

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'a> {
    /// The item.
    pub(crate) item: &'a Item,
    /// The answer, before extraction.
    pub(crate) answer: &'a Answer<'a>,
    /// The project's extraction steps.
    pub(crate) pipeline: &'a Pipeline,
}

impl<'a> Case<'a> {
    /// The extracted answer.
    pub(crate) fn text(&self) -> Result<Cow<'a, str>, ScoredOutcome> {
        self.pipeline
            .answer
            .apply(self.answer.text)
            .map_err(|missing| because(0.0, format!("no answer found: {missing}")))
    }

    /// The expected value.
    pub(crate) fn expected(&self) -> Result<&'a Expected, ScoredOutcome> {
        self.item
            .expected
            .as_ref()
            .ok_or_else(|| not_applicable("the item has no expected value"))
    }

    /// The extracted expected texts: alternatives or members, at least one.
    pub(crate) fn expected_texts(&self) -> Result<Vec<Cow<'a, str>>, ScoredOutcome> {
        let texts: Vec<Cow<'a, str>> = match self.expected()? {
            Expected::Text(text) => vec![Cow::Borrowed(text.as_str())],
            Expected::List(list) => list.iter().map(|text| Cow::Borrowed(&**text)).collect(),
            Expected::Json(Value::String(text)) => vec![Cow::Borrowed(text.as_str())],
            Expected::Json(Value::Array(list)) if list.iter().all(is_scalar) => {
                list.iter().map(scalar_text).collect()
            }
            Expected::Json(value) => vec![Cow::Owned(value.to_string())],
            Expected::ToolCalls(_) => {
                return Err(not_applicable("the item expects tool calls, not a text"));
            }
        };
        if texts.is_empty() {
            return Err(not_applicable("the item's list of expected texts is empty"));
        }
        texts.into_iter().map(|text| self.extract(text)).collect()
    }

    fn extract(&self, text: Cow<'a, str>) -> Result<Cow<'a, str>, ScoredOutcome> {
        let extracted = match text {
            Cow::Borrowed(text) => self.pipeline.expected.apply(text),
            Cow::Owned(text) => self
                .pipeline
                .expected
                .apply(&text)
                .map(|left| Cow::Owned(left.into_owned())),
        };
        extracted
            .map_err(|missing| failed(format!("the item's expected value is unusable: {missing}")))
    }
}

fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_) | Value::Null)
}

fn scalar_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

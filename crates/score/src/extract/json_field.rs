//! Step `json_field`: a field of a JSON object in the text.
//!
//! In: prose with an object in it, fenced or not. Out: the field's text; numbers and flags as they
//! are written in JSON, lists and objects as compact JSON. `null` counts as nothing found. Objects
//! without the field are passed over.

use std::borrow::Cow;

use serde_json::Value;

use super::step::{Step, StepKind};
use crate::json::{Leniency, lookup, objects};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;

pub(super) const KIND: StepKind = StepKind {
    name: "json_field",
    doc: "A field of the first (or last) JSON object that has it.",
    options: &[
        OptionDoc::bare(
            "field",
            OptionType::Text,
            "Dotted path such as `order.lines.0.sku`; required.",
        ),
        OptionDoc::new(
            "lenient",
            OptionType::Flag,
            "false",
            "Also read single-quoted, unquoted, commented and truncated JSON.",
        ),
        OptionDoc::new(
            "object",
            OptionType::Choice(&["first", "last"]),
            r#""first""#,
            "Which object, among those that have the field.",
        ),
    ],
    argument: Some("field"),
    example: r#"{ step = "json_field", field = "answer", lenient = true }"#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Box<dyn Step>> {
    let lenient = options.flag("lenient", false);
    let last = options.choice("object", &[("first", false), ("last", true)], false);
    let field = options.required_text("field")?.to_owned();
    Some(Box::new(JsonField {
        field,
        leniency: Leniency::from_flag(lenient),
        last,
    }))
}

#[derive(Debug)]
struct JsonField {
    field: String,
    leniency: Leniency,
    last: bool,
}

impl Step for JsonField {
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let mut fields = objects(text, self.leniency).filter_map(|found| {
            let object = Value::Object(found.map);
            lookup(&object, &self.field).and_then(value_text)
        });
        let found = if self.last {
            fields.last()
        } else {
            fields.next()
        };
        found.map(Cow::Owned)
    }
}

/// A value as text; `None` for `null`.
fn value_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    }
}

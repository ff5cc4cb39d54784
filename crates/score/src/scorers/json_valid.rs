//! Scorer `json_valid`: the answer is JSON.
//!
//! In: extracted answer. Out: 1 or 0. The whole text must be one JSON value by RFC 8259, as a
//! program that consumes it would demand; add `code_fence` to `extract` to allow fences.

use serde::de::IgnoredAny;

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, matched};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "json_valid",
    doc: "1 when the answer as a whole is valid JSON.",
    needs: Needs::ANSWER,
    options: &[OptionDoc::new(
        "shape",
        OptionType::Choice(&["any", "object", "list"]),
        r#""any""#,
        "What kind of value it must be.",
    )],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "json_valid"
extract = [{ step = "code_fence", optional = true }, "trim"]
shape = "object"
"#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let shapes = [
        ("any", Shape::Any),
        ("object", Shape::Object),
        ("list", Shape::List),
    ];
    let shape = options.choice("shape", &shapes, Shape::Any);
    Some(Engine::Pure(Box::new(JsonValid { shape })))
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    Any,
    Object,
    List,
}

#[derive(Debug)]
struct JsonValid {
    shape: Shape,
}

impl Rule for JsonValid {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let text = case.text()?;
        if let Err(error) = serde_json::from_str::<IgnoredAny>(&text) {
            return Ok(because(0.0, format!("no valid JSON: {error}")));
        }
        let first = text.trim_start().bytes().next();
        let fits = match self.shape {
            Shape::Any => true,
            Shape::Object => first == Some(b'{'),
            Shape::List => first == Some(b'['),
        };
        Ok(matched(fits, || "JSON of another shape".to_owned()))
    }
}

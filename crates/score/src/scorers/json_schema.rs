//! Scorer `json_schema`: the answer fits a JSON Schema.
//!
//! In: extracted answer; the schema from the project. Out: 1 or 0 with the first faults. Uses the
//! `jsonschema` crate (drafts 4 to 2020-12, chosen by `$schema`) with linear-time expressions and
//! without fetching anything. Without the cargo feature `json-schema` the kind refuses to build.

use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "json_schema",
    doc: "1 when the answer is JSON that fits a JSON Schema.",
    needs: Needs::ANSWER,
    options: &[
        OptionDoc::bare(
            "schema",
            OptionType::JsonOrFile,
            "The schema as a table, or a file that holds it; required.",
        ),
        OptionDoc::new(
            "search",
            OptionType::Flag,
            "false",
            "Take the first object or list in the answer, where it is not JSON as a whole.",
        ),
    ],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "json_schema"
schema = { type = "object", required = ["category"], properties = { category = { enum = ["bug", "billing"] } } }
"#,
    build: engine::build,
};

#[cfg(feature = "json-schema")]
mod engine {
    //! The scorer proper.

    use serde_json::Value;

    use crate::case::Case;
    use crate::engine::{Engine, Rule};
    use crate::json::{Leniency, first_value};
    use crate::options::Options;
    use crate::outcome::{Ruling, because, plain};
    use crate::text::excerpt;

    /// Most faults named in an explanation.
    const MAX_FAULTS: usize = 3;

    pub(super) fn build(options: &mut Options<'_>) -> Option<Engine> {
        let search = options.flag("search", false);
        let schema = match options.value("schema") {
            Some(schema @ (Value::Object(_) | Value::Bool(_))) => schema,
            Some(other) => {
                options.wrong_type("schema", other, "a table, or the name of a `.json` file");
                return None;
            }
            None => {
                options.problem(
                    "schema",
                    "`schema` is missing",
                    "add a table or a file name",
                );
                return None;
            }
        };
        let built = jsonschema::options()
            .offline()
            .with_pattern_options(jsonschema::PatternOptions::regex())
            .build(schema);
        match built {
            Ok(validator) => Some(Engine::Pure(Box::new(JsonSchema { validator, search }))),
            Err(error) => {
                options.problem(
                    "schema",
                    format!("`schema` is no valid JSON Schema: {}", excerpt(&error.to_string())),
                    "references to other documents are not followed; expressions have no look-around",
                );
                None
            }
        }
    }

    struct JsonSchema {
        validator: jsonschema::Validator,
        search: bool,
    }

    impl std::fmt::Debug for JsonSchema {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("JsonSchema")
        }
    }

    impl Rule for JsonSchema {
        fn rule(&self, case: &Case<'_>) -> Ruling {
            let text = case.text()?;
            let value = if self.search {
                first_value(&text, Leniency::Strict)
                    .ok_or_else(|| because(0.0, "no JSON in the answer"))?
            } else {
                serde_json::from_str(&text)
                    .map_err(|error| because(0.0, format!("no valid JSON: {error}")))?
            };
            let faults: Vec<String> = self
                .validator
                .iter_errors(&value)
                .take(MAX_FAULTS)
                .map(|fault| {
                    let place = fault.instance_path().to_string();
                    format!("{place}: {}", excerpt(&fault.to_string()))
                })
                .collect();
            Ok(if faults.is_empty() {
                plain(1.0)
            } else {
                because(0.0, faults.join("; "))
            })
        }
    }
}

#[cfg(not(feature = "json-schema"))]
mod engine {
    //! The refusal.

    use crate::engine::Engine;
    use crate::options::Options;

    pub(super) fn build(options: &mut Options<'_>) -> Option<Engine> {
        options.problem(
            "type",
            "this build has no JSON Schema",
            "build with the feature `json-schema`, or use `json_fields`",
        );
        None
    }
}

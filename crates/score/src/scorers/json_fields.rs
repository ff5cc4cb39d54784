//! Scorer `json_fields`: partial credit for the fields of a JSON answer.
//!
//! In: the first (or last) JSON object of the extracted answer; the expected object. Out: Σ w·s /
//! Σ w over the compared fields. Which fields, by which comparison and weight, is said in `fields`;
//! without it every field of the expected object counts with weight 1. How values are compared is
//! `compare`. An answer without an object scores 0.

use serde_json::{Map, Value};
use trilemma_domain::{Expected, ScoredOutcome};

use super::compare::{Comparison, Lists};
use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::json::{Leniency, lookup, objects};
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, failed, not_applicable};
use crate::text::excerpt;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "json_fields",
    doc: "The share of the expected JSON fields that the answer has right.",
    needs: Needs::EXPECTED,
    options: &[
        OptionDoc::bare(
            "fields",
            OptionType::Table,
            "Dotted path = comparison (`\"auto\"`, `\"exact\"`, `\"normalised\"`, `\"numeric\"`, `\"similar\"`, `\"set\"`, `\"present\"`), or a table of `compare`, `weight`, `tolerance`, `relative_tolerance`; by default every expected field, `auto`.",
        ),
        OptionDoc::new(
            "lists",
            OptionType::Choice(&["ordered", "set"]),
            r#""ordered""#,
            "Whether the order of list elements counts in `auto`.",
        ),
        OptionDoc::new(
            "extra",
            OptionType::Choice(&["ignore", "penalise"]),
            r#""ignore""#,
            "With `penalise`, each top-level field that is not expected counts as a wrong one.",
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
            "Which JSON object of the answer.",
        ),
    ],
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "json_fields"
fields = { category = "normalised", "customer.id" = "exact", total = { compare = "numeric", tolerance = 0.01, weight = 2 } }
"#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let lists = options.choice(
        "lists",
        &[("ordered", Lists::Ordered), ("set", Lists::Set)],
        Lists::Ordered,
    );
    let penalise = options.choice("extra", &[("ignore", false), ("penalise", true)], false);
    let lenient = options.flag("lenient", false);
    let last = options.choice("object", &[("first", false), ("last", true)], false);
    let fields = match options.table("fields") {
        Some(table) if table.is_empty() => {
            options.problem("fields", "`fields` is empty", "name at least one field");
            None
        }
        Some(table) => Some(read_fields(options, table, lists)),
        None => None,
    };
    Some(Engine::Pure(Box::new(JsonFields {
        fields,
        lists,
        penalise,
        leniency: Leniency::from_flag(lenient),
        last,
    })))
}

fn read_fields(options: &mut Options<'_>, table: &Map<String, Value>, lists: Lists) -> Vec<Field> {
    let mut fields = Vec::new();
    for (path, value) in table {
        let short;
        let entry = match value {
            Value::Object(entry) => entry,
            other => {
                short = Map::from_iter([("compare".to_owned(), other.clone())]);
                &short
            }
        };
        let prefix = format!("{}.", options.path(&format!("fields.{path}")));
        let mut reader = Options::new(entry, prefix);
        reader.refuse_unknown(&["compare", "weight", "tolerance", "relative_tolerance"]);
        let comparison = Comparison::read(&mut reader, lists);
        let weight = reader.number("weight", 0.0..=f64::INFINITY).unwrap_or(1.0);
        options.absorb(reader.into_problems());
        fields.push(Field {
            path: path.clone(),
            comparison,
            weight,
        });
    }
    if fields.iter().all(|field| field.weight == 0.0) {
        options.problem("fields", "no field has a weight above 0", "raise one");
    }
    fields
}

#[derive(Debug)]
struct Field {
    path: String,
    comparison: Comparison,
    weight: f64,
}

#[derive(Debug)]
struct JsonFields {
    fields: Option<Vec<Field>>,
    lists: Lists,
    penalise: bool,
    leniency: Leniency,
    last: bool,
}

impl JsonFields {
    fn answer(&self, text: &str) -> Option<Value> {
        let mut found = objects(text, self.leniency).map(|found| found.map);
        let map = if self.last {
            found.last()
        } else {
            found.next()
        };
        map.map(Value::Object)
    }
}

fn expected_object(case: &Case<'_>) -> Result<Map<String, Value>, ScoredOutcome> {
    match case.expected()? {
        Expected::Json(Value::Object(map)) if !map.is_empty() => Ok(map.clone()),
        Expected::Text(text) => serde_json::from_str(text)
            .ok()
            .filter(|map: &Map<String, Value>| !map.is_empty())
            .ok_or_else(|| failed("the item's expected text is no JSON object with fields")),
        Expected::Json(_) | Expected::List(_) => Err(failed(
            "the item's expected value is no JSON object with fields",
        )),
        Expected::ToolCalls(_) => Err(not_applicable(
            "the item expects tool calls, not a JSON object",
        )),
    }
}

impl Rule for JsonFields {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let expected = expected_object(case)?;
        let text = case.text()?;
        let got = self
            .answer(&text)
            .ok_or_else(|| because(0.0, "no JSON object in the answer"))?;
        let mut tally = Tally::default();
        match &self.fields {
            Some(fields) => {
                let expected = Value::Object(expected.clone());
                for field in fields {
                    let wanted = lookup(&expected, &field.path);
                    let found = lookup(&got, &field.path);
                    let score = field.comparison.score(found, wanted);
                    tally.add(&field.path, field.weight, score);
                }
            }
            None => {
                let comparison = Comparison::auto(self.lists);
                for (key, wanted) in &expected {
                    tally.add(key, 1.0, comparison.score(got.get(key), Some(wanted)));
                }
            }
        }
        if self.penalise
            && let Value::Object(got) = &got
        {
            for key in got.keys().filter(|key| !expected.contains_key(*key)) {
                tally.add(key, 1.0, 0.0);
            }
        }
        Ok(tally.outcome())
    }
}

#[derive(Default)]
struct Tally {
    weighted: f64,
    total: f64,
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, path: &str, weight: f64, score: f64) {
        self.weighted += weight * score;
        self.total += weight;
        if score < 1.0 {
            self.wrong.push(excerpt(path));
        }
    }

    fn outcome(self) -> ScoredOutcome {
        if self.total <= 0.0 {
            return failed("no compared field has a weight");
        }
        let score = self.weighted / self.total;
        if self.wrong.is_empty() {
            return crate::outcome::plain(score);
        }
        let shown: Vec<&str> = self.wrong.iter().take(8).map(String::as_str).collect();
        because(score, format!("not right: {}", shown.join(", ")))
    }
}

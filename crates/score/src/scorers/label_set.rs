//! Scorer `label_set_f1`: a set of labels against the expected set.
//!
//! In: labels in the answer (a JSON list of texts, or texts separated by commas, semicolons, bars
//! or lines, with or without bullets); the expected ones. Out: F1 = 2·|A∩B| / (|A|+|B|), or Jaccard
//! |A∩B| / |A∪B|, or 1/0 for equal sets. Two empty sets score 1. Labels are compared as
//! `normalised` does; a label given twice counts once.

use std::collections::BTreeSet;

use serde_json::Value;
use trilemma_domain::{Expected, ScoredOutcome};

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, not_applicable, plain};
use crate::text::{Normaliser, excerpt};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "label_set_f1",
    doc: "How well the answer's set of labels agrees with the expected set (F1).",
    needs: Needs::EXPECTED,
    options: &[
        OptionDoc::new(
            "measure",
            OptionType::Choice(&["f1", "jaccard", "equal"]),
            r#""f1""#,
            "F1, Jaccard, or 1 for equal sets and else 0.",
        ),
        OptionDoc::new(
            "none",
            OptionType::Texts,
            r#"["none"]"#,
            "Words that stand for the empty set.",
        ),
    ],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "label_set_f1"
extract = ["json_field:labels"]
"#,
    build,
};

#[derive(Debug, Clone, Copy)]
enum Measure {
    F1,
    Jaccard,
    Equal,
}

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let measures = [
        ("f1", Measure::F1),
        ("jaccard", Measure::Jaccard),
        ("equal", Measure::Equal),
    ];
    let measure = options.choice("measure", &measures, Measure::F1);
    let none = options
        .texts("none")
        .unwrap_or_else(|| vec!["none".to_owned()]);
    let none = none
        .iter()
        .map(|word| Normaliser::USUAL.apply(word))
        .collect();
    Some(Engine::Pure(Box::new(LabelSet { measure, none })))
}

#[derive(Debug)]
struct LabelSet {
    measure: Measure,
    none: BTreeSet<String>,
}

impl LabelSet {
    fn set<'t>(&self, labels: impl Iterator<Item = &'t str>) -> BTreeSet<String> {
        labels
            .map(|label| Normaliser::USUAL.apply(label))
            .filter(|label| !label.is_empty() && !self.none.contains(label))
            .collect()
    }

    fn read(&self, text: &str) -> BTreeSet<String> {
        if let Ok(Value::Array(list)) = serde_json::from_str(text) {
            let texts: Vec<String> = list
                .iter()
                .map(|label| {
                    label
                        .as_str()
                        .map_or_else(|| label.to_string(), str::to_owned)
                })
                .collect();
            return self.set(texts.iter().map(String::as_str));
        }
        let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
        self.set(bare.split([',', ';', '|', '\n']))
    }

    fn expected(&self, case: &Case<'_>) -> Result<BTreeSet<String>, ScoredOutcome> {
        match case.expected()? {
            Expected::List(list) => Ok(self.set(list.iter().map(String::as_str))),
            Expected::Text(_) => {
                let texts = case.expected_texts()?;
                let mut union = BTreeSet::new();
                for text in &texts {
                    union.extend(self.read(text));
                }
                Ok(union)
            }
            Expected::Json(value @ (Value::Array(_) | Value::String(_))) => Ok(self.read(
                &value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned),
            )),
            Expected::Json(_) | Expected::ToolCalls(_) => Err(not_applicable(
                "the item's expected value is no list of labels",
            )),
        }
    }
}

impl Rule for LabelSet {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let expected = self.expected(case)?;
        let got = self.read(&case.text()?);
        let common = got.intersection(&expected).count() as f64;
        let (n_got, n_expected) = (got.len() as f64, expected.len() as f64);
        if got == expected {
            return Ok(plain(1.0));
        }
        let score = match self.measure {
            Measure::F1 => 2.0 * common / (n_got + n_expected),
            Measure::Jaccard => common / (n_got + n_expected - common),
            Measure::Equal => 0.0,
        };
        let list = |set: Vec<&String>| {
            let texts: Vec<&str> = set.into_iter().map(String::as_str).collect();
            excerpt(&texts.join(", "))
        };
        Ok(because(
            score,
            format!(
                "missing: {}; too many: {}",
                list(expected.difference(&got).collect()),
                list(got.difference(&expected).collect())
            ),
        ))
    }
}

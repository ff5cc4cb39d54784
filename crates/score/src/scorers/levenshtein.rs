//! Scorer `levenshtein`: similarity by edit distance.
//!
//! In: extracted answer, expected alternatives. Out: 1 − d / max(length), with d the number of
//! inserted, deleted or replaced characters (Unicode scalar values); the best alternative counts.
//! Two empty texts score 1. Texts too long to compare are a missing score.

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::outcome::{Ruling, failed};
use crate::scorers::best_of;
use crate::text::levenshtein;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "levenshtein",
    doc: "1 minus the edit distance to the expected text, as a share of the longer one.",
    needs: Needs::EXPECTED,
    options: &[OptionDoc::new(
        "ignore_case",
        OptionType::Flag,
        "false",
        "Ignore case.",
    )],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "levenshtein"
ignore_case = true
"#,
    build: |options| {
        let ignore_case = options.flag("ignore_case", false);
        Some(Engine::Pure(Box::new(Levenshtein { ignore_case })))
    },
};

#[derive(Debug)]
struct Levenshtein {
    ignore_case: bool,
}

/// Similarity of two texts in [0, 1]; `None` = too long to compare.
pub(crate) fn similarity(a: &str, b: &str) -> Option<f64> {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let longer = a.len().max(b.len());
    if longer == 0 {
        return Some(1.0);
    }
    Some(1.0 - levenshtein(&a, &b)? as f64 / longer as f64)
}

impl Rule for Levenshtein {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let expected = case.expected_texts()?;
        let text = case.text()?;
        let fold = |text: &str| {
            if self.ignore_case {
                text.to_lowercase()
            } else {
                text.to_owned()
            }
        };
        let got = fold(&text);
        let mut too_long = false;
        let outcome = best_of(&text, &expected, |wanted| {
            similarity(&got, &fold(wanted)).unwrap_or_else(|| {
                too_long = true;
                0.0
            })
        });
        if too_long {
            return Err(failed("answer and expected text are too long to compare"));
        }
        Ok(outcome)
    }
}

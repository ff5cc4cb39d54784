//! Scorer `levenshtein`: similarity by edit distance.
//!
//! In: extracted answer, expected alternatives. Out: 1 − d / max(length), with d the number of
//! inserted, deleted or replaced characters (Unicode scalar values); the best alternative counts.
//! Two empty texts score 1. With `max_distance`, 1 when d is at most that, else 0. Texts too long to compare are a missing score.

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
    options: &[
        OptionDoc::new("ignore_case", OptionType::Flag, "false", "Ignore case."),
        OptionDoc::bare(
            "max_distance",
            OptionType::Count,
            "Score 1 up to so many changed characters, else 0; in place of the share.",
        ),
    ],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "levenshtein"
ignore_case = true
"#,
    build: |options| {
        let ignore_case = options.flag("ignore_case", false);
        let max_distance = options.count("max_distance", 0..=u64::MAX);
        Some(Engine::Pure(Box::new(Levenshtein {
            ignore_case,
            max_distance,
        })))
    },
};

#[derive(Debug)]
struct Levenshtein {
    ignore_case: bool,
    max_distance: Option<u64>,
}

impl Levenshtein {
    /// The score of two texts; `None` = too long to compare.
    fn score(&self, got: &str, wanted: &str) -> Option<f64> {
        let Some(most) = self.max_distance else {
            return similarity(got, wanted);
        };
        let got: Vec<char> = got.chars().collect();
        let wanted: Vec<char> = wanted.chars().collect();
        let distance = levenshtein(&got, &wanted)? as u64;
        Some(f64::from(u8::from(distance <= most)))
    }
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
            self.score(&got, &fold(wanted)).unwrap_or_else(|| {
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

//! Scorer `exact`: the answer is the expected text, character for character.
//!
//! In: extracted answer, expected alternatives. Out: 1 or 0. No normalisation beyond the
//! extraction steps; see `normalised` for that.

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::outcome::Ruling;
use crate::scorers::best_of;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "exact",
    doc: "1 when the answer equals an expected text, character for character.",
    needs: Needs::EXPECTED,
    options: &[],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "exact"
"#,
    build: |_| Some(Engine::Pure(Box::new(Exact))),
};

#[derive(Debug)]
struct Exact;

impl Rule for Exact {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let expected = case.expected_texts()?;
        let got = case.text()?;
        Ok(best_of(&got, &expected, |wanted| {
            f64::from(u8::from(wanted == got))
        }))
    }
}

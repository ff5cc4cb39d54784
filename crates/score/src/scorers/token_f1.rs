//! Scorer `token_f1`: overlap of words, as SQuAD measures it.
//!
//! In: extracted answer, expected alternatives. Out: F1 of the multisets of tokens after SQuAD's
//! normalisation, the best alternative counting (official scripts of SQuAD 1.1 and 2.0; where one
//! side has no tokens, 1 if neither has, else 0, as in 2.0).

use std::collections::HashMap;

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::outcome::Ruling;
use crate::scorers::best_of;
use crate::text::squad_tokens;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "token_f1",
    doc: "Overlap of the words of answer and expected text (F1 as in SQuAD).",
    needs: Needs::EXPECTED,
    options: &[],
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "token_f1"
"#,
    build: |_| Some(Engine::Pure(Box::new(TokenF1))),
};

#[derive(Debug)]
struct TokenF1;

fn f1(got: &[String], expected: &[String]) -> f64 {
    if got.is_empty() || expected.is_empty() {
        return if got.len() == expected.len() {
            1.0
        } else {
            0.0
        };
    }
    let mut left: HashMap<&str, usize> = HashMap::new();
    for token in expected {
        *left.entry(token).or_insert(0) += 1;
    }
    let mut common = 0;
    for token in got {
        if let Some(count) = left.get_mut(token.as_str()).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
        }
    }
    2.0 * f64::from(common) / (got.len() + expected.len()) as f64
}

impl Rule for TokenF1 {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let expected = case.expected_texts()?;
        let text = case.text()?;
        let got = squad_tokens(&text);
        Ok(best_of(&text, &expected, |wanted| {
            f1(&got, &squad_tokens(wanted))
        }))
    }
}

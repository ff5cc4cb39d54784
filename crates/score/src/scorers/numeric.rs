//! Scorer `numeric`: the answer is the expected number, within a tolerance.
//!
//! In: the first number of the extracted answer and of each expected text. Out: 1 or 0. Without a
//! tolerance the digits are compared, exactly at any length (`42` is `42.00`); with one, matches
//! when `|a - b| <= max(tolerance, relative_tolerance * |b|)`, `b` the expected number.

use trilemma_domain::ScoredOutcome;

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::{DefaultSteps, Number, read_number};
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, failed, matched};
use crate::scorers::mismatch;
use crate::text::excerpt;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "numeric",
    doc: "1 when the answer's number equals an expected number, within a tolerance.",
    needs: Needs::EXPECTED,
    options: &[
        OptionDoc::new(
            "tolerance",
            OptionType::Number,
            "0",
            "Largest absolute difference that still matches.",
        ),
        OptionDoc::new(
            "relative_tolerance",
            OptionType::Number,
            "0",
            "Largest difference as a share of the expected number.",
        ),
    ],
    extraction: Some(DefaultSteps {
        answer: &["last_number"],
        expected: &["first_number"],
    }),
    example: r#"[[scorers]]
type = "numeric"
extract = [{ step = "json_field", field = "total", lenient = true }, "first_number"]
relative_tolerance = 0.01
"#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let tolerance = Tolerance {
        absolute: options
            .number("tolerance", 0.0..=f64::INFINITY)
            .unwrap_or(0.0),
        relative: options
            .number("relative_tolerance", 0.0..=f64::INFINITY)
            .unwrap_or(0.0),
    };
    Some(Engine::Pure(Box::new(Numeric { tolerance })))
}

/// How far apart two numbers may be.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tolerance {
    pub(crate) absolute: f64,
    pub(crate) relative: f64,
}

impl Tolerance {
    /// Whether `got` counts as `expected`.
    pub(crate) fn admits(self, got: &Number, expected: &Number) -> bool {
        if got.same_digits(expected) {
            return true;
        }
        if self.absolute == 0.0 && self.relative == 0.0 {
            return false;
        }
        let (Some(got), Some(expected)) = (got.value(), expected.value()) else {
            return false;
        };
        let allowed = self.absolute.max(self.relative * expected.abs());
        // The bound is meant in decimals: 0.3 is within 0.1 of 0.2, whatever binary says.
        let rounding = 4.0 * f64::EPSILON * got.abs().max(expected.abs());
        (got - expected).abs() <= allowed + rounding
    }
}

#[derive(Debug)]
struct Numeric {
    tolerance: Tolerance,
}

impl Rule for Numeric {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let texts = case.expected_texts()?;
        let expected = texts
            .iter()
            .map(|text| number_of(text))
            .collect::<Result<Vec<Number>, ScoredOutcome>>()?;
        let text = case.text()?;
        let got = read_number(&text)
            .ok_or_else(|| because(0.0, format!("no number in `{}`", excerpt(&text))))?;
        let matches = expected
            .iter()
            .any(|expected| self.tolerance.admits(&got, expected));
        Ok(matched(matches, || mismatch(&text, &texts)))
    }
}

fn number_of(text: &str) -> Result<Number, ScoredOutcome> {
    read_number(text).ok_or_else(|| {
        failed(format!(
            "the item's expected value `{}` holds no number",
            excerpt(text)
        ))
    })
}

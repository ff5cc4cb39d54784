//! Scorer `normalised`: the same text up to differences that rarely matter.
//!
//! In: extracted answer, expected alternatives. Out: 1 or 0. Numbers keep their signs and points;
//! currency and mathematical signs count.

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::Ruling;
use crate::scorers::best_of;
use crate::text::Normaliser;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "normalised",
    doc: "1 when the answer equals an expected text but for case, punctuation, white space and Unicode form.",
    needs: Needs::EXPECTED,
    options: &[
        OptionDoc::new(
            "keep",
            OptionType::Texts,
            "[]",
            "Differences that do count: `case`, `punctuation`, `whitespace`, `compatibility` (Unicode NFKC).",
        ),
        OptionDoc::new(
            "articles",
            OptionType::Choice(&["keep", "drop"]),
            r#""keep""#,
            "Whether `a`, `an`, `the` count.",
        ),
    ],
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "normalised"
articles = "drop"
"#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let mut normaliser = Normaliser::USUAL;
    normaliser.articles = options.choice("articles", &[("keep", false), ("drop", true)], false);
    for difference in options.texts("keep").unwrap_or_default() {
        match difference.as_str() {
            "case" => normaliser.case = false,
            "punctuation" => normaliser.punctuation = false,
            "whitespace" => normaliser.whitespace = false,
            "compatibility" => normaliser.compatibility = false,
            other => options.problem(
                "keep",
                format!("there is no difference `{other}`"),
                "write `case`, `punctuation`, `whitespace` or `compatibility`",
            ),
        }
    }
    Some(Engine::Pure(Box::new(Normalised { normaliser })))
}

#[derive(Debug)]
struct Normalised {
    normaliser: Normaliser,
}

impl Rule for Normalised {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let expected = case.expected_texts()?;
        let text = case.text()?;
        let got = self.normaliser.apply(&text);
        Ok(best_of(&text, &expected, |wanted| {
            f64::from(u8::from(self.normaliser.apply(wanted) == got))
        }))
    }
}

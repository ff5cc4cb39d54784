//! Scorer `rouge_l`: longest common subsequence of words.
//!
//! In: extracted answer, expected alternatives. Out: with L the length of the longest common
//! subsequence, P = L / tokens of the answer, R = L / tokens of the expected text, F = 2PR / (P+R);
//! the best alternative counts. Equals `rougeL` of rouge-score 0.1.2 (golden file `rouge_l.json`).
//! Its tokenizer knows ASCII letters and digits only: an expected text without any has no score.

use std::borrow::Cow;

use trilemma_domain::ScoredOutcome;

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, failed};
use crate::scorers::best_of;
use crate::text::{Vocabulary, common_subsequence, rouge};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "rouge_l",
    doc: "Longest common subsequence of words with the expected text (ROUGE-L).",
    needs: Needs::EXPECTED,
    options: &[
        OptionDoc::new(
            "measure",
            OptionType::Choice(&["f1", "precision", "recall"]),
            r#""f1""#,
            "Which of the three.",
        ),
        OptionDoc::new(
            "stem",
            OptionType::Flag,
            "false",
            "Compare English word stems (Porter).",
        ),
    ],
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "rouge_l"
stem = true
"#,
    build,
};

#[derive(Debug, Clone, Copy)]
enum Measure {
    F1,
    Precision,
    Recall,
}

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let measures = [
        ("f1", Measure::F1),
        ("precision", Measure::Precision),
        ("recall", Measure::Recall),
    ];
    let measure = options.choice("measure", &measures, Measure::F1);
    let stem = options.flag("stem", false);
    Some(Engine::Pure(Box::new(RougeL { measure, stem })))
}

#[derive(Debug)]
struct RougeL {
    measure: Measure,
    stem: bool,
}

impl RougeL {
    /// `None` = too long to compare.
    fn compare(&self, got: &[String], wanted: &[String]) -> Option<f64> {
        if got.is_empty() || wanted.is_empty() {
            return Some(0.0);
        }
        let mut vocabulary = Vocabulary::default();
        let wanted = vocabulary.learn(wanted.iter().map(String::as_str));
        let got = vocabulary.number(got.iter().map(String::as_str));
        let common = common_subsequence(&got, &wanted)? as f64;
        let precision = common / got.len() as f64;
        let recall = common / wanted.len() as f64;
        Some(match self.measure {
            Measure::Precision => precision,
            Measure::Recall => recall,
            Measure::F1 if common > 0.0 => 2.0 * precision * recall / (precision + recall),
            Measure::F1 => 0.0,
        })
    }

    fn references(&self, texts: &[Cow<'_, str>]) -> Result<Vec<Vec<String>>, ScoredOutcome> {
        let references: Vec<Vec<String>> =
            texts.iter().map(|text| rouge(text, self.stem)).collect();
        if references.iter().all(Vec::is_empty) {
            return Err(failed(
                "the item's expected text has no ASCII words, which is all that ROUGE's tokenizer knows; hint: use `chrf`",
            ));
        }
        Ok(references)
    }
}

impl Rule for RougeL {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let texts = case.expected_texts()?;
        let references = self.references(&texts)?;
        let text = case.text()?;
        let got = rouge(&text, self.stem);
        let scores: Option<Vec<f64>> = references
            .iter()
            .map(|wanted| self.compare(&got, wanted))
            .collect();
        let scores =
            scores.ok_or_else(|| failed("answer and expected text are too long to compare"))?;
        let mut scores = scores.into_iter();
        Ok(best_of(&text, &texts, |_| scores.next().unwrap_or(0.0)))
    }
}

//! Scorer `bleu`: n-gram precision with brevity penalty, for one sentence or text.
//!
//! In: extracted answer, expected texts as references. Out: BLEU / 100. Equals `sentence_bleu` of
//! sacrebleu 2.6.0 (13a tokenizer, exponential smoothing, effective order; golden file
//! `bleu.json`): with p_n the clipped precision of order n, c and r the lengths of answer and
//! closest reference, BLEU = min(1, e^(1−r/c)) · exp(mean ln p_n). Single-text BLEU is a weak
//! measure of quality; it is here for comparison with published figures.

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because};
use crate::scorers::mismatch;
use crate::text::{Counts, Vocabulary, thirteen_a};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "bleu",
    doc: "n-gram precision against the expected texts (sentence BLEU of sacrebleu).",
    needs: Needs::EXPECTED,
    options: &[OptionDoc::new(
        "ignore_case",
        OptionType::Flag,
        "false",
        "Compare in lower case.",
    )],
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "bleu"
"#,
    build,
};

const MAX_ORDER: usize = 4;

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let ignore_case = options.flag("ignore_case", false);
    Some(Engine::Pure(Box::new(Bleu { ignore_case })))
}

#[derive(Debug)]
struct Bleu {
    ignore_case: bool,
}

impl Bleu {
    fn tokens(&self, text: &str) -> String {
        if self.ignore_case {
            thirteen_a(&text.to_lowercase())
        } else {
            thirteen_a(text)
        }
    }
}

fn words(tokens: &str) -> impl Iterator<Item = &str> {
    tokens.split(' ').filter(|token| !token.is_empty())
}

impl Rule for Bleu {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let texts = case.expected_texts()?;
        let text = case.text()?;
        let mut vocabulary = Vocabulary::default();
        let references: Vec<Vec<u32>> = texts
            .iter()
            .map(|text| vocabulary.learn(words(&self.tokens(text))))
            .collect();
        let got = vocabulary.number(words(&self.tokens(&text)));
        let score = sentence_bleu(&got, &references);
        Ok(because(score, mismatch(&text, &texts)))
    }
}

fn sentence_bleu(got: &[u32], references: &[Vec<u32>]) -> f64 {
    let mut sum_of_logs = 0.0;
    let mut order = 0;
    let mut smoothing = 1.0;
    let mut any_match = false;
    for n in 1..=MAX_ORDER {
        let total = (got.len() + 1).saturating_sub(n);
        if total == 0 {
            break;
        }
        let mut counts: Counts<'_, u32> = Counts::new(&[], n);
        for reference in references {
            counts.unite(Counts::new(reference, n));
        }
        let matches = counts.clipped_matches(got, n);
        any_match |= matches > 0;
        let precision = if matches == 0 {
            smoothing *= 2.0;
            1.0 / (smoothing * total as f64)
        } else {
            matches as f64 / total as f64
        };
        sum_of_logs += precision.ln();
        order = n;
    }
    if !any_match || order == 0 {
        return 0.0;
    }
    brevity_penalty(got.len(), references) * (sum_of_logs / order as f64).exp()
}

fn brevity_penalty(n_got: usize, references: &[Vec<u32>]) -> f64 {
    let closest = references
        .iter()
        .map(Vec::len)
        .min_by_key(|len| (len.abs_diff(n_got), *len))
        .unwrap_or(0);
    if n_got >= closest {
        return 1.0;
    }
    (1.0 - closest as f64 / n_got as f64).exp()
}

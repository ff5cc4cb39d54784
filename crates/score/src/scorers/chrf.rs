//! Scorer `chrf`: overlap of character n-grams.
//!
//! In: extracted answer, expected alternatives. Out: chrF / 100, the best reference counting.
//! Equals `sentence_chrf` of sacrebleu 2.6.0 (character order 6, β = 2, no white space; with
//! `word_order = 2` chrF++; golden file `chrf.json`): over the orders that both texts have, with
//! mean precision P and mean recall R, chrF = (1+β²)·P·R / (β²·P + R). Works for any script.

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::Ruling;
use crate::scorers::best_of;
use crate::text::{Counts, Vocabulary, is_python_space};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "chrf",
    doc: "Overlap of character n-grams with the expected text (chrF of sacrebleu).",
    needs: Needs::EXPECTED,
    options: &[
        OptionDoc::new(
            "word_order",
            OptionType::Count,
            "0",
            "Longest word n-gram that counts too; 2 is chrF++.",
        ),
        OptionDoc::new(
            "ignore_case",
            OptionType::Flag,
            "false",
            "Compare in lower case.",
        ),
    ],
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "chrf"
word_order = 2
"#,
    build,
};

const CHAR_ORDER: usize = 6;
const BETA_SQUARED: f64 = 4.0;

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let word_order = options.count("word_order", 0..=4).unwrap_or(0);
    let ignore_case = options.flag("ignore_case", false);
    Some(Engine::Pure(Box::new(Chrf {
        word_order: usize::try_from(word_order).unwrap_or(0),
        ignore_case,
    })))
}

#[derive(Debug)]
struct Chrf {
    word_order: usize,
    ignore_case: bool,
}

impl Rule for Chrf {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let expected = case.expected_texts()?;
        let text = case.text()?;
        let got = Prepared::new(&text, self.ignore_case);
        Ok(best_of(&text, &expected, |wanted| {
            self.compare(&got, &Prepared::new(wanted, self.ignore_case))
        }))
    }
}

/// A text as chrF looks at it.
struct Prepared {
    chars: Vec<char>,
    words: Vec<String>,
}

impl Prepared {
    fn new(text: &str, ignore_case: bool) -> Self {
        let text = if ignore_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        };
        let chars = text.chars().filter(|c| !is_python_space(*c)).collect();
        let mut words = Vec::new();
        for word in text.split(is_python_space).filter(|word| !word.is_empty()) {
            split_punctuation(word, &mut words);
        }
        Self { chars, words }
    }
}

/// Takes one ASCII punctuation mark off the end of a word, or else off its start.
fn split_punctuation(word: &str, words: &mut Vec<String>) {
    let mark = |c: char| c.is_ascii_punctuation();
    if word.chars().nth(1).is_none() {
        words.push(word.to_owned());
    } else if let Some(rest) = word.strip_suffix(mark) {
        words.push(rest.to_owned());
        words.extend(word.get(rest.len()..).map(str::to_owned));
    } else if let Some(rest) = word.strip_prefix(mark) {
        words.extend(word.get(..word.len() - rest.len()).map(str::to_owned));
        words.push(rest.to_owned());
    } else {
        words.push(word.to_owned());
    }
}

/// Sums of precision and recall over the orders that both texts have.
#[derive(Default)]
struct Sums {
    precision: f64,
    recall: f64,
    orders: f64,
}

impl Sums {
    fn add<T: Eq + std::hash::Hash>(&mut self, got: &[T], wanted: &[T], max_order: usize) {
        for order in 1..=max_order {
            let n_got = (got.len() + 1).saturating_sub(order);
            let counts = Counts::new(wanted, order);
            if n_got == 0 || counts.total() == 0 {
                continue;
            }
            let matches = counts.clipped_matches(got, order) as f64;
            self.precision += matches / n_got as f64;
            self.recall += matches / counts.total() as f64;
            self.orders += 1.0;
        }
    }
}

impl Chrf {
    fn compare(&self, got: &Prepared, wanted: &Prepared) -> f64 {
        let mut sums = Sums::default();
        sums.add(&got.chars, &wanted.chars, CHAR_ORDER);
        if self.word_order > 0 {
            let mut vocabulary = Vocabulary::default();
            let wanted = vocabulary.learn(wanted.words.iter().map(String::as_str));
            let got = vocabulary.number(got.words.iter().map(String::as_str));
            sums.add(&got, &wanted, self.word_order);
        }
        if sums.orders == 0.0 || sums.precision + sums.recall == 0.0 {
            return 0.0;
        }
        let precision = sums.precision / sums.orders;
        let recall = sums.recall / sums.orders;
        (1.0 + BETA_SQUARED) * precision * recall / (BETA_SQUARED * precision + recall)
    }
}

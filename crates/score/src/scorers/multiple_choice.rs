//! Scorer `multiple_choice`: the letter that the answer settles on.
//!
//! In: the answer in whatever form; the expected letter. Out: 1 or 0. The letter is looked for in
//! this order, the last one of a kind counting: the whole answer (`B`, `(b)`, `**B.**`); LaTeX
//! `\boxed{B}`; after a cue (`answer is (B)`, `Answer: B`); at the start of the first or last line
//! (`B) Paris`); and, where only one choice occurs, a free-standing capital. An answer that settles
//! on none scores 0 and says so.

use std::sync::LazyLock;

use regex::Regex;
use trilemma_domain::ScoredOutcome;

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, failed, matched};
use crate::text::excerpt;

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "multiple_choice",
    doc: "1 when the answer settles on the expected letter.",
    needs: Needs::EXPECTED,
    options: &[OptionDoc::new(
        "letters",
        OptionType::Text,
        r#""ABCD""#,
        "The letters on offer, as one text.",
    )],
    extraction: Some(DefaultSteps {
        answer: &["without_reasoning"],
        expected: &["trim"],
    }),
    example: r#"[[scorers]]
type = "multiple_choice"
letters = "ABCDE"
"#,
    build,
};

/// Finds a letter after a cue, which is the last group that matched; a small letter only where no
/// space follows, since `a` is also an article.
static CUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i:\b(?:answer|choice|option)\b)(?:(?i:\s+(?:is|would\s+be|choice|option))|[\s:=*_"'`])*[\s(\[*_"'`:]*\b(?:([A-Z])(?:$|[\s).,:;\]*_"'`\\}])|([a-z])(?:$|[).,:;\]*_"'`\\}]))"#,
    )
    .ok()
});

/// Finds a free-standing capital, in its group.
static CAPITAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|[^\w'’])\(?([A-Z])(?:[).,:;\]*]|\s|$)").ok());

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let letters = options.text("letters").unwrap_or("ABCD").to_uppercase();
    let distinct = letters
        .bytes()
        .enumerate()
        .all(|(at, b)| b.is_ascii_uppercase() && letters.bytes().position(|c| c == b) == Some(at));
    if letters.len() < 2 || !distinct {
        options.problem(
            "letters",
            format!("`{letters}` is no list of choices"),
            "write at least two different letters, such as `\"ABCD\"`",
        );
        return None;
    }
    Some(Engine::Pure(Box::new(MultipleChoice { letters })))
}

#[derive(Debug)]
struct MultipleChoice {
    letters: String,
}

impl MultipleChoice {
    fn known(&self, letter: char) -> Option<char> {
        let letter = letter.to_ascii_uppercase();
        self.letters.contains(letter).then_some(letter)
    }

    /// A text that is one letter and decoration.
    fn alone(&self, text: &str) -> Option<char> {
        let decoration = |c: char| c.is_whitespace() || (c.is_ascii_punctuation());
        let mut chars = text.trim_matches(decoration).chars();
        match (chars.next(), chars.next()) {
            (Some(letter), None) => self.known(letter),
            _ => None,
        }
    }

    /// A letter at the start of a line, with the mark of a list: `B)`, `B.`, `(B)`, `**B**:`.
    fn at_line_start(&self, line: &str) -> Option<char> {
        let line = line.trim().trim_start_matches(['*', '_', '`', '(', '[']);
        let mut chars = line.chars();
        let letter = chars.next().filter(char::is_ascii_uppercase)?;
        let marked = matches!(chars.next(), Some(')' | '.' | ':' | ']' | '*' | '_' | '`'));
        self.known(letter).filter(|_| marked)
    }

    fn cued(&self, text: &str, cue: &Option<Regex>) -> Vec<char> {
        let Some(cue) = cue else {
            return Vec::new();
        };
        cue.captures_iter(text)
            .filter_map(|found| {
                let letter = found.iter().skip(1).flatten().next()?;
                self.known(letter.as_str().chars().next()?)
            })
            .collect()
    }

    fn choose(&self, text: &str) -> Option<char> {
        if let Some(letter) = self.alone(text) {
            return Some(letter);
        }
        if let Some((_, boxed)) = text.rsplit_once("\\boxed{")
            && let Some((content, _)) = boxed.split_once('}')
        {
            let bare = content.trim_start_matches("\\text{");
            if let Some(letter) = self.alone(bare) {
                return Some(letter);
            }
        }
        if let Some(letter) = self.cued(text, &CUE).last() {
            return Some(*letter);
        }
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().and_then(|line| self.at_line_start(line));
        let last = lines
            .next_back()
            .and_then(|line| self.alone(line).or_else(|| self.at_line_start(line)));
        match (first, last) {
            (_, Some(letter)) | (Some(letter), None) => return Some(letter),
            (None, None) => {}
        }
        let capitals = self.cued(text, &CAPITAL);
        let one = *capitals.first()?;
        capitals.iter().all(|letter| *letter == one).then_some(one)
    }
}

impl Rule for MultipleChoice {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let texts = case.expected_texts()?;
        let expected = texts
            .iter()
            .map(|text| {
                self.alone(text)
                    .or_else(|| self.at_line_start(text))
                    .ok_or_else(|| {
                        failed(format!(
                            "the item's expected `{}` is none of the letters {}",
                            excerpt(text),
                            self.letters
                        ))
                    })
            })
            .collect::<Result<Vec<char>, ScoredOutcome>>()?;
        let text = case.text()?;
        let chosen = self
            .choose(&text)
            .ok_or_else(|| because(0.0, "the answer settles on no letter"))?;
        Ok(matched(expected.contains(&chosen), || {
            let wanted: Vec<String> = expected.iter().map(char::to_string).collect();
            format!("chose {chosen}, expected {}", wanted.join(" or "))
        }))
    }
}

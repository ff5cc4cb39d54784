//! Normal forms of text: what counts as the same answer.
//!
//! In: a text. Out: the text without differences that do not matter. `squad_tokens` follows the
//! official evaluation script of SQuAD 1.1 (`normalize_answer`: lower case, no ASCII punctuation,
//! no articles, single spaces).

use unicode_normalization::UnicodeNormalization;

/// Which differences do not matter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normaliser {
    /// Unicode compatibility forms (NFKC), such as full-width digits and ligatures.
    pub(crate) compatibility: bool,
    /// Case.
    pub(crate) case: bool,
    /// Punctuation, ASCII and Unicode, except inside numbers.
    pub(crate) punctuation: bool,
    /// The English articles.
    pub(crate) articles: bool,
    /// Amount and kind of white space.
    pub(crate) whitespace: bool,
}

impl Normaliser {
    /// Ignores everything but articles.
    pub(crate) const USUAL: Self = Self {
        compatibility: true,
        case: true,
        punctuation: true,
        articles: false,
        whitespace: true,
    };

    /// Gives the normal form.
    pub(crate) fn apply(self, text: &str) -> String {
        let mut out: String = if self.compatibility {
            text.nfkc().collect()
        } else {
            text.to_owned()
        };
        if self.case {
            out = out.to_lowercase();
        }
        if self.punctuation {
            out = without_punctuation(&out);
        }
        if self.articles {
            out = without_articles(&out);
        }
        if self.whitespace {
            out = out.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        out
    }
}

/// Puts a space for each punctuation mark that does not stand between digits and is no sign of a
/// number, so that `-3.5` and `3,5` stay what they are.
fn without_punctuation(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let digit_next = chars.peek().is_some_and(char::is_ascii_digit);
        let in_number = digit_next
            && ((matches!(c, '.' | ',') && before.is_ascii_digit())
                || (matches!(c, '-' | '\u{2212}' | '.') && !before.is_alphanumeric()));
        match c {
            // `don't` and `dont` are one word either way.
            '\'' | '\u{2019}' => {}
            _ if is_punctuation(c) && !in_number => out.push(' '),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

fn is_punctuation(c: char) -> bool {
    // Currency and mathematical signs carry meaning and are kept.
    let kept = matches!(c, '$' | '%' | '+' | '<' | '=' | '>' | '^' | '|' | '~' | '`');
    (c.is_ascii_punctuation() && !kept)
        || matches!(
            c,
            '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
                | '\u{2010}'..='\u{2027}'
                | '\u{2030}'..='\u{205e}'
                | '\u{2e00}'..='\u{2e52}'
                | '\u{3001}'..='\u{3003}'
                | '\u{3008}'..='\u{3011}'
                | '\u{3014}'..='\u{301f}'
        )
}

fn without_articles(text: &str) -> String {
    let words = text.split_whitespace();
    words
        .filter(|word| !matches!(*word, "a" | "an" | "the"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Tokens after SQuAD's normalisation.
pub(crate) fn squad_tokens(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let plain: String = lower
        .chars()
        .filter(|c| !c.is_ascii_punctuation())
        .collect();
    // The script removes `\b(a|an|the)\b` after the punctuation; word boundaries in running text
    // without ASCII punctuation lie at white space and at other characters that are no letters.
    let mut tokens = Vec::new();
    for word in plain.split_whitespace() {
        for piece in split_articles(word) {
            tokens.push(piece.to_owned());
        }
    }
    tokens
}

/// Pieces of a word between articles that are delimited inside it by characters of no word, such
/// as the dash in `a–b`.
fn split_articles(word: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut pieces = Vec::new();
    let mut piece_start = 0;
    let mut run_start = None;
    let ends = word.char_indices().map(|(at, c)| (at, is_word(c)));
    for (at, in_word) in ends.chain([(word.len(), false)]) {
        match (run_start, in_word) {
            (None, true) => run_start = Some(at),
            (Some(start), false) => {
                run_start = None;
                if matches!(word.get(start..at), Some("a" | "an" | "the")) {
                    pieces.extend(word.get(piece_start..start));
                    piece_start = at;
                }
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    pieces.extend(word.get(piece_start..));
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

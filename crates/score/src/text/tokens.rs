//! Tokenizers of published metrics.
//!
//! In: a text. Out: tokens. `thirteen_a` is mteval-v13a as sacrebleu 2.6.0 has it
//! (`tokenizers/tokenizer_13a.py`, `tokenizer_re.py`); `rouge` is that of rouge-score 0.1.2
//! (`tokenize.py`): letters a–z and digits only, so other scripts have no tokens.

use super::porter::stem;

/// What Python's `str.split` and `str.strip` take for white space.
pub(crate) fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Tokenizes as sacrebleu's `13a` does; the tokens are separated by single spaces.
pub(crate) fn thirteen_a(text: &str) -> String {
    let text = text.trim_end_matches(is_python_space);
    let text = text.replace("<skipped>", "").replace("-\n", "");
    let text = text.replace('\n', " ");
    let text = text
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">");
    let text = space_marks(&text);
    let stop = |c: char| matches!(c, '.' | ',');
    let digit = |c: char| c.is_ascii_digit();
    let text = space_pairs(&text, |a, b| !digit(a) && stop(b), ["", " ", " "]);
    let text = space_pairs(&text, |a, b| stop(a) && !digit(b), [" ", " ", ""]);
    let text = space_pairs(&text, |a, b| digit(a) && b == '-', ["", " ", " "]);
    let tokens = text
        .split(is_python_space)
        .filter(|token| !token.is_empty());
    tokens.collect::<Vec<_>>().join(" ")
}

/// The rule `[{-~[-\` -&(-+:-@/]` to ` $0 `, with a space at both ends of the text.
fn space_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    for c in text.chars() {
        let marked = matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/');
        if marked {
            out.extend([' ', c, ' ']);
        } else {
            out.push(c);
        }
    }
    out.push(' ');
    out
}

/// Puts `spaces` before, between and after each pair of characters that `fits`, from left to right
/// without overlap, as a regular expression with two groups does.
fn space_pairs(text: &str, fits: impl Fn(char, char) -> bool, spaces: [&str; 3]) -> String {
    let [before, between, after] = spaces;
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        match chars.next_if(|second| fits(first, *second)) {
            Some(second) => {
                out.push_str(before);
                out.push(first);
                out.push_str(between);
                out.push(second);
                out.push_str(after);
            }
            None => out.push(first),
        }
    }
    out
}

/// Tokenizes as rouge-score's default tokenizer does, with or without its Porter stemmer.
pub(crate) fn rouge(text: &str, stemmed: bool) -> Vec<String> {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit())
        .filter(|token| !token.is_empty())
        .map(|token| {
            if stemmed && token.len() > 3 {
                stem(token)
            } else {
                token.to_owned()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    /// The tokenizer in the words of sacrebleu's source, to compare with.
    fn by_expressions(text: &str) -> String {
        let text = text.trim_end_matches(is_python_space);
        let text = text.replace("<skipped>", "").replace("-\n", "");
        let text = text.replace('\n', " ");
        let text = text.replace("&quot;", "\"").replace("&amp;", "&");
        let mut text = format!(" {} ", text.replace("&lt;", "<").replace("&gt;", ">"));
        for (rule, with) in [
            (r"([{-~\[-` -&(-+:-@/])", " $1 "),
            (r"([^0-9])([.,])", "$1 $2 "),
            (r"([.,])([^0-9])", " $1 $2"),
            (r"([0-9])(-)", "$1 $2 "),
        ] {
            let rule = Regex::new(rule).unwrap();
            text = rule.replace_all(&text, with).into_owned();
        }
        let tokens = text.split(is_python_space).filter(|t| !t.is_empty());
        tokens.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn thirteen_a_is_what_its_expressions_say() {
        use proptest::prelude::*;
        proptest!(|(text in "[ -~é\n]{0,40}", marks in "[.,0-9a\\- &;lt\n]{0,40}")| {
            prop_assert_eq!(thirteen_a(&text), by_expressions(&text));
            prop_assert_eq!(thirteen_a(&marks), by_expressions(&marks));
        });
    }
}

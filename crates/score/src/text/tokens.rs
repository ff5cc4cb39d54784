//! Tokenizers of published metrics.
//!
//! In: a text. Out: tokens. `thirteen_a` is mteval-v13a as sacrebleu 2.6.0 has it
//! (`tokenizers/tokenizer_13a.py`, `tokenizer_re.py`); `rouge` is that of rouge-score 0.1.2
//! (`tokenize.py`): letters a–z and digits only, so other scripts have no tokens.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::porter::stem;

/// What Python's `str.split` and `str.strip` take for white space.
pub(crate) fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Rules of the 13a tokenizer, in their order.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"([{-~\[-` -&(-+:-@/])", " $1 "),
        (r"([^0-9])([.,])", "$1 $2 "),
        (r"([.,])([^0-9])", " $1 $2"),
        (r"([0-9])(-)", "$1 $2 "),
    ]
    .into_iter()
    .filter_map(|(rule, with)| Some((Regex::new(rule).ok()?, with)))
    .collect()
});

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
    let mut text = format!(" {text} ");
    for (rule, with) in RULES.iter() {
        if let Cow::Owned(changed) = rule.replace_all(&text, *with) {
            text = changed;
        }
    }
    let tokens = text
        .split(is_python_space)
        .filter(|token| !token.is_empty());
    tokens.collect::<Vec<_>>().join(" ")
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

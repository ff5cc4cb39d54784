//! Splits a text into the pieces that tokens never cross.
//!
//! In: text. Out: its pieces in order, without gaps. Source of the expression: `o200k_base` in
//! `tiktoken_ext/openai_public.py` of `tiktoken` 0.12. Its one look-ahead, `\s+(?!\S)`, is done by
//! hand, so that an engine without backtracking can do the rest.

use std::sync::LazyLock;

use regex::Regex;

/// Longest piece in bytes that is encoded as a whole; longer ones are cut.
pub const MAX_PIECE_BYTES: usize = 1 << 14;

const UPPER: &str = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
const LOWER: &str = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
const SUFFIX: &str = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

/// `None` only if the expression above were wrong, which the tests exclude.
static PIECE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let any = [
        format!(r"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{SUFFIX}"),
        format!(r"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{SUFFIX}"),
        r"\p{N}{1,3}".to_owned(),
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*".to_owned(),
        r"\s*[\r\n]+".to_owned(),
        r"\s+".to_owned(),
    ];
    Regex::new(&format!("^(?:{})", any.join("|"))).ok()
});

/// The pieces of a text, none of them empty or longer than [`MAX_PIECE_BYTES`].
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at_checked(piece_len(rest)).unwrap_or((rest, ""));
        rest = after;
        Some(piece)
    })
    .flat_map(cut)
}

/// Length of the first piece.
fn piece_len(text: &str) -> usize {
    let found = PIECE.as_ref().and_then(|piece| piece.find(text));
    let Some(piece) = found.map(|found| found.as_str()) else {
        // Every character starts a piece; this keeps the walk going all the same.
        return text.chars().next().map_or(0, char::len_utf8);
    };
    match piece.chars().next_back() {
        // White space before something else leaves its last character to that, unless it is all.
        Some(last) if last.is_whitespace() && !matches!(last, '\r' | '\n') => {
            let shorter = piece.len() - last.len_utf8();
            if shorter > 0 && piece.len() < text.len() {
                shorter
            } else {
                piece.len()
            }
        }
        _ => piece.len(),
    }
}

/// Cuts a piece that is too long, between characters.
fn cut(piece: &str) -> impl Iterator<Item = &str> {
    let mut rest = piece;
    std::iter::from_fn(move || {
        let mut end = rest.len().min(MAX_PIECE_BYTES);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (head, after) = rest.split_at_checked(end)?;
        rest = after;
        (!head.is_empty()).then_some(head)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pieces: &[&str]) {
        assert_eq!(split(text).collect::<Vec<_>>(), pieces);
    }

    #[test]
    fn splits_as_tiktoken_does() {
        check("", &[]);
        check("Hello, world", &["Hello", ",", " world"]);
        check("it's I'LL", &["it's", " I'LL"]);
        check("12345", &["123", "45"]);
        check("a   b", &["a", "  ", " b"]);
        check("a \n b", &["a", " \n", " b"]);
        check("a  ", &["a", "  "]);
        check("x\t1", &["x", "\t", "1"]);
        check("parseHTMLPage", &["parse", "HTMLPage"]);
        check("https://a/b", &["https", "://", "a", "/b"]);
        check(" \u{a0}\u{2003}z", &[" \u{a0}", "\u{2003}z"]);
    }

    #[test]
    fn long_pieces_are_cut_between_characters() {
        let text = "日".repeat(MAX_PIECE_BYTES);
        let pieces: Vec<&str> = split(&text).collect();
        assert!(pieces.len() >= 3);
        assert!(pieces.iter().all(|piece| piece.len() <= MAX_PIECE_BYTES));
        assert_eq!(pieces.concat(), text);
    }
}

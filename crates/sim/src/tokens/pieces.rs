//! Tokens of a whole text.
//!
//! In: text. Out: how many tokens it has, and after how many bytes each one can be shown.

use std::sync::Arc;

use super::merge::Merger;
use super::split::split;
use super::vocabulary::vocabulary;

/// Lengths in bytes of the pieces that a text is streamed in, one for each token. Tokens that end
/// within a character have length 0 and their bytes are with the token that completes it.
pub(crate) type Pieces = Arc<[u16]>;

/// Finds the token boundaries of a text.
pub(crate) fn pieces(text: &str) -> Pieces {
    let mut out = Vec::with_capacity(text.len() / 3);
    let (mut done, mut end) = (0, 0);
    each_token(text, |len| {
        end += len;
        let at_boundary = text.is_char_boundary(end);
        let len = if at_boundary { end - done } else { 0 };
        // A character has at most 4 bytes and a token of this vocabulary at most 128.
        out.push(u16::try_from(len).unwrap_or(u16::MAX));
        if at_boundary {
            done = end;
        }
    });
    out.into()
}

/// Counts the tokens of a text in OpenAI's `o200k_base`: exact for models of that tokenizer, an
/// estimate for all others, and for texts with a stretch of more than
/// [`MAX_PIECE_BYTES`](crate::MAX_PIECE_BYTES) without a place to split. Takes linear time.
#[must_use]
pub fn count_tokens(text: &str) -> u64 {
    let mut n = 0;
    each_token(text, |_| n += 1);
    n
}

fn each_token(text: &str, mut each: impl FnMut(usize)) {
    let words = vocabulary();
    let mut merger = Merger::default();
    for piece in split(text) {
        merger.lengths(words, piece.as_bytes(), &mut each);
    }
}

#[cfg(test)]
mod tests;

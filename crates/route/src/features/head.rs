//! What of a text is looked at in detail.
//!
//! In: a text. Out: its first characters, so that a long request costs no more than a short one.

/// Most characters that are looked at in detail.
const MAX_CHARS: usize = 8_000;

/// What of a text is looked at in detail.
pub(crate) fn head(text: &str) -> &str {
    // No character takes less than a byte.
    if text.len() <= MAX_CHARS {
        return text;
    }
    let end = text.char_indices().nth(MAX_CHARS);
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

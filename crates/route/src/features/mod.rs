//! What can be seen in a query without any model: hashed pieces of its text, and about fifty counts.
//!
//! In: text. Out: numbers, the same for the same text on every machine. Linear time; only the first
//! 8,000 characters are looked at in detail, lengths count everything.

mod cues;
mod hashed;
mod surface;

pub(crate) use hashed::{Hashed, N_CHAR_BUCKETS, N_HASH};
pub(crate) use surface::{N_SURFACE, surface};

/// Most characters that are looked at in detail.
const MAX_CHARS: usize = 8_000;

/// What of a text is looked at in detail.
fn head(text: &str) -> &str {
    // No character takes less than a byte.
    if text.len() <= MAX_CHARS {
        return text;
    }
    let end = text.char_indices().nth(MAX_CHARS);
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests;

//! How much of a vendor's words a ledger keeps.
//!
//! In: names, and token counts as a vendor reports them, of any length. Out: what is kept of them. A name that is
//! too long is cut at a character and says so; token counts are kept whole or not at all, because JSON that is cut
//! is none.

use std::borrow::Cow;
use std::io;

use serde::Serialize;

/// Longest name that is kept whole, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest report of tokens that is kept, as JSON, in bytes.
pub const MAX_USAGE_BYTES: usize = 16 << 10;

/// A name as it is kept: whole up to [`MAX_NAME_CHARS`] characters, else so many of them and how long it was.
#[must_use]
pub fn kept_name(name: &str) -> Cow<'_, str> {
    if name.len() <= MAX_NAME_CHARS {
        return Cow::Borrowed(name);
    }
    let head = name.char_indices().nth(MAX_NAME_CHARS);
    match head.and_then(|(end, _)| name.get(..end)) {
        Some(head) => Cow::Owned(format!("{head}… ({} bytes)", name.len())),
        None => Cow::Borrowed(name),
    }
}

/// A report of tokens as it is kept.
///
/// # Errors
/// Its length in bytes, where it is longer than [`MAX_USAGE_BYTES`].
pub fn kept_usage(usage: &impl Serialize) -> Result<String, u64> {
    let mut out = Bounded::default();
    // Writing fails only for maps whose keys are no texts, which JSON that was read does not have.
    let _written = serde_json::to_writer(&mut out, usage);
    if out.n_bytes > MAX_USAGE_BYTES as u64 {
        return Err(out.n_bytes);
    }
    String::from_utf8(out.head).map_err(|_| out.n_bytes)
}

/// Keeps the beginning of what is written and counts all of it.
#[derive(Debug, Default)]
struct Bounded {
    head: Vec<u8>,
    n_bytes: u64,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.n_bytes = self.n_bytes.saturating_add(bytes.len() as u64);
        if self.n_bytes <= MAX_USAGE_BYTES as u64 {
            self.head.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn long_names_are_cut_at_a_character_and_say_so() {
        for whole in ["", "gpt-4o", &"é".repeat(200), &"x".repeat(200)] {
            assert_eq!(kept_name(whole), whole);
        }
        let kept = kept_name(&"é".repeat(201)).into_owned();
        assert_eq!(kept, format!("{}… (402 bytes)", "é".repeat(200)));
        let kept = kept_name(&"😀".repeat(250_000)).into_owned();
        assert_eq!(kept, format!("{}… (1000000 bytes)", "😀".repeat(200)));
    }

    #[test]
    fn usage_is_kept_whole_or_not_at_all() {
        let of = |n: usize| json!({ "prompt_tokens": 3, "note": "x".repeat(n) });
        let empty = of(0).to_string().len();
        let longest = of(MAX_USAGE_BYTES - empty);
        assert_eq!(kept_usage(&longest), Ok(longest.to_string()));
        let longer = of(MAX_USAGE_BYTES - empty + 1);
        assert_eq!(kept_usage(&longer), Err(MAX_USAGE_BYTES as u64 + 1));
        assert_eq!(kept_usage(&of(1 << 20)), Err((1 << 20) + empty as u64));
    }
}

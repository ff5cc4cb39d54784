//! o200k tokens: how many a text has and where they end.
//!
//! In: text. Out: counts and lengths. These are estimates for every model but OpenAI's own of that
//! tokenizer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bpe_openai::o200k_base;
use trilemma_domain::Fingerprint;

/// Lengths in bytes of the pieces that a text is streamed in, one for each token. Tokens that end
/// within a character have length 0 and their bytes are with the token that completes it.
pub(crate) type Pieces = Arc<[u16]>;

/// Finds the token boundaries of a text.
pub(crate) fn pieces(text: &str) -> Pieces {
    let tokenizer = o200k_base();
    let mut out = Vec::with_capacity(text.len() / 3);
    let (mut done, mut end) = (0, 0);
    for token in tokenizer.encode(text) {
        end += tokenizer.bpe.token_len(token);
        let at_boundary = text.is_char_boundary(end);
        let len = if at_boundary { end - done } else { 0 };
        // A character has at most 4 bytes and a token of this vocabulary at most 128.
        out.push(u16::try_from(len).unwrap_or(u16::MAX));
        if at_boundary {
            done = end;
        }
    }
    out.into()
}

/// Counts of texts that come again: system prompts, and prompts asked of several models.
#[derive(Debug, Default)]
pub(crate) struct TokenCache(Mutex<HashMap<u64, u32>>);

impl TokenCache {
    /// Most entries; when full it starts afresh, which costs time and nothing else.
    const MAX_ENTRIES: usize = 1 << 18;

    /// Counts the tokens of a text; `fingerprint` is that of the same text.
    pub(crate) fn count(&self, fingerprint: &Fingerprint, text: &str) -> u64 {
        let key = fingerprint.leading_u64();
        let known = self.lock().get(&key).copied();
        let count = known.unwrap_or_else(|| {
            let count = u32::try_from(o200k_base().count(text)).unwrap_or(u32::MAX);
            let mut cache = self.lock();
            if cache.len() >= Self::MAX_ENTRIES {
                cache.clear();
            }
            cache.insert(key, count);
            count
        });
        u64::from(count)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_text_and_never_split_a_character() {
        for text in ["", "Hello, world", "naïve café 🦀🏳️‍🌈 日本語", "a\0b\u{200d}"]
        {
            let mut rest = text;
            for &len in pieces(text).iter() {
                let (_, after) = rest.split_at(usize::from(len));
                rest = after;
            }
            assert_eq!(rest, "");
            assert_eq!(pieces(text).len(), o200k_base().count(text));
        }
    }

    #[test]
    fn cache_agrees_with_the_tokenizer() {
        let cache = TokenCache::default();
        let text = "What is the capital of France?";
        let fingerprint = Fingerprint::of(text.as_bytes());
        // 7 tokens by tiktoken's o200k_base as well.
        assert_eq!(cache.count(&fingerprint, text), 7);
        assert_eq!(cache.count(&fingerprint, text), 7);
    }
}

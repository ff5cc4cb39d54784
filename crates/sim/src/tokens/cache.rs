//! Counts of texts that come again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use trilemma_domain::Fingerprint;

use super::count_tokens;

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
            let count = u32::try_from(count_tokens(text)).unwrap_or(u32::MAX);
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
    fn cache_agrees_with_the_tokenizer() {
        let cache = TokenCache::default();
        let text = "What is the capital of France?";
        let fingerprint = Fingerprint::of(text.as_bytes());
        assert_eq!(cache.count(&fingerprint, text), 7);
        assert_eq!(cache.count(&fingerprint, text), 7);
    }
}

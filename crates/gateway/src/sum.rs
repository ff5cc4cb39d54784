//! Tokens of several calls together.
//!
//! In: what each used. Out: the sum, kind by kind; what nobody counted is left out.

use trilemma_domain::{Usage, UsageSource};

/// Adds two calls; `None` = nobody counted either.
pub(crate) fn sum(before: Option<Usage>, more: Option<Usage>) -> Option<Usage> {
    let (Some(a), Some(b)) = (before, more) else {
        return before.or(more);
    };
    let both = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (one, other) => one.or(other),
    };
    Some(Usage {
        input_uncached: a.input_uncached.saturating_add(b.input_uncached),
        cache_read: both(a.cache_read, b.cache_read),
        cache_write_5m: both(a.cache_write_5m, b.cache_write_5m),
        cache_write_1h: both(a.cache_write_1h, b.cache_write_1h),
        output: a.output.saturating_add(b.output),
        reasoning: both(a.reasoning, b.reasoning),
        audio_input: both(a.audio_input, b.audio_input),
        image_input: both(a.image_input, b.image_input),
        audio_output: both(a.audio_output, b.audio_output),
        image_output: both(a.image_output, b.image_output),
        web_searches: both(a.web_searches, b.web_searches),
        tier: a.tier.or(b.tier),
        place: a.place.or(b.place),
        source: if b.source == UsageSource::Estimated {
            b.source
        } else {
            a.source
        },
    })
}

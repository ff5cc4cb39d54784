//! What has come of a call so far, for when nobody counts its tokens to the end.
//!
//! In: what arrives, as it arrives. Out: an estimate of what the call used, when the client goes away or
//! the answer breaks off: never less than what was seen, never more than was reserved.
//!
//! Input: as the vendor has reported it (Anthropic and Gemini do so at a stream's begin), else as the
//! reservation bounds it. Output: no token is shorter than a byte, so what has arrived is no more tokens
//! than its text has bytes. Some vendors hide reasoning: a silence of more than a second may have been
//! full of it, [`HIDDEN_PER_SECOND`] tokens each second. [`MARGIN`] stands for what came between the last
//! byte and the moment in which the vendor noticed that nobody listens, and for what shorter silences hid.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use trilemma_domain::{ServiceTier, Usage, UsageSource};

/// Tokens that a model may think in a second without a word: none of those that hide what they think
/// is as fast.
pub(crate) const HIDDEN_PER_SECOND: u64 = 1_000;
/// Tokens that may have been written before a vendor notices that the call is over.
pub(crate) const MARGIN: u64 = 1_000;
/// Longest pause within an answer that flows.
const FLOWING: Duration = Duration::from_secs(1);

/// What has come of one call.
#[derive(Debug)]
pub(crate) struct Heard(Mutex<State>);

#[derive(Debug, Clone, Copy)]
struct State {
    /// Since when the request may have reached the vendor; `None` = nothing of it has gone out.
    sent: Option<Instant>,
    /// Since when no token has come.
    since: Instant,
    /// When the first came that a client can show.
    visible: Option<Instant>,
    seen: Seen,
}

/// What was seen of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Bytes of text, reasoning and calls of tools.
    pub(crate) n_bytes: u64,
    /// Sum of the pauses that were longer than those of an answer that flows.
    pub(crate) silence: Duration,
    /// What the vendor has reported so far.
    pub(crate) reported: Option<Usage>,
    /// The class of service that the answer states beside its tokens.
    pub(crate) tier: Option<ServiceTier>,
    /// Whether the answer came to its end.
    pub(crate) is_whole: bool,
    /// Whether there are answers beside the one that is read.
    pub(crate) has_others: bool,
}

impl Heard {
    pub(crate) fn new(n_answers: u64) -> Self {
        Self(Mutex::new(State {
            sent: None,
            visible: None,
            since: Instant::now(),
            seen: Seen {
                has_others: n_answers > 1,
                ..Seen::default()
            },
        }))
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The request goes out.
    pub(crate) fn sent(&self) {
        self.with(|state| {
            state.since = Instant::now();
            state.sent = Some(state.since);
        });
    }

    /// So many bytes of the answer are there, and a token was among the last; `reported` = the vendor
    /// has said something new of its tokens.
    pub(crate) fn read(&self, n_bytes: u64, has_token: bool, reported: Option<Usage>) {
        self.with(|state| {
            state.seen.n_bytes = state.seen.n_bytes.max(n_bytes);
            if has_token {
                state.pause();
            }
            state.seen.reported = reported.or(state.seen.reported);
        });
    }

    /// A token came that a client can show.
    pub(crate) fn showed(&self) {
        self.with(|state| _ = state.visible.get_or_insert_with(Instant::now));
    }

    /// The answer states its class of service.
    pub(crate) fn served_in(&self, tier: ServiceTier) {
        self.with(|state| state.seen.tier = Some(tier));
    }

    /// The dialect's last word has come.
    pub(crate) fn ended(&self) {
        self.with(|state| state.seen.is_whole = true);
    }

    /// What was seen until now; `None` = nothing of the request has gone out.
    pub(crate) fn seen(&self) -> Option<Seen> {
        self.with(|state| {
            state.pause();
            state.sent.map(|_| state.seen)
        })
    }

    /// How long the call has been waited for, and after how long a client could show something, each from when the
    /// request went out.
    pub(crate) fn waited(&self) -> [Option<Duration>; 2] {
        self.with(|state| {
            let since = |end: Instant| Some(end.saturating_duration_since(state.sent?));
            [since(Instant::now()), state.visible.and_then(since)]
        })
    }
}

impl State {
    /// The pause since the last token is over.
    fn pause(&mut self) {
        let now = Instant::now();
        let pause = now.saturating_duration_since(self.since);
        self.since = now;
        if pause > FLOWING {
            self.seen.silence = self.seen.silence.saturating_add(pause);
        }
    }
}

impl Seen {
    /// What the call has used at most, as far as can be told; `None` = nothing bounds it.
    pub(crate) fn used(&self, worst: Option<&Usage>) -> Option<Usage> {
        if let (true, Some(reported)) = (self.is_whole, self.reported) {
            return Some(reported);
        }
        let mut used = self.reported.or(worst.copied())?;
        let hidden = u64::try_from(self.silence.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_mul(HIDDEN_PER_SECOND)
            / 1_000;
        let written = match self.has_others {
            true => u64::MAX,
            false => self.n_bytes.saturating_add(hidden).saturating_add(MARGIN),
        };
        let most = worst.map_or(u64::MAX, |worst| worst.output);
        let before = self.reported.map_or(0, |usage| usage.output);
        used.output = written.min(most).max(before);
        used.web_searches = worst.map_or(used.web_searches, |worst| worst.web_searches);
        used.tier = used
            .tier
            .or(self.tier)
            .or(worst.and_then(|worst| worst.tier));
        used.place = used.place.or(worst.and_then(|worst| worst.place));
        used.source = UsageSource::Estimated;
        Some(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst() -> Usage {
        Usage {
            input_uncached: 5_000,
            output: 20_000,
            ..Usage::default()
        }
    }

    #[test]
    fn what_was_seen_and_a_margin_are_charged() {
        let seen = Seen {
            n_bytes: 800,
            silence: Duration::from_millis(1_500),
            ..Seen::default()
        };
        let used = seen.used(Some(&worst())).unwrap();
        assert_eq!((used.input_uncached, used.output), (5_000, 3_300));
        assert_eq!(used.source, UsageSource::Estimated);
        assert_eq!(seen.used(None), None);
    }

    #[test]
    fn input_is_what_the_vendor_has_reported() {
        let begun = Usage {
            input_uncached: 40,
            cache_read: Some(900),
            output: 1,
            ..Usage::default()
        };
        let seen = Seen {
            n_bytes: 10,
            reported: Some(begun),
            ..Seen::default()
        };
        let used = seen.used(Some(&worst())).unwrap();
        assert_eq!((used.input_uncached, used.cache_read), (40, Some(900)));
        assert_eq!(used.output, 1_010);
        let whole = Seen {
            is_whole: true,
            ..seen
        };
        assert_eq!(whole.used(Some(&worst())), Some(begun));
    }

    #[test]
    fn an_estimate_lies_between_what_was_seen_and_what_was_reserved() {
        bolero::check!()
            .with_iterations(20_000)
            .with_type::<(u32, u32, u16, u16, u32, bool, bool)>()
            .for_each(
                |&(n_bytes, ms, input, output, most, is_reported, is_whole)| {
                    let worst = Usage {
                        input_uncached: u64::from(input) + 100,
                        // Nobody reports more than was allowed.
                        output: u64::from(most).max(u64::from(output)),
                        ..Usage::default()
                    };
                    let reported = Usage {
                        input_uncached: u64::from(input),
                        output: u64::from(output),
                        ..Usage::default()
                    };
                    let seen = Seen {
                        n_bytes: u64::from(n_bytes),
                        silence: Duration::from_millis(u64::from(ms)),
                        reported: is_reported.then_some(reported),
                        tier: None,
                        is_whole,
                        has_others: false,
                    };
                    let used = seen.used(Some(&worst)).unwrap();
                    assert!(used.output <= worst.output, "{seen:?} {used:?}");
                    assert!(used.input_total() <= worst.input_total());
                    if is_reported {
                        assert!(used.output >= reported.output, "{seen:?} {used:?}");
                        assert_eq!(used.input_total(), reported.input_total());
                    }
                    if !(is_whole && is_reported) {
                        let told = u64::from(n_bytes).min(worst.output);
                        assert!(used.output >= told, "{seen:?} {used:?}");
                    }
                },
            );
    }
}

//! Stamps of one attempt, all from one monotonic clock (DESIGN.md §3 defines each).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When the parts of one attempt happened.
///
/// All offsets but `queued` and `connect` count from `sent`: the moment at which the request's
/// last byte was handed to the socket. `None` = it did not happen or was not observed, never zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timing {
    /// Waiting inside our own client (concurrency, rate limits, back-off) before the attempt.
    pub queued: Duration,
    /// Name lookup, TCP and TLS of a new connection; `None` on a reused one.
    pub connect: Option<Duration>,
    /// Encoding and writing the request, from attempt start (connection ready) to `sent`.
    pub send: Option<Duration>,
    /// First byte of any kind (response head).
    pub first_byte: Option<Duration>,
    /// First token of any kind, reasoning included (streams only).
    pub first_token: Option<Duration>,
    /// First byte of the first non-empty *visible* content delta: TTFT (streams only).
    pub first_visible: Option<Duration>,
    /// Last non-empty visible content delta (streams only).
    pub last_visible: Option<Duration>,
    /// Last byte of the response: E2E.
    pub end: Option<Duration>,
    /// Microseconds from `sent` of each visible content chunk, in order (streams only).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chunk_us: Vec<u32>,
}

impl Timing {
    /// Time per output token after the first: (last − first visible) ÷ (visible tokens − 1).
    ///
    /// `None` below 2 visible tokens, without a stream, or when everything arrived at once, in one
    /// chunk or several: one arrival tells nothing about pace.
    #[must_use]
    pub fn tpot(&self, n_visible_tokens: u64) -> Option<Duration> {
        if n_visible_tokens < 2 || self.chunk_us.len() < 2 {
            return None;
        }
        let span = self.last_visible?.checked_sub(self.first_visible?)?;
        if span.is_zero() {
            return None;
        }
        let n_gaps = u32::try_from(n_visible_tokens - 1).ok()?;
        Some(span / n_gaps)
    }

    /// Gaps between successive visible content chunks (ITL), in microseconds.
    pub fn gaps_us(&self) -> impl Iterator<Item = u32> + '_ {
        self.chunk_us
            .iter()
            .zip(self.chunk_us.iter().skip(1))
            .map(|(earlier, later)| later.saturating_sub(*earlier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tpot_excludes_the_first_token() {
        let timing = Timing {
            first_visible: Some(Duration::from_millis(100)),
            last_visible: Some(Duration::from_millis(400)),
            chunk_us: vec![100_000, 200_000, 300_000, 400_000],
            ..Timing::default()
        };
        assert_eq!(timing.tpot(4), Some(Duration::from_millis(100)));
        assert_eq!(timing.tpot(1), None);
        let at_once = Timing {
            last_visible: timing.first_visible,
            chunk_us: vec![100_000; 4],
            ..timing.clone()
        };
        assert_eq!(at_once.tpot(4), None);
        assert_eq!(timing.gaps_us().collect::<Vec<_>>(), [100_000; 3]);
    }
}

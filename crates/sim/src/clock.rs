//! Wall time, read once.
//!
//! Out: microseconds since 1970. Everything else in this crate uses tokio's monotonic clock, which
//! tests can pause; wall time only dates logs and response bodies.

use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970-01-01 UTC; 0 where the clock stands before that.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place of this crate where wall time enters"
)]
pub(crate) fn unix_us() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}

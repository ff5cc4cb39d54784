//! The wall clock: the only reads of it in the commands.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Now, in microseconds since 1970-01-01 UTC.
pub(crate) fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

/// Today in UTC: the default of `--as-of`.
pub(crate) fn today() -> Date {
    TimeZone::UTC.to_datetime(Timestamp::now()).date()
}

/// Starts a stopwatch: the commands' only measurement of how long something took.
pub(crate) fn stopwatch() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

//! Durations and moments as vendors write them.
//!
//! In: header or field text and the wall time. Out: a wait from now. Read: seconds with a
//! fraction, OpenAI's and Groq's `6m0s`, `12ms`, `2m59.56s`, RFC 3339 (Anthropic), HTTP dates
//! (RFC 9110 §5.6.7), Unix seconds and milliseconds. A moment that is past is a wait of zero.

use std::time::{Duration, UNIX_EPOCH};

/// Longest wait believed; longer ones are cut, so that sums of times cannot overflow.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Numbers from here on are moments in Unix seconds: 10^9 s is 2001, and 31 years as a wait.
const FIRST_UNIX_SECOND: f64 = 1e9;

/// Numbers from here on are moments in Unix milliseconds.
const FIRST_UNIX_MS: f64 = 1e12;

/// Reads a non-negative number of seconds, such as `46` or `0.25`.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    scaled(text, 1.0)
}

/// Reads a non-negative number of milliseconds.
pub(crate) fn milliseconds(text: &str) -> Option<Duration> {
    scaled(text, 1e-3)
}

/// Reads an HTTP date and gives the wait until then.
pub(crate) fn http_date(text: &str, now_unix_ms: i64) -> Option<Duration> {
    let moment = httpdate::parse_http_date(text.trim()).ok()?;
    let since_epoch = moment.duration_since(UNIX_EPOCH).ok()?;
    Some(until(
        i64::try_from(since_epoch.as_millis()).ok()?,
        now_unix_ms,
    ))
}

/// Reads when a limit resets, in any of the forms above, and gives the wait until then.
pub(crate) fn reset(text: &str, now_unix_ms: i64) -> Option<Duration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return if !number.is_finite() {
            None
        } else if number >= FIRST_UNIX_MS {
            Some(until(number as i64, now_unix_ms))
        } else if number >= FIRST_UNIX_SECOND {
            Some(until((number * 1e3) as i64, now_unix_ms))
        } else {
            seconds(text)
        };
    }
    units(text).or_else(|| {
        let moment: jiff::Timestamp = text.parse().ok()?;
        Some(until(moment.as_millisecond(), now_unix_ms))
    })
}

fn scaled(text: &str, unit_s: f64) -> Option<Duration> {
    let number: f64 = text.trim().parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let wait = (number * unit_s).min(LONGEST.as_secs_f64());
    Duration::try_from_secs_f64(wait).ok()
}

fn until(moment_unix_ms: i64, now_unix_ms: i64) -> Duration {
    let wait_ms = moment_unix_ms.saturating_sub(now_unix_ms);
    Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0)).min(LONGEST)
}

/// Reads a sequence of number and unit: `d`, `h`, `m`, `s`, `ms`, `us`, `µs`, `ns`.
fn units(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit_s = match unit {
            "d" => 86_400.0,
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        total = total.saturating_add(scaled(number, unit_s)?);
        rest = tail;
    }
    (!text.is_empty()).then_some(total.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_000_000_000;

    fn check(text: &str, expected_ms: Option<u64>) {
        let found = reset(text, NOW_MS);
        assert_eq!(found, expected_ms.map(Duration::from_millis), "{text:?}");
    }

    #[test]
    fn resets_come_in_many_forms() {
        check("6m0s", Some(360_000));
        check("12ms", Some(12));
        check("2m59.56s", Some(179_560));
        check("1h2m3s", Some(3_723_000));
        check("1d", Some(86_400_000));
        check(" 10 ", Some(10_000));
        check("0.5", Some(500));
        check("1795000007", Some(7_000));
        check("1795000007250", Some(7_250));
        check("2026-11-18T11:06:45Z", Some(5_000));
        check("2026-11-18T12:06:45.5+01:00", Some(5_500));
        check("2020-01-01T00:00:00Z", Some(0));
        for text in [
            "", "-1", "soon", "m", "5x", "1e999", "NaN", "-5s", "1..2s", "٣s",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn waits_are_bounded() {
        check("1e8", Some(LONGEST.as_millis() as u64));
        check("99999999999999999999h", Some(LONGEST.as_millis() as u64));
        check("9e300", Some(LONGEST.as_millis() as u64));
        assert_eq!(milliseconds("1500"), Some(Duration::from_millis(1_500)));
        assert_eq!(seconds("inf"), None);
    }

    #[test]
    fn http_dates_are_waits_from_now() {
        let wait = |text| http_date(text, NOW_MS).map(|wait| wait.as_secs());
        assert_eq!(wait("Wed, 18 Nov 2026 11:06:50 GMT"), Some(10));
        assert_eq!(wait("Wed, 18 Nov 2020 11:06:50 GMT"), Some(0));
        assert_eq!(wait("tomorrow"), None);
    }
}

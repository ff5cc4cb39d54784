//! Small writers shared by the dialects.
//!
//! In: serializable records. Out: JSON bytes and SSE events (WHATWG HTML §9.2). Nothing here knows
//! a dialect.

use serde::Serialize;

/// Appends `value` as JSON.
///
/// The records of this module have string keys and no failing `Serialize`, so the writer, a `Vec`,
/// cannot fail; should it ever, the bytes written so far stay, which a reader sees as malformed.
pub(super) fn push_json<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    let _written = serde_json::to_writer(out, value);
}

/// Gives `value` as JSON.
pub(super) fn json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    push_json(&mut out, value);
    out
}

/// Appends one event without a name: `data: {…}`.
pub(super) fn push_event<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    out.extend_from_slice(b"data: ");
    push_json(out, value);
    out.extend_from_slice(b"\n\n");
}

/// Appends one named event.
pub(super) fn push_named_event<T: Serialize>(out: &mut Vec<u8>, name: &str, value: &T) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.push(b'\n');
    push_event(out, value);
}

/// Seconds since 1970 as RFC 3339 in UTC, by Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
pub(super) fn rfc3339(unix_s: i64) -> String {
    let days = unix_s.div_euclid(86_400);
    let second_of_day = unix_s.rem_euclid(86_400);
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (
        second_of_day / 3_600,
        second_of_day / 60 % 60,
        second_of_day % 60,
    );
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

//! Spans of time: milliseconds below a second, seconds above, three significant digits.

use super::UNKNOWN;

/// Writes a span given in seconds: `0.42 ms`, `812 ms`, `1.24 s`, `104 s`.
pub(crate) fn duration(seconds: f64) -> String {
    duration_near(seconds, seconds)
}

/// Writes a span in the unit and with the decimals that `reference` would get.
pub(crate) fn duration_near(seconds: f64, reference: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return UNKNOWN.to_owned();
    }
    if reference >= 0.9995 {
        format!("{seconds:.*} s", decimals_of(reference))
    } else {
        format!("{:.*} ms", decimals_of(reference * 1e3), seconds * 1e3)
    }
}

fn decimals_of(value: f64) -> usize {
    if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    }
}

//! Whole numbers with thousands separators, and words that agree with them.

/// Writes a count: `12,345`.
pub(crate) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// Writes a number with a fixed number of decimals: `1,512.4`.
pub(crate) fn decimals(number: f64, n_decimals: usize) -> String {
    if number.is_finite() {
        grouped(&format!("{number:.n_decimals$}")).replace('-', "−")
    } else {
        super::UNKNOWN.to_owned()
    }
}

/// Writes something per second to three significant digits: `0.52`, `12.4`, `1,240`.
pub(crate) fn rate_text(per_s: f64) -> String {
    match per_s {
        rate if rate >= 99.95 => decimals(rate, 0),
        rate if rate >= 9.995 => decimals(rate, 1),
        rate => decimals(rate, 2),
    }
}

/// Writes a count with its noun: `1 item`, `2 items`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// Puts a comma before every third digit of the whole part.
pub(super) fn grouped(number: &str) -> String {
    let (whole, rest) = number
        .find('.')
        .map_or((number, ""), |point| number.split_at(point));
    let n_digits = whole.chars().filter(char::is_ascii_digit).count();
    let mut grouped = String::with_capacity(number.len() + n_digits / 3);
    let mut n_left = n_digits;
    for found in whole.chars() {
        if found.is_ascii_digit() {
            if n_left < n_digits && n_left % 3 == 0 {
                grouped.push(',');
            }
            n_left -= 1;
        }
        grouped.push(found);
    }
    grouped + rest
}

/// Widens a count; more than 64 bits cannot occur.
pub(crate) fn widen(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

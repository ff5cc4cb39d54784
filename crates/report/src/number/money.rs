//! US dollars: two decimals from a dollar up, three significant digits below.

use trilemma_domain::Usd;

use super::UNKNOWN;
use super::count::grouped;

/// Writes an amount: `2,025.00 USD`, `0.00675 USD`; whole dollars from 10,000 up.
pub(crate) fn usd(amount: f64) -> String {
    usd_near(amount, amount)
}

/// Writes an amount with as many decimals as `reference` would get, so that the ends of an interval
/// look like their point.
pub(crate) fn usd_near(amount: f64, reference: f64) -> String {
    if amount.is_finite() {
        format!("{} USD", usd_number(amount, reference))
    } else {
        UNKNOWN.to_owned()
    }
}

/// The same without unit, for tables and axes that name it once.
pub(crate) fn usd_number(amount: f64, reference: f64) -> String {
    if !amount.is_finite() {
        return UNKNOWN.to_owned();
    }
    let decimals = decimals_of(reference);
    let number = grouped(&format!("{:.decimals$}", amount.abs()));
    let is_zero = number.chars().all(|digit| matches!(digit, '0' | '.' | ','));
    if amount == 0.0 {
        "0".to_owned()
    } else if is_zero && decimals_of(amount) > decimals {
        // What is not nothing never reads as nothing.
        usd_number(amount, amount)
    } else if amount < 0.0 {
        format!("−{number}")
    } else {
        number
    }
}

/// Writes an exact amount that somebody chose, such as a budget: `0.002 USD`, `1,500 USD`.
pub(crate) fn exact_usd(amount: Usd) -> String {
    let text = amount.decimal().abs().normalize().to_string();
    let padded = match text.split_once('.') {
        Some((_, decimals)) if decimals.len() == 1 => format!("{text}0"),
        _ => text,
    };
    let sign = if amount.decimal().is_sign_negative() {
        "−"
    } else {
        ""
    };
    format!("{sign}{} USD", grouped(&padded))
}

/// Decimals that show three significant digits below a dollar, cents up to 10,000, none above.
fn decimals_of(amount: f64) -> usize {
    let size = amount.abs();
    if !size.is_finite() || size >= 9_999.995 {
        return 0;
    }
    if size >= 0.9995 || size == 0.0 {
        return 2;
    }
    // Twelve decimals are a thousandth of a nano-dollar, the smallest amount that is ever settled.
    (3..=12)
        .find(|decimals| {
            let least = 0.1_f64.powi(i32::try_from(*decimals).unwrap_or(12) - 2);
            size >= least * 0.9995
        })
        .unwrap_or(12)
}

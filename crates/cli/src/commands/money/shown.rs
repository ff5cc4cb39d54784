//! How figures and assumptions are written.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use trilemma_cost::assume::{Assumptions, Key};
use trilemma_domain::Usd;

use super::asked::{Asked, LeftOut};
use crate::layout::{bullet, pairs};

const UNKNOWN: &str = "unknown";

/// An amount with two decimals and thousands parted; small ones with more digits.
pub(crate) fn usd(amount: Option<Usd>) -> String {
    let Some(amount) = amount.map(Usd::decimal) else {
        return UNKNOWN.to_owned();
    };
    let places = if !amount.is_zero() && amount.abs() < Decimal::new(1, 1) {
        4
    } else {
        2
    };
    parted(amount, places)
}

/// An amount per query: as many decimals as four digits need.
pub(crate) fn per_query(amount: Option<Usd>) -> String {
    let Some(amount) = amount.map(Usd::decimal) else {
        return UNKNOWN.to_owned();
    };
    amount
        .round_sf_with_strategy(4, RoundingStrategy::MidpointNearestEven)
        .unwrap_or(amount)
        .normalize()
        .to_string()
}

/// A mean number of tokens.
pub(crate) fn tokens(count: Decimal) -> String {
    parted(count, 0)
}

/// A share as percent.
pub(crate) fn share(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn parted(amount: Decimal, places: u32) -> String {
    let rounded = amount.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    let text = format!("{:.*}", places as usize, rounded.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if rounded.is_sign_negative() && !rounded.is_zero() {
        out.push('-');
    }
    out.push_str(&trilemma_domain::parted(whole));
    if !rest.is_empty() {
        out.push('.');
        out.push_str(rest);
    }
    out
}

/// The assumptions used, as the last part of a command's text.
pub(crate) fn assumptions_text(
    assumptions: &Assumptions,
    keys: &[Key],
    width: Option<usize>,
) -> String {
    format!(
        "\nAssumptions (change any with --set NAME=FIGURE or under [assumptions])\n{}",
        assumption_lines(assumptions, keys, 2, width)
    )
}

/// Candidates of the project that are not compared, one a line.
pub(crate) fn left_out_text(asked: &Asked, width: Option<usize>) -> String {
    let line = |one: &LeftOut| format!("{}: {}", one.name, one.why);
    let lines = asked.left_out.iter();
    lines
        .map(|one| format!("{}\n", bullet(&line(one), 0, width)))
        .collect()
}

/// Candidates of the project that are not compared, as data.
pub(crate) fn left_out_json(asked: &Asked) -> Vec<Value> {
    let all = asked.left_out.iter();
    all.map(|one| json!({ "name": one.name, "why": one.why }))
        .collect()
}

/// One assumption a line.
pub(crate) fn assumption_lines(
    assumptions: &Assumptions,
    keys: &[Key],
    indent: usize,
    width: Option<usize>,
) -> String {
    let mut lines = Vec::new();
    for key in keys {
        let spec = key.spec();
        let about = spec.about.trim().trim_end_matches('.');
        let value = match assumptions.get(*key) {
            None if spec.reason.is_empty() => format!("unknown: {about}"),
            None => format!("unknown: {about} ({})", spec.reason),
            Some(assumed) if assumptions.is_stated(*key) => {
                format!("{} [{}] {about}", assumed.span, assumed.origin)
            }
            Some(assumed) => format!("{} [default: {}] {about}", assumed.span, spec.reason),
        };
        lines.push((spec.name, value));
    }
    let lines = lines.iter().map(|(name, line)| (*name, line.as_str()));
    pairs(lines, indent, width)
}

/// The assumptions used, as data.
pub(crate) fn assumptions_json(assumptions: &Assumptions, keys: &[Key]) -> Value {
    let rows: Vec<Value> = keys
        .iter()
        .map(|key| {
            let spec = key.spec();
            let assumed = assumptions.get(*key);
            let span = assumed.as_ref().map(|assumed| assumed.span);
            let digits =
                |figure: Option<Decimal>| figure.map(|figure| figure.normalize().to_string());
            json!({
                "name": spec.name,
                "about": spec.about.trim(),
                "value": digits(span.map(|span| span.mode())),
                "low": digits(span.map(|span| span.low())),
                "high": digits(span.map(|span| span.high())),
                "origin": assumed.map(|assumed| assumed.origin.to_string()),
                "default_because": spec.reason,
            })
        })
        .collect();
    Value::Array(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_well() {
        let shown = |text: &str| usd(Some(text.parse().unwrap()));
        assert_eq!(shown("2025"), "2,025.00");
        assert_eq!(shown("-1234567.895"), "-1,234,567.90");
        assert_eq!(shown("0.0123"), "0.0123");
        assert_eq!(shown("0"), "0.00");
        assert_eq!(usd(None), "unknown");
        assert_eq!(per_query(Some("0.00675".parse().unwrap())), "0.00675");
        assert_eq!(per_query(Some("0.000405123".parse().unwrap())), "0.0004051");
    }
}

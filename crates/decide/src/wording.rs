//! Numbers in sentences: shares in percent, money, times, always with interval and n where given.
//!
//! In: figures. Out: text in the style "91.4 % (86.0–95.1 %, n = 200)". Reports format tables on
//! their own; this is only for sentences that the decision itself carries.

use trilemma_domain::{CandidateId, Usd};

use crate::figure::{Figure, MoneyFigure};

/// A share as percent with one decimal.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A difference of shares in points with sign.
pub(crate) fn points(difference: f64) -> String {
    let points = difference * 100.0;
    // What rounds to nothing has no sign.
    let points = if points.abs() < 0.05 { 0.0 } else { points };
    if points == 0.0 {
        "0.0 points".to_owned()
    } else {
        format!("{points:+.1} points")
    }
}

/// A share with interval and n.
pub(crate) fn rate(figure: &Figure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(
            "{} ({:.1}–{:.1} %, n = {})",
            percent(figure.value),
            low * 100.0,
            high * 100.0,
            whole(figure.n)
        ),
        _ => format!("{} (n = {})", percent(figure.value), whole(figure.n)),
    }
}

/// A difference of shares with interval and n.
pub(crate) fn difference(figure: &Figure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(
            "{} ({:+.1} to {:+.1}, n = {})",
            points(figure.value),
            low * 100.0,
            high * 100.0,
            whole(figure.n)
        ),
        _ => format!("{} (n = {})", points(figure.value), whole(figure.n)),
    }
}

/// Money with at least two decimals and three significant digits.
pub(crate) fn usd(amount: Usd) -> String {
    format!("{} USD", amount.brief())
}

/// A whole number with thousands parted.
pub(crate) fn whole(n: usize) -> String {
    trilemma_domain::parted(&n.to_string())
}

/// A chance in whole percent; it was estimated from a sample, so it is never "0 %" or "100 %".
pub(crate) fn chance(probability: f64) -> String {
    let percent = (probability * 100.0).round();
    if percent >= 100.0 {
        "above 99 %".to_owned()
    } else if percent <= 0.0 {
        "below 1 %".to_owned()
    } else {
        format!("about {percent:.0} %")
    }
}

/// Money with interval and n.
pub(crate) fn money(figure: &MoneyFigure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(
            "{} ({} to {}, n = {})",
            usd(figure.value),
            usd(low).trim_end_matches(" USD"),
            usd(high).trim_end_matches(" USD"),
            whole(figure.n)
        ),
        _ => format!("{} (n = {})", usd(figure.value), whole(figure.n)),
    }
}

/// A time: milliseconds below a second, seconds above.
pub(crate) fn ms(ms: f64) -> String {
    if ms < 999.5 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.2} s", ms / 1000.0)
    }
}

/// Names with commas and "and".
pub(crate) fn list<'a>(ids: impl IntoIterator<Item = &'a CandidateId>) -> String {
    let names: Vec<String> = ids.into_iter().map(|id| format!("`{id}`")).collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// "1 item", "2 items".
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{} {one}s", whole(n))
    }
}

/// Says over how many candidates an error is held; nothing for one.
pub(crate) fn family(n_candidates: usize) -> String {
    if n_candidates > 1 {
        format!(" over {n_candidates} candidates together")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_keeps_three_digits() {
        let show = |text: &str| usd(text.parse().unwrap());
        assert_eq!(show("2025"), "2,025.00 USD");
        assert_eq!(show("0.00042071"), "0.000421 USD");
        assert_eq!(show("0.5"), "0.500 USD");
        assert_eq!(show("0"), "0.00 USD");
    }

    #[test]
    fn chances_are_never_certain() {
        assert_eq!(chance(1.0), "above 99 %");
        assert_eq!(chance(0.996), "above 99 %");
        assert_eq!(chance(0.874), "about 87 %");
        assert_eq!(chance(0.001), "below 1 %");
        assert_eq!(count(1_319, "item"), "1,319 items");
    }

    #[test]
    fn small_differences_have_no_sign() {
        assert_eq!(points(-0.000_1), "0.0 points");
        assert_eq!(points(-0.02), "-2.0 points");
    }

    #[test]
    fn lists_read_as_english() {
        let ids: Vec<CandidateId> = ["a", "b", "c"].map(CandidateId::from).to_vec();
        assert_eq!(list(&ids), "`a`, `b` and `c`");
        assert_eq!(list(&ids[..1]), "`a`");
    }
}

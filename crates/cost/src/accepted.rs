//! Cost of answers that are of use, and of several models behind one door.
//!
//! cost per accepted answer = cost per query ÷ pass rate; a cascade costs its small model and its
//! router on every query and its large model on the share that is escalated; a mix costs the mean of
//! its parts, weighted by their shares of the traffic.

use rust_decimal::Decimal;
use trilemma_domain::Usd;

/// Cost of an answer that passes: cost per query ÷ pass rate.
///
/// `None` unless the pass rate lies in (0, 1]: a model that never passes has no such cost.
#[must_use]
pub fn per_accepted_answer(per_query: Usd, pass_rate: Decimal) -> Option<Usd> {
    if pass_rate <= Decimal::ZERO || pass_rate > Decimal::ONE {
        return None;
    }
    per_query.decimal().checked_div(pass_rate).map(Usd::new)
}

/// Cost of a query that goes to a small model first and, if need be, to a large one:
/// small + router + escalated share × large. `escalated` in [0, 1].
#[must_use]
pub fn cascade(small: Usd, router: Usd, escalated: Decimal, large: Usd) -> Option<Usd> {
    if escalated < Decimal::ZERO || escalated > Decimal::ONE {
        return None;
    }
    Some(small + router + large * escalated)
}

/// Cost of a query of traffic that several models share: Σ share × cost.
///
/// `None` unless the shares are at least 0 and sum to 1 (to 1e-9), or when a part's cost is unknown.
#[must_use]
pub fn mixed(parts: &[(Decimal, Option<Usd>)]) -> Option<Usd> {
    let sum: Decimal = parts.iter().map(|(share, _)| *share).sum();
    let is_whole = (sum - Decimal::ONE).abs() <= Decimal::new(1, 9);
    if !is_whole || parts.iter().any(|(share, _)| share.is_sign_negative()) {
        return None;
    }
    parts
        .iter()
        .map(|(share, cost)| cost.map(|cost| cost * *share))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    fn share(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_model_that_never_passes_has_no_cost_per_accepted_answer() {
        assert_eq!(per_accepted_answer(usd("0.01"), share("0")), None);
        assert_eq!(
            per_accepted_answer(usd("0.01"), share("0.8")),
            Some(usd("0.0125"))
        );
        assert_eq!(per_accepted_answer(usd("0.01"), share("1.1")), None);
    }

    #[test]
    fn a_cascade_pays_the_large_model_only_where_it_is_asked() {
        let cost = cascade(usd("0.0004"), usd("0.0001"), share("0.2"), usd("0.005"));
        assert_eq!(cost, Some(usd("0.0015")));
        assert_eq!(cascade(usd("1"), usd("0"), share("1.5"), usd("1")), None);
    }

    #[test]
    fn a_mix_needs_whole_shares_and_known_costs() {
        let half = share("0.5");
        assert_eq!(
            mixed(&[(half, Some(usd("1"))), (half, Some(usd("3")))]),
            Some(usd("2"))
        );
        assert_eq!(mixed(&[(half, Some(usd("1")))]), None);
        assert_eq!(mixed(&[(half, Some(usd("1"))), (half, None)]), None);
    }
}

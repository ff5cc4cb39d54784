//! Cost of a month of production traffic.
//!
//! The design document's formula: queries per day × 30 × cost per query. Its own printed results do
//! not follow from it (docs/methods.md); the tests hold the formula's values.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use trilemma_domain::Usd;

/// Days in a month of money: 30, as the design document has it.
pub const DAYS_PER_MONTH: u32 = 30;

/// Cost of a month: queries per day × 30 × cost per query.
///
/// `None` when the number of queries is no finite number at or above zero.
#[must_use]
pub fn monthly(per_query: Usd, queries_per_day: f64) -> Option<Usd> {
    let queries =
        Decimal::from_f64(queries_per_day).filter(|queries| !queries.is_sign_negative())?;
    let queries = queries.checked_mul(Decimal::from(DAYS_PER_MONTH))?;
    Some(per_query * queries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::request_cost;
    use trilemma_catalog::Rates;
    use trilemma_domain::Usage;

    fn check(input: &str, output: &str, expected: &str) {
        let rates = Rates {
            input: Some(input.parse().unwrap()),
            output: Some(output.parse().unwrap()),
            ..Rates::default()
        };
        let usage = Usage {
            input_uncached: 1_500,
            output: 300,
            ..Usage::default()
        };
        let month = monthly(request_cost(&usage, &rates).unwrap(), 10_000.0).unwrap();
        assert_eq!(month, expected.parse().unwrap());
    }

    /// The support bot of the design document: 10,000 queries a day, 1,500 tokens in, 300 out.
    #[test]
    fn follows_the_design_documents_formula() {
        check("2.50", "10.00", "2025.00");
        check("0.15", "0.60", "121.50");
        check("0.25", "1.25", "225.00");
    }

    #[test]
    fn refuses_what_is_no_traffic() {
        assert_eq!(monthly(Usd::ZERO, f64::NAN), None);
        assert_eq!(monthly(Usd::ZERO, -1.0), None);
        assert_eq!(monthly(Usd::ZERO, 0.0), Some(Usd::ZERO));
    }
}

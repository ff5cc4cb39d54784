//! Conversions between measured floats and decimal money, and the length of a month.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

/// Mean days of a calendar month: 365.25 ÷ 12. For rents and days of parallel running; bills of
/// queries use [`crate::DAYS_PER_MONTH`], as the design document does.
pub const MONTH_DAYS: Decimal = Decimal::from_parts(304_375, 0, 0, false, 4);

/// Hours of a month in which something is rented: 730.
pub const MONTH_HOURS: Decimal = Decimal::from_parts(730, 0, 0, false, 0);

/// Turns a measured or typed figure into a decimal; `None` unless it is finite and fits.
///
/// The shortest decimal that reads as the same float is taken, so 0.05 becomes exactly 0.05.
#[must_use]
pub fn decimal_of(figure: f64) -> Option<Decimal> {
    if !figure.is_finite() {
        return None;
    }
    format!("{figure}")
        .parse()
        .ok()
        .or_else(|| Decimal::from_f64(figure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_become_the_decimals_that_were_typed() {
        let text = |figure| decimal_of(figure).map(|decimal| decimal.to_string());
        assert_eq!(text(0.05).as_deref(), Some("0.05"));
        assert_eq!(text(10_000.0).as_deref(), Some("10000"));
        assert_eq!(text(f64::NAN), None);
        assert_eq!(text(f64::INFINITY), None);
        assert_eq!(text(1e40), None);
        assert_eq!(MONTH_DAYS.to_string(), "30.4375");
        assert_eq!(MONTH_HOURS.to_string(), "730");
    }
}

//! Money: decimal, never binary floating point.
//!
//! Prices and amounts are exact decimals ([`Usd`], [`UsdPerMtok`]); what a single request cost is
//! settled once, half-even, to whole nano-dollars ([`NanoUsd`]) and summed as integers from then on.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Says what is wrong with a sum of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The text is not a plain decimal number.
    #[error("read `{text}` as dollars; hint: write a plain decimal such as \"0.15\"")]
    NotDecimal {
        /// The text as found.
        text: String,
    },
    /// A price or amount below zero.
    #[error("accept {text} dollars: below zero")]
    Negative {
        /// The amount as found.
        text: String,
    },
    /// More nano-dollars than 64 bits hold (about 9.2 billion dollars).
    #[error("settle {text} dollars: too large")]
    TooLarge {
        /// The amount as found.
        text: String,
    },
}

/// An exact amount of US dollars; may be negative (a saving).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Usd(#[serde(with = "rust_decimal::serde::str")] Decimal);

/// A price in US dollars per million tokens; at least zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UsdPerMtok(#[serde(with = "rust_decimal::serde::str")] Decimal);

/// A settled amount in whole nano-dollars (10⁻⁹ USD).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct NanoUsd(pub i64);

impl Usd {
    /// No money at all: the neutral element of sums, not "unknown".
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Wraps an exact decimal.
    #[must_use]
    pub fn new(amount: Decimal) -> Self {
        Self(amount)
    }

    /// Gives the exact decimal.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Gives the nearest binary float: for statistics and charts, never for sums.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// Rounds for a sentence: at least two decimals and three significant digits, thousands parted
    /// by commas, such as `2,025.00` and `0.000421`. Without a unit.
    #[must_use]
    pub fn brief(self) -> String {
        let size = self.to_f64().abs();
        let decimals = if size >= 1.0 || size == 0.0 || !size.is_finite() {
            2
        } else {
            // 0.0123 has its first digit at position 2: two more make three.
            (2.0 - size.log10().floor()).min(12.0) as usize
        };
        let rounded = self.0.round_dp(u32::try_from(decimals).unwrap_or(2));
        let text = format!("{:.decimals$}", rounded.abs());
        let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
        let sign = if rounded.is_sign_negative() && !rounded.is_zero() {
            "-"
        } else {
            ""
        };
        format!("{sign}{}{rest}", parted(whole))
    }

    /// Settles to whole nano-dollars, half-even.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] above about 9.2 billion dollars.
    pub fn settle(self) -> Result<NanoUsd, MoneyError> {
        self.0
            .checked_mul(Decimal::from(1_000_000_000_i64))
            .map(|nanos| nanos.round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven))
            .and_then(|nanos| nanos.to_i64())
            .map(NanoUsd)
            .ok_or_else(|| MoneyError::TooLarge {
                text: self.0.to_string(),
            })
    }
}

/// Digits with a comma between groups of three, as in 128,000.
#[must_use]
pub fn parted(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl UsdPerMtok {
    /// Nothing to pay.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Wraps a price.
    ///
    /// # Errors
    /// [`MoneyError::Negative`] below zero.
    pub fn new(price: Decimal) -> Result<Self, MoneyError> {
        if price.is_sign_negative() && !price.is_zero() {
            return Err(MoneyError::Negative {
                text: price.to_string(),
            });
        }
        Ok(Self(price))
    }

    /// Gives the exact decimal.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        self.0
    }

    /// Prices a number of tokens exactly: tokens × price ÷ 10⁶. `None` on decimal overflow.
    #[must_use]
    pub fn of_tokens(self, n_tokens: u64) -> Option<Usd> {
        Decimal::from(n_tokens)
            .checked_mul(self.0)?
            .checked_div(Decimal::from(1_000_000))
            .map(Usd)
    }
}

impl NanoUsd {
    /// Gives the amount as exact dollars.
    #[must_use]
    pub fn to_usd(self) -> Usd {
        Usd(Decimal::from_i128_with_scale(i128::from(self.0), 9))
    }

    /// Gives the nearest binary float in dollars: for statistics and charts, never for sums.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "documented as the nearest float"
    )]
    pub fn to_f64_usd(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Adds, stopping at the ends of the range rather than wrapping.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let text = text.trim();
    Decimal::from_str_exact(text).map_err(|_| MoneyError::NotDecimal {
        text: text.chars().take(40).collect(),
    })
}

impl FromStr for Usd {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_decimal(text).map(Self)
    }
}

impl FromStr for UsdPerMtok {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(parse_decimal(text)?)
    }
}

impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for UsdPerMtok {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Add for Usd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Mul<Decimal> for Usd {
    type Output = Self;

    fn mul(self, factor: Decimal) -> Self {
        Self(self.0.saturating_mul(factor))
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), Self::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_get_rounded_amounts() {
        let brief = |text: &str| text.parse::<Usd>().unwrap().brief();
        assert_eq!(brief("2025"), "2,025.00");
        assert_eq!(brief("-1234567.891"), "-1,234,567.89");
        assert_eq!(brief("999.999"), "1,000.00");
        assert_eq!(brief("0.00042071345"), "0.000421");
        assert_eq!(brief("0.5"), "0.500");
        assert_eq!(brief("0"), "0.00");
        assert_eq!(brief("-0.0000000000000001"), "0.000000000000");
    }

    #[test]
    fn settles_half_even() {
        let settle = |text: &str| text.parse::<Usd>().unwrap().settle().unwrap().0;
        assert_eq!(settle("0.0000000005"), 0);
        assert_eq!(settle("0.0000000015"), 2);
        assert_eq!(settle("0.0000000025"), 2);
        assert_eq!(settle("1.25"), 1_250_000_000);
    }

    #[test]
    fn prices_tokens_exactly() {
        let price: UsdPerMtok = "0.15".parse().unwrap();
        assert_eq!(price.of_tokens(1_500).unwrap(), "0.000225".parse().unwrap());
    }

    #[test]
    fn refuses_what_is_not_money() {
        assert!("-1".parse::<UsdPerMtok>().is_err());
        assert!("1e3x".parse::<Usd>().is_err());
        assert!("".parse::<Usd>().is_err());
        assert!(
            "99999999999999999999"
                .parse::<Usd>()
                .unwrap()
                .settle()
                .is_err()
        );
    }
}

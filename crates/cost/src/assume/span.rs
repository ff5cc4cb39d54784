//! A stated figure: one number, or least, most likely and most.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::risk::Range;

/// Says what is wrong with a stated figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Neither a number nor three of them.
    #[error("read `{text}` as a figure; hint: write a number, or least,likely,most")]
    NotAFigure {
        /// As given.
        text: String,
    },
    /// Not least ≤ likely ≤ most.
    #[error("accept {low}, {mode}, {high}: not in order; hint: write least, most likely, most")]
    OutOfOrder {
        /// As given.
        low: Decimal,
        /// As given.
        mode: Decimal,
        /// As given.
        high: Decimal,
    },
}

/// A figure with its range; all three are equal where only one number was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    low: Decimal,
    mode: Decimal,
    high: Decimal,
}

impl Span {
    /// Makes a range.
    ///
    /// # Errors
    /// [`SpanError::OutOfOrder`] unless low ≤ mode ≤ high.
    pub fn new(low: Decimal, mode: Decimal, high: Decimal) -> Result<Self, SpanError> {
        if low <= mode && mode <= high {
            Ok(Self { low, mode, high })
        } else {
            Err(SpanError::OutOfOrder { low, mode, high })
        }
    }

    /// A single number.
    #[must_use]
    pub const fn exactly(figure: Decimal) -> Self {
        Self {
            low: figure,
            mode: figure,
            high: figure,
        }
    }

    /// Least.
    #[must_use]
    pub fn low(&self) -> Decimal {
        self.low
    }

    /// Most likely.
    #[must_use]
    pub fn mode(&self) -> Decimal {
        self.mode
    }

    /// Most.
    #[must_use]
    pub fn high(&self) -> Decimal {
        self.high
    }

    /// The range for simulations.
    #[must_use]
    pub fn range(&self) -> Range {
        let float = |figure: Decimal| figure.to_f64().unwrap_or(0.0);
        Range::new(float(self.low), float(self.mode), float(self.high))
            .unwrap_or(Range::exactly(float(self.mode)))
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || SpanError::NotAFigure {
            text: text.chars().take(40).collect(),
        };
        let figures: Vec<Decimal> = text
            .split(',')
            .map(|part| Decimal::from_str_exact(part.trim()).map_err(|_| wrong()))
            .collect::<Result<_, _>>()?;
        match figures.as_slice() {
            [one] => Ok(Self::exactly(*one)),
            [low, mode, high] => Self::new(*low, *mode, *high),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = |figure: Decimal| figure.normalize();
        if self.low == self.high {
            return write!(f, "{}", digits(self.mode));
        }
        write!(
            f,
            "{} ({} to {})",
            digits(self.mode),
            digits(self.low),
            digits(self.high)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_or_three_in_order() {
        let shown = |text: &str| text.parse::<Span>().map(|span| span.to_string());
        assert_eq!(shown("0.05").as_deref(), Ok("0.05"));
        assert_eq!(shown("3, 6,12").as_deref(), Ok("6 (3 to 12)"));
        for wrong in ["", "six", "1,2", "3,2,1", "1,2,3,4", "1e3", "USD 5", "NaN"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }
}

//! A number that is fixed or drawn anew each time.
//!
//! In: a plain number, or `{ median, sigma, max }` of a log-normal distribution. Out: a value type;
//! drawing is [`crate::sample`]'s.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// A fixed number, or a log-normal distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Spread {
    /// Always this.
    Fixed(f64),
    /// `median · exp(sigma · z)` with standard normal `z`, at most `max`.
    LogNormal(LogNormal),
}

/// A log-normal distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// Its median, at least 0.
    pub median: f64,
    /// Standard deviation of the logarithm, at least 0.
    pub sigma: f64,
    /// Draws above this become this; `None` = no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

impl Spread {
    /// Nothing.
    pub const ZERO: Self = Self::Fixed(0.0);

    /// A log-normal distribution without bound.
    #[must_use]
    pub fn log_normal(median: f64, sigma: f64) -> Self {
        Self::LogNormal(LogNormal {
            median,
            sigma,
            max: None,
        })
    }

    /// Whether every number in it is finite and at least 0.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let ok = |x: f64| x.is_finite() && x >= 0.0;
        match *self {
            Self::Fixed(x) => ok(x),
            Self::LogNormal(LogNormal { median, sigma, max }) => {
                ok(median) && ok(sigma) && max.is_none_or(ok)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Spread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpreadVisitor)
    }
}

struct SpreadVisitor;

impl<'de> Visitor<'de> for SpreadVisitor {
    type Value = Spread;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or `{ median, sigma, max }`")
    }

    fn visit_f64<E>(self, x: f64) -> Result<Spread, E> {
        Ok(Spread::Fixed(x))
    }

    fn visit_i64<E: serde::de::Error>(self, x: i64) -> Result<Spread, E> {
        let x = i32::try_from(x).map_err(|_| E::custom("more than 2147483647"))?;
        Ok(Spread::Fixed(f64::from(x)))
    }

    fn visit_u64<E: serde::de::Error>(self, x: u64) -> Result<Spread, E> {
        let x = i64::try_from(x).map_err(|_| E::custom("more than 2147483647"))?;
        self.visit_i64(x)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Spread, A::Error> {
        LogNormal::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            .map(Spread::LogNormal)
            .map_err(A::Error::custom)
    }
}

//! Numbers as people read them: the same digits and units in every format.
//!
//! In: rates in [0, 1], dollars, seconds, counts, each `None` or not finite when unknown. Out: text
//! with its unit. Machine formats (JSON, CSV) write plain numbers instead. What it does not do:
//! round anything that is later computed with.

mod count;
mod money;
mod range;
mod rate;
mod time;

pub(crate) use count::{count, decimals, plural, rate_text, widen};
pub(crate) use money::{exact_usd, usd, usd_near, usd_number};
pub(crate) use range::Range;
pub(crate) use rate::{RateDigits, threshold};
pub(crate) use time::{duration, duration_near};

/// What stands where a number is not known.
pub(crate) const UNKNOWN: &str = "unknown";

#[cfg(test)]
mod tests;

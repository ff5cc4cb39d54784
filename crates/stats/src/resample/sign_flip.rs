//! Sign-flip permutation test of a paired mean difference.
//!
//! In: paired differences. Out: the two-sided p value of "the differences are symmetric about 0", exact
//! for up to 20 differences that are not 0, by random flips beyond. No assumption about their shape.
//! Conditions: independent items.
//! Source: R. A. Fisher, The Design of Experiments (1935); the plus ones by B. Phipson, G. K. Smyth,
//! Statistical Applications in Genetics and Molecular Biology 9 (2010).

use serde::{Deserialize, Serialize};

use super::{IndexStream, Resampling};
use crate::StatsError;
use crate::error::{TooFew, check_finite};
use crate::mean::mean;

const EXACT_UP_TO: usize = 20;

/// Sums closer than this times the largest possible sum are ties.
const ROUNDING: f64 = 1e-12;

/// Outcome of the sign-flip test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SignFlip {
    /// Mean difference.
    pub difference: f64,
    /// Two-sided p value, in (0, 1].
    pub p_value: f64,
    /// Number of pairs, those with difference 0 included.
    pub n: usize,
    /// How many sign patterns were looked at.
    pub flips: Flips,
}

/// Number of sign patterns behind a p value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flips {
    /// All of them.
    Exact,
    /// A random sample of this size.
    Sampled(usize),
}

/// Tests whether paired differences are centred on 0.
///
/// Exact: `2 min(P(S >= s), P(S <= s))`, at most 1, over all sign patterns. Sampled: `(1 + #{|S| >= |s|}) /
/// (1 + flips)`; use 10,000 flips or more. Checked by `data_sign_flips`.
///
/// # Errors
/// [`StatsError::TooFew`] without differences, [`StatsError::NotFinite`].
pub fn sign_flip(differences: &[f64], resampling: &Resampling) -> Result<SignFlip, StatsError> {
    check_finite(differences)?;
    TooFew::check(differences.len(), 1)?;
    // Flipping a zero changes nothing, so zeros drop out without changing p.
    let moving: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let (p_value, flips) = if moving.len() <= EXACT_UP_TO {
        (exact(&moving), Flips::Exact)
    } else {
        (
            sampled(&moving, resampling),
            Flips::Sampled(resampling.count()),
        )
    };
    Ok(SignFlip {
        difference: mean(differences),
        p_value,
        n: differences.len(),
        flips,
    })
}

fn exact(moving: &[f64]) -> f64 {
    let observed: f64 = moving.iter().sum();
    let tolerance = tolerance(moving);
    // Two tables of half sums keep every sum to a handful of additions.
    let (front, back) = moving.split_at(moving.len() / 2);
    let (front, back) = (signed_sums(front), signed_sums(back));
    let (mut at_least, mut at_most) = (0_u64, 0_u64);
    for a in &front {
        for b in &back {
            at_least += u64::from(a + b >= observed - tolerance);
            at_most += u64::from(a + b <= observed + tolerance);
        }
    }
    let patterns = front.len() as f64 * back.len() as f64;
    (2.0 * at_least.min(at_most) as f64 / patterns).min(1.0)
}

/// Sums of `values` under every pattern of signs.
fn signed_sums(values: &[f64]) -> Vec<f64> {
    values.iter().fold(vec![0.0], |sums, v| {
        sums.iter().flat_map(|s| [s + v, s - v]).collect()
    })
}

fn sampled(moving: &[f64], resampling: &Resampling) -> f64 {
    let observed = moving.iter().sum::<f64>().abs() - tolerance(moving);
    let mut stream = resampling.stream();
    let mut as_extreme = 0_u64;
    for _ in 0..resampling.count() {
        let mut sum = 0.0;
        for block in moving.chunks(64) {
            let bits = stream.next_u64();
            for (position, value) in block.iter().enumerate() {
                sum += if bits >> position & 1 == 1 {
                    *value
                } else {
                    -value
                };
            }
        }
        as_extreme += u64::from(sum.abs() >= observed);
    }
    (1.0 + as_extreme as f64) / (1.0 + resampling.count() as f64)
}

#[cfg(test)]
pub(super) fn sampled_for_test(moving: &[f64], resampling: &Resampling) -> f64 {
    sampled(moving, resampling)
}

fn tolerance(moving: &[f64]) -> f64 {
    ROUNDING * moving.iter().map(|d| d.abs()).sum::<f64>()
}

//! E-values of "the first is not better than the second", from the items on which they differ.
//!
//! In: the cells of a paired comparison at any moment. Out: the logarithm of an e-value; reject at level α
//! when it reaches `ln(1/α)`, at any moment, as often as one likes to look. Conditions: items in random
//! order, independent draws of a source; for a golden set as such the claim holds too but `margin` knows
//! its size. Source: sign test as a mixture martingale, H. Robbins, Annals of Mathematical Statistics 41
//! (1970); A. Ramdas et al., Statistical Science 38 (2023).

use std::f64::consts::LN_2;

use crate::paired::Cells;
use crate::special::beta;
use crate::special::gamma::ln_gamma;

/// Returns the logarithm of the e-value against "the first is right no more often than the second".
///
/// With b, c the discordant counts and θ uniform on (½, 1): `E = 2^{b+c} · 2 ∫ θ^b (1-θ)^c dθ = 2^{b+c+1}
/// B(b+1, c+1) I_{1/2}(c+1, b+1)`. 0 without discordant items; `-∞` where E is below the smallest number.
/// Checked by `data_paired_e_processes`.
#[must_use]
pub fn log_sign_e_value(cells: Cells) -> f64 {
    let (b, c) = (cells.only_first as f64, cells.only_second as f64);
    (b + c + 1.0) * LN_2 + ln_beta(b + 1.0, c + 1.0) + beta::cdf(c + 1.0, b + 1.0, 0.5).ln()
}

/// Returns the logarithm of the e-value against "both are right equally often", in either direction.
///
/// `E = 2^{b+c} B(b+½, c+½) / B(½, ½)`, the mixture under Jeffreys' prior. Checked by
/// `data_paired_e_processes`.
#[must_use]
pub fn log_two_sided_sign_e_value(cells: Cells) -> f64 {
    let (b, c) = (cells.only_first as f64, cells.only_second as f64);
    (b + c) * LN_2 + ln_beta(b + 0.5, c + 0.5) - ln_beta(0.5, 0.5)
}

fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

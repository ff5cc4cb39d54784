//! Student's t distribution.
//!
//! In: degrees of freedom and a t value or a two-sided error rate. Out: probability and critical value.
//! Source: relation to the incomplete beta function (Abramowitz and Stegun 26.7.1).

use super::{beta, normal};

/// Beyond this the t and normal quantiles agree to more digits than the beta inversion delivers.
const NORMAL_FROM: f64 = 1e7;

/// Returns t with `P(|T| > t) = alpha` for `degrees > 0` and `0 < alpha < 1`.
pub(crate) fn two_sided_critical(degrees: f64, alpha: f64) -> f64 {
    if degrees >= NORMAL_FROM {
        return -normal::quantile(alpha / 2.0);
    }
    // T² / (ν + T²) is Beta(1/2, ν/2); its complement keeps the digits where it is close to 1.
    let y = beta::quantile(0.5, degrees / 2.0, 1.0 - alpha);
    if y < 0.5 {
        return (degrees * y / (1.0 - y)).sqrt();
    }
    let x = beta::quantile(degrees / 2.0, 0.5, alpha);
    (degrees * (1.0 - x) / x).sqrt()
}

/// Returns `P(T <= t)` for `degrees > 0`.
pub(crate) fn lower_tail(degrees: f64, t: f64) -> f64 {
    if t.is_nan() {
        return f64::NAN;
    }
    let tail = 0.5 * beta::cdf(degrees / 2.0, 0.5, degrees / (degrees + t * t));
    if t > 0.0 { 1.0 - tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_scipy() {
        // scipy.stats.t.cdf(t, degrees), SciPy 1.17.
        let known = [
            (1.0, -1.5, 0.1871670418109988),
            (10.0, -2.2281388519649385, 0.02500000000090431),
            (149.0, -14.0, 2.944856900469098e-29),
            (29.0, 0.7, 0.7552474256927582),
            (29.0, 0.0, 0.5),
        ];
        for (degrees, t, expected) in known {
            let got = lower_tail(degrees, t);
            assert!(
                (got - expected).abs() < 1e-12 * expected,
                "{degrees}: {got} {expected}"
            );
        }
    }

    #[test]
    fn critical_values_are_the_tabulated_ones() {
        // scipy.stats.t.ppf(1 - alpha / 2, degrees), SciPy 1.17.
        let known = [
            (1.0, 0.05, 12.706_204_736_174_694),
            (10.0, 0.05, 2.228_138_851_986_274),
            (49.0, 0.05, 2.009_575_237_129_239_2),
            (1.0, 1e-12, 636_619_772_367.581_3),
            (163.0, 0.01, 2.606_327_515_043_799_4),
        ];
        for (degrees, alpha, expected) in known {
            let got = two_sided_critical(degrees, alpha);
            assert!(
                (got - expected).abs() < 1e-12 * expected,
                "{degrees}: {got} {expected}"
            );
        }
        let limit = two_sided_critical(1e6, 0.05);
        assert!((limit - two_sided_critical(1e8, 0.05)).abs() < 1e-5);
    }
}

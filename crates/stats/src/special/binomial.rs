//! The binomial distribution.
//!
//! In: number of trials, probability, count. Out: point and tail probabilities exact to about 1e-13
//! relative, and quantiles. It does not estimate the probability; `proportion` does.
//! Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000), as used by R;
//! tails by the incomplete beta function.

use super::gamma::stirling_error;
use super::{beta, normal};

/// Returns the binomial density of real `a` successes and `b` failures, both positive, with `p + q = 1`.
///
/// Equals `Γ(a+b+1) / (Γ(a+1) Γ(b+1)) p^a q^b`.
pub(crate) fn density(a: f64, b: f64, p: f64, q: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * p)
        - deviance(b, n * q);
    exponent.exp() * (n / a / b / std::f64::consts::TAU).sqrt()
}

/// Returns `P(X = k)` for X ~ Bin(n, p).
pub(crate) fn pmf(k: usize, n: usize, p: f64) -> f64 {
    if k > n {
        return 0.0;
    }
    let q = 1.0 - p;
    let trials = n as f64;
    if k == 0 {
        (trials * (-p).ln_1p()).exp()
    } else if k == n {
        p.powf(trials)
    } else if p <= 0.0 || q <= 0.0 {
        0.0
    } else {
        density(k as f64, (n - k) as f64, p, q)
    }
}

/// Returns `P(X <= k)` for X ~ Bin(n, p).
pub(crate) fn cdf(k: usize, n: usize, p: f64) -> f64 {
    if k >= n {
        1.0
    } else {
        beta::upper_tail(k as f64 + 1.0, (n - k) as f64, p)
    }
}

/// Returns `P(X > k)` for X ~ Bin(n, p).
pub(crate) fn upper_tail(k: usize, n: usize, p: f64) -> f64 {
    if k >= n {
        0.0
    } else {
        beta::cdf(k as f64 + 1.0, (n - k) as f64, p)
    }
}

/// Returns the smallest k with `P(X <= k) >= probability`.
pub(crate) fn quantile(probability: f64, n: usize, p: f64) -> usize {
    first_k(n, normal_guess(normal::quantile(probability), n, p), |k| {
        cdf(k, n, p) >= probability
    })
}

/// Returns the smallest k with `P(X > k) <= probability`.
pub(crate) fn upper_quantile(probability: f64, n: usize, p: f64) -> usize {
    first_k(n, normal_guess(-normal::quantile(probability), n, p), |k| {
        upper_tail(k, n, p) <= probability
    })
}

fn normal_guess(z: f64, n: usize, p: f64) -> usize {
    let mean = n as f64 * p;
    let guess = mean + z * (mean * (1.0 - p)).sqrt();
    // A float cast saturates, so infinities land on the ends.
    (guess.floor().max(0.0) as usize).min(n)
}

/// Smallest k in 0..=n for which the monotone `holds` is true; `n` when none before it is.
fn first_k(n: usize, guess: usize, holds: impl Fn(usize) -> bool) -> usize {
    // Widen from the guess until the answer is in `low..=high`, then halve.
    let (mut low, mut high, mut step) = (guess, guess, 1);
    while low > 0 && holds(low - 1) {
        high = low - 1;
        low = high.saturating_sub(step);
        step *= 2;
    }
    while high < n && !holds(high) {
        low = high + 1;
        high = high.saturating_add(step).min(n);
        step *= 2;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle
        } else {
            low = middle + 1
        }
    }
    high
}

/// `x ln(x / mean) + mean - x`, without cancellation where the two are close.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * (x / mean).ln() - difference;
    }
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut term = 2.0 * x * v;
    let mut odd = 3.0;
    loop {
        term *= v * v;
        let next = sum + term / odd;
        if next == sum {
            return sum;
        }
        sum = next;
        odd += 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pmf_equals_known_values() {
        // Each is exact: 20 choose 7 over 2^20, powers, and the two sure cases.
        let known = [
            (7, 20, 0.5, 77_520.0 / 1_048_576.0),
            (0, 3, 0.1, 0.729),
            (3, 3, 0.1, 0.001),
            (0, 5, 0.0, 1.0),
            (5, 5, 1.0, 1.0),
            (2, 5, 1.0, 0.0),
        ];
        for (k, n, p, expected) in known {
            let got = pmf(k, n, p);
            assert!(
                (got - expected).abs() <= 1e-13 * expected,
                "{k} {n} {p}: {got} {expected}"
            );
        }
    }

    #[test]
    fn tails_are_sums_of_the_pmf() {
        for (n, p) in [(12, 0.3), (40, 0.95), (200, 0.5)] {
            let mut sum = 0.0;
            for k in 0..=n {
                sum += pmf(k, n, p);
                assert!((cdf(k, n, p) - sum).abs() < 1e-12, "{k} {n} {p}");
                assert!((upper_tail(k, n, p) - (1.0 - sum)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn quantiles_are_the_smallest_count() {
        for (n, p) in [(1, 0.5), (30, 0.02), (100, 0.95), (1319, 0.5)] {
            for probability in [1e-6, 0.025, 0.5, 0.975, 0.999_999] {
                let k = quantile(probability, n, p);
                assert!(cdf(k, n, p) >= probability);
                assert!(k == 0 || cdf(k - 1, n, p) < probability);
                let k = upper_quantile(probability, n, p);
                assert!(upper_tail(k, n, p) <= probability);
                assert!(k == 0 || upper_tail(k - 1, n, p) > probability);
            }
        }
    }
}

//! Score test of a paired ratio of rates: "at least 90 % of the incumbent's pass rate".
//!
//! In: the four cells. Out: z of a hypothetical ratio, and the bound it gives. The variance is taken at
//! the rates that fit best among those with that ratio, so it works at few discordant items, where a t
//! interval of `x − ratio · y` covers too little. Conditions: independent items.
//! Source: N.-S. Tang, M.-L. Tang, I. S. F. Chan, Statistics in Medicine 22 (2003) 1217. Checked against
//! a numerical search for the best fit by `constrained_fit_is_the_best_fit`.

use trilemma_stats::Confidence;
use trilemma_stats::paired::Cells;

/// Returns the score statistic of "rate of the first = ratio · rate of the second"; large says that the
/// ratio is higher.
///
/// With a = both, b = only first, c = only second, θ the ratio:
/// `q = (−B + sqrt(B² − 4AC)) / 2A`, `A = n(1+θ)`, `B = (a+c)θ² − (a+b+2c)`, `C = c(1−θ)(a+b+c)/n`;
/// `Z = (a+b − (a+c)θ) / sqrt(n(1+θ)q + (a+b+c)(θ−1))`. 0 without evidence, infinite where the
/// hypothesis is impossible.
pub(crate) fn ratio_z(cells: Cells, ratio: f64) -> f64 {
    let n = cells.n() as f64;
    if n == 0.0 {
        return 0.0;
    }
    let (both, first, second) = (
        cells.both as f64,
        cells.only_first as f64,
        cells.only_second as f64,
    );
    let right = both + first + second;
    let numerator = both + first - (both + second) * ratio;
    let variance = n * (1.0 + ratio) * only_second_share(cells, ratio) + right * (ratio - 1.0);
    if variance > 1e-12 * n {
        numerator / variance.sqrt()
    } else if numerator.abs() <= 1e-12 * n {
        0.0
    } else {
        f64::INFINITY.copysign(numerator)
    }
}

/// Best fitting share of "only second right" among rates with the given ratio.
fn only_second_share(cells: Cells, ratio: f64) -> f64 {
    let n = cells.n() as f64;
    let (both, first, second) = (
        cells.both as f64,
        cells.only_first as f64,
        cells.only_second as f64,
    );
    let square = n * (1.0 + ratio);
    let linear = (both + second) * ratio * ratio - (both + first + 2.0 * second);
    let constant = second * (1.0 - ratio) * (both + first + second) / n;
    let root = (linear * linear - 4.0 * square * constant).max(0.0).sqrt();
    (root - linear) / (2.0 * square)
}

/// Returns the one-sided lower bound of the ratio: the largest ratio that the cells speak against.
///
/// In [0, 10]; 0 when the second is never right or nothing is known.
pub(crate) fn ratio_bound(cells: Cells, confidence: Confidence) -> f64 {
    let z = confidence.z_one_sided();
    let (mut shown, mut open) = (0.0_f64, 10.0_f64);
    for _ in 0..60 {
        let middle = 0.5 * (shown + open);
        if ratio_z(cells, middle) >= z {
            shown = middle;
        } else {
            open = middle;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(both: usize, only_first: usize, only_second: usize, neither: usize) -> Cells {
        Cells {
            both,
            only_first,
            only_second,
            neither,
        }
    }

    /// Log-likelihood of the cells at rates with `first = ratio * second`, for given "both" and "only
    /// second" shares.
    fn likelihood(cells: Cells, ratio: f64, both: f64, second: f64) -> f64 {
        let first = ratio * (both + second) - both;
        let neither = 1.0 - both - first - second;
        let term = |count: usize, share: f64| {
            if count == 0 {
                0.0
            } else {
                count as f64 * share.ln()
            }
        };
        if first < 0.0 || neither < 0.0 {
            return f64::NEG_INFINITY;
        }
        term(cells.both, both)
            + term(cells.only_first, first)
            + term(cells.only_second, second)
            + term(cells.neither, neither)
    }

    #[test]
    fn constrained_fit_is_the_best_fit() {
        for (sample, ratio) in [
            (cells(70, 8, 12, 10), 0.9),
            (cells(40, 3, 9, 8), 0.8),
            (cells(20, 10, 5, 5), 0.95),
        ] {
            let mut best = (f64::NEG_INFINITY, 0.0);
            for i in 1..2000 {
                for j in 1..400 {
                    let (both, second) = (f64::from(i) / 2000.0, f64::from(j) / 1000.0);
                    let value = likelihood(sample, ratio, both, second);
                    if value > best.0 {
                        best = (value, second);
                    }
                }
            }
            let closed = only_second_share(sample, ratio);
            assert!((closed - best.1).abs() < 2e-3, "{closed} != {}", best.1);
        }
    }

    #[test]
    fn ratio_one_is_mcnemars_statistic() {
        // (b - c) / sqrt(b + c).
        let z = ratio_z(cells(50, 9, 16, 25), 1.0);
        assert!((z - (9.0 - 16.0) / 5.0).abs() < 1e-12);
    }

    #[test]
    fn bound_and_statistic_agree() {
        let sample = cells(85, 5, 7, 3);
        let bound = ratio_bound(sample, Confidence::P95);
        assert!(bound > 0.9 && bound < 90.0 / 92.0, "{bound}");
        assert!(ratio_z(sample, bound - 1e-6) > Confidence::P95.z_one_sided());
        assert!(ratio_z(sample, bound + 1e-6) < Confidence::P95.z_one_sided());
        assert_eq!(ratio_z(cells(0, 0, 0, 9), 0.9), 0.0);
    }
}

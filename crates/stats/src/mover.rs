//! Difference of two independent quantities of which only estimates with intervals are known.
//!
//! In: two estimates. Out: their difference with an interval at the same level. Conditions: they rest on
//! different observations, and both intervals have the same level. Nothing else is asked of the intervals:
//! they may be skewed and come from different methods.
//! Source: "method of variance estimates recovery", G. Y. Zou and A. Donner, Statistics in Medicine 27
//! (2008) 1693, formula 7; on Wilson limits it is method 10 of R. G. Newcombe, Statistics in Medicine 17
//! (1998) 873.

/// An estimate as `[point, low, high]`, low ≤ point ≤ high, in the unit of the data.
pub type Interval = [f64; 3];

/// Returns `first - second` with its interval.
///
/// `low = d - sqrt((x - l)² + (U - y)²)` and `high = d + sqrt((u - x)² + (y - L)²)` for x in [l, u] and y in
/// [L, U]. `None` where an end is no finite number. Checked by `is_newcombes_method_on_wilson_limits` and
/// `covers_means_of_skewed_costs`.
#[must_use]
pub fn difference(first: Interval, second: Interval) -> Option<Interval> {
    let [x, l, u] = first;
    let [y, lower, upper] = second;
    let point = x - y;
    let low = point - (x - l).hypot(upper - y);
    let high = point + (u - x).hypot(y - lower);
    [point, low, high]
        .iter()
        .all(|end| end.is_finite())
        .then_some([point, low, high])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Confidence;
    use crate::mean::mean_t;
    use crate::proportion::{Count, wilson};
    use crate::resample::{ChaChaStream, IndexStream as _};

    #[test]
    fn is_newcombes_method_on_wilson_limits() {
        // Newcombe 1998 (873), table II, example (a): 56/70 and 48/80, method 10.
        let rate = |successes, n| {
            let one = wilson(Count::new(successes, n).unwrap(), Confidence::P95);
            [one.point, one.low, one.high]
        };
        let [point, low, high] = difference(rate(56, 70), rate(48, 80)).unwrap();
        assert!((point - 0.2).abs() < 1e-12);
        assert!((low - 0.0524).abs() < 5e-5, "{low}");
        assert!((high - 0.3339).abs() < 5e-5, "{high}");
    }

    #[test]
    fn covers_means_of_skewed_costs() {
        // Exponential costs with means 1 and 1.2 (n = 200 and 500): 2,000 replicates, 93 to 97 %.
        let mut stream = ChaChaStream::new(7);
        let mut mean = |scale: f64, n: usize| {
            let values: Vec<f64> = (0..n)
                .map(|_| {
                    let uniform = ((stream.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
                    -scale * uniform.ln()
                })
                .collect();
            let one = mean_t(&values, Confidence::P95).unwrap();
            [one.point, one.low, one.high]
        };
        let n_covered = (0..2_000)
            .filter(|_| {
                let [_, low, high] = difference(mean(1.0, 200), mean(1.2, 500)).unwrap();
                low <= -0.2 && -0.2 <= high
            })
            .count();
        assert!((1_860..=1_940).contains(&n_covered), "{n_covered}");
    }

    #[test]
    fn what_is_no_number_gives_none() {
        assert_eq!(difference([1.0, 0.5, f64::INFINITY], [1.0, 0.5, 2.0]), None);
        assert_eq!(difference([f64::NAN, 0.0, 1.0], [1.0, 0.5, 2.0]), None);
    }
}

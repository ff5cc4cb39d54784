//! The gaps between chunks of many answers in little memory.
//!
//! In: gaps in microseconds. Out: percentiles to within 0.2 %. A histogram whose buckets double every 512:
//! values below 1,024 µs are exact, larger ones share a bucket with their neighbours.
//! Source: the layout of G. Tene's HdrHistogram, with 9 significant bits.

use trilemma_domain::LoadPercentiles;

const BITS: u32 = 9;

/// Counts of gaps.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Gaps {
    counts: Vec<u64>,
    n: u64,
}

impl Gaps {
    pub(crate) fn add(&mut self, us: u32) {
        let bucket = bucket_of(us);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
            self.n += 1;
        }
    }

    /// Gives percentiles; `None` = no gap was seen.
    pub(crate) fn percentiles(&self) -> Option<LoadPercentiles> {
        (self.n > 0).then(|| LoadPercentiles {
            n: self.n,
            p50_ms: self.at(0.5),
            p95_ms: self.at(0.95),
            p99_ms: self.at(0.99),
        })
    }

    /// The mean, in milliseconds; `None` = no gap was seen.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(crate) fn mean_ms(&self) -> Option<f64> {
        let weighted = self.counts.iter().enumerate();
        let total: f64 = weighted
            .map(|(bucket, count)| middle_of(bucket) * *count as f64)
            .sum();
        (self.n > 0).then(|| total / self.n as f64 / 1e3)
    }

    /// The smallest value that at least this share of the gaps does not exceed, in milliseconds.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank within the counts"
    )]
    fn at(&self, p: f64) -> f64 {
        let rank = ((self.n as f64 * p).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle_of(bucket) / 1e3;
            }
        }
        0.0
    }
}

fn bucket_of(us: u32) -> usize {
    let shift = (u32::BITS - us.leading_zeros()).saturating_sub(BITS + 1);
    ((shift << BITS) + (us >> shift)) as usize
}

#[expect(clippy::cast_precision_loss, reason = "below 2^33")]
fn middle_of(bucket: usize) -> f64 {
    let shift = (bucket >> BITS).saturating_sub(1);
    let low = (bucket - (shift << BITS)) << shift;
    let width = 1_usize << shift;
    low as f64 + (width - 1) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_to_a_fifth_of_a_percent() {
        let all = (0..3_000).chain((0..32).map(|k| 1 << k));
        for us in all.chain([u32::MAX, 123_456_789]) {
            let error = (middle_of(bucket_of(us)) - f64::from(us)).abs();
            assert!(error <= f64::from(us) * 0.001, "{us}: {error}");
        }
        assert!((0..3_000).map(bucket_of).is_sorted());
        assert!((0..1_000).all(|us| (middle_of(bucket_of(us)) - f64::from(us)).abs() < 1e-9));
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_gaps() {
        let mut gaps = Gaps::default();
        assert_eq!(gaps.percentiles(), None);
        for us in (1..=1000).rev() {
            gaps.add(us * 100);
        }
        let found = gaps.percentiles().unwrap();
        assert_eq!(found.n, 1000);
        for (ms, wanted) in [
            (found.p50_ms, 50.0),
            (found.p95_ms, 95.0),
            (found.p99_ms, 99.0),
        ] {
            assert!((ms - wanted).abs() < 0.002 * wanted, "{ms} {wanted}");
        }
        assert!((gaps.mean_ms().unwrap() - 50.05).abs() < 0.05);
    }
}

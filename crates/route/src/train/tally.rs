//! What accepting answers came to on items that the weights had not seen.
//!
//! In: one accepted item after the other. Out: loss and cost, and whether the losses are those that the model
//! expected. Items of one cluster count together.

use super::target::Expected;

/// Standard errors by which realised losses may lie above expected ones: 99.9 %, one-sided, for it is asked of every one of
/// some dozens of thresholds.
const SURPRISE: f64 = 3.0;

/// Sums over accepted items.
pub(super) struct Tally<'a> {
    groups: &'a [usize],
    loss: Sum,
    surprise: Sum,
    variance: f64,
    cost: f64,
}

/// A sum, and the squares of its parts by cluster.
struct Sum {
    total: f64,
    by_group: Vec<f64>,
    squares: f64,
}

impl Sum {
    fn add(&mut self, group: usize, value: f64) {
        let Some(own) = self.by_group.get_mut(group) else {
            return;
        };
        self.total += value;
        self.squares += (*own + value).powi(2) - own.powi(2);
        *own += value;
    }

    /// Variance of the sum over clusters.
    fn variance(&self) -> f64 {
        let n = self.by_group.len().max(1) as f64;
        (self.squares - self.total * self.total / n).max(0.0)
    }
}

impl<'a> Tally<'a> {
    /// Nothing is accepted: each query costs so much on average.
    pub(super) fn new(groups: &'a [usize], cost: f64) -> Self {
        let n_groups = groups.iter().max().map_or(0, |most| most + 1);
        let sum = || Sum {
            total: 0.0,
            by_group: vec![0.0; n_groups],
            squares: 0.0,
        };
        Self {
            groups,
            loss: sum(),
            surprise: sum(),
            variance: 0.0,
            cost,
        }
    }

    /// Accepts an item: the gain that is lost, the one that was expected, its variance; and the cost that is saved.
    pub(super) fn accept(&mut self, item: usize, [gain, said, variance]: [f64; 3], saved: f64) {
        let Some(group) = self.groups.get(item) else {
            return;
        };
        self.loss.add(*group, gain);
        self.surprise.add(*group, gain - said);
        self.variance += variance;
        self.cost -= saved / self.n();
    }

    /// What was realised.
    pub(super) fn realised(&self) -> Expected {
        Expected {
            loss: self.loss.total / self.n(),
            sd: self.loss.variance().sqrt() / self.n(),
            worst: None,
            cost: self.cost,
        }
    }

    /// Whether what was lost is no more than was expected, as far as noise lets tell; `sd` is the standard error of
    /// what was expected.
    pub(super) fn bears_out(&self, sd: f64) -> bool {
        let noise = self.surprise.variance().max(self.variance).sqrt() / self.n();
        self.surprise.total / self.n() <= SURPRISE * noise.hypot(sd)
    }

    fn n(&self) -> f64 {
        self.groups.len().max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(n: usize, groups: &[usize], [gain, said]: [f64; 2]) -> (Expected, bool) {
        let mut tally = Tally::new(groups, 1.0);
        for item in 0..n {
            // Every fourth item has four times the mean.
            let gain = if item % 4 == 0 { 4.0 * gain } else { 0.0 };
            tally.accept(item, [gain, said, 0.01], 0.5);
        }
        (tally.realised(), tally.bears_out(0.001))
    }

    #[test]
    fn losses_far_above_what_was_expected_are_told_from_noise() {
        let alone: Vec<usize> = (0..400).collect();
        let (realised, is_borne_out) = check(200, &alone, [0.08, 0.0]);
        assert!((realised.loss - 0.04).abs() < 1e-12 && (realised.cost - 0.75).abs() < 1e-12);
        assert!(!is_borne_out);
        assert!(check(200, &alone, [0.08, 0.08]).1);
        assert!(check(200, &alone, [0.0, 0.08]).1);
        // One item proves nothing, nor do copies of a few.
        assert!(check(1, &alone, [0.2, 0.0]).1);
        let copies: Vec<usize> = (0..400).map(|item| item / 50).collect();
        let (of_copies, _) = check(200, &copies, [0.08, 0.0]);
        assert!(of_copies.sd > 2.0 * realised.sd);
    }
}

//! Evidence that one arm is good enough against a rival, from whatever is known, however it was chosen.
//!
//! In: the range of every answer of both (a point where it is known, everything where it is not) in the
//! random order of the items. Out: the logarithm of a number that never exceeds the e-process which would be
//! known if both had answered everything, so that Ville's bound holds whatever was asked and whenever one
//! looks.
//!
//! Why: against the null "the chosen is worse by more than the tolerance", the e-process is `max over n of
//! mean over λ of Π (1 + λ (d_t - μ_t))`, `μ_t` the mean difference of the items not yet seen under the null
//! given those seen. Replacing every difference by a lower bound lowers each factor, and raises each `μ_t`,
//! which lowers the factors after it. A stake that could ruin is dropped for good. So the asking may depend on
//! everything: a rival need not be asked where the chosen passed (it can only lose there), and must be
//! asked where it failed.
//! Items that count unequally: differences times weights over the largest weight stay in [-1, 1], and drawn without
//! replacement in a random order they have the same `μ_t`, so the same e-process holds for their sum. The largest
//! weight of a source is not known, so of a source items have to count the same.
//! Source: betting without replacement, I. Waudby-Smith, A. Ramdas, JRSS B 86 (2024), section 5; the domination
//! argument is our own and is checked by `certified_choices_are_wrong_at_most_as_often_as_claimed`.

use super::weights::Weights;
use crate::sequential::Population;

/// Stakes of the mixture.
const STAKES: [f64; 16] = [
    0.020, 0.079, 0.137, 0.196, 0.255, 0.313, 0.372, 0.431, 0.489, 0.548, 0.607, 0.665, 0.724,
    0.783, 0.841, 0.900,
];
/// Largest share of a capital that one difference may take.
const RUIN: f64 = 0.97;

/// The null "worse by more than the tolerance".
#[derive(Debug, Clone)]
pub(super) struct Null {
    /// Items of the set.
    items: usize,
    /// Of a set whose items count unequally: what they count, and the largest of that.
    weights: Option<(Weights, f64)>,
    /// Most that the sum (of a set) or mean (of a source) of differences can be if the null holds.
    bound: f64,
    /// What the claim is about.
    population: Population,
}

impl Null {
    /// `steps` is the number of equal steps in which a share of passes comes; 1 = pass or fail.
    pub(super) fn new(tolerance: f64, steps: usize, population: Population) -> Self {
        match population {
            Population::Source => Self {
                items: usize::MAX,
                weights: None,
                bound: -tolerance,
                population,
            },
            Population::Finite(items) => {
                let steps = steps.max(1) as f64;
                // The smallest sum beyond the tolerance that such shares can make.
                let beyond = (tolerance * items as f64 * steps + 1e-9).floor() + 1.0;
                Self {
                    items,
                    weights: None,
                    bound: -beyond / steps,
                    population,
                }
            }
        }
    }

    /// The null "not better": the mean difference is at most 0.
    pub(super) fn not_better(population: Population) -> Self {
        let items = match population {
            Population::Source => usize::MAX,
            Population::Finite(items) => items,
        };
        Self {
            items,
            weights: None,
            bound: 0.0,
            population,
        }
    }

    /// The null about a set whose items count unequally, its sums in units of the largest weight.
    pub(super) fn of_weighted(tolerance: f64, weights: Weights, items: usize) -> Self {
        let largest = weights.largest();
        Self {
            items,
            bound: -tolerance * items as f64 / largest,
            weights: Some((weights, largest)),
            population: Population::Finite(items),
        }
    }

    /// What an item counts, 1 on average.
    pub(super) fn weight(&self, item: usize) -> f64 {
        let weights = self.weights.as_ref();
        weights.map_or(1.0, |(weights, _)| weights.of(item))
    }

    fn largest(&self) -> f64 {
        self.weights.as_ref().map_or(1.0, |(_, largest)| *largest)
    }

    /// What an item of a set may lose on average after the first `seen`, whose sum, as items count, is this.
    pub(super) fn spare_per_item(&self, seen: usize, sum: f64) -> f64 {
        let spare = sum / self.largest() - self.bound;
        spare / self.most_to_lose(seen).max(f64::MIN_POSITIVE)
    }

    /// Most that the items after the first `seen` can lose.
    fn most_to_lose(&self, seen: usize) -> f64 {
        match &self.weights {
            None => self.items.saturating_sub(seen) as f64,
            Some((weights, largest)) => weights.rest(seen) / largest,
        }
    }

    /// Logarithm of the evidence from lower bounds of the differences on the first items, in order.
    pub(super) fn log_evidence(&self, lows: impl Iterator<Item = f64>) -> f64 {
        let mut capitals = STAKES.map(|_| 1.0_f64);
        let (mut sum, mut best) = (0.0, 1.0_f64);
        for (seen, low) in lows.enumerate() {
            let low = low * self.weight(seen) / self.largest();
            let next = self.mean_of_next(seen, sum);
            if next < -1.0 {
                return f64::INFINITY;
            }
            for (capital, stake) in capitals.iter_mut().zip(STAKES) {
                if stake * (1.0 + next) >= RUIN {
                    *capital = 0.0;
                } else {
                    *capital *= 1.0 + stake * (low - next);
                }
            }
            sum += low;
            if self.is_ruled_out(seen + 1, sum) {
                return f64::INFINITY;
            }
            best = best.max(capitals.iter().sum::<f64>() / STAKES.len() as f64);
        }
        best.ln()
    }

    fn mean_of_next(&self, seen: usize, sum: f64) -> f64 {
        match self.population {
            Population::Source => self.bound,
            Population::Finite(_) => {
                (self.bound - sum) / self.items.saturating_sub(seen).max(1) as f64
            }
        }
    }

    /// Whether even losing every item to come would leave the chosen good enough.
    fn is_ruled_out(&self, seen: usize, sum: f64) -> bool {
        match self.population {
            Population::Source => false,
            Population::Finite(_) => sum - self.most_to_lose(seen) > self.bound + 1e-9,
        }
    }
}

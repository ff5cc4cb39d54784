//! The risk of choosing one arm when another may be better by more than the tolerance.
//!
//! In: what a pair of arms has shown on the items considered so far. Out: the posterior probability that
//! over all items of the set the rival passes more often by more than the tolerance. The items on which
//! only one passes come at unknown rates with a gamma prior (shape 2, weight 100 items: about 2 % each
//! way); counts over the items not yet considered are then negative binomial and summed exactly. Items that
//! were asked with a probability below 1 weigh its inverse (Horvitz, Thompson, JASA 47, 1952), mean and variance of
//! the rates matched. Items that count unequally stand for as many equal ones as say as much together, each for
//! its part of them; wins to come are counted in equal pieces whose number has the mean and variance of the unequal
//! ones (scaled Poisson: M. Fay, E. Feuer, Statistics in Medicine 16, 1997). The prior is part of the calibration: it was found on recorded
//! outcomes (`docs/methods.md`).

/// Shape of the prior of a discordance rate.
const SHAPE: f64 = 2.0;
/// Weight of the prior, in items.
pub(super) const WEIGHT: f64 = 100.0;
/// Probability that may be left out of a tail.
const NEGLIGIBLE: f64 = 1e-7;

/// Weighted counts of items on which one arm beat another.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Wins {
    /// Sum of weights times leads.
    pub(super) sum: f64,
    /// Sum of their squares.
    pub(super) squares: f64,
}

impl Wins {
    pub(super) fn add(&mut self, weighted_lead: f64) {
        self.sum += weighted_lead;
        self.squares += weighted_lead * weighted_lead;
    }
}

/// A pair of arms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duel {
    /// Wins of the arm that would be chosen.
    pub(super) chosen: Wins,
    /// Wins of its rival.
    pub(super) rival: Wins,
    /// What the items that both have considered count.
    pub(super) considered: f64,
    /// What the others count.
    pub(super) rest: f64,
    /// What a win among the others counts, above 0.
    pub(super) size: f64,
    /// Most that the rival may be better by, as items count.
    pub(super) tolerated: f64,
}

impl Duel {
    /// Probability that the rival is better by more than is tolerated.
    pub(super) fn risk(&self) -> f64 {
        let lead = self.rival.sum - self.chosen.sum;
        if self.rest <= 1e-9 {
            return if lead > self.tolerated + 1e-9 {
                1.0
            } else {
                0.0
            };
        }
        let rest = self.rest / self.size;
        let wanted = ((self.tolerated - lead) / self.size + 1e-9).floor() + 1.0;
        if wanted > (rest - 1e-9).ceil() {
            return 0.0;
        }
        let exposure = self.considered + WEIGHT;
        let upper = tail_sums(predictive(self.rival, exposure, rest));
        let below = predictive(self.chosen, exposure, rest);
        let reached = |k: usize| {
            let at_least = wanted + k as f64;
            if at_least <= 0.0 {
                1.0
            } else {
                upper.get(at_least as usize).copied().unwrap_or(0.0)
            }
        };
        let terms = below.iter().enumerate().map(|(k, p)| p * reached(k));
        terms.sum::<f64>().clamp(0.0, 1.0)
    }
}

/// Probabilities of 0, 1, 2, … wins among `rest` items: negative binomial, mean and variance matched.
pub(super) fn predictive(wins: Wins, exposure: f64, rest: f64) -> Vec<f64> {
    let mean = (wins.sum + SHAPE) / exposure;
    let variance = (wins.squares + SHAPE) / (exposure * exposure);
    let shape = mean * mean / variance;
    let ratio = rest * variance / mean;
    let fail = ratio / (1.0 + ratio);
    let mut p = (-shape * ratio.ln_1p()).exp();
    let (mut sum, mut terms) = (0.0, Vec::new());
    for k in 0..=(rest - 1e-9).ceil() as usize {
        terms.push(p);
        sum += p;
        if 1.0 - sum < NEGLIGIBLE {
            break;
        }
        p *= (shape + k as f64) / (k as f64 + 1.0) * fail;
    }
    terms
}

/// Turns probabilities into probabilities of at least.
pub(super) fn tail_sums(mut terms: Vec<f64>) -> Vec<f64> {
    let mut sum = 0.0;
    for term in terms.iter_mut().rev() {
        sum += *term;
        *term = sum;
    }
    terms
}

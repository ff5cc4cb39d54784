//! Plausible true pass rates of all candidates at once, given the items seen.
//!
//! In: outcomes per item. Out: 2,000 draws from the Bayesian bootstrap over items (or clusters): each
//! draw weighs every item by an exponential number, the same for all candidates, so that what candidates
//! have in common stays in common (D. B. Rubin, Annals of Statistics 9, 1981). A few invented items, worth
//! three together, keep the impossible possible: all right, all wrong, and each candidate alone right or
//! alone wrong; for one candidate this is the uniform prior. Above 1,000 items or clusters these are
//! first thrown together into 1,000 random groups, which keeps the variance of the mean.

use trilemma_stats::resample::{ChaChaStream, IndexStream};

use crate::evidence::Case;
use crate::figure::Method;
use crate::sample::Scenario;

/// Number of draws.
pub(crate) const N_DRAWS: usize = 2_000;

/// Most groups that are weighed one by one.
const MOST_GROUPS: usize = 1_000;

/// Outcomes of one group: per candidate the weighted passes and the weight.
type Group = Vec<(f64, f64)>;

/// Draws joint pass rates.
pub(crate) struct Draws {
    groups: Vec<Group>,
    average_weight: f64,
    n_candidates: usize,
    /// Pass rates that are known: every item that they are about was answered.
    known: Vec<Option<f64>>,
    stream: ChaChaStream,
}

impl Draws {
    /// Prepares the groups.
    pub(crate) fn of(case: &Case<'_>) -> Self {
        let mut stream = ChaChaStream::new(case.input.seed);
        let n_items = case.design.n_items();
        let weights = (0..n_items).map(|item| case.design.weight(item));
        let average_weight = weights.sum::<f64>() / n_items.max(1) as f64;
        Self {
            groups: groups(case, &mut stream),
            average_weight,
            n_candidates: case.candidates.len(),
            known: case
                .candidates
                .iter()
                .map(|own| own.pass_rate.filter(|rate| rate.method == Method::Census))
                .map(|rate| rate.map(|rate| rate.value))
                .collect(),
            stream,
        }
    }

    /// Draws one set of pass rates, one per candidate.
    pub(crate) fn next(&mut self) -> Vec<f64> {
        let mut sums: Group = vec![(0.0, 0.0); self.n_candidates];
        for group in &self.groups {
            let weight = exponential(&mut self.stream);
            for (sum, (pass, all)) in sums.iter_mut().zip(group) {
                sum.0 += weight * pass;
                sum.1 += weight * all;
            }
        }
        self.add_invented(&mut sums);
        sums.into_iter()
            .zip(&self.known)
            .map(|((pass, all), known)| known.unwrap_or(pass / all))
            .collect()
    }

    fn add_invented(&mut self, sums: &mut [(f64, f64)]) {
        let right = self.average_weight * exponential(&mut self.stream);
        let wrong = self.average_weight * exponential(&mut self.stream);
        for sum in sums.iter_mut() {
            sum.0 += right;
            sum.1 += right + wrong;
        }
        let n = sums.len();
        if n < 2 {
            return;
        }
        let share = 0.5 * self.average_weight / n as f64;
        for alone in 0..n {
            let right = share * exponential(&mut self.stream);
            let wrong = share * exponential(&mut self.stream);
            for (idx, sum) in sums.iter_mut().enumerate() {
                sum.0 += if idx == alone { right } else { wrong };
                sum.1 += right + wrong;
            }
        }
    }

    /// A uniform number in (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        uniform(&mut self.stream)
    }
}

fn groups(case: &Case<'_>, stream: &mut ChaChaStream) -> Vec<Group> {
    let n_candidates = case.candidates.len();
    let n_clusters = case.design.n_clusters().unwrap_or(case.design.n_items());
    let group_of = assign(n_clusters, stream);
    let n_groups = n_clusters.min(MOST_GROUPS);
    let mut groups: Vec<Group> = vec![vec![(0.0, 0.0); n_candidates]; n_groups];
    for (idx, candidate) in case.candidates.iter().enumerate() {
        for (item, cell) in candidate.column.items.iter().enumerate() {
            let Some(share) = cell.share(Scenario::Observed) else {
                continue;
            };
            let weight = case.design.weight(item);
            let slot = group_of
                .get(case.design.cluster(item))
                .and_then(|group| groups.get_mut(*group))
                .and_then(|group| group.get_mut(idx));
            if let Some(sum) = slot {
                sum.0 += weight * share;
                sum.1 += weight;
            }
        }
    }
    groups
}

/// A group for each cluster: its own, or a random one of equal size.
fn assign(n_clusters: usize, stream: &mut ChaChaStream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n_clusters).collect();
    if n_clusters > MOST_GROUPS {
        for last in (1..n_clusters).rev() {
            order.swap(last, stream.next_index(last + 1));
        }
    }
    order.into_iter().map(|place| place % MOST_GROUPS).collect()
}

fn uniform(stream: &mut ChaChaStream) -> f64 {
    // 53 bits, moved off both ends.
    ((stream.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

fn exponential(stream: &mut ChaChaStream) -> f64 {
    -uniform(stream).ln()
}

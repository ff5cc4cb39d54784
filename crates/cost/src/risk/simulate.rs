//! Seeded Monte Carlo of totals over a horizon, all candidates on the same draws.
//!
//! total = one-off + Σ over months of queries × (in·p_in + out·p_out) × growth × price + fixed +
//! events. Traffic is drawn once per draw and shared, so that "A is cheaper than B" compares like
//! with like; what belongs to a candidate (its output length, its price change) is drawn for it.
//! Checked against `cost/vectors/montecarlo.json` by `data_simulations_equal_the_vectors` (exact
//! mean, quantiles to 1 %).

use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::range::Range;

/// Draws that settle P10 and P90 to about half a percent.
pub const DRAWS: u32 = 10_000;

/// Most draws that are taken.
const MOST_DRAWS: u32 = 2_000_000;

/// A dated change: model costs are multiplied from a month on, or a sum falls due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The month, from 1.
    pub month: u32,
    /// Multiplies model costs from then on; 1 = no change.
    pub factor: f64,
    /// Falls due in that month.
    pub usd: f64,
}

/// What belongs to one candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Dollars per million input tokens, everything counted in.
    pub input_usd_per_mtok: f64,
    /// The same of output.
    pub output_usd_per_mtok: f64,
    /// Output tokens of a query.
    pub output_tokens: Range,
    /// Tokens of its tokenizer per token counted, input.
    pub input_ratio: Range,
    /// Change of its prices over a year as a share, such as −0.2; above −1.
    pub price_change_per_year: Range,
    /// Dollars per month that do not grow with traffic.
    pub fixed_usd_month: Range,
    /// Dollars paid once, before the first month.
    pub one_off_usd: Range,
    /// Dated changes.
    pub steps: Vec<Step>,
}

/// What all candidates share.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// Queries on a mean day of the first month.
    pub queries_per_day: Range,
    /// Days of a month.
    pub days_per_month: f64,
    /// Input tokens of a query.
    pub input_tokens: Range,
    /// Growth of the traffic per month; above −1.
    pub growth_per_month: Range,
    /// Months; at least 1.
    pub months: u32,
    /// The candidates.
    pub candidates: Vec<Candidate>,
    /// Number of draws.
    pub draws: u32,
    /// Seed.
    pub seed: u64,
}

/// One candidate's totals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Total when every input is at its most likely value.
    pub mode: f64,
    /// Mean of the draws.
    pub mean: f64,
    /// One total in ten is below.
    pub p10: f64,
    /// Half of them are below.
    pub p50: f64,
    /// One in ten is above.
    pub p90: f64,
}

/// All candidates' totals.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// In the order of the candidates.
    pub outcomes: Vec<Outcome>,
    /// `cheaper[a][b]`: share of draws in which a costs less than b (ties count half).
    pub cheaper: Vec<Vec<f64>>,
    /// Draws taken.
    pub draws: u32,
    /// Seed used.
    pub seed: u64,
}

/// One draw of what all share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared {
    pub(crate) queries_per_day: f64,
    pub(crate) input_tokens: f64,
    pub(crate) growth: f64,
}

/// One draw of what belongs to a candidate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own {
    pub(crate) output_tokens: f64,
    pub(crate) input_ratio: f64,
    pub(crate) price_change: f64,
    pub(crate) fixed: f64,
    pub(crate) one_off: f64,
}

impl Inputs {
    pub(crate) fn at_mode(&self) -> Shared {
        Shared {
            queries_per_day: self.queries_per_day.mode(),
            input_tokens: self.input_tokens.mode(),
            growth: self.growth_per_month.mode(),
        }
    }

    fn draw(&self, uniform: &mut impl FnMut() -> f64) -> Shared {
        Shared {
            queries_per_day: self.queries_per_day.quantile(uniform()),
            input_tokens: self.input_tokens.quantile(uniform()),
            growth: self.growth_per_month.quantile(uniform()),
        }
    }

    /// Dollars over the horizon.
    pub(crate) fn total(&self, candidate: &Candidate, shared: Shared, own: Own) -> f64 {
        let per_query = (shared.input_tokens * own.input_ratio * candidate.input_usd_per_mtok
            + own.output_tokens * candidate.output_usd_per_mtok)
            / 1e6;
        let month = shared.queries_per_day * self.days_per_month * per_query;
        let growth = 1.0 + shared.growth;
        // No logarithms where nothing changes: most prices do not drift.
        let drift = if own.price_change == 0.0 {
            1.0
        } else {
            (1.0 + own.price_change).powf(1.0 / 12.0)
        };
        let mut factor = 1.0;
        let mut total = own.one_off;
        for at in 1..=self.months {
            if at > 1 {
                factor *= growth * drift;
            }
            for step in &candidate.steps {
                if step.month == at {
                    factor *= step.factor;
                    total += step.usd;
                }
            }
            total += month * factor + own.fixed;
        }
        total
    }
}

impl Candidate {
    pub(crate) fn at_mode(&self) -> Own {
        Own {
            output_tokens: self.output_tokens.mode(),
            input_ratio: self.input_ratio.mode(),
            price_change: self.price_change_per_year.mode(),
            fixed: self.fixed_usd_month.mode(),
            one_off: self.one_off_usd.mode(),
        }
    }

    fn draw(&self, uniform: &mut impl FnMut() -> f64) -> Own {
        Own {
            output_tokens: self.output_tokens.quantile(uniform()),
            input_ratio: self.input_ratio.quantile(uniform()),
            price_change: self.price_change_per_year.quantile(uniform()),
            fixed: self.fixed_usd_month.quantile(uniform()),
            one_off: self.one_off_usd.quantile(uniform()),
        }
    }
}

/// Runs the simulation; `None` without candidates, months or draws.
#[must_use]
pub fn simulate(inputs: &Inputs) -> Option<Simulation> {
    let n_candidates = inputs.candidates.len();
    let draws = inputs.draws.min(MOST_DRAWS);
    if n_candidates == 0 || inputs.months == 0 || draws == 0 {
        return None;
    }
    let mut stream = ChaChaStream::new(inputs.seed);
    let mut totals: Vec<Vec<f64>> = vec![Vec::with_capacity(draws as usize); n_candidates];
    for _ in 0..draws {
        // 53 bits: every float below 1 that a double can tell apart.
        let mut uniform = || (stream.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0);
        let shared = inputs.draw(&mut uniform);
        for (candidate, into) in inputs.candidates.iter().zip(&mut totals) {
            let own = candidate.draw(&mut uniform);
            into.push(inputs.total(candidate, shared, own));
        }
    }
    let cheaper = totals
        .iter()
        .map(|own| totals.iter().map(|other| share_below(own, other)).collect())
        .collect();
    let outcomes = inputs
        .candidates
        .iter()
        .zip(totals)
        .map(|(candidate, totals)| {
            outcome(
                inputs.total(candidate, inputs.at_mode(), candidate.at_mode()),
                totals,
            )
        })
        .collect();
    Some(Simulation {
        outcomes,
        cheaper,
        draws,
        seed: inputs.seed,
    })
}

fn share_below(own: &[f64], other: &[f64]) -> f64 {
    let wins: f64 = own
        .iter()
        .zip(other)
        .map(|(own, other)| match own.total_cmp(other) {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Greater => 0.0,
        })
        .sum();
    wins / own.len() as f64
}

fn outcome(mode: f64, mut totals: Vec<f64>) -> Outcome {
    let mean = totals.iter().sum::<f64>() / totals.len() as f64;
    totals.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * totals.len() as f64) as usize;
        totals
            .get(place.min(totals.len().saturating_sub(1)))
            .copied()
            .unwrap_or(mode)
    };
    Outcome {
        mode,
        mean,
        p10: at(0.1),
        p50: at(0.5),
        p90: at(0.9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn candidate(input: f64, output: f64) -> Candidate {
        Candidate {
            input_usd_per_mtok: input,
            output_usd_per_mtok: output,
            output_tokens: Range::new(150.0, 300.0, 900.0).unwrap(),
            input_ratio: Range::exactly(1.0),
            price_change_per_year: Range::exactly(0.0),
            fixed_usd_month: Range::exactly(0.0),
            one_off_usd: Range::exactly(0.0),
            steps: Vec::new(),
        }
    }

    fn inputs(candidates: Vec<Candidate>, months: u32) -> Inputs {
        Inputs {
            queries_per_day: Range::new(6_000.0, 10_000.0, 18_000.0).unwrap(),
            days_per_month: 30.0,
            input_tokens: Range::new(1_200.0, 1_500.0, 2_400.0).unwrap(),
            growth_per_month: Range::exactly(0.0),
            months,
            candidates,
            draws: 2_000,
            seed: 7,
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_figures_and_shares_sum_to_one() {
        let inputs = inputs(vec![candidate(2.5, 10.0), candidate(2.4, 10.5)], 12);
        let once = simulate(&inputs).unwrap();
        assert_eq!(once, simulate(&inputs).unwrap());
        let (a, b) = (once.cheaper[0][1], once.cheaper[1][0]);
        assert!((a + b - 1.0).abs() < 1e-12 && a > 0.0 && a < 1.0);
        let other = Inputs { seed: 8, ..inputs };
        assert_ne!(once.outcomes, simulate(&other).unwrap().outcomes);
    }

    #[test]
    fn the_most_likely_case_is_the_ledgers_total() {
        let mut one = candidate(2.5, 10.0);
        one.fixed_usd_month = Range::exactly(60.0);
        one.one_off_usd = Range::exactly(1_000.0);
        one.steps = vec![
            Step {
                month: 4,
                factor: 0.8,
                usd: 0.0,
            },
            Step {
                month: 8,
                factor: 1.0,
                usd: 6_500.0,
            },
        ];
        let inputs = Inputs {
            growth_per_month: Range::exactly(0.03),
            ..inputs(vec![one], 12)
        };
        let mut expected = 1_000.0 + 6_500.0 + 12.0 * 60.0;
        for month in 0..12 {
            let price = if month >= 3 { 0.8 } else { 1.0 };
            expected += 2_025.0 * 1.03f64.powi(month) * price;
        }
        let found = simulate(&inputs).unwrap().outcomes[0].mode;
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }

    #[test]
    fn nothing_to_simulate_is_nothing() {
        assert!(simulate(&inputs(Vec::new(), 12)).is_none());
        assert!(simulate(&inputs(vec![candidate(1.0, 1.0)], 0)).is_none());
    }
}

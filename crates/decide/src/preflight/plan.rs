//! Calls and cost.

use rust_decimal::Decimal;
use trilemma_domain::Usd;

use super::chances::chances;
use super::time::time;
use super::types::{CallerPlan, CostRange, PlannedCaller, Preflight, PreflightInput, Role};

/// Plans a run.
#[must_use]
pub fn preflight(input: &PreflightInput) -> Preflight {
    let n_items = input.size.n_items;
    let n_effective = input.size.n_weighted.min(input.size.n_clusters);
    let callers: Vec<CallerPlan> = input
        .callers
        .iter()
        .map(|caller| CallerPlan {
            name: caller.name.clone(),
            role: caller.role,
            n_calls: n_calls(input, caller),
            cost: cost(caller, n_calls(input, caller)),
        })
        .collect();
    Preflight {
        n_items,
        n_effective,
        repeats: input.repeats,
        n_calls: callers
            .iter()
            .fold(0, |sum, caller| sum.saturating_add(caller.n_calls)),
        cost: callers.iter().filter_map(|caller| caller.cost).reduce(add),
        unpriced: callers
            .iter()
            .filter(|caller| caller.cost.is_none())
            .map(|caller| caller.name.clone())
            .collect(),
        callers,
        time: time(input),
        detectable_difference: input.size.detectable_difference,
        chances: chances(input, n_effective),
        proposed_margin: input.size.proposed_margin(),
    }
}

pub(crate) fn n_calls(input: &PreflightInput, caller: &PlannedCaller) -> u64 {
    let trials = (input.size.n_items as u64).saturating_mul(u64::from(input.repeats));
    let n_asked = match caller.role {
        Role::Candidate | Role::Labels => trials,
        Role::Judge => {
            let candidates = input.callers.iter();
            let judged = candidates.filter(|caller| caller.role != Role::Judge);
            trials.saturating_mul(judged.count() as u64)
        }
    };
    // A conversion from float saturates.
    (n_asked as f64 * caller.calls_per_trial.max(1.0)).round() as u64
}

fn cost(caller: &PlannedCaller, n_calls: u64) -> Option<CostRange> {
    let pricer = caller.pricer.as_ref()?;
    let n_calls = Decimal::from(n_calls);
    let all = |input, output| {
        let each = pricer.production(input, output, None)?;
        Some(Usd::new(each.decimal().checked_mul(n_calls)?.normalize()))
    };
    Some(CostRange {
        expected_usd: all(caller.input_tokens.mean, caller.output_tokens.mean)?,
        upper_usd: all(caller.input_tokens.upper, caller.output_tokens.upper)?,
    })
}

fn add(a: CostRange, b: CostRange) -> CostRange {
    CostRange {
        expected_usd: a.expected_usd + b.expected_usd,
        upper_usd: a.upper_usd + b.upper_usd,
    }
}

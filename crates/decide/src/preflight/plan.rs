//! Calls, cost and time.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use trilemma_domain::Usd;

use super::chances::chances;
use super::margin::propose_margin;
use super::types::{
    CallerPlan, CostRange, PlannedCaller, Preflight, PreflightInput, Role, TimeLimit, TimePlan,
};
use crate::figure::tidy;

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
        proposed_margin: propose_margin(&input.size),
    }
}

fn n_calls(input: &PreflightInput, caller: &PlannedCaller) -> u64 {
    let trials = (input.size.n_items as u64).saturating_mul(u64::from(input.repeats));
    let n_asked = match caller.role {
        Role::Candidate => trials,
        Role::Judge => {
            let candidates = input.callers.iter();
            let judged = candidates.filter(|caller| caller.role == Role::Candidate);
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

/// The slowest of: each group's requests, each group's tokens, and calls in flight.
fn time(input: &PreflightInput) -> TimePlan {
    let mut groups: BTreeMap<&str, Load> = BTreeMap::new();
    let mut call_seconds = Some(0.0);
    for caller in &input.callers {
        let n_calls = n_calls(input, caller) as f64;
        groups
            .entry(&caller.limits.group)
            .or_default()
            .add(caller, n_calls);
        call_seconds = call_seconds
            .zip(caller.seconds_per_call)
            .map(|(sum, each)| sum + n_calls * each);
    }
    let mut bounds: Vec<(f64, TimeLimit)> = Vec::new();
    for (group, load) in groups {
        let seconds = |amount: f64, per_minute: Option<u32>| {
            per_minute.map(|limit| 60.0 * amount / f64::from(limit.max(1)))
        };
        let group = group.to_owned();
        if let Some(seconds) = seconds(load.calls, load.rpm) {
            bounds.push((seconds, TimeLimit::RequestsPerMinute(group.clone())));
        }
        if let Some(seconds) = seconds(load.tokens, load.tpm) {
            bounds.push((seconds, TimeLimit::TokensPerMinute(group)));
        }
    }
    if let Some(seconds) = call_seconds.filter(|seconds| *seconds > 0.0) {
        let concurrency = f64::from(input.concurrency.max(1));
        bounds.push((seconds / concurrency, TimeLimit::Concurrency));
    }
    let slowest = bounds.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
    TimePlan {
        seconds: slowest.as_ref().and_then(|(seconds, _)| tidy(*seconds)),
        limited_by: slowest.map(|(_, limit)| limit),
    }
}

/// What one group of callers has to get through.
#[derive(Default)]
struct Load {
    calls: f64,
    tokens: f64,
    rpm: Option<u32>,
    tpm: Option<u32>,
}

impl Load {
    fn add(&mut self, caller: &PlannedCaller, n_calls: f64) {
        self.calls += n_calls;
        self.tokens += n_calls * (caller.input_tokens.mean + caller.output_tokens.mean) as f64;
        let least = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
        self.rpm = least(self.rpm, caller.limits.rpm);
        self.tpm = least(self.tpm, caller.limits.tpm);
    }
}

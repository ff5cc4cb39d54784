//! The least time that a run takes under known rate limits.
//!
//! In: calls, tokens, limits that the project states and tiers that vendors publish. Out: the time
//! under stated limits, and that in each published tier for callers of whom nothing is stated: which
//! tier an account is in, only its owner knows.

use std::collections::BTreeMap;

use super::plan::n_calls;
use super::types::{PreflightInput, TierLimits, TierTime, TimeLimit, TimePlan};
use crate::figure::tidy;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The slowest of: each group's requests, each group's tokens, and calls in flight.
pub(crate) fn time(input: &PreflightInput) -> TimePlan {
    let groups = groups(input);
    let mut bounds: Vec<(f64, TimeLimit)> = Vec::new();
    for (group, load) in &groups {
        bounds.extend(load.per_minute(group, load.stated));
    }
    let call_seconds = input.callers.iter().try_fold(0.0, |sum, caller| {
        Some(sum + n_calls(input, caller) as f64 * caller.seconds_per_call?)
    });
    if let Some(seconds) = call_seconds.filter(|seconds| *seconds > 0.0) {
        let concurrency = f64::from(input.concurrency.max(1));
        bounds.push((seconds / concurrency, TimeLimit::Concurrency));
    }
    let slowest = slowest(bounds);
    TimePlan {
        seconds: slowest.as_ref().and_then(|(seconds, _)| tidy(*seconds)),
        limited_by: slowest.map(|(_, limit)| limit),
        by_tier: by_tier(&groups),
    }
}

fn slowest(bounds: Vec<(f64, TimeLimit)>) -> Option<(f64, TimeLimit)> {
    bounds.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))
}

/// One row per provider and tier, as the catalog orders them, of groups without stated limits.
fn by_tier(groups: &BTreeMap<&str, Load<'_>>) -> Vec<TierTime> {
    type Place<'a> = (&'a str, usize, &'a str);
    let mut rows: BTreeMap<Place<'_>, Vec<(f64, TimeLimit)>> = BTreeMap::new();
    for (group, load) in groups.iter().filter(|(_, load)| load.stated.is_unknown()) {
        for (rank, tier) in load.tiers.iter().enumerate() {
            let mut bounds = load.per_minute(group, Limits::of(tier));
            bounds.extend(load.per_day(group, tier));
            rows.entry((&tier.provider, rank, &tier.tier))
                .or_default()
                .extend(bounds);
        }
    }
    rows.into_iter()
        .filter_map(|((provider, _, tier), bounds)| {
            let (seconds, limited_by) = slowest(bounds)?;
            Some(TierTime {
                provider: provider.to_owned(),
                tier: tier.to_owned(),
                seconds: tidy(seconds)?,
                limited_by,
            })
        })
        .collect()
}

fn groups(input: &PreflightInput) -> BTreeMap<&str, Load<'_>> {
    let mut groups: BTreeMap<&str, Load<'_>> = BTreeMap::new();
    for caller in &input.callers {
        let n_calls = n_calls(input, caller) as f64;
        let load = groups.entry(&caller.limits.group).or_default();
        load.calls += n_calls;
        load.input += n_calls * caller.input_tokens.mean as f64;
        load.output += n_calls * caller.output_tokens.mean as f64;
        let least = |a: Option<f64>, b: Option<u32>| {
            let b = b.map(f64::from);
            a.into_iter().chain(b).reduce(f64::min)
        };
        load.stated.rpm = least(load.stated.rpm, caller.limits.rpm);
        load.stated.tpm = least(load.stated.tpm, caller.limits.tpm);
        load.tiers = &caller.limits.tiers;
    }
    groups
}

/// What one group of callers has to get through.
#[derive(Default)]
struct Load<'a> {
    calls: f64,
    input: f64,
    output: f64,
    stated: Limits,
    tiers: &'a [TierLimits],
}

/// Limits per minute; `None` = unknown.
#[derive(Clone, Copy, Default)]
struct Limits {
    rpm: Option<f64>,
    tpm: Option<f64>,
    itpm: Option<f64>,
    otpm: Option<f64>,
}

impl Limits {
    fn of(tier: &TierLimits) -> Self {
        let float = |limit: Option<u64>| limit.map(|limit| limit as f64);
        Self {
            rpm: float(tier.rpm),
            tpm: float(tier.tpm),
            itpm: float(tier.itpm),
            otpm: float(tier.otpm),
        }
    }

    fn is_unknown(self) -> bool {
        self.rpm.is_none() && self.tpm.is_none()
    }
}

impl Load<'_> {
    /// Least seconds by each limit that is known.
    fn per_minute(&self, group: &str, limits: Limits) -> Vec<(f64, TimeLimit)> {
        let tokens = self.input + self.output;
        [
            (
                self.calls,
                limits.rpm,
                TimeLimit::RequestsPerMinute as fn(String) -> TimeLimit,
            ),
            (tokens, limits.tpm, TimeLimit::TokensPerMinute),
            (self.input, limits.itpm, TimeLimit::InputTokensPerMinute),
            (self.output, limits.otpm, TimeLimit::OutputTokensPerMinute),
        ]
        .into_iter()
        .filter_map(|(amount, limit, name)| {
            Some((60.0 * amount / limit?.max(1.0), name(group.to_owned())))
        })
        .collect()
    }

    /// Whole days to wait for: the first day's requests need none.
    fn per_day(&self, group: &str, tier: &TierLimits) -> Option<(f64, TimeLimit)> {
        let days = (self.calls / (tier.rpd?.max(1) as f64)).ceil() - 1.0;
        let limit = TimeLimit::RequestsPerDay(group.to_owned());
        Some((days.max(0.0) * SECONDS_PER_DAY, limit))
    }
}

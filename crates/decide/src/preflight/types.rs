//! The records of a plan.

use serde::Serialize;
use trilemma_cost::Pricer;
use trilemma_domain::{Preference, Requirements, Usd};
use trilemma_golden::{Range, SizeGuide};

use crate::result::GateKind;

/// What a plan is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct PreflightInput {
    /// What the golden set can show.
    pub size: SizeGuide,
    /// What each item counts.
    pub weights: Vec<f64>,
    /// Trials per candidate and item; at least 1.
    pub repeats: u32,
    /// Candidates and judges.
    pub callers: Vec<PlannedCaller>,
    /// The gates.
    pub requirements: Requirements,
    /// Position of the incumbent among the candidates.
    pub incumbent: Option<usize>,
    /// What ranks candidates that meet every requirement.
    pub preference: Preference,
    /// Most calls in flight over all callers; at least 1.
    pub concurrency: u32,
}

/// Somebody who will be called.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCaller {
    /// Its name.
    pub name: String,
    /// Whether its answers are judged, or it judges.
    pub role: Role,
    /// Calls per item and repeat, of a judge per answer; at least 1, retries apart.
    pub calls_per_trial: f64,
    /// Input tokens of a call.
    pub input_tokens: TokenGuess,
    /// Output tokens of a call, reasoning included.
    pub output_tokens: TokenGuess,
    /// Its prices; `None` = unknown.
    pub pricer: Option<Pricer>,
    /// Known limits.
    pub limits: RateLimits,
    /// Usual seconds of a call; `None` = unknown.
    pub seconds_per_call: Option<f64>,
}

/// What a caller is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A candidate: called for every item and repeat.
    Candidate,
    /// A candidate that only labels queries: called as the others are, but in no race and held to nothing.
    Labels,
    /// A judge: called for every answer of every candidate.
    Judge,
}

/// An estimate of tokens per call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TokenGuess {
    /// On average.
    pub mean: u64,
    /// Hardly more than this on average.
    pub upper: u64,
}

/// Known limits per minute; `None` = unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RateLimits {
    /// Callers of one group share their limits; usually the provider and its model.
    pub group: String,
    /// Requests per minute.
    pub rpm: Option<u32>,
    /// Tokens per minute, input and output.
    pub tpm: Option<u32>,
    /// Published tiers, lowest first, for a group of which nothing is stated; empty = none is published.
    pub tiers: Vec<TierLimits>,
}

/// What a vendor publishes of one tier; `None` = not stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierLimits {
    /// Whose.
    pub provider: String,
    /// The tier's name.
    pub tier: String,
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Tokens per minute, input and output.
    pub tpm: Option<u64>,
    /// Input tokens per minute.
    pub itpm: Option<u64>,
    /// Output tokens per minute.
    pub otpm: Option<u64>,
    /// Requests per day.
    pub rpd: Option<u64>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preflight {
    /// Items.
    pub n_items: usize,
    /// Independent and equal items that these are worth.
    pub n_effective: usize,
    /// Trials per candidate and item.
    pub repeats: u32,
    /// Calls of everybody.
    pub n_calls: u64,
    /// Each caller's part.
    pub callers: Vec<CallerPlan>,
    /// Cost of those whose price is known; `None` = no price is known.
    pub cost: Option<CostRange>,
    /// Names of callers whose price is unknown and not in `cost`.
    pub unpriced: Vec<String>,
    /// Least time.
    pub time: TimePlan,
    /// Smallest true difference between two candidates that is seen with a chance of 80 %, for
    /// candidates that rarely and that often disagree.
    pub detectable_difference: Range<f64>,
    /// Chances of each verdict at plausible truths, for the quality requirements that are set.
    pub chances: Vec<VerdictChance>,
    /// A margin of "not worse" that this golden set can decide; `None` = it is too small for any.
    pub proposed_margin: Option<f64>,
}

/// One caller's part of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallerPlan {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its calls.
    pub n_calls: u64,
    /// Their cost; `None` = the price is unknown.
    pub cost: Option<CostRange>,
}

/// A cost before the fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CostRange {
    /// At the mean of token estimates.
    pub expected_usd: Usd,
    /// At their upper end.
    pub upper_usd: Usd,
}

/// Time before the fact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimePlan {
    /// Least seconds; `None` = neither limits nor usual times are known.
    pub seconds: Option<f64>,
    /// What keeps it from being faster; `None` = unknown.
    pub limited_by: Option<TimeLimit>,
    /// Least time in each published tier of callers of whom no limit is stated; by provider, lowest
    /// tier first.
    pub by_tier: Vec<TierTime>,
}

/// Least time of one provider's callers in one of its published tiers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierTime {
    /// Whose tier.
    pub provider: String,
    /// Its name.
    pub tier: String,
    /// Least seconds.
    pub seconds: f64,
    /// What keeps it from being faster.
    pub limited_by: TimeLimit,
}

/// What limits the pace of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeLimit {
    /// Requests per minute of this group.
    RequestsPerMinute(String),
    /// Tokens per minute of this group.
    TokensPerMinute(String),
    /// Input tokens per minute of this group.
    InputTokensPerMinute(String),
    /// Output tokens per minute of this group.
    OutputTokensPerMinute(String),
    /// Requests per day of this group.
    RequestsPerDay(String),
    /// Calls in flight.
    Concurrency,
}

/// How likely each verdict of a gate is at one truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerdictChance {
    /// Which requirement: `pass_rate` or `not_worse_than`.
    pub gate: GateKind,
    /// The truth: pass rate minus the bar, or pass rate minus the other's.
    pub true_difference: f64,
    /// Where candidates rarely disagree (not worse than), or the only one (pass rate).
    pub low: Chances,
    /// Where candidates often disagree; equal to `low` for the pass rate.
    pub high: Chances,
}

/// Chances of the three verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Chances {
    /// Shown to meet it.
    pub meets: f64,
    /// Shown to fail it.
    pub fails: f64,
    /// Neither.
    pub undecided: f64,
}

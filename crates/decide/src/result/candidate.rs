//! What was measured of one candidate.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trilemma_domain::{CandidateId, FailureKind, ModelName, Usd, Verdict};

use super::gate::GateResult;
use crate::figure::{Figure, MoneyFigure};
use crate::input::{LifecycleEnd, Routed, ServedModel};

/// One candidate with its figures and verdicts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateResult {
    /// Its name.
    pub id: CandidateId,
    /// The model as people should read it.
    pub model: String,
    /// Which catalog model it is; `None` = unknown to the catalog.
    pub identity: Option<ModelName>,
    /// Model names that answers carried.
    pub served: Vec<ServedModel>,
    /// When it ends; `None` = no end is announced.
    pub end: Option<LifecycleEnd>,
    /// Prices used; empty = unknown.
    pub prices: Vec<PriceFacts>,
    /// How its trials ended.
    pub counts: Counts,
    /// Items with at least one scored trial.
    pub n_items: usize,
    /// Mean score, in [0, 1]; `None` = nothing was scored.
    pub score: Option<Figure>,
    /// Share of answers that pass, in [0, 1], of those that were scored.
    pub pass_rate: Option<Figure>,
    /// Against the candidate with the highest pass rate; `None` for that one.
    pub versus_best: Option<Comparison>,
    /// Against the incumbent; `None` for the incumbent, and without one.
    pub versus_incumbent: Option<Comparison>,
    /// Response times, replays left out.
    pub latency: LatencyFigures,
    /// Tokens per answer.
    pub tokens: TokenFigures,
    /// Money.
    pub cost: CostFigures,
    /// Mean score ÷ cost per query in dollars: shown because people ask, never decides.
    pub quality_cost_ratio: Option<f64>,
    /// One verdict per requirement, in a fixed order.
    pub gates: Vec<GateResult>,
    /// All of them together.
    pub verdict: Verdict,
    /// Chance that it truly meets every requirement, taking what is unknown as met and what is failed
    /// as failed; sampling only. `None` = nothing was measured.
    pub probability_meets: Option<f64>,
    /// Chance that it is the right choice: that it meets every requirement and, among those that do,
    /// ranks first. Sampling only; what is unknown is taken as met. `None` = nothing was measured.
    pub probability_right: Option<f64>,
    /// What it is made of; `None` = it is one model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<Routed>,
}

/// How trials ended. Refused, truncated, replayed and estimated ones are among the answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Trials planned: items × repeats.
    pub n_planned: usize,
    /// Trials that ended with an answer.
    pub n_answered: usize,
    /// Of these, scored.
    pub n_scored: usize,
    /// Of these, passed.
    pub n_passed: usize,
    /// Answered, but a scorer that counts could not run: missing, not 0.
    pub n_unscored: usize,
    /// Trials that ended without an answer, budget and interrupts apart.
    pub n_failed: usize,
    /// These by cause.
    pub failed_by: BTreeMap<FailureKind, usize>,
    /// Trials that never started: run stopped, budget used up.
    pub n_not_run: usize,
    /// Answers that decline.
    pub n_refused: usize,
    /// Answers that were cut at the token limit.
    pub n_truncated: usize,
    /// Answers of an earlier identical call.
    pub n_replayed: usize,
    /// Answers whose token counts are estimates.
    pub n_usage_estimated: usize,
    /// Calls made for all of them: HTTP requests, or runs of a program.
    pub n_attempts: u64,
    /// Failed attempts whose cost is unknown.
    pub n_unpriced_attempts: u64,
}

/// A paired comparison with another candidate on the same items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Position of the other.
    pub with: usize,
    /// Its name.
    pub with_id: CandidateId,
    /// This pass rate minus the other's, in [-1, 1]; items that both have scored.
    pub difference: Figure,
    /// McNemar's mid-p of "no difference", two-sided; `None` with repeats, clusters or weights.
    pub p_value: Option<f64>,
    /// Items by who was right; `None` with repeats, clusters or weights.
    pub cells: Option<Cells>,
    /// This mean score minus the other's; `None` where scores are only 0 and 1.
    pub score_difference: Option<Figure>,
}

/// Items by who was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Both.
    pub both: usize,
    /// Only this one.
    pub only_this: usize,
    /// Only the other.
    pub only_other: usize,
    /// Neither.
    pub neither: usize,
}

/// Response times in milliseconds; each `None` = never observed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LatencyFigures {
    /// Time to the first visible token (streams only).
    pub ttft_ms: Option<TimeFigures>,
    /// Time per output token after the first (streams only).
    pub tpot_ms: Option<TimeFigures>,
    /// Time to the last byte.
    pub e2e_ms: Option<TimeFigures>,
}

/// A time over all answers that were not replayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeFigures {
    /// Answers it rests on.
    pub n_trials: usize,
    /// Mean; n counts items.
    pub mean: Figure,
    /// Median.
    pub p50: Figure,
    /// 95th percentile; a finite 95 % interval needs 72 items.
    pub p95: Figure,
    /// How the answers themselves lie; `None` in decisions of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<TimeSpread>,
}

/// How observed times lie, in milliseconds: each is the time of an answer (nearest rank: of n sorted
/// times the ⌈p·n⌉th), no estimate of what others would take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TimeSpread {
    /// Of the fastest.
    pub least: f64,
    /// 5 % of all took this or less.
    pub p5: f64,
    /// 25 %.
    pub p25: f64,
    /// 75 %.
    pub p75: f64,
    /// 95 %.
    pub p95: f64,
    /// Of the slowest.
    pub most: f64,
}

/// Tokens per answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TokenFigures {
    /// Input, cached included; `None` = never reported.
    pub input: Option<TokenSide>,
    /// Output, reasoning included; `None` = never reported.
    pub output: Option<TokenSide>,
}

/// One direction of token counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenSide {
    /// Mean per answer.
    pub mean: Figure,
    /// 95th percentile.
    pub p95: Figure,
    /// Sum over all answers.
    pub total: u64,
}

/// What cost figures rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostBasis {
    /// Today's prices on measured tokens, with the stated cache hit rate of production.
    Production,
    /// What the benchmark's calls were billed, because prices or tokens are unknown.
    Billed,
}

/// Money in US dollars; each `None` = unknown.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CostFigures {
    /// What the figures per query, 1,000, month and accepted answer rest on; `None` = cost unknown.
    pub basis: Option<CostBasis>,
    /// Share of input read from cache in production that was counted, in [0, 1]; `None` = not stated.
    pub cache_hit_rate: Option<f64>,
    /// Mean per query.
    pub per_query: Option<MoneyFigure>,
    /// The same for a thousand queries.
    pub per_1000: Option<MoneyFigure>,
    /// The same for a month (30 days) of the project's traffic; peak and growth not in it.
    pub per_month: Option<MoneyFigure>,
    /// Cost of all answers ÷ accepted answers; `None` also when nothing was accepted.
    pub per_accepted: Option<MoneyFigure>,
    /// Mean per query as the benchmark's own calls were billed, its cache hits and retries included.
    pub billed_per_query: Option<MoneyFigure>,
    /// All that the benchmark's own calls cost as far as known, failed ones included.
    pub billed_total: Option<Usd>,
    /// All that its scorers' calls (judges) cost as far as known.
    pub scoring_total: Option<Usd>,
    /// Answers whose cost is unknown and in no figure.
    pub n_unpriced_answers: usize,
}

/// A price that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceFacts {
    /// Name of the row in the catalog, or `contract`.
    pub row: String,
    /// Holds for requests with more input tokens than this.
    pub above_tokens: u64,
    /// Who states it.
    pub source: String,
    /// When it was last looked at; `None` = own contract.
    pub checked: Option<Date>,
    /// Days between that and the decision's date, when more than 30.
    pub age_days: Option<i32>,
    /// Input, USD per million tokens; `None` = unknown.
    pub input_usd_per_mtok: Option<String>,
    /// Output, USD per million tokens; `None` = unknown.
    pub output_usd_per_mtok: Option<String>,
}

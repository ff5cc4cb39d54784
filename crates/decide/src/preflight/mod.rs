//! What a run will take and what it can show, before the first call.
//!
//! In: the size of the golden set, token estimates, prices, limits, requirements. Out: [`Preflight`]:
//! calls, cost with its range, time, the smallest difference that can be seen, and how likely a verdict
//! is at plausible truths. Retries are not planned for; the benchmark's own cache is not counted on.

mod chances;
mod plan;
mod races;
mod time;
mod types;

pub use chances::{held, strictest};
pub use plan::preflight;
pub use races::{RacePlan, races, rank_by};
pub use types::{
    CallerPlan, Chances, CostRange, PlannedCaller, Preflight, PreflightInput, RateLimits, Role,
    TierLimits, TierTime, TimeLimit, TimePlan, TokenGuess, VerdictChance,
};

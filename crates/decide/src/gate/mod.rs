//! Requirements: each candidate meets, fails, or leaves each one undecided.
//!
//! In: what was measured, what is stated. Out: one [`GateResult`](crate::GateResult) per candidate and
//! requirement, with n, estimate, bound, method, a sentence, and what would settle it.
//!
//! Errors are one-sided: "meets" is wrong with at most `1 - confidence` (pass rate: over all candidates
//! together, by Holm; other gates: per candidate), "fails" likewise per candidate. Missing results
//! (failed, unscored) are counted once all against and once all for the candidate; only what comes out
//! the same is decided. Money rests on answers with a known cost; a failed call has none.

mod all;
mod cost;
mod facts;
mod latency;
mod not_worse;
mod pass_rate;
mod settle;
mod verdict;

pub(crate) use all::gates;
pub(crate) use facts::price_age_days;
pub(crate) use not_worse::p_values as not_worse_p_values;

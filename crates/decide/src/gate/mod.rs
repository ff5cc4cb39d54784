//! Requirements: each candidate meets, fails, or leaves each one undecided.
//!
//! In: what was measured, what is stated. Out: one [`GateResult`](crate::GateResult) per candidate and
//! requirement, with n, estimate, bound, method, a sentence, and what would settle it.
//!
//! Errors are one-sided: any "meets" is wrong with at most `1 - confidence` over all candidates together
//! (`family`), "fails" likewise per candidate. Missing results
//! (failed, unscored) are counted once all against and once all for the candidate; only what comes out
//! the same is decided. Money rests on answers with a known cost; a failed call has none.

mod all;
mod cost;
mod facts;
mod family;
mod latency;
mod not_worse;
mod pass_rate;
mod refusals;
mod reviewed;
mod settle;
mod tested;
mod verdict;

pub(crate) use all::{Gates, gates};
pub(crate) use facts::price_age_days;
pub(crate) use family::Level;

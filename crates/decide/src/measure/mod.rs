//! Trials of one candidate to figures: quality, time, tokens, money.
//!
//! In: the table of trials, the design of the sample, prices. Out: figures with intervals, and the
//! values per item that gates test. Every interval is over items; replays are left out of times.

mod cost;
mod counts;
mod interval;
mod latency;
mod quality;
mod tokens;

pub(crate) use cost::{CostSample, Prices, cost_figures, cost_sample, month_factor, price_facts};
pub(crate) use counts::counts;
pub(crate) use latency::{Failed, Timed, timed};
pub(crate) use quality::{compare, pass_rate, score};
pub(crate) use tokens::token_figures;

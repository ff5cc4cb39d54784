//! Statements that stay valid while the data come in, however often one looks and whenever one stops.
//!
//! In: outcomes in the order in which they were observed. Out: confidence sequences (intervals that hold
//! at all times at once), e-values (evidence against a null hypothesis whose expectation under it is at
//! most 1, so that `P(some e-value ever reaches 1/α) <= α`), and detectors of change. A plain interval or
//! test that is looked at repeatedly loses its level: a z test at 5 %, looked at every ten of 500 items, is
//! wrong in 22.6 % of 10,000 cases (`slow_what_peeking_costs`).
//!
//! The order must not depend on the outcomes: shuffle the items first. Items sorted by difficulty or by
//! answer mislead every method here.
//! Source: A. Ramdas, P. Grünwald, V. Vovk, G. Shafer, "Game-theoretic statistics and safe anytime-valid
//! inference", Statistical Science 38 (2023).

mod asymptotic;
mod bernstein;
mod bets;
mod betting;
mod change;
mod margin;
mod population;
mod sign;

pub use asymptotic::asymptotic_mean;
pub use bernstein::{empirical_bernstein_mean, hoeffding_sequence_mean};
pub use betting::betting_mean;
pub use change::{Cusum, LikelihoodRatio, Outcome, ShiryaevRoberts};
pub use margin::{MarginProcess, log_margin_e_value};
pub use population::Population;
pub use sign::{log_sign_e_value, log_two_sided_sign_e_value};

#[cfg(test)]
mod tests;

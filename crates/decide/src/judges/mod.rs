//! Judges as instruments: how steady they are, and which way they lean.
//!
//! In: what each judge of a run said of each answer, beside the answer's length, its candidate's family and,
//! where there are any, the words of others on the same answer. Out: [`JudgeResult`], figures with
//! intervals. No verdict rests on them; whether anybody has checked a judge is said beside the verdict.
//! Sources: Zheng et al. 2023 (arXiv 2306.05685: order, length, own family), Panickssery et al. 2024
//! (arXiv 2404.13076: own family).

mod agreement;
mod input;
mod measure;
mod pairs;
mod result;
mod share;

pub use agreement::agreement;
pub use input::{JudgeInput, JudgeWord};
pub use measure::measure;
pub use pairs::{Pair, PairRanking, PairsInput, Preferred, rank};
pub use result::{Checked, HumanAgreement, JudgeResult, Lean, OrderFigures, SteadinessFigures};

#[cfg(test)]
mod tests;

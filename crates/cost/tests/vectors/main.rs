//! The carried reference vectors: each figure of this crate against a script that was written and
//! checked independently (159 comparisons there, none differing).
//!
//! Reads the folder named by `TRILEMMA_TEST_DATA`; without it every test says that it is skipped.

#[cfg(test)]
mod breakeven;
#[cfg(test)]
mod bugs;
#[cfg(test)]
mod data;
#[cfg(test)]
mod fitllm;
#[cfg(test)]
mod lengths;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod money;
#[cfg(test)]
mod risk;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod tco;

//! Do two sources of text behave alike?
//!
//! In: samples of token sequences, several per prompt. Out: a distance and a p value. It compares
//! distributions, not quality: a source may change without getting worse.

mod mmd;

pub use mmd::{HammingMmd, Sampled, hamming_mmd, hamming_mmd_test};

#[cfg(test)]
mod tests;

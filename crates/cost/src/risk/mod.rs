//! What may come: totals over ranges instead of single figures.
//!
//! In: triangular ranges, candidates, a horizon, a seed. Out: P10, P50, P90, the chance that one is
//! cheaper than another on the same draws, and which input matters most. Floats throughout: these
//! are estimates; ledgers and bills are decimal. Same seed, same figures on every machine.

mod range;
mod simulate;
mod tornado;

pub use range::{Range, RangeError};
pub use simulate::{Candidate, DRAWS, Inputs, Outcome, Simulation, Step, simulate};
pub use tornado::{Input, Swing, tornado};

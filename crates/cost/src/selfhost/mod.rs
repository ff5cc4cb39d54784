//! When renting GPUs is cheaper than paying per token: a staircase, because GPUs come whole.
//!
//! In: what one replica carries and costs, what people cost, a price per million tokens. Out: the
//! first volume from which self-hosting is not dearer, or why there is none. Quality is not looked
//! at here: compare cost per accepted answer.

mod breakeven;
mod fleet;
mod setup;

pub use breakeven::{BreakEven, Never, StairStep, break_even, staircase};
pub use fleet::Fleet;
pub use setup::{BreakEvenRange, GpuFit, SetUp, SizeError, Sizing};

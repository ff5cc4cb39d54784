//! Whether rate limits carry the traffic at its peak, and how long calls wait.
//!
//! In: queries per day, tokens, peak. Out: requests and tokens per minute, the first tier that
//! carries them, the chance of waiting for a free slot. Rates are floats: they are no money.

mod erlang;
mod need;
mod tier;

pub use erlang::{erlang_c, mean_wait};
pub use need::{Need, Peak};
pub use tier::{Room, TierCheck, check, first_that_fits, room};

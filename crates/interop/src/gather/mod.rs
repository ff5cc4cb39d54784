//! How rows of several files fit together: candidates, items, repeats, and what does not pair.
//!
//! In: rows, one at a time. Out: a [`Gathered`] whose items and trials are read back in order. Rows
//! wait in files that the caller gives, because how many items there are, and whether rows are
//! repeats, is only known at the end; memory holds names and counts.

mod index;
mod results;
mod spool;
mod tally;

pub use results::{ClaimCheck, Gather, GatherOptions, Gathered, Unpaired};
pub use spool::{GatheredItem, GatheredScore, GatheredTrial};
pub use tally::Tally;

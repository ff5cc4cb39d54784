//! Taking records from any number of tasks and committing them in groups on one thread.
//!
//! In: trials, failed attempts of trials under way, scores. Out: receipts that resolve once a
//! record survives the death of the process. The queue is bounded by bytes; a full queue makes
//! its callers wait.

mod attempts;
mod handle;
mod insert;
mod judgements;
mod merge;
mod receipt;
mod scores;
mod thread;

pub use handle::Writer;
pub use receipt::{Commits, Committed, Receipt};

pub(crate) use handle::{Shared, start};

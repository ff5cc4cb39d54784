//! Models as they are served: behaviour, counters, limits, faults.

mod faults;
mod limits;
mod state;

pub(crate) use faults::FaultTable;
pub(crate) use state::{Current, ModelState};

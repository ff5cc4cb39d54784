//! One call, from its bytes to the plan of its answer.

mod answer;
mod body;
mod faults;
mod handle;
mod limits;
mod model;
mod plan;

pub(crate) use faults::FaultTable;
pub(crate) use handle::handle;
pub(crate) use model::ModelState;

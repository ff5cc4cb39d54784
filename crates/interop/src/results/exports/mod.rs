//! Exports of tools whose tables have columns of their own: what a row of theirs says in our fields.
//!
//! In: a row of cells. Out: values by field, or that the row is a step inside a trace and no result.
//! The tools' row ids name a call, not an item, so items go by the tool's test case or by what was
//! asked. A figure that a tool writes as 0 where it knows none is unknown here.

mod braintrust;
mod export;
mod langfuse;
mod mlflow;
mod row;

pub use export::Export;
pub(super) use export::{RUN, Told};

//! Readers: from a file in any of the formats to a [`crate::GoldenSet`], or to all that is wrong.

mod attach;
mod calls;
pub(crate) mod csv;
pub(crate) mod fault;
pub(crate) mod fields;
mod file;
#[cfg(test)]
mod fuzz;
mod hints;
pub(crate) mod interpret;
mod json;
pub(crate) mod jsonl;
pub(crate) mod messages;
#[cfg(feature = "parquet")]
mod parquet;
mod part;
pub(crate) mod record;
pub(crate) mod source;
#[cfg(test)]
mod tests;

pub use file::{read, read_from};
#[cfg(feature = "parquet")]
pub use parquet::parquet_json;

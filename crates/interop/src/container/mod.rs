//! Containers: how rows lie in a file, before anyone knows what they mean.
//!
//! Every reader holds one row at a time, of bounded size, whatever the size of the file.

mod bytes;
mod document;
mod lines;
#[cfg(feature = "parquet")]
pub(crate) mod parquet;
pub(crate) mod table;
#[cfg(feature = "zip")]
pub(crate) mod zip;

pub(crate) use bytes::{Bytes, Meter, open, refuse_foreign, start_of};
pub(crate) use document::{Visit, Want, visit};
pub(crate) use lines::{Line, Lines};

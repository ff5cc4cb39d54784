//! Inspect logs: `.eval` archives, also unfinished ones, and JSON documents.
//!
//! Shape: Inspect 0.3.285, as it was seen to write it. A candidate is the log's model; an item is a
//! sample's id, an epoch a repeat. Values `C`, `P`, `I`, `N` are 1, 0.5, 0, 0, as Inspect's own
//! `value_to_float` has it. A sample with an error and without a score is a failure. Times are those
//! of the model's answer where the sample asked once, else the working time of the whole sample.

#[cfg(feature = "zip")]
mod archive;
mod document;
mod header;
mod sample;

#[cfg(feature = "zip")]
pub(crate) use archive::read_eval;
pub(crate) use document::read_json;

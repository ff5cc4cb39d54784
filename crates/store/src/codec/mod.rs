//! How records become few bytes, and records again.
//!
//! In: the parts of a trial that are many and small (stamps, token counts, figures of an attempt).
//! Out: packed columns whose first byte is the version of their layout. Reading never panics:
//! bytes that make no sense give `None`, which the reader reports as damage.

mod attempt;
mod body;
mod facts;
mod failure;
mod primitive;
mod sample;
mod stamps;
#[cfg(test)]
mod tests;
mod timing;
mod value;
mod words;

pub(crate) use attempt::{put_attempt, read_attempt};
pub(crate) use body::{put_body, read_body};
pub(crate) use facts::{
    AnswerFigures, End, FactsOf, Figures, LastAttempt, put_facts, read_figures, read_names,
};
pub(crate) use failure::{put_failure, read_failure};
pub(crate) use primitive::{
    Reader, put_bytes, put_i64, put_option_bytes, put_option_u64, put_u64, put_u128,
};
pub(crate) use sample::{put_samples, read_samples};
pub(crate) use stamps::{put_stamps, read_stamps};
pub(crate) use timing::{put_timing, put_usage, read_timing, read_usage};
pub(crate) use value::{put_value, read_value};
pub(crate) use words::{WordWriter, Words};

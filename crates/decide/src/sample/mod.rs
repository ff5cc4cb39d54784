//! Trials gathered by item: the item is the unit of every interval, never the trial.
//!
//! In: the table of trials and the items' weights and clusters. Out: per candidate one [`Column`], and
//! [`Values`] of any quantity per item, which know their own standard error.

mod column;
mod design;
mod values;

pub(crate) use column::{Column, ItemCell, Scenario};
pub(crate) use design::Design;
pub(crate) use values::{Entry, Values};

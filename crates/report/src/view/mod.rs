//! The decision in words and tables, shared by every format that people read.
//!
//! In: a [`Decision`](trilemma_decide::Decision). Out: [`View`]: sentences, tables and charts whose
//! texts are final but not yet escaped. Exporters only lay out; they compute and phrase nothing.
//! What it does not do: judge. Every verdict and figure is the decision's.

mod among;
mod cast;
mod charts;
mod cost;
mod gates;
mod headline;
mod judges;
mod latency;
mod money;
mod money_charts;
mod notes;
mod page;
mod pairs;
mod people;
mod quality;
mod routing;
mod summary;
mod table;
mod trials;

pub(crate) use charts::Figure;
pub(crate) use gates::{Matrix, column_title};
pub(crate) use headline::Headline;
pub(crate) use notes::Footnote;
pub(crate) use page::View;
pub(crate) use table::{Cell, Column, Table};

//! The assumptions behind money figures: one table with defaults, ranges and reasons.
//!
//! In: what a project, a command line or a measurement states. Out: every figure with who stated it,
//! so that no result rests on a number that nobody can see or change. A figure that has no default
//! and was not stated is unknown. Nothing is calculated here.

mod assumptions;
mod span;
mod table;

pub use assumptions::{Assumed, Assumptions, Origin};
pub use span::{Span, SpanError};
pub use table::{Key, Spec};

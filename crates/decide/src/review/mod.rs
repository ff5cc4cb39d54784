//! People beside a judge: whom to ask about what, and what their labels make of its scores.
//!
//! In: what the scorers said of every answer; later, labels. Out: items to label, drawn with known chances;
//! pass rates and differences corrected by the labels (PPI++); agreement of judge and people. Asking is the
//! command line's.

mod draw;
mod signal;

pub use draw::{DEFAULT_LABELLED_ITEMS, DrawError, draw};
pub use signal::{AnswerSignal, ItemSignal, Stratum};

#[cfg(test)]
mod tests;

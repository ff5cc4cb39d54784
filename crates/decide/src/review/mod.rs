//! People beside a judge: whom to ask about what, and what their labels make of its scores.
//!
//! In: what the scorers said of every answer; later, labels. Out: items to label, drawn with known chances;
//! pass rates and differences corrected by the labels (PPI++). Asking is the command line's, agreement of judge
//! and people `judges`'.

mod correct;
mod draw;
mod labels;
mod result;
mod signal;

pub use correct::MIN_ANSWER_LABELS;
pub(crate) use correct::{Term, agreement, corrected, missing_labels};
pub use draw::{DEFAULT_LABELLED_ITEMS, DrawError, draw};
pub use labels::{AnswerLabel, Reviews};
pub use result::CandidateReview;
pub use signal::{AnswerSignal, ItemSignal, Stratum};

#[cfg(test)]
mod tests;

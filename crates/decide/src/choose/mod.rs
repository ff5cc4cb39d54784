//! From verdicts on requirements to one recommendation, its reasons and its limits.
//!
//! In: evidence and gates. Out: conclusion, probability of being right, reasons, what would overturn it,
//! warnings. A candidate that fails a requirement is never recommended; the quality/cost ratio never
//! decides.

mod conclude;
mod draws;
mod overturn;
mod probability;
mod rank;
mod reasons;
mod warn;
mod warn_each;
mod warn_judges;

pub(crate) use conclude::{conclude, missing_could_change};
pub(crate) use overturn::overturns;
pub(crate) use probability::{Chances, probabilities};
pub(crate) use rank::{Ranking, ratio_pick};
pub(crate) use reasons::reasons;
pub(crate) use warn::{Shown, warnings};

//! Numbers in, estimates out: the statistics of choosing between alternatives.
//!
//! What comes in are counts and slices of numbers; what goes out is an [`Estimate`] (a point is never
//! given without its interval, its number of observations and its method), a one-sided [`Bound`], a test
//! result, or a typed [`StatsError`]. Too little data is [`TooFew`] with the number needed, never a zero
//! or a NaN. Everything random takes a seed and uses a pinned generator, so two runs agree to the byte.
//!
//! The crate knows nothing of language models, reads no file, clock or environment, and takes no
//! decision: it says how sure one can be, other crates say what follows from it.
//!
//! One concept per file; each names its formula, its source, its conditions and the test that checks it.
//!
//! - [`proportion`]: one pass rate. Wilson for display, Clopper-Pearson for gates.
//! - [`paired`]: two alternatives on the same items, from the four cells of right and wrong.
//! - [`quantile`]: latency percentiles and how far they can be trusted.
//! - [`mean`]: means with a t interval, with dependent items, and of bounded values.
//! - [`mover`]: two independent estimates, of which only intervals are known.
//! - [`resample`]: bootstrap and sign flips, for graded scores, ratios and quantile differences.
//! - [`power`]: how many items settle a question, and how likely a verdict is.
//! - [`multiplicity`]: several alternatives at once.
//! - [`agreement`]: how far raters agree, and whether a judge may replace one.
//! - [`humans`]: a judge's scores corrected by the labels of people.
//! - [`race`]: which question to ask next, and when to stop asking.
//! - [`preference`]: strengths from pairwise battles, and win rates with length held equal.
//! - [`sequential`]: statements that survive looking at the data as they come in.
//! - [`slope`]: how one number moves with another.
//! - [`change`]: whether a source has changed since it was first sampled, look by look.
//! - [`identity`]: whether two sources of text behave alike.
//! - [`normal`]: the normal distribution, for callers that need a z value.

pub mod agreement;
pub mod change;
mod confidence;
mod error;
mod estimate;
pub mod humans;
pub mod identity;
pub mod mean;
pub mod mover;
pub mod multiplicity;
pub mod paired;
pub mod power;
pub mod preference;
pub mod proportion;
pub mod quantile;
pub mod race;
pub mod resample;
pub mod sequential;
pub mod slope;
mod special;

pub use confidence::Confidence;
pub use error::{StatsError, TooFew};
pub use estimate::{Bound, Estimate, Method, Side};
pub use special::normal;

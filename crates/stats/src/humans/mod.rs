//! What people's labels of a few items make of a judge's scores of all items.
//!
//! In: a judge's scores of every item, labels of people on a random part of them with known chances of
//! being chosen. Out: estimates of what people would have said of all items, with honest errors.
//!
//! - [`prediction_powered`]: PPI++, plain or stratified; for one candidate, or for the paired differences of
//!   two. The default.
//! - [`inverse_probability`]: the same where every item has a chance of its own.
//! - [`rogan_gladen`]: for pass rates, from sensitivity and specificity measured elsewhere.
//! - [`allocate`]: how many labels each stratum should get.
//!
//! A judge that agrees with nobody costs nothing but labels: its scores then get weight 0 and what is left is
//! the mean of the labels. Nothing here calls anyone or chooses items by itself.

mod active;
mod allocate;
mod corrected;
mod prediction_powered;
mod rogan_gladen;

pub use active::{Judged, inverse_probability, label_chances};
pub use allocate::{StratumSize, allocate};
pub use corrected::{Corrected, MIN_LABELS};
pub use prediction_powered::{Stratum, Tuning, prediction_powered};
pub use rogan_gladen::{RoganGladen, rogan_gladen};

#[cfg(test)]
mod tests;

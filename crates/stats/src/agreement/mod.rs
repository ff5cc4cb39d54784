//! How far raters agree beyond chance, and whether a judge may stand in for one of them.
//!
//! In: the categories that raters (people, judges) gave to the same items. Out: coefficients with their
//! intervals, or a typed "too few". No coefficient is a licence by itself: kappa falls with the
//! prevalence of a category though the raters stay the same (Gwet's does hardly), so a report shows
//! several; what a judge's errors do to a result is measured by `humans`.

mod alt_test;
mod cohen;
mod gwet;
mod krippendorff;
mod ratings;
mod scale;

pub use alt_test::{AltTest, Annotator, MIN_PEOPLE, MIN_SHARED_ITEMS, alt_test};
pub use cohen::{CrossTable, cohen_kappa};
pub use gwet::gwet_ac;
pub use krippendorff::krippendorff_alpha;
pub use ratings::{MIN_ITEMS, Ratings};
pub use scale::Scale;

#[cfg(test)]
mod tests;

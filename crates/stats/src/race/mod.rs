//! Which question to ask whom next, and when to stop: evaluation that spends only where it can matter.
//!
//! In: the number of arms and items, and the outcomes as they come. Out: the next questions, or the arm to
//! choose with the guarantee that holds. An arm is anything that answers items with a share of passes in
//! [0, 1]; items are positions in an order drawn at random before. A race is a state machine: fed the same
//! outcomes it asks the same questions, so that an interrupted one is resumed by feeding what is on record.
//! It calls nobody and knows no money except relative prices.
//!
//! - [`PosteriorRace`]: fewest calls, calibrated on recorded outcomes, not guaranteed.
//! - [`CertifiedRace`]: a bound on the probability of a wrong choice that holds at any time.
//! - [`SuccessiveRejects`]: halves a large field first.
//! - [`Race`]: the three behind one face.
//! - [`GateCourse`]: the preferred arm that passes stated tests, such as "not worse than the best".
//! - [`chance_of_bar`], [`chance_of_margin`]: whether asking on can still show that an arm is good enough.
//!
//! Figures on recorded models: `docs/methods.md`, section "Adaptive evaluation".

mod certified;
mod contest;
mod evidence;
mod gates;
mod grid;
mod outlook;
mod posterior;
mod prospects;
mod rejects;
mod risk;
mod staged;
mod types;
mod weights;

pub use certified::{CertifiedRace, CertifiedRules};
pub use gates::{Allowed, Bar, GateCourse, GateStep, GivenUp, HOPELESS, RankBy, Reason, Word};
pub use outlook::{Claim, chance_of_bar, chance_of_margin};
pub use posterior::{PosteriorRace, PosteriorRules};
pub use rejects::SuccessiveRejects;
pub use staged::{LARGE_FIELD, Mode, Race, RaceSpec};
pub use types::{Answer, Field, Finish, Guarantee, Query, Step};

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_weights;

//! Three to five candidates worth measuring, each with its reasons; and why not the others.
//!
//! In: the catalog, the project's requirements and traffic, typical tokens per query, a date.
//! Out: proposals in the order in which to try them, models that an unknown leaves undecided, and
//! those excluded, each with typed reasons. Nothing here says which model is good: only a benchmark
//! on the project's own golden set does.
//!
//! Source of the rules: the design document, sections 1 (three to five candidates, the obvious
//! front-runners and one or two cheaper ones), 2 (cheap models first for high volume and low
//! stakes, front-runners for quality-sensitive tasks) and 3 (own hosting for privacy).

mod estimate;
mod gates;
mod pick;
mod question;
mod reason;

pub use estimate::QueryCost;
pub use pick::{Judged, Named, Proposal, Shortlist, shortlist};
pub use question::{DEFAULT_HORIZON_DAYS, Question, TypicalTokens};
pub use reason::{Caution, Exclusion, Gap, Inclusion, Passed};

//! Trials to estimates, comparisons, gates, frontier and verdict; the plan before the first call.
//!
//! In: settled trials in figures, the checked project, what the catalog says, a date and a seed.
//! Out: a [`Decision`]: the same bytes for the same input. Nothing here calls anyone, reads a file or
//! a clock, or prints.
//!
//! [`decide`] or [`Collector`] give the decision, [`preflight`] the plan, [`judges`] measures judges.
//!
//! Principles: requirements are gates with three verdicts, and preference ranks what meets them all;
//! candidates are compared on the same items; what is missing or unknown is never counted as 0.

mod choose;
mod collect;
mod compose;
mod decide;
mod error;
mod evidence;
mod facts;
mod figure;
mod frontier;
mod gate;
mod input;
pub mod judges;
mod measure;
mod mix;
pub mod preflight;
mod rate;
mod result;
pub mod review;
mod reviewed;
mod sample;
mod slices;
mod standings;
mod stated;
mod views;
mod wording;

pub use collect::Collector;
pub use decide::decide;
pub use error::DecideError;
pub use figure::{Figure, Method, MoneyFigure};
pub use input::{
    CandidateFacts, DecisionInput, ItemFacts, Known, LifecycleEnd, Naming, Preference,
    PrivacyFacts, Provenance, Raced, Routed, RoutedPart, STARTER_TAG, ServedModel, StalePrices,
    TaskFacts,
};
pub use mix::{Mix, Mixed, Shown};
pub use result::{
    Amount, Axis, CandidateResult, Cause, Cells, Comparison, Conclusion, CostBasis, CostFigures,
    Counts, Decision, Disagreement, Disagreements, Dominated, Frontier, GateEstimate, GateKind,
    GateResult, LatencyFigures, Outcome, Overturn, OverturnKind, PriceFacts, Rank, Regret,
    RouteItem, RoutePoint, Routing, RoutingKind, SCHEMA_VERSION, SampleSummary, Settle, Slice,
    SliceComparison, Standing, Standings, Status, TimeFigures, TimeSpread, TokenFigures, TokenSide,
    Unplaced, Warning, WarningCode,
};
pub use stated::stated;

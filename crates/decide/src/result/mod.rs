//! The decision as data: what reports show and `--json` prints.
//!
//! In: nothing; these are plain records. Out: types that read back from the JSON they were written as.
//! Rates are in [0, 1], differences of rates in [-1, 1], times in milliseconds, money in US dollars as
//! decimal strings. `None` = unknown or not to be had from the evidence, never zero.

mod candidate;
mod conclusion;
mod decision;
mod gate;
mod notes;
mod places;
mod routing;
mod standing;

pub use candidate::{
    CandidateResult, Cells, Comparison, CostBasis, CostFigures, Counts, LatencyFigures, PriceFacts,
    TimeFigures, TimeSpread, TokenFigures, TokenSide,
};
pub use conclusion::{Conclusion, Rank, Regret, Status};
pub use decision::{Decision, SCHEMA_VERSION, SampleSummary};
pub use gate::{Amount, Cause, GateEstimate, GateKind, GateResult, Settle};
pub use notes::{Overturn, OverturnKind, Warning, WarningCode};
pub use places::{
    Axis, Disagreement, Disagreements, Dominated, Frontier, Outcome, Slice, Unplaced,
};
pub use routing::{RouteItem, RoutePoint, Routing, RoutingKind};
pub use standing::{SliceComparison, Standing, Standings};

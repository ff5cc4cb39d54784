//! From samples to figures: pure functions of the record.
//!
//! In: the samples of a stage, in any order. Out: figures with intervals, verdicts, comparisons, the report.
//! Requests that never ended stand beyond every value; failed ones are counted and enter no distribution.
//! Percentiles are Harrell-Davis points with order-statistic intervals; where requests visibly depend on
//! each other in time they count as fewer (`times`).

mod compare;
mod converted;
mod definitions;
mod figures;
mod gaps;
mod goodput;
mod point;
mod rates;
mod report;
mod saturation;
mod timeline;
mod times;
mod verdict;
mod warnings;

pub use compare::compare;
pub use figures::{StageSamples, figures};
pub use goodput::{Finding, Search};
pub(crate) use goodput::{Kept, LOOKS, conclude, finding, keeps};
pub use point::{Point, Value};
pub use report::{ReportParts, report};
pub use saturation::saturation;
pub(crate) use saturation::{FLAT_LEVELS, GROWTH, is_overloaded};
pub use verdict::{class_slos, verdict};

#[cfg(test)]
mod tests;

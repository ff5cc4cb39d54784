//! Runs scorers on recorded answers: pure ones in place, judges by a call, commands as a process.
//!
//! In: items and answers that are durable. Out: [`trilemma_domain::ScoreRecord`]s, one per scorer. A
//! scorer that could not run is recorded as failed, which is missing and never 0. Each call of a judge
//! is recorded attempt by attempt and durable before its word counts. It takes no decision and
//! calls no candidate.

mod command;
mod docket;
mod error;
mod grader;
mod judge;
mod pending;
mod view;

pub use docket::{Docket, DocketParts, JudgeTally, Unreadable};
pub use error::GradeError;
pub use grader::{CodeLeave, Grader};
pub use judge::{Judge, JudgeParts};
pub use pending::{Pending, grade_pending};
pub use trilemma_cost::{Bill, Budget, Reservation, attempt_cost};
pub use view::answer_view;

//! What ends a benchmark early; a failed call is a record instead.

use trilemma_grade::GradeError;
use trilemma_store::StoreError;

/// Says why a benchmark could not go on. What was settled before is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BenchError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Scores could not be made.
    #[error(transparent)]
    Grade(#[from] GradeError),
    /// A part of the engine died, which is a defect of ours.
    #[error("run the benchmark: {0}; hint: run the same command again, nothing settled is lost")]
    Defect(String),
}

//! What ends a load test early; a failed request is a record instead.

use trilemma_domain::Failure;
use trilemma_store::StoreError;

/// Says why a load test could not go on. What was recorded before is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A candidate does not answer at all.
    #[error("get a first answer of `{candidate}`: {} ({})", failure.message, failure.kind.name())]
    Silent {
        /// The candidate.
        candidate: String,
        /// What its first requests ended with.
        failure: Failure,
    },
    /// A part of the engine died, which is a defect of ours.
    #[error(
        "run the load test: {0}; hint: what was recorded is kept, see `trilemma latency --list`"
    )]
    Defect(String),
}

//! What can go wrong with a drift check.

use trilemma_domain::RunId;
use trilemma_store::StoreError;

/// Why a check could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A run is not what it is taken for.
    #[error("use run {run}: {reason}")]
    Run {
        /// The run.
        run: RunId,
        /// What it is not.
        reason: String,
    },
}

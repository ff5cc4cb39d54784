//! What can go wrong with grading as a whole; a single scorer's failure is a record instead.

use trilemma_store::StoreError;

/// Says why answers could not be graded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GradeError {
    /// A judge scorer has no endpoint to call.
    #[error(
        "grade with `{label}`: its judge has no endpoint; hint: name the judge as `provider/model`"
    )]
    NoJudge {
        /// The scorer's name.
        label: String,
    },
    /// A command scorer is configured, but running code was not allowed.
    #[error(
        "grade with `{label}`: it runs a program; hint: read the program, then add --allow-code"
    )]
    CodeForbidden {
        /// The scorer's name.
        label: String,
    },
    /// An answer belongs to an item that the golden set does not have.
    #[error("grade item {item_idx}: the golden set has no such item")]
    UnknownItem {
        /// Position of the item.
        item_idx: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

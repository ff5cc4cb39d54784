//! What keeps trials from being judged at all.
//!
//! In: inputs that contradict each other. Out: [`DecideError`]. Too little evidence is no error: it
//! is the verdict "undecided".

use trilemma_domain::CandidateId;

/// Says why no decision can be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DecideError {
    /// There is nothing to choose from.
    #[error("decide without candidates; hint: name at least one under [[candidates]]")]
    NoCandidates,
    /// There is nothing that candidates were tried on.
    #[error("decide without items; hint: the golden set must hold at least one")]
    NoItems,
    /// The incumbent's position lies outside the list of candidates.
    #[error("find the incumbent at position {idx} of {n_candidates} candidates")]
    UnknownIncumbent {
        /// Position given.
        idx: usize,
        /// Number of candidates.
        n_candidates: usize,
    },
    /// A requirement names a candidate that does not exist.
    #[error("compare with candidate `{id}`, which does not exist; hint: known are {known}")]
    UnknownReference {
        /// Name given.
        id: CandidateId,
        /// Names that exist, with commas.
        known: String,
    },
    /// A trial of a candidate, item or repeat that the run does not have.
    #[error("place trial {candidate_idx}/{item_idx}/{repeat}: the run has no such position")]
    UnknownTrial {
        /// Position of the candidate.
        candidate_idx: u32,
        /// Position of the item.
        item_idx: u32,
        /// Repeat.
        repeat: u32,
    },
    /// A trial that was given twice.
    #[error("take trial {candidate_idx}/{item_idx}/{repeat} twice; hint: pass each trial once")]
    DuplicateTrial {
        /// Position of the candidate.
        candidate_idx: u32,
        /// Position of the item.
        item_idx: u32,
        /// Repeat.
        repeat: u32,
    },
    /// A routed mix that does not fit the candidates or the items.
    #[error("judge the mix `{id}`: it {what}")]
    Mix {
        /// Its name.
        id: CandidateId,
        /// What is wrong.
        what: &'static str,
    },
    /// An item whose weight is no positive number.
    #[error("weigh item `{item}` by {weight}; hint: weights are above 0 and at most a million")]
    Weight {
        /// Name of the item.
        item: String,
        /// Weight given.
        weight: f64,
    },
    /// A requirement whose figure lies outside its range.
    #[error("use {value} as {what}; hint: it must be {range}")]
    OutOfRange {
        /// What it is meant for.
        what: &'static str,
        /// The value given.
        value: f64,
        /// The range, in words.
        range: &'static str,
    },
    /// More trials than fit in memory in one piece.
    #[error(
        "hold {n_candidates} candidates x {n_items} items x {repeats} repeats; hint: at most 50 million trials"
    )]
    TooLarge {
        /// Number of candidates.
        n_candidates: usize,
        /// Number of items.
        n_items: usize,
        /// Trials per candidate and item.
        repeats: u32,
    },
}

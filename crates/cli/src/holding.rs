//! Whether a recommendation holds: two decisions side by side, in one sentence.
//!
//! In: the decision as it stands, and the one under other facts. Out: both outcomes and what follows.

use serde::Serialize;
use trilemma_decide::{Decision, Status};
use trilemma_domain::CandidateId;

/// What came out of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    /// The recommended or, if undecided, the provisional candidate.
    pub(crate) candidate: Option<CandidateId>,
}

impl Outcome {
    pub(crate) fn of(decision: &Decision) -> Self {
        Self {
            status: decision.status(),
            candidate: decision.chosen().map(|one| one.id.clone()),
        }
    }

    /// In words, after "it is".
    pub(crate) fn words(&self) -> String {
        let name = self.candidate.as_ref().map(|id| format!("`{id}`"));
        match (self.status, name) {
            (Status::Decided, Some(name)) => format!("decided for {name}"),
            (Status::Decided | Status::NoCandidate, _) => {
                "no candidate meets the requirements".to_owned()
            }
            (Status::Undecided, Some(name)) => format!("undecided, provisionally {name}"),
            (Status::Undecided, None) => "undecided".to_owned(),
            (Status::MissingResults, Some(name)) => {
                format!("results are missing that could change it, so far {name}")
            }
            (Status::MissingResults, None) => "results are missing".to_owned(),
        }
    }
}

/// Whether the outcome is still the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holds {
    /// The same candidate, as sure as before.
    Yes,
    /// The same candidate, but it is no longer shown to meet every requirement.
    LessSure,
    /// Another outcome.
    No,
}

/// Two outcomes, and what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Holding {
    pub(crate) holds: Holds,
    pub(crate) now: Outcome,
    pub(crate) then: Outcome,
    /// One sentence.
    pub(crate) text: String,
}

impl Holding {
    /// Compares the outcome as it stands with the one under other facts.
    pub(crate) fn of(now: &Decision, then: &Decision) -> Self {
        let (now, then) = (Outcome::of(now), Outcome::of(then));
        let name = |outcome: &Outcome| {
            let id = outcome.candidate.as_ref();
            id.map_or_else(|| "nobody".to_owned(), |id| format!("`{id}`"))
        };
        let is_same = now.candidate == then.candidate;
        let (holds, text) = match (now.status, then.status) {
            (Status::Decided, Status::Decided) if is_same => (
                Holds::Yes,
                format!("The recommendation {} still holds.", name(&then)),
            ),
            (Status::Decided, Status::Decided) => (
                Holds::No,
                format!(
                    "The recommendation changes from {} to {}.",
                    name(&now),
                    name(&then)
                ),
            ),
            (Status::Decided, Status::Undecided | Status::MissingResults) if is_same => (
                Holds::LessSure,
                format!(
                    "The recommendation {} is no longer sure: {}.",
                    name(&now),
                    then.words()
                ),
            ),
            (Status::Decided, _) => (
                Holds::No,
                format!(
                    "The recommendation {} no longer holds: {}.",
                    name(&now),
                    then.words()
                ),
            ),
            (_, Status::Decided) => (
                Holds::No,
                format!("A recommendation appears: {}.", name(&then)),
            ),
            (before, after) if before == after && is_same => {
                (Holds::Yes, format!("The outcome stays: {}.", then.words()))
            }
            _ => (Holds::No, format!("The outcome changes: {}.", then.words())),
        };
        Self {
            holds,
            now,
            then,
            text,
        }
    }
}

//! A routed mix of candidates as one more candidate.
//!
//! In: whom a policy would have asked for each item, and whose answer it would have given ([`Mix`]). Out: a
//! candidate whose trials are put together from those of its parts: the score is that of the answer given,
//! every call is paid, waits of steps add up, and within a step the slowest counts. It is then judged like any
//! other. Only the first answer of each candidate to an item takes part.
//!
//! `compose` puts it together.
//!
//! What it does not do: train, or know how the decisions were made. Whoever gives a mix answers for it that
//! no decision on an item rests on that item's outcomes.

use serde::{Deserialize, Serialize};
use trilemma_cost::Pricer;
use trilemma_domain::{CandidateId, Usd};

use crate::input::CandidateFacts;

/// A routed mix, before it is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mix {
    /// Its name; no candidate's.
    pub id: CandidateId,
    /// What it does, one line per step.
    pub plan: Vec<String>,
    /// Positions of the candidates that it may ask; at least one.
    pub parts: Vec<usize>,
    /// What it did with each item, in the order of the decision's items.
    pub items: Vec<Mixed>,
}

/// What a mix did with one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mixed {
    /// It gave an answer.
    Served {
        /// Positions of the candidates asked, step by step; those of a step at the same time.
        asked: Vec<Vec<usize>>,
        /// Whose answer was given.
        answered_by: usize,
        /// When the answer could be shown.
        shown: Shown,
    },
    /// A candidate that it may ask has no result: nobody knows what it would have done.
    Incomplete,
    /// It was not looked at.
    LeftOut,
}

/// When an answer can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// As it comes.
    AsItComes,
    /// Only when all steps are over, because it was judged first.
    AtTheEnd,
}

/// A mix that is part of the table.
#[derive(Debug, Clone)]
pub(crate) struct Composed {
    /// Position of the candidate that it became.
    pub(crate) candidate: usize,
    /// Cost in production by item; `None` = unknown, or no answer.
    pub(crate) costs: Vec<Option<Usd>>,
}

/// The pricers of a candidate: its own, or those of its parts.
pub(crate) fn pricers<'a>(facts: &'a CandidateFacts, all: &'a [CandidateFacts]) -> Vec<&'a Pricer> {
    let parts = facts.routed.iter().flat_map(|routed| &routed.parts);
    let parts = parts.filter_map(|part| all.get(part.candidate)?.pricer.as_ref());
    facts.pricer.iter().chain(parts).collect()
}

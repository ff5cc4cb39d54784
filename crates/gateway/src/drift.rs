//! What the latest check of drift found, told beside the traffic.
//!
//! In: for each candidate and channel a verdict and when it was given, replaced as a whole. Out: the same, for
//! metrics. It checks nothing itself: `trilemma drift` does.

use std::sync::{Mutex, PoisonError};

use trilemma_domain::DriftChannel;

/// What a check of drift found of one candidate in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftStanding {
    /// The candidate's id.
    pub candidate: String,
    /// The way of looking.
    pub channel: DriftChannel,
    /// Whether it says that the candidate has changed.
    pub is_alarm: bool,
    /// When the check was made, microseconds since 1970-01-01 UTC.
    pub checked_us: i64,
}

/// What is told; empty = nothing was checked.
#[derive(Debug, Default)]
pub(crate) struct DriftBoard(Mutex<Vec<DriftStanding>>);

impl DriftBoard {
    pub(crate) fn set(&self, standings: Vec<DriftStanding>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = standings;
    }

    pub(crate) fn standings(&self) -> Vec<DriftStanding> {
        let standings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        standings.clone()
    }
}

//! What a session of a run did.

use std::collections::HashSet;

use serde::Serialize;
use trilemma_domain::{NanoUsd, RunId, TrialKey};
use trilemma_grade::JudgeTally;
use trilemma_project::Adaptive;
use trilemma_stats::race::Guarantee;

use crate::schedule::Shape;

/// Why a session ended before everything was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The next call might have exceeded the budget.
    Budget,
    /// The user asked for it.
    Interrupted,
}

/// What a session of a run did; counts are of this session unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The run.
    pub run: RunId,
    /// Trials that the run consists of.
    pub n_trials: u64,
    /// Trials that were answered before this session.
    pub n_resumed: u64,
    /// Trials answered by calls of this session.
    pub n_answered: u64,
    /// Trials answered by replaying earlier identical calls.
    pub n_replayed: u64,
    /// Trials called though an interrupted session may have called them too.
    pub n_repeated: u64,
    /// Trials that ended without an answer.
    pub n_failed: u64,
    /// Calls: HTTP requests, or runs of a program.
    pub n_attempts: u64,
    /// Spent by the run so far, as far as known, scorers' calls included.
    pub spent: NanoUsd,
    /// The most that calls of unknown cost may have cost the run besides, such as answers that broke
    /// off; the budget counts it, nothing else does.
    pub assumed: NanoUsd,
    /// Trials of the run that are not settled.
    pub n_open: u64,
    /// Answers of the run without the word of a scorer that makes calls or runs programs: it failed,
    /// or was not asked.
    pub n_unscored: u64,
    /// What judges did.
    pub judges: JudgeTally,
    /// What the race found; `None` = everybody was asked everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub race: Option<RaceSummary>,
    /// Why it ended early; `None` = everything is settled.
    pub stop: Option<Stop>,
}

/// What an adaptive run found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaceSummary {
    /// Which race.
    pub mode: Adaptive,
    /// How far below the best pass rate is good enough, in rate points.
    pub tolerance: f64,
    /// The choice; `None` = the run was stopped before there was one, or nobody was shown to meet everything.
    pub chosen: Option<u32>,
    /// What is known of the choice; `None` = the run was stopped before the end.
    pub guarantee: Option<Guarantee>,
    /// Trials settled by the race, per candidate, the completion of the choice not counted.
    pub n_asked: Vec<u64>,
    /// Candidates that were completed over all items.
    pub completed: Vec<u32>,
    /// Candidates that did not race, as they only give labels: they are completed over all items, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aside: Vec<u32>,
    /// Of a race for requirements: who was not asked everything, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<GivenUp>,
    /// Trials that a full run has.
    pub n_all: u64,
}

/// A candidate that was not asked everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GivenUp {
    /// Its position.
    pub candidate: u32,
    /// Items that it was asked.
    pub n_items: usize,
    /// Why.
    pub why: Reason,
}

/// Why a candidate was not asked everything.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Reason {
    /// A stated fact rules it out.
    RuledOut,
    /// It had hardly a chance left to be shown to meet a requirement.
    Hopeless {
        /// Predicted chance.
        chance: f64,
    },
    /// So far it failed a requirement.
    Failing {
        /// Which, in words.
        requirement: String,
    },
    /// A cheaper one meets everything; unknown costs rank last.
    Dearer,
    /// It had hardly a chance left to be ahead of one that meets everything.
    Behind {
        /// Predicted chance.
        chance: f64,
    },
}

impl RaceSummary {
    /// Of a race that has not asked anything yet.
    pub(crate) fn begun(mode: Adaptive, shape: Shape, aside: &[u32]) -> Self {
        Self {
            mode,
            tolerance: Adaptive::TOLERANCE,
            chosen: None,
            guarantee: None,
            n_asked: vec![0; shape.n_candidates as usize],
            completed: Vec::new(),
            aside: aside.to_vec(),
            given_up: Vec::new(),
            n_all: shape.n_trials(),
        }
    }

    /// Counts the trials of a round.
    pub(crate) fn count(&mut self, keys: &HashSet<TrialKey>) {
        for key in keys {
            if let Some(n) = self.n_asked.get_mut(key.candidate_idx as usize) {
                *n += 1;
            }
        }
    }
}

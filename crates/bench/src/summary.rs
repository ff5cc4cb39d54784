//! What a session of a run did.

use serde::Serialize;
use trilemma_domain::{NanoUsd, RunId};
use trilemma_grade::JudgeTally;
use trilemma_project::Adaptive;
use trilemma_stats::race::Guarantee;

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
    /// HTTP calls.
    pub n_attempts: u64,
    /// Spent by the run so far, as far as known, scorers' calls included.
    pub spent: NanoUsd,
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
    /// The choice by pass rate; `None` = the run was stopped before there was one.
    pub chosen: Option<u32>,
    /// What is known of the choice; `None` as above.
    pub guarantee: Option<Guarantee>,
    /// Trials settled by the race, per candidate, the completion of the choice not counted.
    pub n_asked: Vec<u64>,
    /// Candidates that were completed over all items.
    pub completed: Vec<u32>,
    /// Trials that a full run has.
    pub n_all: u64,
}

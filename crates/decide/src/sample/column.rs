//! One candidate's outcomes, item by item.
//!
//! A trial that never ran is no part of the sample: the order of calls is random, so which ones are
//! left when a run stops says nothing of them. A trial that failed or could not be scored is missing:
//! it may say something, so gates look at both extremes.

use crate::collect::{Observed, State, Table};

/// Outcomes of one candidate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) items: Vec<ItemCell>,
}

/// Outcomes of one candidate on one item.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct ItemCell {
    /// Trials that ran.
    pub(crate) n_run: u32,
    /// Of these, scored.
    pub(crate) n_scored: u32,
    /// Of these, passed.
    pub(crate) n_pass: u32,
    /// Of these, refusals.
    pub(crate) n_refused: u32,
    /// Sum of scores.
    pub(crate) score_sum: f64,
}

/// What missing outcomes count as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// Nothing: only scored ones count.
    Observed,
    /// Not passed.
    Worst,
    /// Passed.
    Best,
}

impl Scenario {
    /// The scenario seen from the other side of a comparison.
    pub(crate) fn opposite(self) -> Self {
        match self {
            Self::Observed => Self::Observed,
            Self::Worst => Self::Best,
            Self::Best => Self::Worst,
        }
    }
}

impl Column {
    /// Gathers the trials of one candidate.
    pub(crate) fn of(table: &Table, candidate: usize) -> Self {
        let items = table
            .items_of(candidate)
            .map(|repeats| {
                let mut cell = ItemCell::default();
                repeats.iter().flatten().for_each(|trial| cell.add(trial));
                cell
            })
            .collect();
        Self { items }
    }

    /// Whether anything is missing.
    pub(crate) fn n_missing(&self) -> usize {
        self.items
            .iter()
            .map(|cell| (cell.n_run - cell.n_scored) as usize)
            .sum()
    }
}

impl ItemCell {
    fn add(&mut self, trial: &Observed) {
        match trial.state {
            State::NotRun => {}
            State::Failed(_) | State::Unscored => self.n_run += 1,
            State::Scored { score, pass } => {
                self.n_run += 1;
                self.n_scored += 1;
                self.n_pass += u32::from(pass);
                self.n_refused += u32::from(pass && trial.refused);
                self.score_sum += score;
            }
        }
    }

    /// Share of answers that pass; `None` = the item says nothing.
    pub(crate) fn share(&self, scenario: Scenario) -> Option<f64> {
        let n_missing = self.n_run - self.n_scored;
        let (n_pass, n) = match scenario {
            Scenario::Observed => (self.n_pass, self.n_scored),
            Scenario::Worst => (self.n_pass, self.n_run),
            Scenario::Best => (self.n_pass + n_missing, self.n_run),
        };
        (n > 0).then(|| f64::from(n_pass) / f64::from(n))
    }

    /// Mean score of the scored answers; `None` without any.
    pub(crate) fn score(&self) -> Option<f64> {
        (self.n_scored > 0).then(|| self.score_sum / f64::from(self.n_scored))
    }
}

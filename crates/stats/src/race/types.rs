//! Questions, answers and outcomes of a race.
//!
//! In and out of every race; holds no method.

use serde::{Deserialize, Serialize};

use crate::StatsError;
use crate::error::check_open_unit;
use crate::sequential::Population;

/// One question: this arm, this item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Query {
    /// Position of the arm.
    pub arm: usize,
    /// Position of the item in the random order.
    pub item: usize,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Answer {
    /// Share of passes, in [0, 1]; 0 or 1 without repeats.
    Passed(f64),
    /// There is none and will be none; it counts for nobody, and against whoever claims to be good enough.
    Missing,
}

/// What a race wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Ask these, in any order; all of them must be answered before the race goes on.
    Ask(Vec<Query>),
    /// Choose.
    Stop(Finish),
}

/// How a race ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Finish {
    /// The arm to choose.
    pub chosen: usize,
    /// What is known about the choice.
    pub guarantee: Guarantee,
}

/// What is known about a choice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Guarantee {
    /// Nothing is left to ask that could change the choice: it is the best on these items, and no more is
    /// said.
    Exhausted,
    /// The estimated risk that another arm is better by more than the tolerance. Calibrated, not guaranteed.
    Calibrated {
        /// Posterior probability at the end.
        risk: f64,
    },
    /// The probability that a race like this chooses an arm worse than the best by more than the tolerance
    /// is at most this.
    Certified {
        /// Error bound.
        alpha: f64,
        /// What "best" refers to.
        population: Population,
    },
    /// The choice was put to a test over all items, held over every arm that entered: the probability that any
    /// arm is said to be good enough although it is not is at most this, whomever the race gave up.
    Shown {
        /// Error bound.
        alpha: f64,
    },
}

/// Who runs over what.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Number of arms, at least 1.
    pub arms: usize,
    /// Number of items, at least 1.
    pub items: usize,
    /// An arm is good enough when it is worse than the best by no more than this, in rate points.
    pub tolerance: f64,
    /// Seed of what is drawn within a race.
    pub seed: u64,
}

impl Field {
    /// Fails without arms or items, and for a tolerance outside (0, 1).
    pub(crate) fn check(&self) -> Result<(), StatsError> {
        crate::TooFew::check(self.arms, 1)?;
        crate::TooFew::check(self.items, 1)?;
        check_open_unit("tolerance", self.tolerance)
    }
}

impl Answer {
    /// Range in which the share of passes lies.
    pub(crate) fn range(self) -> (f64, f64) {
        match self {
            Self::Passed(share) if (0.0..=1.0).contains(&share) => (share, share),
            Self::Passed(_) | Self::Missing => (0.0, 1.0),
        }
    }
}

//! A run as routing sees it, in one piece: for commands, the choice and reports alike.
//!
//! In: what a run has ([`Gathered`]) and what is wanted. Out: a [`Study`]: the policy fitted on all
//! items, and what policies fitted in this way do on items that they have not seen.

use crate::gather::Gathered;
use crate::measure::{Evaluation, evaluate};
use crate::train::{Options, Trained, train};

/// What routing makes of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// What the run has.
    pub gathered: Gathered,
    /// What was wanted.
    pub options: Options,
    /// The policy fitted on all items.
    pub trained: Trained,
    /// What such policies are worth on items that they have not seen.
    pub evaluation: Evaluation,
}

impl Study {
    /// Trains and evaluates; calls nobody. Seconds of work for thousands of items.
    #[must_use]
    pub fn of(gathered: Gathered, options: Options) -> Self {
        Self {
            trained: train(&gathered.examples, &options),
            evaluation: evaluate(&gathered.examples, &options),
            gathered,
            options,
        }
    }
}

//! A run as routing sees it, in one piece: for commands, the choice and reports alike.
//!
//! In: what a run has ([`Gathered`]) and what is wanted. Out: a [`Study`]: the policy fitted on all
//! items, and what policies fitted in this way do on items that they have not seen.

use crate::gather::Gathered;
use crate::measure::{Appraisal, Depth, Evaluation, evaluate_to};
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
            evaluation: evaluate_to(&gathered.examples, &options, (Depth::Curve, &())),
            gathered,
            options,
        }
    }

    /// What policies of the target that was asked for did on items that they had not seen.
    #[must_use]
    pub fn unseen(&self) -> Option<&Appraisal> {
        let held = &self.evaluation.held;
        let own = held.iter().find(|held| held.target == self.options.target);
        own.map(|held| &held.found)
    }
}

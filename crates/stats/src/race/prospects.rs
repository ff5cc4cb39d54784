//! What an arm's chances are in a race for requirements, part of the way.
//!
//! In: what it and those that it is compared with have answered. Out: why to give it up, or nothing. Predictions of
//! `outlook`; what is missing counts for the arm in question, because nobody is given up for calls that failed. The
//! judge counts it both ways. Items that count unequally stand for as many equal ones as say as much together.

use super::gates::{Allowed, Bar, HOPELESS, Reason};
use super::grid::Grid;
use super::outlook::{Claim, chance_of_bar, chance_of_margin};
use super::types::Answer;
use super::weights::Weights;
use crate::error::StatsError;
use crate::paired::Cells;

/// So little worse is not worse at all.
const EQUAL: f64 = 1e-9;

/// An arm that passes, and has to be overtaken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rank {
    /// This arm, in passes.
    Passes(usize),
    /// An arm of this median time.
    Time(f64),
}

/// An arm and what is known.
pub(super) struct Prospects<'a> {
    pub(super) known: &'a Grid<Option<Answer>>,
    pub(super) times: &'a Grid<Option<f64>>,
    pub(super) bars: &'a [Bar],
    /// Arms that may be the best.
    pub(super) best: &'a [usize],
    /// What items are worth.
    pub(super) weights: &'a Weights,
    pub(super) items: usize,
    pub(super) arm: usize,
    /// Items that it and its references have answered.
    pub(super) seen: usize,
    pub(super) rank: Option<Rank>,
}

impl Prospects<'_> {
    /// Why the arm has hardly a chance; `None` = it has one.
    pub(super) fn reason(&self) -> Result<Option<Reason>, StatsError> {
        let chance = self.of_passing()?;
        if chance < HOPELESS {
            return Ok(Some(Reason::Hopeless(chance)));
        }
        let ahead = self.of_being_ahead()?;
        Ok((ahead < HOPELESS).then_some(Reason::Behind(ahead)))
    }

    /// The least of the chances to pass each test.
    fn of_passing(&self) -> Result<f64, StatsError> {
        let mut least = 1.0_f64;
        for bar in self.bars {
            match bar {
                Bar::PassRate { min, claim } => {
                    let (seen, all) = self.sizes();
                    let passes = self.passes(self.arm, 1.0).min(seen as f64);
                    least = least.min(chance_of_bar((passes, seen), all, *min, *claim)?);
                }
                Bar::NotWorse {
                    reference,
                    allowed,
                    claim,
                } => least = least.min(self.of_margin(*reference, *allowed, *claim)?),
                Bar::NotWorseThanBest { allowed, claim, .. } => {
                    for reference in self.best {
                        least = least.min(self.of_margin(*reference, *allowed, *claim)?);
                    }
                }
            }
        }
        Ok(least)
    }

    fn of_margin(
        &self,
        reference: usize,
        allowed: Allowed,
        claim: Claim,
    ) -> Result<f64, StatsError> {
        if reference == self.arm {
            return Ok(1.0);
        }
        let points = match allowed {
            Allowed::Points(points) => points,
            Allowed::Share(share) => {
                let rate = self.passes(reference, 0.0) / self.sizes().0.max(1) as f64;
                ((1.0 - share) * rate).clamp(1e-6, 1.0 - 1e-6)
            }
        };
        chance_of_margin(self.cells(reference), self.sizes().1, points, claim)
    }

    /// The chance to be ahead, in the end, of an arm that passes; being level counts.
    fn of_being_ahead(&self) -> Result<f64, StatsError> {
        match self.rank {
            None => Ok(1.0),
            Some(Rank::Passes(other)) => {
                chance_of_margin(self.cells(other), self.sizes().1, EQUAL, Claim::OfSet)
            }
            // The median is lower exactly where half of the answers are faster.
            Some(Rank::Time(median)) => {
                let is_faster = |time: &Option<f64>| time.is_none_or(|time| time <= median);
                let row = self.times.row(self.arm).iter().take(self.seen);
                let n_faster = row.filter(|time| is_faster(time)).count() as f64;
                chance_of_bar((n_faster, self.seen), self.items, 0.5, Claim::OfSet)
            }
        }
    }

    /// Items seen, and all of them, in items that count the same.
    fn sizes(&self) -> (usize, usize) {
        let (seen, all) = (self.weights.first(self.seen), self.weights.all());
        (seen.round() as usize, all.round() as usize)
    }

    /// Items that pass.
    fn passes(&self, arm: usize, missing: f64) -> f64 {
        let passes = |item: usize| self.weights.of(item) * self.share((arm, item), missing);
        (0..self.seen).map(passes).sum()
    }

    fn share(&self, (arm, item): (usize, usize), missing: f64) -> f64 {
        match self.known.get(arm, item) {
            Some(Answer::Passed(share)) => share.clamp(0.0, 1.0),
            Some(Answer::Missing) | None => missing,
        }
    }

    fn cells(&self, reference: usize) -> Cells {
        let (mut won, mut lost) = (0.0, 0.0);
        for item in 0..self.seen {
            let lead = self.share((self.arm, item), 1.0) - self.share((reference, item), 0.0);
            let lead = lead * self.weights.of(item);
            won += lead.max(0.0);
            lost += (-lead).max(0.0);
        }
        let (seen, _) = self.sizes();
        let only_first = (won.round() as usize).min(seen);
        let only_second = (lost.round() as usize).min(seen - only_first);
        Cells {
            both: seen - only_first - only_second,
            only_first,
            only_second,
            neither: 0,
        }
    }
}

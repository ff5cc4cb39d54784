//! The race for requirements: the cheapest arm that is good enough, without asking every arm everything.
//!
//! In: tests that the full answers of an arm will be put to, outcomes, prices, and a judge's word on complete arms.
//! Out: questions, and whom to judge. Every arm answers the first few items, which shows what an answer costs.
//! Then the cheapest is asked on, together with the arm that it is compared with, until it has answered
//! everything or has hardly a chance left to pass the tests; then the next cheapest. It ends with the first arm that
//! passes, once no other can be cheaper.
//!
//! An arm is judged once, over all items, by a test whose error is held over every arm that entered. So looking
//! early, giving up and stopping cannot make a false claim more likely: each such claim needs a test over all items
//! of a bad arm to err. That an arm given up would have passed is only predicted to be unlikely.
//! Source: own; curtailment by predictive probability as in `outlook`. Figures: `docs/methods.md`.

use std::collections::{BTreeSet, VecDeque};

use super::grid::Grid;
use super::outlook::{Claim, chance_of_bar, chance_of_margin};
use super::types::{Answer, Query};
use crate::error::{StatsError, TooFew};
use crate::paired::Cells;

/// Items that every arm answers first.
const WARM_UP: usize = 20;
/// Looks at an arm on its way over all items.
const LOOKS: usize = 20;
/// Fewest items between two looks.
const LEAST_BETWEEN: usize = 10;
/// An arm is given up below this chance to pass the tests.
pub const HOPELESS: f64 = 0.02;

/// A test that the full answers will be put to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bar {
    /// At least this share passes.
    PassRate {
        /// The share, in (0, 1).
        min: f64,
        /// How it will be tested.
        claim: Claim,
    },
    /// Not worse than the reference, which passes by definition.
    NotWorse {
        /// Position of the reference.
        reference: usize,
        /// By how much an arm may be worse.
        allowed: Allowed,
        /// How it will be tested.
        claim: Claim,
    },
}

/// How much worse than its reference an arm may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Allowed {
    /// By so many rate points, in (0, 1).
    Points(f64),
    /// Down to this share of the reference's rate, in (0, 1).
    Share(f64),
}

/// What the race wants.
#[derive(Debug, Clone, PartialEq)]
pub enum GateStep {
    /// Ask these, in any order; all of them must be answered before the race goes on.
    Ask(Vec<Query>),
    /// Say what an answer of each arm costs, by what it has answered: [`GateCourse::price`].
    Price,
    /// Say what is known of this arm: [`GateCourse::judged`].
    Judge {
        /// Its position.
        arm: usize,
        /// Whether it has answered everything. If not, only [`Word::Fails`] counts.
        is_complete: bool,
    },
    /// It is over.
    Stop,
}

/// A judge's word on an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Word {
    /// It passes every test, and this is what it costs by the measure that ranks; `None` = unknown.
    Meets(Option<f64>),
    /// It fails some.
    Fails,
    /// Neither.
    Open,
}

/// Why an arm was not asked everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// It had hardly a chance left, this one, to pass the tests.
    Hopeless(f64),
    /// So far it failed some test.
    Failing,
    /// A cheaper arm passes; unknown prices rank last.
    Dearer,
}

/// An arm that was not asked everything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GivenUp {
    /// Its position.
    pub arm: usize,
    /// Items that it was asked.
    pub items: usize,
    /// Why.
    pub reason: Reason,
}

/// An arm on its way over the items.
#[derive(Debug, Clone, Copy)]
struct Heat {
    arm: usize,
    seen: usize,
    /// Quarters at which it was judged.
    quarters: usize,
}

/// The race for requirements.
#[derive(Debug, Clone)]
pub struct GateCourse {
    items: usize,
    entered: Vec<usize>,
    bars: Vec<Bar>,
    known: Grid<Option<Answer>>,
    waiting: BTreeSet<Query>,
    /// Arms to come, the cheapest first, with their prices; `None` = not known yet.
    order: Option<VecDeque<(usize, Option<f64>)>>,
    heat: Option<Heat>,
    /// Whom the judge has to say a word on.
    asked_judge: Option<bool>,
    complete: Vec<usize>,
    given_up: Vec<GivenUp>,
    /// The arm to choose, and what it costs.
    met: Option<(usize, f64)>,
}

impl GateCourse {
    /// Lines up `entered` of `arms`.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without arms, items or tests.
    pub fn new(
        (arms, items): (usize, usize),
        entered: Vec<usize>,
        bars: Vec<Bar>,
    ) -> Result<Self, StatsError> {
        TooFew::check(arms, 1)?;
        TooFew::check(items, 1)?;
        TooFew::check(bars.len(), 1)?;
        let mut course = Self {
            items,
            entered,
            bars,
            known: Grid::new(arms, items, None),
            waiting: BTreeSet::new(),
            order: None,
            heat: None,
            asked_judge: None,
            complete: Vec::new(),
            given_up: Vec::new(),
            met: None,
        };
        let first: Vec<usize> = course
            .entered
            .iter()
            .copied()
            .chain(course.reference())
            .collect();
        course.ask(&first, 0..WARM_UP.min(items));
        Ok(course)
    }

    /// Returns what to do now. The same until it is done.
    ///
    /// # Errors
    /// As [`chance_of_bar`] and [`chance_of_margin`].
    pub fn next_step(&mut self) -> Result<GateStep, StatsError> {
        loop {
            if !self.waiting.is_empty() {
                return Ok(GateStep::Ask(self.waiting.iter().copied().collect()));
            }
            if let (Some(is_complete), Some(heat)) = (self.asked_judge, self.heat) {
                let arm = heat.arm;
                return Ok(GateStep::Judge { arm, is_complete });
            }
            let Some(order) = &mut self.order else {
                return Ok(GateStep::Price);
            };
            if let Some(heat) = self.heat {
                self.go_on(heat)?;
                continue;
            }
            let Some((arm, price)) = order.pop_front() else {
                return Ok(GateStep::Stop);
            };
            // Per accepted answer nobody costs less than per answer.
            if let Some((_, best)) = self.met
                && price.is_none_or(|price| price >= best)
            {
                self.give_up(arm, Reason::Dearer);
                continue;
            }
            self.heat = Some(Heat {
                arm,
                seen: WARM_UP.min(self.items),
                quarters: 0,
            });
        }
    }

    /// Takes an answer; what was not asked is ignored.
    pub fn answer(&mut self, query: Query, answer: Answer) {
        if self.waiting.remove(&query) {
            self.known.set(query.arm, query.item, Some(answer));
        }
    }

    /// Takes the price of an answer of each arm; `None` = unknown, which ranks last.
    pub fn price(&mut self, prices: &[Option<f64>]) {
        let price = |arm: usize| prices.get(arm).copied().flatten();
        let rank = |arm: usize| price(arm).unwrap_or(f64::INFINITY);
        let mut order: Vec<usize> = self.entered.clone();
        order.sort_by(|a, b| rank(*a).total_cmp(&rank(*b)).then(a.cmp(b)));
        self.order = Some(order.into_iter().map(|arm| (arm, price(arm))).collect());
    }

    /// Takes the word on the arm that was to be judged.
    pub fn judged(&mut self, word: Word) {
        let (Some(is_complete), Some(heat)) = (self.asked_judge.take(), self.heat) else {
            return;
        };
        if !is_complete {
            if word == Word::Fails {
                self.heat = None;
                self.give_up(heat.arm, Reason::Failing);
            }
            return;
        }
        self.heat = None;
        self.complete.push(heat.arm);
        if let Word::Meets(cost) = word {
            // Whose cost is unknown came last, and nobody dearer is left.
            let cost = cost.unwrap_or(f64::NEG_INFINITY);
            if self.met.is_none_or(|(_, best)| cost < best) {
                self.met = Some((heat.arm, cost));
            }
        }
    }

    /// Returns the arm to choose; `None` = none was said to pass every test.
    #[must_use]
    pub fn met(&self) -> Option<usize> {
        self.met.map(|(arm, _)| arm)
    }

    /// Returns the arms that answered everything and were judged.
    #[must_use]
    pub fn complete(&self) -> &[usize] {
        &self.complete
    }

    /// Returns the arms that were not asked everything.
    #[must_use]
    pub fn given_up(&self) -> &[GivenUp] {
        &self.given_up
    }

    /// Returns the arm that others are compared with.
    #[must_use]
    pub fn reference(&self) -> Option<usize> {
        self.bars.iter().find_map(|bar| match bar {
            Bar::NotWorse { reference, .. } => Some(*reference),
            Bar::PassRate { .. } => None,
        })
    }

    /// Looks at an arm: gives it up, has it judged, or asks it on.
    fn go_on(&mut self, heat: Heat) -> Result<(), StatsError> {
        let chance = self.chance(heat)?;
        if chance < HOPELESS {
            self.heat = None;
            self.give_up(heat.arm, Reason::Hopeless(chance));
            return Ok(());
        }
        if heat.seen >= self.items {
            self.asked_judge = Some(true);
            return Ok(());
        }
        // Tests of another kind are looked at after a quarter and after half of the items.
        let quarters = 4 * heat.seen / self.items;
        if (1..3).contains(&quarters) && quarters > heat.quarters {
            self.heat = Some(Heat { quarters, ..heat });
            self.asked_judge = Some(false);
            return Ok(());
        }
        let between = LEAST_BETWEEN.max(self.items.div_ceil(LOOKS));
        let until = (heat.seen + between).min(self.items);
        let both: Vec<usize> = std::iter::once(heat.arm).chain(self.reference()).collect();
        self.ask(&both, heat.seen..until);
        let seen = until;
        self.heat = Some(Heat { seen, ..heat });
        Ok(())
    }

    fn ask(&mut self, arms: &[usize], items: std::ops::Range<usize>) {
        for arm in arms {
            for item in items.clone() {
                if self.known.get(*arm, item).is_none() {
                    self.waiting.insert(Query { arm: *arm, item });
                }
            }
        }
    }

    fn give_up(&mut self, arm: usize, reason: Reason) {
        let row = self.known.row(arm);
        self.given_up.push(GivenUp {
            arm,
            items: row.iter().filter(|answer| answer.is_some()).count(),
            reason,
        });
    }

    /// The least of the chances to pass each test.
    fn chance(&self, Heat { arm, seen, .. }: Heat) -> Result<f64, StatsError> {
        let mut least = 1.0_f64;
        for bar in &self.bars {
            let chance = match bar {
                Bar::PassRate { min, claim } => {
                    let passes = self.passes(arm, seen, 1.0);
                    chance_of_bar((passes, seen), self.items, *min, *claim)?
                }
                Bar::NotWorse { reference, .. } if *reference == arm => 1.0,
                Bar::NotWorse {
                    reference,
                    allowed,
                    claim,
                } => {
                    let points = match allowed {
                        Allowed::Points(points) => *points,
                        Allowed::Share(share) => {
                            let rate = self.passes(*reference, seen, 0.0) / seen.max(1) as f64;
                            ((1.0 - share) * rate).clamp(1e-6, 1.0 - 1e-6)
                        }
                    };
                    let cells = self.cells((arm, *reference), seen);
                    chance_of_margin(cells, self.items, points, *claim)?
                }
            };
            least = least.min(chance);
        }
        Ok(least)
    }

    /// Items that pass. What is missing counts for the arm in question, because nobody is given up for calls that
    /// failed; the judge counts it both ways.
    fn passes(&self, arm: usize, seen: usize, missing: f64) -> f64 {
        (0..seen).map(|item| self.share((arm, item), missing)).sum()
    }

    fn share(&self, (arm, item): (usize, usize), missing: f64) -> f64 {
        match self.known.get(arm, item) {
            Some(Answer::Passed(share)) => share.clamp(0.0, 1.0),
            Some(Answer::Missing) | None => missing,
        }
    }

    fn cells(&self, (arm, reference): (usize, usize), seen: usize) -> Cells {
        let (mut won, mut lost) = (0.0, 0.0);
        for item in 0..seen {
            let lead = self.share((arm, item), 1.0) - self.share((reference, item), 0.0);
            won += lead.max(0.0);
            lost += (-lead).max(0.0);
        }
        let (only_first, only_second) = (won.round() as usize, lost.round() as usize);
        Cells {
            both: seen.saturating_sub(only_first + only_second),
            only_first,
            only_second,
            neither: 0,
        }
    }
}

//! The race for requirements: the preferred arm that is good enough, without asking every arm everything.
//!
//! In: tests that the full answers of an arm will be put to, outcomes, prices, and a judge's word on complete arms.
//! Out: questions, and whom to judge. Every arm answers the first few items, which shows what an answer costs.
//! Then the cheapest is asked on, together with the arm that it is compared with, until it has answered
//! everything or has hardly a chance left to pass the tests; then the next cheapest. It ends with the first arm that
//! passes, once no other can be cheaper. Where something else than the price ranks, the most promising goes first, and
//! the others are given up once they have hardly a chance left to be ahead of one that passes.
//!
//! Against "the best" all arms first answer the same items, and are let go once shown to be worse than another
//! (`contest`); those that are left answer everything and are what everybody is compared with.
//!
//! An arm is judged once, over all items, by a test whose error is held over every arm that entered. So looking
//! early, giving up and stopping cannot make a false claim more likely: each such claim needs a test over all items
//! of a bad arm to err, or, against "the best", that the best was let go. That an arm given up would have passed is
//! only predicted to be unlikely. Source: own; curtailment by predictive probability as in `outlook`. Figures: `docs/methods.md`.

use std::collections::{BTreeSet, VecDeque};

use super::contest::Contest;
use super::grid::Grid;
use super::outlook::Claim;
use super::prospects::{Prospects, Rank};
use super::types::{Answer, Query};
use super::weights::Weights;
use crate::error::{StatsError, TooFew, check_open_unit};
use crate::sequential::Population;

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
    /// Not worse than whichever arm is the best.
    NotWorseThanBest {
        /// By how much an arm may be worse.
        allowed: Allowed,
        /// How it will be tested.
        claim: Claim,
        /// Bound of the probability that the best is let go before it has answered everything, in (0, 1).
        let_go: f64,
    },
}

/// What ranks arms that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankBy {
    /// The lowest price.
    Price,
    /// The highest share of passes.
    Passes,
    /// The lowest median time.
    Time,
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
    /// Say what ranks each arm, such as the cost of an answer, by what it has answered: [`GateCourse::price`].
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
    /// It passes every test, and this is what it costs, the share that it fails, or its median time, by what ranks;
    /// `None` = unknown.
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
    /// It had hardly a chance left, this one, to be ahead of an arm that passes.
    Behind(f64),
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
    rank_by: RankBy,
    weights: Weights,
    known: Grid<Option<Answer>>,
    times: Grid<Option<f64>>,
    /// Who may be the best, where arms are compared with it.
    contest: Option<Contest>,
    /// Items asked of all that may be the best.
    contested: usize,
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
    /// Lines up `entered` of `arms`; all of `arms` may be the best.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without arms, items or tests, [`StatsError::OutOfRange`] for a bound outside (0, 1).
    pub fn new(
        (arms, items): (usize, usize),
        entered: Vec<usize>,
        bars: Vec<Bar>,
    ) -> Result<Self, StatsError> {
        TooFew::check(arms, 1)?;
        TooFew::check(items, 1)?;
        TooFew::check(bars.len(), 1)?;
        let contested = WARM_UP.min(items);
        let mut course = Self {
            items,
            entered,
            contest: contest(&bars, (arms, items))?,
            bars,
            rank_by: RankBy::Price,
            weights: Weights::even(items),
            known: Grid::new(arms, items, None),
            times: Grid::new(arms, items, None),
            contested,
            waiting: BTreeSet::new(),
            order: None,
            heat: None,
            asked_judge: None,
            complete: Vec::new(),
            given_up: Vec::new(),
            met: None,
        };
        let mut first = course.entered.clone();
        first.extend(course.references());
        course.ask(&first, 0..contested);
        Ok(course)
    }

    /// Ranks by something else than the price.
    #[must_use]
    pub fn ranked_by(self, rank_by: RankBy) -> Self {
        Self { rank_by, ..self }
    }

    /// Lets items count unequally, each by its weight at its place in the order; before the first step.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless there is a weight per item, [`StatsError::NotFinite`], and
    /// [`StatsError::OutOfRange`] for weights that are not above 0, or that differ where the best is meant.
    pub fn weighted(self, weights: &[f64]) -> Result<Self, StatsError> {
        let weights = Weights::new(weights, self.items)?;
        if self.contest.is_some() && weights != self.weights {
            return Err(StatsError::OutOfRange {
                parameter: "weight",
                value: weights.largest(),
                range: "the same for every item where arms are compared with the best",
            });
        }
        let weights = weights.worth();
        Ok(Self { weights, ..self })
    }

    /// Returns what to do now. The same until it is done.
    ///
    /// # Errors
    /// As [`super::chance_of_bar`] and [`super::chance_of_margin`].
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
            if self.heat.is_none()
                && let Some(contest) = &self.contest
                && !contest.is_over(self.items)
            {
                self.go_on_contesting();
                continue;
            }
            if let Some(heat) = self.heat {
                self.go_on(heat)?;
                continue;
            }
            let Some((arm, price)) = order.pop_front() else {
                return Ok(GateStep::Stop);
            };
            // Per accepted answer nobody costs less than per answer.
            if let (RankBy::Price, Some((_, best))) = (self.rank_by, self.met)
                && price.is_none_or(|price| price >= best)
            {
                self.give_up(arm, Reason::Dearer);
                continue;
            }
            self.heat = Some(Heat {
                arm,
                seen: self
                    .known
                    .row(arm)
                    .iter()
                    .take_while(|one| one.is_some())
                    .count(),
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

    /// Takes the time of an answer, in any unit; only where times rank.
    pub fn time(&mut self, query: Query, time: f64) {
        self.times.set(query.arm, query.item, Some(time));
    }

    /// Takes what ranks each arm, less is better: the price of an answer, the share of failures, the median time;
    /// `None` = unknown, which ranks last.
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
            // Whose cost is unknown came last, and nobody dearer is left; other unknowns are behind whatever is known.
            let cost = cost.unwrap_or(match self.rank_by {
                RankBy::Price => f64::NEG_INFINITY,
                RankBy::Passes | RankBy::Time => f64::INFINITY,
            });
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

    /// Returns the arms that others are compared with.
    #[must_use]
    pub fn references(&self) -> Vec<usize> {
        let named = self.bars.iter().filter_map(|bar| match bar {
            Bar::NotWorse { reference, .. } => Some(*reference),
            Bar::PassRate { .. } | Bar::NotWorseThanBest { .. } => None,
        });
        let contest = self.contest.as_ref().map(Contest::arms);
        named
            .chain(contest.unwrap_or_default().iter().copied())
            .collect()
    }

    /// Looks at those that may be the best, or asks them on.
    fn go_on_contesting(&mut self) {
        let between = self.between();
        let Some(contest) = &mut self.contest else {
            return;
        };
        if contest.seen < self.contested {
            contest.look(&self.known, self.contested);
            return;
        }
        let (from, arms) = (contest.seen, contest.arms().to_vec());
        self.contested = (from + between).min(self.items);
        self.ask(&arms, from..self.contested);
    }

    fn between(&self) -> usize {
        LEAST_BETWEEN.max(self.items.div_ceil(LOOKS))
    }

    /// Looks at an arm: gives it up, has it judged, or asks it on.
    fn go_on(&mut self, heat: Heat) -> Result<(), StatsError> {
        // Who has answered everything is judged, not predicted.
        if heat.seen < self.items
            && let Some(reason) = self.prospects(heat).reason()?
        {
            self.heat = None;
            self.give_up(heat.arm, reason);
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
        let until = (heat.seen + self.between()).min(self.items);
        let mut both = self.references();
        both.push(heat.arm);
        self.ask(&both, heat.seen..until);
        let seen = until;
        self.heat = Some(Heat { seen, ..heat });
        Ok(())
    }

    fn prospects(&self, heat: Heat) -> Prospects<'_> {
        let ahead = self.met.filter(|(arm, _)| *arm != heat.arm);
        Prospects {
            known: &self.known,
            times: &self.times,
            bars: &self.bars,
            best: self.contest.as_ref().map(Contest::arms).unwrap_or_default(),
            weights: &self.weights,
            items: self.items,
            arm: heat.arm,
            seen: heat.seen,
            rank: ahead.and_then(|(arm, value)| match self.rank_by {
                RankBy::Price => None,
                RankBy::Passes => Some(Rank::Passes(arm)),
                RankBy::Time => Some(Rank::Time(value)),
            }),
        }
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
}

/// The contest of a test against the best.
fn contest(bars: &[Bar], (arms, items): (usize, usize)) -> Result<Option<Contest>, StatsError> {
    for bar in bars {
        if let Bar::NotWorseThanBest { claim, let_go, .. } = bar {
            check_open_unit("let_go", *let_go)?;
            let population = match claim {
                Claim::OfSource(_) => Population::Source,
                Claim::OfSet => Population::Finite(items),
            };
            return Ok(Some(Contest::new((0..arms).collect(), population, *let_go)));
        }
    }
    Ok(None)
}

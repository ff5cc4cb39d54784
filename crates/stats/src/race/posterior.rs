//! The calibrated race: ask the most promising arm and its most dangerous rival, until the risk is small.
//!
//! In: outcomes. Out: questions, then the arm whose risk of being worse than some other by more than the
//! tolerance is at most τ. Every arm answers the first few items. Then the arm with the least total risk
//! and its most dangerous rival answer the next item, and so on. An item that enough others have all
//! passed is asked of the next only with probability π, and its answer then counts 1/π times: on such items
//! hardly anybody differs. With prices, cheap arms go ahead over every item, and dear ones are asked mostly
//! where the cheap ones failed.
//!
//! The risk is a posterior probability under optional stopping, so it is no error bound; the constants
//! were chosen so that the right arm was found at least 95 times in 100 on recorded models. Source: own, after
//! top-two sampling (D. Russo, Operations Research 68, 2020) and stratified cheap-first evaluation;
//! figures in `docs/methods.md`.

use std::collections::{BTreeSet, VecDeque};

use super::grid::Grid;
use super::risk::{Duel, Wins};
use super::types::{Answer, Field, Finish, Guarantee, Query, Step};
use super::weights::Weights;
use crate::StatsError;
use crate::error::{check_finite, check_same_length};
use crate::resample::{IndexStream, SplitMix64};

/// How the calibrated race is run.
#[derive(Debug, Clone, PartialEq)]
pub struct PosteriorRules {
    /// Items that every arm answers first.
    pub warm_up: usize,
    /// The race ends when the risk is at most this.
    pub risk: f64,
    /// An item counts as easy when at least so many others have answered it and all passed.
    pub easy_after: usize,
    /// Probability with which an easy item is asked, in (0, 1]: where exactly that many others passed, and
    /// where more did.
    pub ask_easy: (f64, f64),
    /// Items per round and arm; more are faster and ask a little too much.
    pub batch: usize,
    /// Relative prices of a call, one per arm; `None` = calls are counted, not money.
    pub prices: Option<Vec<f64>>,
}

/// Arms that cost at most this much of an equal share go ahead.
const CHEAP: f64 = 0.3;

impl PosteriorRules {
    /// The rules for the fewest calls.
    #[must_use]
    pub fn fewest_calls() -> Self {
        Self {
            warm_up: 5,
            risk: 0.037,
            easy_after: 2,
            ask_easy: (0.5, 1.0 / 3.0),
            batch: 1,
            prices: None,
        }
    }

    /// The rules for the least money.
    #[must_use]
    pub fn least_money(prices: Vec<f64>) -> Self {
        Self {
            warm_up: 5,
            risk: 0.025,
            easy_after: 2,
            ask_easy: (0.2, 0.2),
            batch: 1,
            prices: Some(prices),
        }
    }
}

/// The calibrated race.
#[derive(Debug, Clone)]
pub struct PosteriorRace {
    field: Field,
    rules: PosteriorRules,
    /// Shares of the price of one item asked of all.
    prices: Vec<f64>,
    /// What is known; `None` = not asked or missing.
    known: Grid<Option<f64>>,
    /// Inverse probabilities of having been asked.
    chances: Grid<f64>,
    weights: Weights,
    risks: Grid<Option<f64>>,
    /// Items that each arm has considered, from the first on.
    considered: Vec<usize>,
    /// Who is to consider items up to which, in this order.
    plan: VecDeque<(usize, usize)>,
    waiting: BTreeSet<Query>,
    /// Per arm: how much of an easy item is due.
    lots: Vec<f64>,
}

/// Random starts of the systematic samples, in [0, 1).
fn starts(field: Field) -> Vec<f64> {
    let mut stream = SplitMix64::new(field.seed);
    let start = |_| (stream.next_u64() >> 11) as f64 / 2.0_f64.powi(53);
    (0..field.arms).map(start).collect()
}

/// An arm with its total risk and its most dangerous rival.
#[derive(Debug, Clone, Copy)]
struct Leader {
    arm: usize,
    risk: f64,
    rival: usize,
}

impl PosteriorRace {
    /// Lines up.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without arms or items, [`StatsError::OutOfRange`] for a tolerance or risk
    /// outside (0, 1) or prices below 0, [`StatsError::LengthMismatch`] unless there is a price per arm.
    pub fn new(field: Field, rules: PosteriorRules) -> Result<Self, StatsError> {
        field.check()?;
        crate::error::check_open_unit("risk", rules.risk)?;
        let given = match &rules.prices {
            Some(prices) => prices.clone(),
            None => vec![1.0; field.arms],
        };
        check_same_length(given.len(), field.arms)?;
        check_finite(&given)?;
        if let Some(price) = given.iter().find(|price| **price < 0.0) {
            return Err(StatsError::OutOfRange {
                parameter: "price",
                value: *price,
                range: "at least 0",
            });
        }
        let total: f64 = given.iter().sum();
        let share = |price: &f64| {
            if total > 0.0 {
                price / total
            } else {
                1.0 / field.arms as f64
            }
        };
        let warm_up = rules.warm_up.clamp(1, field.items);
        Ok(Self {
            field,
            prices: given.iter().map(share).collect(),
            known: Grid::new(field.arms, field.items, None),
            chances: Grid::new(field.arms, field.items, 0.0),
            weights: Weights::even(field.items),
            risks: Grid::new(field.arms, field.arms, None),
            considered: vec![0; field.arms],
            plan: (0..field.arms).map(|arm| (arm, warm_up)).collect(),
            waiting: BTreeSet::new(),
            lots: starts(field),
            rules,
        })
    }

    /// Lets items count unequally, each by its weight at its place in the order; before the first step.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless there is a weight per item, [`StatsError::NotFinite`] and
    /// [`StatsError::OutOfRange`] for weights that are not finite and above 0.
    pub fn weighted(self, weights: &[f64]) -> Result<Self, StatsError> {
        let weights = Weights::new(weights, self.field.items)?.worth();
        Ok(Self { weights, ..self })
    }

    /// Returns what to do now. The same until every question has its answer.
    pub fn next_step(&mut self) -> Step {
        loop {
            if !self.waiting.is_empty() {
                return Step::Ask(self.waiting.iter().copied().collect());
            }
            if self.warming_up() {
                while let Some((arm, until)) = self.plan.pop_front() {
                    self.consider(arm, until);
                }
                continue;
            }
            if let Some((arm, until)) = self.plan.pop_front() {
                self.consider(arm, until);
                continue;
            }
            let leader = self.leader();
            let is_over = self.seen(leader.arm).min(self.seen(leader.rival)) >= self.field.items;
            if leader.risk <= self.rules.risk || is_over {
                let guarantee = if is_over && leader.risk <= self.rules.risk {
                    Guarantee::Exhausted
                } else {
                    Guarantee::Calibrated { risk: leader.risk }
                };
                return Step::Stop(Finish {
                    chosen: leader.arm,
                    guarantee,
                });
            }
            self.plan_round(leader);
        }
    }

    /// Takes an answer; what was not asked is ignored.
    pub fn answer(&mut self, query: Query, answer: Answer) {
        if !self.waiting.remove(&query) {
            return;
        }
        let (Answer::Passed(share), (low, high)) = (answer, answer.range()) else {
            return;
        };
        if low != high {
            return;
        }
        self.known.set(query.arm, query.item, Some(share));
    }

    /// Returns the number of items that an arm has considered, asked or not.
    #[must_use]
    pub fn considered(&self, arm: usize) -> usize {
        self.seen(arm)
    }

    fn seen(&self, arm: usize) -> usize {
        self.considered.get(arm).copied().unwrap_or(0)
    }

    fn warming_up(&self) -> bool {
        self.plan.len() == self.field.arms && self.considered.iter().all(|seen| *seen == 0)
    }

    fn is_cheap(&self, arm: usize) -> bool {
        self.rules.prices.is_some()
            && self
                .prices
                .get(arm)
                .is_some_and(|price| *price <= CHEAP / self.field.arms as f64)
    }

    /// Goes over items up to `until`; the easy ones are asked of the arm by lot.
    fn consider(&mut self, arm: usize, until: usize) {
        let from = self.seen(arm);
        let until = until.min(self.field.items);
        for item in from..until {
            let chance = self.chance(arm, item);
            if chance > 0.0 {
                self.chances.set(arm, item, chance);
                self.waiting.insert(Query { arm, item });
            }
        }
        if let Some(seen) = self.considered.get_mut(arm) {
            *seen = until.max(from);
        }
        for other in 0..self.field.arms {
            self.risks.set(arm, other, None);
            self.risks.set(other, arm, None);
        }
    }

    /// Inverse of the probability with which the item was asked; 0 = it is not asked.
    ///
    /// Systematic sampling from a random start: of easy items every second or third, evenly spread.
    fn chance(&mut self, arm: usize, item: usize) -> f64 {
        let probability = match self.n_passed(arm, item) {
            _ if item < self.rules.warm_up || self.is_cheap(arm) => return 1.0,
            Some(n) if n == self.rules.easy_after.max(1) => self.rules.ask_easy.0,
            Some(n) if n > self.rules.easy_after => self.rules.ask_easy.1,
            Some(_) | None => return 1.0,
        };
        let probability = probability.clamp(0.01, 1.0);
        let Some(lot) = self.lots.get_mut(arm) else {
            return 1.0;
        };
        *lot += probability;
        if *lot >= 1.0 {
            *lot -= 1.0;
            1.0 / probability
        } else {
            0.0
        }
    }

    /// Number of others that answered the item; `None` = some of them did not pass.
    fn n_passed(&self, arm: usize, item: usize) -> Option<usize> {
        let others = (0..self.field.arms).filter(|other| *other != arm);
        let mut answers = others.filter_map(|other| self.known.get(other, item));
        answers.try_fold(0, |n, share| (share >= 1.0).then_some(n + 1))
    }

    /// The arm of least total risk; the first of equals.
    fn leader(&mut self) -> Leader {
        let mut best = Leader {
            arm: 0,
            risk: f64::INFINITY,
            rival: 0,
        };
        for arm in 0..self.field.arms {
            let (mut safe, mut worst) = (1.0, (-1.0, arm));
            for rival in (0..self.field.arms).filter(|rival| *rival != arm) {
                let risk = self.risk(arm, rival);
                safe *= 1.0 - risk;
                let is_behind = self.seen(rival) < self.seen(worst.1);
                if risk > worst.0 || (risk == worst.0 && is_behind) {
                    worst = (risk, rival);
                }
            }
            if 1.0 - safe < best.risk {
                best = Leader {
                    arm,
                    risk: 1.0 - safe,
                    rival: worst.1,
                };
            }
        }
        best
    }

    fn risk(&mut self, chosen: usize, rival: usize) -> f64 {
        if let Some(risk) = self.risks.get(chosen, rival) {
            return risk;
        }
        let seen = self.seen(chosen).min(self.seen(rival));
        let risk = Duel {
            chosen: self.wins((chosen, rival), seen),
            rival: self.wins((rival, chosen), seen),
            considered: self.weights.first(seen),
            rest: self.weights.rest(seen),
            size: self.weights.size_of_rest(seen),
            tolerated: self.field.tolerance * self.weights.all(),
        }
        .risk();
        self.risks.set(chosen, rival, Some(risk));
        risk
    }

    /// What an arm has won from another on the first `seen` items, summed in their order, whatever order the answers
    /// came in.
    fn wins(&self, (winner, loser): (usize, usize), seen: usize) -> Wins {
        let mut wins = Wins::default();
        let answers = self.known.row(winner).iter().zip(self.known.row(loser));
        for (item, answers) in answers.take(seen).enumerate() {
            if let (Some(ours), Some(theirs)) = answers
                && ours > theirs
            {
                let chances = self.chances.get(winner, item) * self.chances.get(loser, item);
                wins.add(self.weights.of(item) * chances * (ours - theirs));
            }
        }
        wins
    }

    /// Cheap arms first, then the pair, the cheaper of the two first.
    fn plan_round(&mut self, leader: Leader) {
        let (arm, rival) = (leader.arm, leader.rival);
        let until = self.seen(arm).min(self.seen(rival)) + self.rules.batch.max(1);
        let price = |arm: usize| self.prices.get(arm).copied().unwrap_or(0.0);
        let pair = if price(arm) <= price(rival) {
            [arm, rival]
        } else {
            [rival, arm]
        };
        let ahead = (0..self.field.arms).filter(|one| self.is_cheap(*one) && !pair.contains(one));
        let order: Vec<usize> = ahead.chain(pair).collect();
        let behind = order.into_iter().filter(|one| self.seen(*one) < until);
        self.plan = behind.map(|one| (one, until)).collect();
    }
}

//! The certified race: the probability of a wrong choice is bounded, whenever it stops.
//!
//! In: outcomes. Out: questions, then an arm with the certificate "worse than the best by more than the
//! tolerance with probability at most α". One leader is tried at a time. It is asked item after item; every
//! rival is asked where the leader failed, because only there can it gain, and where the leader passed only
//! as long as that brings more evidence per question. Of a strong rival a few answers suffice: it cannot win
//! more items than the leader failed.
//!
//! A wrong choice needs a certificate of some bad arm against the best one. There are at most K - 1 bad
//! arms, and each such certificate appears with probability at most α/(K - 1) by `evidence`, whatever was
//! asked; so the total is at most α. Choosing leaders and questions by what was seen costs nothing.
//! Items must be in random order; of a set they may count unequally. Source: own; figures in `docs/methods.md`.

use std::collections::BTreeSet;

use super::evidence::Null;
use super::grid::Grid;
use super::types::{Answer, Field, Finish, Guarantee, Query, Step};
use super::weights::Weights;
use crate::StatsError;
use crate::error::check_open_unit;
use crate::sequential::Population;

/// How the certified race is run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CertifiedRules {
    /// Error bound of the whole race, in (0, 1).
    pub alpha: f64,
    /// Whether "best" is meant on these items, or on the source that they are a sample of.
    pub population: Population,
    /// Items that every arm answers first.
    pub warm_up: usize,
    /// Items per round; more are faster and ask a little too much.
    pub batch: usize,
    /// Steps in which shares of passes come: the number of repeats, 1 for pass or fail.
    pub steps: usize,
}

impl CertifiedRules {
    /// The rules at 5 % for the items themselves.
    #[must_use]
    pub fn of_the_set(items: usize) -> Self {
        Self {
            alpha: 0.05,
            population: Population::Finite(items),
            warm_up: 20,
            batch: 1,
            steps: 1,
        }
    }

    /// The rules at 5 % for the source of the items.
    #[must_use]
    pub fn of_the_source() -> Self {
        Self {
            population: Population::Source,
            ..Self::of_the_set(0)
        }
    }
}

/// A leader is given up for a rival that seems better by more than this.
const GIVE_UP_AT: f64 = 0.02;
/// What an answer where the leader passed is worth, relative to one more item of the leader.
const WORTH: f64 = 0.7;

/// The range of one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Known {
    low: f64,
    high: f64,
    is_asked: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            low: 0.0,
            high: 1.0,
            is_asked: false,
        }
    }
}

/// The certified race.
#[derive(Debug, Clone)]
pub struct CertifiedRace {
    field: Field,
    rules: CertifiedRules,
    null: Null,
    known: Grid<Known>,
    leader: Option<usize>,
    given_up: Vec<usize>,
    exhausted: Vec<usize>,
    /// Evidence of the leader against each arm; `None` = to be computed.
    evidence: Vec<Option<f64>>,
    waiting: BTreeSet<Query>,
}

/// What the leader's items have shown about one rival.
#[derive(Debug, Clone, Copy, Default)]
struct Sketch {
    rival: usize,
    /// Estimated share of items that the rival wins.
    wins: f64,
    /// Estimated share of the leader's passes on which the rival fails.
    losses: f64,
    /// Estimated rate of the rival minus that of the leader.
    lead: f64,
    /// Sum of the lower bounds of the differences, as items count.
    sum: f64,
    has_unasked: bool,
}

impl CertifiedRace {
    /// Lines up.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without arms or items, [`StatsError::OutOfRange`] for a tolerance or α outside
    /// (0, 1), [`StatsError::LengthMismatch`] for a finite population of another size than the items.
    pub fn new(field: Field, rules: CertifiedRules) -> Result<Self, StatsError> {
        field.check()?;
        check_open_unit("alpha", rules.alpha)?;
        if let Population::Finite(size) = rules.population {
            crate::error::check_same_length(size, field.items)?;
        }
        Ok(Self {
            null: Null::new(field.tolerance, rules.steps, rules.population),
            known: Grid::new(field.arms, field.items, Known::default()),
            leader: None,
            given_up: Vec::new(),
            exhausted: Vec::new(),
            evidence: vec![None; field.arms],
            waiting: BTreeSet::new(),
            field,
            rules,
        })
    }

    /// Lets items count unequally, each by its weight at its place in the order; before the first step.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] unless there is a weight per item, [`StatsError::NotFinite`], and
    /// [`StatsError::OutOfRange`] for weights that are not above 0, or that differ where the source is meant, whose
    /// largest weight nobody knows.
    pub fn weighted(self, weights: &[f64]) -> Result<Self, StatsError> {
        let items = self.field.items;
        let weights = Weights::new(weights, items)?;
        if weights == Weights::even(items) {
            return Ok(self);
        }
        match self.rules.population {
            Population::Source => Err(StatsError::OutOfRange {
                parameter: "weight",
                value: weights.largest(),
                range: "the same for every item where the source is meant",
            }),
            Population::Finite(_) => {
                let null = Null::of_weighted(self.field.tolerance, weights, items);
                Ok(Self { null, ..self })
            }
        }
    }

    /// Returns what to do now. The same until every question has its answer.
    pub fn next_step(&mut self) -> Step {
        loop {
            if !self.waiting.is_empty() {
                return Step::Ask(self.waiting.iter().copied().collect());
            }
            let Some(leader) = self.leader else {
                self.warm_up();
                continue;
            };
            let seen = self.prefix(leader);
            let open = self.open_rivals(leader, seen);
            if open.is_empty() {
                return self.stop(leader);
            }
            let sketches: Vec<Sketch> = open
                .iter()
                .map(|rival| self.sketch(leader, *rival, seen))
                .collect();
            if self.ask_where_failed(leader, &open, seen) {
                continue;
            }
            if let Some(better) = self.better_leader(&sketches) {
                self.lead(better);
                continue;
            }
            if !self.ask_more(leader, seen, &sketches)
                && let Some(finish) = self.exhausted(leader, &open)
            {
                return Step::Stop(finish);
            }
        }
    }

    /// Takes an answer; what was not asked is ignored.
    pub fn answer(&mut self, query: Query, answer: Answer) {
        if !self.waiting.remove(&query) {
            return;
        }
        let (low, high) = answer.range();
        let known = Known {
            low,
            high,
            is_asked: true,
        };
        self.known.set(query.arm, query.item, known);
        if self.leader == Some(query.arm) {
            self.evidence.fill(None);
        } else if let Some(evidence) = self.evidence.get_mut(query.arm) {
            *evidence = None;
        }
    }

    fn ask(&mut self, arm: usize, item: usize) -> bool {
        let is_new = item < self.field.items && !self.known.get(arm, item).is_asked;
        if is_new {
            self.waiting.insert(Query { arm, item });
        }
        is_new
    }

    /// Asks the first items of everybody, then names the first leader.
    fn warm_up(&mut self) {
        let warm_up = self.rules.warm_up.clamp(1, self.field.items);
        for arm in 0..self.field.arms {
            for item in 0..warm_up {
                self.ask(arm, item);
            }
        }
        if self.waiting.is_empty() {
            // The first of equals: `max_by` takes the last, so they are looked at from behind.
            let best = (0..self.field.arms)
                .rev()
                .max_by(|a, b| self.passes(*a).total_cmp(&self.passes(*b)));
            self.lead(best.unwrap_or(0));
        }
    }

    fn lead(&mut self, arm: usize) {
        self.leader = Some(arm);
        self.given_up.push(arm);
        self.evidence.fill(None);
    }

    /// Items that an arm has been asked from the first on, without a gap.
    fn prefix(&self, arm: usize) -> usize {
        let row = self.known.row(arm);
        row.iter().take_while(|one| one.is_asked).count()
    }

    /// Known passes, as items count.
    fn passes(&self, arm: usize) -> f64 {
        let row = self.known.row(arm).iter().enumerate();
        row.map(|(item, one)| self.null.weight(item) * one.low)
            .sum()
    }

    /// Log evidence that certifies one pair.
    fn wanted(&self) -> f64 {
        (self.field.arms.saturating_sub(1).max(1) as f64 / self.rules.alpha).ln()
    }

    fn open_rivals(&mut self, leader: usize, seen: usize) -> Vec<usize> {
        let wanted = self.wanted();
        let rivals: Vec<usize> = (0..self.field.arms).filter(|arm| *arm != leader).collect();
        rivals
            .into_iter()
            .filter(|rival| self.evidence_against(leader, *rival, seen) < wanted)
            .collect()
    }

    fn evidence_against(&mut self, leader: usize, rival: usize, seen: usize) -> f64 {
        if let Some(Some(evidence)) = self.evidence.get(rival) {
            return *evidence;
        }
        let (ours, theirs) = (self.known.row(leader), self.known.row(rival));
        let lows = ours
            .iter()
            .zip(theirs)
            .take(seen)
            .map(|(a, b)| a.low - b.high);
        let evidence = self.null.log_evidence(lows);
        if let Some(slot) = self.evidence.get_mut(rival) {
            *slot = Some(evidence);
        }
        evidence
    }

    fn sketch(&self, leader: usize, rival: usize, seen: usize) -> Sketch {
        let (ours, theirs) = (self.known.row(leader), self.known.row(rival));
        let mut sketch = Sketch {
            rival,
            ..Sketch::default()
        };
        let (mut won, mut lost, mut asked, mut failed, mut n) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (item, (our, their)) in ours.iter().zip(theirs).take(seen).enumerate() {
            let weight = self.null.weight(item);
            n += weight;
            sketch.sum += weight * (our.low - their.high);
            if our.low < 0.5 {
                failed += weight;
                won += weight * (their.low - our.low).max(0.0);
            } else if their.is_asked {
                asked += weight;
                lost += weight * (our.low - their.high).max(0.0);
            } else {
                sketch.has_unasked = true;
            }
        }
        sketch.losses = (lost + 0.5) / (asked + 5.0);
        sketch.wins = (won + 0.3) / (n + 10.0);
        sketch.lead = sketch.wins - sketch.losses * (1.0 - failed / n.max(f64::MIN_POSITIVE));
        sketch
    }

    /// Asks open rivals where the leader failed: nothing can be certified without.
    fn ask_where_failed(&mut self, leader: usize, open: &[usize], seen: usize) -> bool {
        let ours = self.known.row(leader).iter().take(seen).enumerate();
        let failed: Vec<usize> = ours
            .filter(|(_, one)| one.low < 0.5)
            .map(|(item, _)| item)
            .collect();
        let mut any = false;
        for rival in open {
            any |= self.ask_all(*rival, &failed);
        }
        any
    }

    /// The rival that seems better by enough to lead in place of the leader; who has led before does not come back
    /// on an estimate.
    fn better_leader(&self, sketches: &[Sketch]) -> Option<usize> {
        sketches
            .iter()
            .filter(|one| one.lead > GIVE_UP_AT && !self.given_up.contains(&one.rival))
            .max_by(|a, b| a.lead.total_cmp(&b.lead))
            .map(|one| one.rival)
    }

    /// Asks for what brings most evidence; false when nothing is left to ask.
    fn ask_more(&mut self, leader: usize, seen: usize, sketches: &[Sketch]) -> bool {
        let drift = |one: &Sketch| match self.rules.population {
            Population::Source => self.field.tolerance,
            Population::Finite(_) => self.null.spare_per_item(seen, one.sum),
        };
        let by_more_items: f64 = sketches
            .iter()
            .map(|one| (drift(one).min(1.0) - one.wins).max(0.0))
            .sum();
        let by_losses = sketches
            .iter()
            .filter(|one| one.has_unasked)
            .max_by(|a, b| a.losses.total_cmp(&b.losses))
            .map(|one| (one.rival, WORTH * one.losses));
        match by_losses {
            Some((rival, worth)) if seen >= self.field.items || worth > by_more_items => {
                let theirs = self.known.row(rival).iter().take(seen).enumerate();
                let unasked = theirs
                    .filter(|(_, one)| !one.is_asked)
                    .map(|(item, _)| item);
                let items: Vec<usize> = unasked.take(self.rules.batch.max(1)).collect();
                self.ask_all(rival, &items)
            }
            _ => {
                let items: Vec<usize> = (seen..seen + self.rules.batch.max(1)).collect();
                self.ask_all(leader, &items)
            }
        }
    }

    /// Asks one arm several items; false when all of them were asked before.
    fn ask_all(&mut self, arm: usize, items: &[usize]) -> bool {
        let mut any = false;
        for item in items {
            any |= self.ask(arm, *item);
        }
        any
    }

    fn stop(&self, leader: usize) -> Step {
        Step::Stop(Finish {
            chosen: leader,
            guarantee: Guarantee::Certified {
                alpha: self.rules.alpha,
                population: self.rules.population,
            },
        })
    }

    /// Everything about the leader and its open rivals is known and does not certify it. The best of the
    /// rivals leads if it did better; otherwise the leader is the best choice, without a certificate.
    fn exhausted(&mut self, leader: usize, open: &[usize]) -> Option<Finish> {
        self.exhausted.push(leader);
        let best = open
            .iter()
            .copied()
            .filter(|rival| !self.exhausted.contains(rival))
            .max_by(|a, b| self.passes(*a).total_cmp(&self.passes(*b)));
        match best {
            Some(rival) if self.passes(rival) > self.passes(leader) => {
                self.lead(rival);
                None
            }
            _ => Some(Finish {
                chosen: leader,
                guarantee: Guarantee::Exhausted,
            }),
        }
    }
}

//! Any race behind one face, with a large field halved first where no bound is wanted.
//!
//! In: a specification and outcomes. Out: questions and the choice, in the caller's numbering of arms. Answers
//! known from the halving are handed to the race that follows; nothing is asked twice.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::certified::{CertifiedRace, CertifiedRules};
use super::posterior::{PosteriorRace, PosteriorRules};
use super::rejects::SuccessiveRejects;
use super::types::{Answer, Field, Query, Step};
use crate::StatsError;
use crate::sequential::Population;

/// Fields larger than this are halved first, unless a bound is wanted.
pub const LARGE_FIELD: usize = 15;
/// Arms that a large field is cut down to.
const KEEP: usize = 8;
/// Questions of the halving, as a share of all.
const HALVING: f64 = 0.04;

/// Which guarantee is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Fewest calls: calibrated on recorded outcomes, no bound.
    Calibrated,
    /// Least money: as `calibrated`, cheap arms first.
    Cheapest,
    /// At most 5 % wrong on the items themselves.
    CertifiedSet,
    /// At most 5 % wrong on the source of the items.
    CertifiedSource,
}

/// What a race is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct RaceSpec {
    /// Who runs over what.
    pub field: Field,
    /// Which guarantee is wanted.
    pub mode: Mode,
    /// Relative prices, one per arm; used by [`Mode::Cheapest`], which counts calls without them.
    pub prices: Option<Vec<f64>>,
    /// Items per round; more are faster and ask a little too much.
    pub batch: usize,
    /// Answers per item that a share of passes comes from.
    pub repeats: usize,
    /// What items count, by their place in the order; `None` = all the same. Unequal ones are refused by
    /// [`Mode::CertifiedSource`].
    pub weights: Option<Vec<f64>>,
}

/// A race of any kind.
#[derive(Debug, Clone)]
pub struct Race {
    spec: RaceSpec,
    stage: Stage,
    /// Positions of the arms of the current stage.
    arms: Vec<usize>,
    answers: BTreeMap<Query, Answer>,
}

#[derive(Debug, Clone)]
enum Stage {
    Rejects(SuccessiveRejects),
    Posterior(PosteriorRace),
    Certified(CertifiedRace),
}

impl Race {
    /// Lines up.
    ///
    /// # Errors
    /// As [`PosteriorRace::new`], [`CertifiedRace::new`] and [`CertifiedRace::weighted`].
    pub fn new(spec: RaceSpec) -> Result<Self, StatsError> {
        spec.field.check()?;
        let arms: Vec<usize> = (0..spec.field.arms).collect();
        // Halving has no error bound, so a certificate cannot stand on it.
        let may_halve = matches!(spec.mode, Mode::Calibrated | Mode::Cheapest);
        let stage = if arms.len() > LARGE_FIELD && may_halve {
            let all = spec.field.arms.saturating_mul(spec.field.items) as f64;
            let rejects = SuccessiveRejects::new(spec.field, KEEP, (all * HALVING) as usize)?;
            Stage::Rejects(match &spec.weights {
                Some(weights) => rejects.weighted(weights)?,
                None => rejects,
            })
        } else {
            race(&spec, &arms)?
        };
        Ok(Self {
            spec,
            stage,
            arms,
            answers: BTreeMap::new(),
        })
    }

    /// Returns what to do now. The same until every question has its answer.
    ///
    /// # Errors
    /// As [`Race::new`]; not after it succeeded.
    pub fn next_step(&mut self) -> Result<Step, StatsError> {
        loop {
            let step = match &mut self.stage {
                Stage::Rejects(rejects) => match rejects.next_questions() {
                    Some(queries) => Step::Ask(queries),
                    None => {
                        self.arms = rejects.alive().to_vec();
                        self.stage = race(&self.spec, &self.arms)?;
                        continue;
                    }
                },
                Stage::Posterior(race) => race.next_step(),
                Stage::Certified(race) => race.next_step(),
            };
            match step {
                Step::Ask(queries) => {
                    let (known, unknown): (Vec<Query>, Vec<Query>) = queries
                        .into_iter()
                        .partition(|inner| self.answers.contains_key(&self.outer(*inner)));
                    if known.is_empty() {
                        let asked = unknown.into_iter().map(|inner| self.outer(inner));
                        return Ok(Step::Ask(asked.collect()));
                    }
                    for inner in known {
                        if let Some(answer) = self.answers.get(&self.outer(inner)).copied() {
                            self.pass_on(inner, answer);
                        }
                    }
                }
                Step::Stop(mut finish) => {
                    finish.chosen = self.arms.get(finish.chosen).copied().unwrap_or(0);
                    return Ok(Step::Stop(finish));
                }
            }
        }
    }

    /// Takes an answer, also one that was not asked for (from a record): it is used when its turn comes.
    pub fn answer(&mut self, query: Query, answer: Answer) {
        self.answers.entry(query).or_insert(answer);
    }

    /// Returns the arms that are still in the race.
    #[must_use]
    pub fn arms(&self) -> &[usize] {
        &self.arms
    }

    fn outer(&self, inner: Query) -> Query {
        Query {
            arm: self.arms.get(inner.arm).copied().unwrap_or(inner.arm),
            item: inner.item,
        }
    }

    fn pass_on(&mut self, inner: Query, answer: Answer) {
        match &mut self.stage {
            Stage::Rejects(rejects) => rejects.answer(inner, answer),
            Stage::Posterior(race) => race.answer(inner, answer),
            Stage::Certified(race) => race.answer(inner, answer),
        }
    }
}

fn race(spec: &RaceSpec, arms: &[usize]) -> Result<Stage, StatsError> {
    let field = Field {
        arms: arms.len(),
        ..spec.field
    };
    let posterior = |rules: PosteriorRules| {
        let rules = PosteriorRules {
            batch: spec.batch,
            ..rules
        };
        let race = PosteriorRace::new(field, rules)?;
        let race = match &spec.weights {
            Some(weights) => race.weighted(weights)?,
            None => race,
        };
        Ok(Stage::Posterior(race))
    };
    let certified = |population: Population| {
        let rules = CertifiedRules {
            population,
            batch: spec.batch,
            steps: spec.repeats,
            ..CertifiedRules::of_the_set(field.items)
        };
        let race = CertifiedRace::new(field, rules)?;
        let race = match &spec.weights {
            Some(weights) => race.weighted(weights)?,
            None => race,
        };
        Ok(Stage::Certified(race))
    };
    match (spec.mode, &spec.prices) {
        (Mode::Cheapest, Some(prices)) => {
            let of = |arm: &usize| prices.get(*arm).copied().unwrap_or(0.0);
            posterior(PosteriorRules::least_money(arms.iter().map(of).collect()))
        }
        (Mode::Calibrated | Mode::Cheapest, _) => posterior(PosteriorRules::fewest_calls()),
        (Mode::CertifiedSet, _) => certified(Population::Finite(field.items)),
        (Mode::CertifiedSource, _) => certified(Population::Source),
    }
}

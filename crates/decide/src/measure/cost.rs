//! Money: per query, per 1,000, per month, per accepted answer.
//!
//! Means are exact decimals; only interval ends pass through binary floats. Production figures price
//! the measured tokens at today's prices with the stated cache hit rate: what the benchmark's own cache
//! saved says nothing of production. Where prices are unknown but the calls were billed, the bill is
//! used and said to be. Failed trials brought no answer and are in no mean, only in the totals.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use trilemma_catalog::Staleness;
use trilemma_cost::{PriceBasis, Pricer, monthly};
use trilemma_domain::{NanoUsd, Traffic, Usd};
use trilemma_stats::{Confidence, StatsError};

use super::interval;
use crate::collect::{Observed, State, Table};
use crate::figure::MoneyFigure;
use crate::result::{CostBasis, CostFigures, PriceFacts};
use crate::sample::{Design, Entry, Values};

/// Costs of one candidate by item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CostSample {
    pub(crate) basis: CostBasis,
    /// Cost of an answer, all answers whose cost is known.
    per_query: Priced,
    /// The same, scored answers only, with the share of them that pass.
    scored: Priced,
    accepted: Values,
    accepted_mean: Option<Decimal>,
}

/// Costs per item with their exact mean.
#[derive(Debug, Clone, PartialEq)]
struct Priced {
    values: Values,
    mean: Option<Usd>,
}

/// What production would cost.
#[derive(Clone, Copy)]
pub(crate) enum Prices<'a> {
    /// Nobody knows.
    Unknown,
    /// Prices, and the share of input that is read from cache.
    Of(&'a Pricer, Option<f64>),
    /// The costs of its parts, added up by item.
    Added(&'a [Option<Usd>]),
}

/// Gathers the costs of one candidate; `None` = none is known.
pub(crate) fn cost_sample(
    table: &Table,
    candidate: usize,
    design: &Design,
    prices: Prices<'_>,
) -> Option<CostSample> {
    let billed = |_: usize, trial: &Observed| trial.cost.map(NanoUsd::to_usd);
    let produced = |item: usize, trial: &Observed| {
        let (pricer, hit_rate) = match prices {
            Prices::Unknown => return None,
            Prices::Added(costs) => return costs.get(item).copied().flatten(),
            Prices::Of(pricer, hit_rate) => (pricer, hit_rate),
        };
        pricer.production(
            u64::from(trial.input_tokens?),
            u64::from(trial.output_tokens?),
            hit_rate,
        )
    };
    let answered = || {
        let items = table.items_of(candidate).enumerate();
        let trials = items.flat_map(|(item, own)| own.iter().flatten().map(move |one| (item, one)));
        trials.filter(|(_, trial)| trial.answered())
    };
    if answered().any(|(item, trial)| produced(item, trial).is_some()) {
        let basis = CostBasis::Production;
        return Some(sample(table, candidate, design, basis, produced));
    }
    answered()
        .any(|(item, trial)| billed(item, trial).is_some())
        .then(|| sample(table, candidate, design, CostBasis::Billed, billed))
}

fn sample(
    table: &Table,
    candidate: usize,
    design: &Design,
    basis: CostBasis,
    cost: impl Fn(usize, &Observed) -> Option<Usd>,
) -> CostSample {
    let (mut all, mut scored, mut accepted) = (Gather::new(), Gather::new(), Gather::new());
    for (item, repeats) in table.items_of(candidate).enumerate() {
        for trial in repeats.iter().flatten().filter(|trial| trial.answered()) {
            let Some(cost) = cost(item, trial) else {
                continue;
            };
            all.add(cost.decimal());
            if let State::Scored { pass, .. } = trial.state {
                scored.add(cost.decimal());
                accepted.add(if pass { Decimal::ONE } else { Decimal::ZERO });
            }
        }
        let weight = design.weight(item);
        [&mut all, &mut scored, &mut accepted]
            .into_iter()
            .for_each(|gather| gather.close_item(item, weight));
    }
    let accepted = accepted.finish(design);
    CostSample {
        basis,
        per_query: all.finish(design),
        scored: scored.finish(design),
        accepted_mean: accepted.mean.map(Usd::decimal),
        accepted: accepted.values,
    }
}

/// Sums exact amounts by item and over items.
struct Gather {
    entries: Vec<Entry>,
    item_sum: Decimal,
    item_n: u32,
    weighted_sum: Decimal,
    weights: Decimal,
}

impl Gather {
    fn new() -> Self {
        Self {
            entries: Vec::new(),
            item_sum: Decimal::ZERO,
            item_n: 0,
            weighted_sum: Decimal::ZERO,
            weights: Decimal::ZERO,
        }
    }

    fn add(&mut self, amount: Decimal) {
        self.item_sum = self.item_sum.saturating_add(amount);
        self.item_n += 1;
    }

    fn close_item(&mut self, item: usize, weight: f64) {
        if self.item_n > 0 {
            let mean = self.item_sum / Decimal::from(self.item_n);
            let weight = Decimal::from_f64(weight).unwrap_or(Decimal::ONE);
            self.weighted_sum = self
                .weighted_sum
                .saturating_add(mean.saturating_mul(weight));
            self.weights = self.weights.saturating_add(weight);
            self.entries.push(Entry {
                item,
                value: Usd::new(mean).to_f64(),
                n_trials: self.item_n,
            });
        }
        (self.item_sum, self.item_n) = (Decimal::ZERO, 0);
    }

    fn finish(self, design: &Design) -> Priced {
        Priced {
            values: Values::new(design, self.entries.into_iter()),
            mean: self.weighted_sum.checked_div(self.weights).map(Usd::new),
        }
    }
}

impl CostSample {
    /// Mean cost per query.
    pub(crate) fn mean(&self) -> Option<Usd> {
        self.per_query.mean
    }

    /// Mean cost per query with its interval at any level.
    pub(crate) fn per_query(&self, confidence: Confidence, seed: u64) -> Option<MoneyFigure> {
        let value = self.per_query.mean?;
        let values = &self.per_query.values;
        Some(match interval::mean(values, confidence, seed) {
            Ok((estimate, method)) => MoneyFigure::around(value, &estimate, method),
            Err(error) => without_interval(value, values, &error),
        })
    }

    /// Cost per accepted answer; `None` when nothing was accepted.
    pub(crate) fn accepted_cost(&self) -> Option<Usd> {
        let share = self.accepted_mean.filter(|share| !share.is_zero())?;
        let cost = self.scored.mean?.decimal().checked_div(share)?;
        Some(Usd::new(cost))
    }

    /// Cost per accepted answer with its interval at any level; `None` when nothing was accepted.
    pub(crate) fn per_accepted(&self, confidence: Confidence, seed: u64) -> Option<MoneyFigure> {
        let value = self.accepted_cost()?;
        let top = &self.scored.values;
        Some(
            match interval::ratio(top, &self.accepted, confidence, seed) {
                Ok((estimate, method)) => MoneyFigure::around(value, &estimate, method),
                Err(error) => without_interval(value, top, &error),
            },
        )
    }

    /// Relative standard error of the mean cost per query; 0 where all cost the same.
    pub(crate) fn relative_error(&self) -> f64 {
        let error = self
            .per_query
            .values
            .t_interval(Confidence::P95)
            .ok()
            .and_then(|estimate| estimate.standard_error);
        match (error, self.mean().map(Usd::to_f64)) {
            (Some(error), Some(mean)) if mean > 0.0 => error / mean,
            _ => 0.0,
        }
    }
}

/// Where every answer costs the same, the interval is that amount; else there is none.
fn without_interval(value: Usd, values: &Values, error: &StatsError) -> MoneyFigure {
    let figure = MoneyFigure::plain(value, values.n());
    match error {
        StatsError::NoSpread { .. } => MoneyFigure {
            low: Some(figure.value),
            high: Some(figure.value),
            ..figure
        },
        _ => figure,
    }
}

/// All cost figures of one candidate.
pub(crate) fn cost_figures(
    table: &Table,
    candidate: usize,
    design: &Design,
    sample: Option<&CostSample>,
    (traffic, seed): (Option<&Traffic>, u64),
) -> CostFigures {
    let billed = cost_sample(table, candidate, design, Prices::Unknown);
    let per_query = sample.and_then(|sample| sample.per_query(Confidence::P95, seed));
    let n_answered = table
        .trials_of(candidate)
        .filter(|trial| trial.answered())
        .count();
    let n_priced = sample.map_or(0, |sample| sample.per_query.values.n_trials);
    let basis = sample.map(|sample| sample.basis);
    CostFigures {
        basis,
        cache_hit_rate: traffic
            .and_then(|traffic| traffic.cache_hit_rate)
            .filter(|_| basis == Some(CostBasis::Production)),
        per_query,
        per_1000: per_query.map(|figure| figure.times(Decimal::from(1_000))),
        per_month: month_factor(traffic).and_then(|factor| Some(per_query?.times(factor))),
        per_accepted: sample.and_then(|sample| sample.per_accepted(Confidence::P95, seed)),
        billed_per_query: billed.and_then(|billed| billed.per_query(Confidence::P95, seed)),
        billed_total: total(table.trials_of(candidate).map(|trial| trial.cost)),
        scoring_total: total(table.trials_of(candidate).map(|trial| trial.scoring_cost)),
        n_unpriced_answers: n_answered.saturating_sub(n_priced),
    }
}

/// Queries per month of the project's traffic; `None` = not stated.
pub(crate) fn month_factor(traffic: Option<&Traffic>) -> Option<Decimal> {
    monthly(Usd::new(Decimal::ONE), traffic?.queries_per_day).map(Usd::decimal)
}

/// Sum of what is known; `None` = nothing is.
fn total(costs: impl Iterator<Item = Option<NanoUsd>>) -> Option<Usd> {
    costs
        .flatten()
        .fold(None, |sum: Option<NanoUsd>, cost| {
            Some(sum.map_or(cost, |sum| sum.saturating_add(cost)))
        })
        .map(|sum| Usd::new(sum.to_usd().decimal().normalize()))
}

/// The prices behind the figures.
pub(crate) fn price_facts(pricer: Option<&Pricer>) -> Vec<PriceFacts> {
    let text = |rate: Option<trilemma_domain::UsdPerMtok>| {
        rate.map(|rate| rate.decimal().normalize().to_string())
    };
    pricer
        .map(Pricer::steps)
        .unwrap_or_default()
        .iter()
        .map(|step| {
            let (source, checked, age_days) = match &step.basis {
                PriceBasis::Contract => ("own contract".to_owned(), None, None),
                PriceBasis::Catalog {
                    source,
                    checked,
                    staleness,
                } => (source.clone(), Some(*checked), age(*staleness)),
            };
            PriceFacts {
                row: step.row.clone(),
                above_tokens: step.above_tokens,
                source,
                checked,
                age_days,
                input_usd_per_mtok: text(step.rates.input),
                output_usd_per_mtok: text(step.rates.output),
            }
        })
        .collect()
}

fn age(staleness: Staleness) -> Option<i32> {
    match staleness {
        Staleness::Fresh => None,
        Staleness::Ageing { days } | Staleness::Stale { days } => Some(days),
    }
}

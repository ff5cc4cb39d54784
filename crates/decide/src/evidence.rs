//! Everything that was measured, before anything is judged.
//!
//! In: the input and the table of trials. Out: [`Case`], with one [`Evidence`] per candidate. Judging
//! is `gate`'s, choosing is `choose`'s.

use rust_decimal::Decimal;
use trilemma_domain::{CandidateId, Usd};
use trilemma_stats::{Confidence, Side};

use crate::collect::Table;
use crate::figure::Figure;
use crate::input::{CandidateFacts, DecisionInput, LifecycleEnd};
use crate::measure::{CostSample, Prices, Timed, cost_sample, counts, pass_rate, timed};
use crate::result::{Counts, LatencyFigures};
use crate::review::Reviews;
use crate::sample::{Column, Design, Scenario};

/// What is judged.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) input: &'a DecisionInput,
    pub(crate) design: Design,
    pub(crate) candidates: Vec<Evidence<'a>>,
    pub(crate) reviews: &'a Reviews,
}

impl Case<'_> {
    /// The part of a mix whose end is its own; `None` = it is no mix, or nothing says when it ends.
    pub(crate) fn ending_part(&self, facts: &CandidateFacts) -> Option<&CandidateId> {
        let end = facts.end.as_ref()?;
        let parts = facts.routed.iter().flat_map(|routed| &routed.parts);
        let mut parts = parts.filter_map(|part| self.input.candidates.get(part.candidate));
        let ends = |own: &LifecycleEnd| own.by == end.by;
        let first = parts.find(|part| part.end.as_ref().is_some_and(ends))?;
        Some(&first.id)
    }
}

/// What was measured of one candidate.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) facts: &'a CandidateFacts,
    pub(crate) column: Column,
    pub(crate) counts: Counts,
    /// Pass rate of what was scored.
    pub(crate) pass_rate: Option<Figure>,
    pub(crate) ttft: Timed,
    pub(crate) e2e: Timed,
    pub(crate) latency: LatencyFigures,
    pub(crate) cost: Option<CostSample>,
    /// Cost per accepted answer.
    pub(crate) per_accepted: Option<Usd>,
    /// What one more trial costs, its scoring included; `None` = unknown.
    pub(crate) per_trial: Option<Usd>,
}

impl<'a> Case<'a> {
    /// Measures every candidate.
    pub(crate) fn of(input: &'a DecisionInput, table: &Table, reviews: &'a Reviews) -> Self {
        let design = Design::of(&input.items, input.repeats, input.candidates.len())
            .about(input.requirements.estimand);
        let candidates = input
            .candidates
            .iter()
            .enumerate()
            .map(|(candidate, facts)| measure(input, table, &design, candidate, facts))
            .collect();
        Self {
            input,
            design,
            candidates,
            reviews,
        }
    }

    /// Position of the candidate with the highest pass rate, the first of equals.
    pub(crate) fn best(&self) -> Option<usize> {
        let rates = self.candidates.iter().map(|candidate| candidate.pass_rate);
        let mut best: Option<(usize, f64)> = None;
        for (idx, rate) in rates.enumerate() {
            if let Some(rate) = rate
                && best.is_none_or(|(_, most)| rate.value > most)
            {
                best = Some((idx, rate.value));
            }
        }
        best.map(|(idx, _)| idx)
    }

    /// What some more items cost for some candidates; `None` = unknown for one of them.
    pub(crate) fn cost_of_items(
        &self,
        n_items: usize,
        candidates: impl IntoIterator<Item = usize>,
    ) -> Option<Usd> {
        let per_item: Option<Usd> = candidates
            .into_iter()
            .map(|idx| self.candidates.get(idx)?.per_trial)
            .sum();
        let trials = Decimal::from(n_items).saturating_mul(Decimal::from(self.input.repeats));
        let cost = per_item? * trials;
        Some(Usd::new(cost.decimal().round_dp(6).normalize()))
    }

    /// Name of a candidate.
    pub(crate) fn name(&self, candidate: usize) -> &str {
        self.candidates
            .get(candidate)
            .map_or("?", |candidate| candidate.facts.id.as_str())
    }
}

impl Evidence<'_> {
    /// Whether anything ran at all.
    pub(crate) fn ran(&self) -> bool {
        self.counts.n_not_run < self.counts.n_planned
    }

    /// Median of the whole answer's time.
    pub(crate) fn e2e_p50(&self) -> Option<Figure> {
        Some(self.latency.e2e_ms.as_ref()?.p50)
    }

    /// 95th percentile of the whole answer's time.
    pub(crate) fn e2e_p95(&self) -> Option<Figure> {
        Some(self.latency.e2e_ms.as_ref()?.p95)
    }

    /// Failed or unscored trials.
    pub(crate) fn n_missing(&self) -> usize {
        self.column.n_missing()
    }
}

fn measure<'a>(
    input: &DecisionInput,
    table: &Table,
    design: &Design,
    candidate: usize,
    facts: &'a CandidateFacts,
) -> Evidence<'a> {
    let column = Column::of(table, candidate);
    let hit_rate = input.traffic.as_ref().and_then(|t| t.cache_hit_rate);
    let prices = match (table.composed_costs(candidate), &facts.pricer) {
        (Some(costs), _) => Prices::Added(costs),
        (None, Some(pricer)) => Prices::Of(pricer, hit_rate),
        (None, None) => Prices::Unknown,
    };
    let cost = cost_sample(table, candidate, design, prices);
    let counts = counts(table, candidate);
    let ttft = timed(table, candidate, design, |trial| trial.ttft_us);
    let tpot = timed(table, candidate, design, |trial| trial.tpot_us);
    let e2e = timed(table, candidate, design, |trial| trial.e2e_us);
    Evidence {
        facts,
        pass_rate: pass_rate(design, &column, Scenario::Observed)
            .and_then(|share| share.figure(Confidence::P95)),
        latency: LatencyFigures {
            ttft_ms: ttft.figures(),
            tpot_ms: tpot.figures(),
            e2e_ms: e2e.figures(),
        },
        ttft,
        e2e,
        per_accepted: cost.as_ref().and_then(CostSample::accepted_cost),
        per_trial: per_trial(table, candidate, cost.as_ref()),
        cost,
        column,
        counts,
    }
}

fn per_trial(table: &Table, candidate: usize, cost: Option<&CostSample>) -> Option<Usd> {
    let scoring: Vec<_> = table
        .trials_of(candidate)
        .filter_map(|trial| trial.scoring_cost)
        .collect();
    let n = Decimal::from(scoring.len().max(1));
    let judges = scoring
        .into_iter()
        .sum::<trilemma_domain::NanoUsd>()
        .to_usd()
        .decimal()
        .checked_div(n)?;
    Some(Usd::new(cost?.mean()?.decimal().saturating_add(judges)))
}

/// The side of a bound that shows "at least".
pub(crate) const AT_LEAST: Side = Side::Lower;
/// The side of a bound that shows "less than".
pub(crate) const LESS_THAN: Side = Side::Upper;

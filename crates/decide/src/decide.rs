//! Puts the decision together.
//!
//! In: a filled collector. Out: a [`Decision`], the same for the same input. Each figure is made in
//! `measure`, each verdict in `gate`, the choice in `choose`; here they only meet.

use trilemma_domain::{Observation, Usd, Verdict};

use crate::choose::{
    Chances, Ranking, Shown, conclude, missing_could_change, overturns, probabilities, ratio_pick,
    reasons, warnings,
};
use crate::collect::{Collector, Table};
use crate::error::DecideError;
use crate::evidence::{Case, Evidence};
use crate::figure::tidy;
use crate::frontier::{frontier, points};
use crate::gate::{Gates, gates};
use crate::input::DecisionInput;
use crate::measure::{compare, cost_figures, price_facts, score, token_figures};
use crate::mix::pricers;
use crate::result::{Axis, CandidateResult, Decision, GateResult, SCHEMA_VERSION, SampleSummary};
use crate::reviewed::summary;
use crate::slices::slices;
use crate::standings::standings;
use crate::views::disagreements;

/// Decides on trials that are all at hand.
///
/// # Errors
/// As [`Collector::new`] and [`Collector::push`].
pub fn decide(
    input: DecisionInput,
    observations: impl IntoIterator<Item = Observation>,
) -> Result<Decision, DecideError> {
    let mut collector = Collector::new(input)?;
    for observation in observations {
        collector.push(&observation)?;
    }
    Ok(collector.finish())
}

impl Collector {
    /// Decides on the trials taken so far; those that never came count as not run.
    #[must_use]
    pub fn finish(self) -> Decision {
        let Self {
            input,
            table,
            reviews,
            mix: _,
        } = self.composed();
        let case = Case::of(&input, &table, &reviews);
        let Gates {
            results: mut gates,
            alone,
        } = gates(&case);
        let ranking = Ranking::of(&case, &gates);
        let chances = probabilities(&case, &gates, &ranking);
        let conclusion = conclude(&case, &gates, &ranking, &chances);
        let best = case.best();
        let mut candidates: Vec<CandidateResult> = (0..case.candidates.len())
            .filter_map(|idx| {
                let own = case.candidates.get(idx)?;
                Some(result(&case, &table, (idx, own), best))
            })
            .collect();
        let ratios: Vec<Option<f64>> = candidates
            .iter()
            .map(|candidate| candidate.quality_cost_ratio)
            .collect();
        let ratio_pick = ratio_pick(&ratios);
        let places = points(&case);
        let standings = standings(&case);
        let slices = slices(&case, &conclusion, best);
        let shown = Shown {
            standings: standings.as_ref(),
            slices: &slices,
            ranking: &ranking,
            conclusion: &conclusion,
            ratio_pick,
            best,
            alone: &alone,
        };
        let decision = Decision {
            schema_version: SCHEMA_VERSION,
            provenance: input.provenance.clone(),
            as_of: input.as_of,
            seed: input.seed,
            simulated: input.simulated,
            task: input.task.clone(),
            requirements: input.requirements.clone(),
            traffic: input.traffic,
            preference: input.preference,
            stale_prices: input.stale_prices,
            sample: sample(&case),
            candidates: Vec::new(),
            incumbent: input.incumbent,
            best,
            ranking: ranking.places(),
            ratio_pick,
            frontier: frontier(&places, &[Axis::PassRate, Axis::Cost]),
            frontier_with_latency: frontier(&places, &[Axis::PassRate, Axis::Cost, Axis::E2eP50]),
            missing_could_change_it: missing_could_change(&case, &gates, &ranking),
            reasons: reasons(&case, &gates, &ranking, &conclusion),
            overturns: overturns(&case, &gates, &ranking, &conclusion),
            warnings: warnings(&case, &shown),
            judges: input.judges.clone(),
            pairs: input.pairs.clone(),
            review: summary(&case, &ranking.verdicts),
            disagreements: disagreements(&case),
            standings,
            slices,
            conclusion,
            outlook: None,
            routing: None,
        };
        attach(&mut candidates, &mut gates, &chances);
        Decision {
            candidates,
            ..decision
        }
    }
}

fn attach(candidates: &mut [CandidateResult], gates: &mut [Vec<GateResult>], chances: &[Chances]) {
    for ((candidate, gates), chance) in candidates.iter_mut().zip(gates).zip(chances) {
        candidate.gates = std::mem::take(gates);
        candidate.verdict = Verdict::all(candidate.gates.iter().map(|gate| gate.verdict));
        candidate.probability_meets = chance.meets;
        candidate.probability_right = chance.right;
    }
}

fn sample(case: &Case<'_>) -> SampleSummary {
    let tried = |item: usize| {
        case.candidates.iter().any(|candidate| {
            candidate
                .column
                .items
                .get(item)
                .is_some_and(|cell| cell.n_run > 0)
        })
    };
    SampleSummary {
        n_items: case.design.n_items(),
        n_tried: (0..case.design.n_items())
            .filter(|item| tried(*item))
            .count(),
        n_clusters: case.design.n_clusters(),
        weighted: case.design.weights.is_some(),
        repeats: case.design.repeats,
    }
}

fn result(
    case: &Case<'_>,
    table: &Table,
    (idx, own): (usize, &Evidence<'_>),
    best: Option<usize>,
) -> CandidateResult {
    let (input, design, facts) = (case.input, &case.design, own.facts);
    let score = score(design, &own.column, input.seed);
    let against = |other: Option<usize>| {
        let other = other.filter(|other| *other != idx)?;
        let reference = case.candidates.get(other)?;
        let columns = (&own.column, &reference.column);
        compare(design, columns, (other, &reference.facts.id), input.seed)
    };
    let money = (input.traffic.as_ref(), input.seed);
    let cost = cost_figures(table, idx, design, own.cost.as_ref(), money);
    let per_query = own.cost.as_ref().and_then(|cost| cost.mean());
    CandidateResult {
        id: facts.id.clone(),
        model: facts.model.clone(),
        identity: facts.identity.clone(),
        served: facts.served.clone(),
        end: facts.end.clone(),
        prices: pricers(facts, &input.candidates)
            .into_iter()
            .flat_map(|pricer| price_facts(Some(pricer)))
            .collect(),
        n_items: own
            .column
            .items
            .iter()
            .filter(|cell| cell.n_scored > 0)
            .count(),
        quality_cost_ratio: score
            .zip(per_query.map(Usd::to_f64))
            .filter(|(_, cost)| *cost > 0.0)
            .and_then(|(score, cost)| tidy(score.value / cost)),
        score,
        pass_rate: own.pass_rate,
        versus_best: against(best),
        versus_incumbent: against(input.incumbent),
        latency: own.latency.clone(),
        tokens: token_figures(table, idx, design),
        cost,
        counts: own.counts.clone(),
        gates: Vec::new(),
        verdict: Verdict::Undecided,
        probability_meets: None,
        probability_right: None,
        routed: facts.routed.clone(),
    }
}

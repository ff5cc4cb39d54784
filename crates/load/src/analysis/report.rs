//! Puts a whole test together.

use std::time::Duration;

use trilemma_domain::{
    CandidateId, LoadCandidateReport, LoadComparison, LoadCost, LoadGoal, LoadMetric, LoadPlan,
    LoadReport, LoadStage, LoadStageReport, NanoUsd, Slo, SloVerdict, StageEnd, StageStop,
};

use super::compare::compare;
use super::definitions::DEFINITIONS;
use super::figures::{StageSamples, figures};
use super::goodput::{Finding, Search, finding, good_rate};
use super::point::Point;
use super::saturation::saturation;
use super::verdict::{class_slos, verdict};
use super::warnings::warnings;

/// What a report is made of.
pub struct ReportParts<'a> {
    /// The plan.
    pub plan: &'a LoadPlan,
    /// Its stages in order; one that was cut off has no end, and ends with what was recorded of it.
    pub stages: &'a [(LoadStage, Option<StageEnd>)],
    /// The day of the measurement, in UTC.
    pub measured: String,
    /// When it began, RFC 3339.
    pub started: String,
}

/// Works everything out; `samples` reads the samples of a stage for all candidates of the test, sorted.
///
/// # Errors
/// As `samples` gives them.
pub fn report<E>(
    parts: &ReportParts<'_>,
    mut samples: impl FnMut(u32) -> Result<Vec<StageSamples>, E>,
) -> Result<LoadReport, E> {
    let mut gathered: Vec<Gathered> = parts
        .plan
        .candidates
        .iter()
        .map(|_| Gathered::default())
        .collect();
    let mut comparisons = Vec::new();
    for (stage_idx, (stage, end)) in (0..).zip(parts.stages) {
        let of_stage = samples(stage_idx)?;
        let end = end
            .clone()
            .unwrap_or_else(|| cut_off(parts.plan, stage, &of_stage));
        if parts.plan.goal == LoadGoal::Measure {
            comparisons.extend(comparisons_of(parts.plan, &of_stage));
        }
        for (place, idx) in stage.candidates.iter().enumerate() {
            let idx = *idx as usize;
            if let (Some(own), Some(samples)) = (gathered.get_mut(idx), of_stage.get(idx)) {
                own.add(parts.plan, samples, (stage_idx, stage, &end, place));
            }
        }
    }
    let simulated = gathered.iter().any(|one| one.simulated);
    let candidates: Vec<LoadCandidateReport> = gathered
        .into_iter()
        .enumerate()
        .filter_map(|(idx, own)| own.finish(parts, idx))
        .collect();
    Ok(LoadReport {
        schema_version: 1,
        test: parts.plan.test.clone(),
        measured: parts.measured.clone(),
        started: parts.started.clone(),
        trilemma_version: parts.plan.trilemma_version.clone(),
        project: parts.plan.project.clone(),
        simulated,
        stopped: stopped(parts.stages),
        goal: parts.plan.goal.clone(),
        prompts: parts.plan.prompts.clone(),
        seed: parts.plan.seed,
        timeout_s: parts.plan.timeout.as_secs_f64(),
        client_region: parts.plan.client_region.clone(),
        endpoint_region: parts.plan.endpoint_region.clone(),
        client_cores: parts.plan.client_cores,
        warnings: warnings(parts.plan, &candidates),
        candidates,
        comparisons,
        definitions: DEFINITIONS
            .iter()
            .map(|(name, meaning)| ((*name).to_owned(), (*meaning).to_owned()))
            .collect(),
    })
}

#[derive(Default)]
struct Gathered {
    stages: Vec<LoadStageReport>,
    served_models: std::collections::BTreeSet<String>,
    simulated: bool,
    cost: NanoUsd,
    n_unpriced: u64,
    search: Option<Search>,
    good_per_s: Option<f64>,
}

impl Gathered {
    fn add(
        &mut self,
        plan: &LoadPlan,
        samples: &StageSamples,
        (stage_idx, stage, end, place): (u32, &LoadStage, &StageEnd, usize),
    ) {
        let reading = plan.reading_tokens_per_s;
        let figures = figures(samples, (stage, end, place), reading);
        let points: Vec<&Point> = samples.measured().collect();
        let verdicts = verdicts(
            plan,
            &points,
            (figures.n_unstarted, figures.perceived.is_some()),
        );
        self.stages.push(LoadStageReport {
            stage_idx,
            plan: stage.clone(),
            end: end.clone(),
            figures,
            verdicts,
        });
        self.search(plan, samples, (stage, end));
        self.served_models
            .extend(samples.served_models.iter().cloned());
        self.simulated |= samples.simulated;
        self.cost = self.cost.saturating_add(samples.cost);
        self.n_unpriced += samples.n_unpriced;
    }

    /// Takes in what a rate of a search has shown.
    fn search(
        &mut self,
        plan: &LoadPlan,
        samples: &StageSamples,
        (stage, end): (&LoadStage, &StageEnd),
    ) {
        let LoadGoal::Goodput {
            slos,
            from_per_s,
            most_per_s,
            tolerance,
        } = &plan.goal
        else {
            return;
        };
        let new = || Search::new(*from_per_s, *most_per_s, *tolerance);
        let search = self.search.get_or_insert_with(new);
        let per_s = stage.arrivals.per_s().unwrap_or(0.0);
        let found = finding(samples, slos);
        if found == Finding::Holds && search.is_better(per_s) {
            self.good_per_s = good_rate(samples, slos, end);
        }
        // A rate that was broken off has shown nothing, unless what it showed is enough.
        if found != Finding::Undecided || end.stop == StageStop::Complete {
            search.note(per_s, found);
        }
    }

    fn finish(self, parts: &ReportParts<'_>, idx: usize) -> Option<LoadCandidateReport> {
        let target = parts.plan.candidates.get(idx)?.clone();
        let rate = |stage: &&LoadStageReport| {
            let figures = &stage.figures;
            figures.output_tokens_per_s.map_or(0.0, |rate| rate.per_s)
        };
        let best = self
            .stages
            .iter()
            .max_by(|a, b| rate(a).total_cmp(&rate(b)))
            .map(|stage| &stage.figures);
        let in_order: Vec<_> = self
            .stages
            .iter()
            .map(|stage| (stage.stage_idx, &stage.plan, &stage.figures))
            .collect();
        let is_sweep = parts.plan.goal == LoadGoal::Sweep;
        Some(LoadCandidateReport {
            id: target.id.clone(),
            output_tokens_per_s: best.and_then(|one| Some(one.output_tokens_per_s?.per_s)),
            concurrency: best.and_then(|one| one.in_flight_mean),
            input_tokens_mean: best.and_then(|one| one.input_tokens_mean),
            output_tokens_mean: best.and_then(|one| one.output_tokens_mean),
            measured: parts.measured.clone(),
            target,
            served_models: self.served_models.into_iter().collect(),
            cost: LoadCost {
                known_usd: self.cost.to_usd().decimal().normalize().to_string(),
                n_unpriced: self.n_unpriced,
            },
            saturation: is_sweep.then(|| saturation(&in_order)).flatten(),
            goodput: self.search.map(|search| search.found(self.good_per_s)),
            stages: self.stages,
        })
    }
}

/// Every class, then the budgets that somebody asked for.
fn verdicts(
    plan: &LoadPlan,
    points: &[&Point],
    (n_unstarted, is_streamed): (u64, bool),
) -> Vec<SloVerdict> {
    let classes = class_slos(is_streamed)
        .into_iter()
        .map(|(class, slo)| SloVerdict {
            class: Some(class),
            ..verdict(points, n_unstarted, slo)
        });
    let searched: &[Slo] = match &plan.goal {
        LoadGoal::Goodput { slos, .. } => slos,
        LoadGoal::Measure | LoadGoal::Sweep => &[],
    };
    let own = plan.slos.iter().chain(searched).map(|slo| SloVerdict {
        required: true,
        ..verdict(points, n_unstarted, *slo)
    });
    classes.chain(own).collect()
}

fn comparisons_of(plan: &LoadPlan, stage: &[StageSamples]) -> Vec<LoadComparison> {
    let all: Vec<(&CandidateId, Vec<&Point>)> = plan
        .candidates
        .iter()
        .zip(stage)
        .map(|(candidate, samples)| (&candidate.id, samples.measured().collect()))
        .collect();
    let mut found = Vec::new();
    for (idx, (first, left)) in all.iter().enumerate() {
        for (second, right) in all.iter().skip(idx + 1) {
            for metric in [LoadMetric::Ttft, LoadMetric::E2e] {
                let pair = ((*first, left.as_slice()), (*second, right.as_slice()));
                let compared = compare(pair.0, pair.1, metric, plan.seed);
                found.extend(compared.into_iter().filter(|one| one.n > 0));
            }
        }
    }
    found
}

/// How a stage ended that nobody saw end: with the last request that was recorded.
fn cut_off(plan: &LoadPlan, stage: &LoadStage, samples: &[StageSamples]) -> StageEnd {
    let latest = |pick: fn(&Point) -> f64| {
        let points = samples.iter().flat_map(StageSamples::points);
        let latest = points.map(pick).fold(0.0, f64::max);
        Duration::try_from_secs_f64(latest).unwrap_or_default()
    };
    StageEnd {
        started_us: plan.created_us,
        last_intended: latest(|point| point.intended_s),
        ended: latest(|point| point.ended_s),
        n_unstarted: vec![0; stage.candidates.len()],
        stop: StageStop::Interrupted,
    }
}

fn stopped(stages: &[(LoadStage, Option<StageEnd>)]) -> Option<String> {
    let words = |end: &Option<StageEnd>| match end.as_ref().map(|end| end.stop) {
        Some(StageStop::Complete) => None,
        Some(StageStop::Budget) => Some("the next request might have exceeded the budget"),
        Some(StageStop::Interrupted) => Some("it was interrupted"),
        None => Some("it was cut off; the figures are those of the requests that were recorded"),
    };
    stages
        .iter()
        .find_map(|(_, end)| words(end))
        .map(str::to_owned)
}

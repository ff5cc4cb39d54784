//! What a check found, from recorded answers.
//!
//! In: the store, the run of a check, what the checks before it found. Out: its [`DriftReport`], the same
//! bytes whenever it is asked for. Evidence is never looked at twice: p values of earlier checks are taken
//! as they were written.

use std::collections::{BTreeMap, BTreeSet};

use trilemma_domain::{
    DRIFT_SCHEMA_VERSION, DriftCandidate, DriftChannel, DriftFinding, DriftName, DriftReport,
    Fingerprint, RunId,
};
use trilemma_store::{RunManifest, Store};

use crate::error::DriftError;
use crate::estimate::{estimate, latency, unit};
use crate::evidence::Gathered;
use crate::flips::flips;
use crate::look::{p_value, pooled};
use crate::plan::{BaselinePlan, CheckPlan, Purpose};
use crate::round::{Round, rounds};

/// What a check is judged by, answers apart.
pub struct CheckFacts<'a> {
    /// The run that holds its calls.
    pub check: &'a RunId,
    /// What the checks before it found, first one first.
    pub earlier: &'a [DriftReport],
    /// When it is done, microseconds since 1970-01-01 UTC.
    pub now_us: i64,
}

/// Judges a check.
///
/// # Errors
/// [`DriftError::Run`] for runs that are no check of a baseline; as the store gives them.
pub fn judge(store: &Store, facts: &CheckFacts<'_>) -> Result<DriftReport, DriftError> {
    let manifest = store.manifest(facts.check)?;
    let plan = match Purpose::of(&manifest) {
        Some(Purpose::Check(plan)) => plan,
        Some(Purpose::Baseline(_)) | None => return Err(not_a(facts.check, "drift check")),
    };
    let baseline = store.manifest(&plan.baseline)?;
    let Some(agreed) = Purpose::baseline(&baseline) else {
        return Err(not_a(&plan.baseline, "baseline"));
    };
    let mut history = vec![rounds(store, &plan.baseline)?];
    for earlier in facts.earlier {
        history.push(rounds(store, &earlier.check)?);
    }
    let now = rounds(store, facts.check)?;
    let spent = store.spent(facts.check)?;
    let mut candidates = Vec::with_capacity(now.len());
    for (idx, own) in now.iter().enumerate() {
        let before = of_candidate(&history, idx);
        let case = Case {
            manifest: &manifest,
            plan: &plan,
            agreed: &agreed,
            earlier: facts.earlier,
        };
        candidates.extend(candidate(&case, (idx, now.len()), (&before, own)));
    }
    let id = Fingerprint::builder()
        .field("trilemma drift 1")
        .field(plan.baseline.as_str())
        .field(plan.number.to_be_bytes())
        .finish();
    Ok(DriftReport {
        schema_version: DRIFT_SCHEMA_VERSION,
        id: id.short(),
        project: manifest.project.clone(),
        baseline: plan.baseline,
        check: facts.check.clone(),
        number: plan.number,
        checked_us: facts.now_us,
        simulated: now.iter().any(|round| round.simulated),
        false_alarm_chance: agreed.false_alarms.chance,
        false_alarm_checks: agreed.false_alarms.looks,
        drifted: candidates.iter().any(|one| one.drifted),
        candidates,
        decision: None,
        n_calls: now
            .iter()
            .map(|round| round.n_answers + round.n_failed)
            .sum(),
        cost_usd: spent.trials.saturating_add(spent.scoring).to_f64_usd(),
    })
}

/// Whether every candidate of a check is answered by a model of another name than any of its baseline's, as far
/// as it was asked.
///
/// # Errors
/// As the store gives them.
pub fn all_other(store: &Store, baseline: &RunId, check: &RunId) -> Result<bool, DriftError> {
    let (before, now) = (rounds(store, baseline)?, rounds(store, check)?);
    let mut both = before.iter().zip(&now);
    Ok(!now.is_empty() && both.all(|(before, now)| is_other(before, now)))
}

/// A fact, where the baseline's answers carried names at all.
fn is_other(baseline: &Round, now: &Round) -> bool {
    let mut names = now.served.keys();
    !baseline.served.is_empty() && names.any(|name| !baseline.served.contains_key(name))
}

fn not_a(run: &RunId, what: &str) -> DriftError {
    DriftError::Run {
        run: run.clone(),
        reason: format!("it is no {what}"),
    }
}

fn of_candidate(history: &[Vec<Round>], idx: usize) -> Vec<Round> {
    let rounds = history.iter().filter_map(|all| all.get(idx));
    rounds.cloned().collect()
}

/// What all candidates of a check share.
struct Case<'a> {
    manifest: &'a RunManifest,
    plan: &'a CheckPlan,
    agreed: &'a BaselinePlan,
    earlier: &'a [DriftReport],
}

fn candidate(
    case: &Case<'_>,
    (idx, n_candidates): (usize, usize),
    (before, now): (&[Round], &Round),
) -> Option<DriftCandidate> {
    let record = &case.manifest.candidates.get(idx)?.candidate;
    let seed = Fingerprint::builder()
        .field(case.plan.baseline.as_str())
        .field(case.plan.number.to_be_bytes())
        .field(record.id.as_str())
        .finish()
        .leading_u64();
    let baseline = before.first()?;
    let channels = baseline.channels();
    let findings: Vec<DriftFinding> = channels
        .iter()
        .copied()
        .map(|channel| {
            let mut p_values: Vec<Option<f64>> = case
                .earlier
                .iter()
                .map(|report| recorded(report, (idx, channel)))
                .collect();
            let looks = case.agreed.false_alarms.looks;
            let own = p_value(channel, (before, now), (seed, looks));
            p_values.push(own);
            // Candidates share the chance.
            let share = channel.share(&channels) / n_candidates.max(1) as f64;
            let shared = (case.agreed.false_alarms, share);
            let gathered = match (channel, pooled((before, now), looks)) {
                (DriftChannel::Pooled, Some(found)) => Gathered::at_once(found, shared),
                _ => Gathered::of(&p_values, shared),
            };
            finding(channel, own, &gathered, (before, now))
        })
        .collect();
    let served = names(&baseline.served, &now.served);
    let served_other = is_other(baseline, now);
    // Against the rounds before the change: those since are as changed as this one.
    let alarms = findings.iter().filter(|one| one.alarm);
    let first = alarms.filter_map(|one| one.since_check).min();
    let n_quiet = first.map_or(before.len(), |number| number as usize);
    let quiet = before
        .get(..n_quiet.clamp(1, before.len()))
        .unwrap_or(before);
    let (flips, n_flips) = flips(&case.manifest.items, quiet, now);
    Some(DriftCandidate {
        id: record.id.clone(),
        requested: record.target.model.clone(),
        drifted: served_other || findings.iter().any(|one| one.alarm),
        served_other,
        served,
        fingerprints: names(&baseline.fingerprints, &now.fingerprints),
        findings,
        latency_ratio: latency(before, now),
        n_answers: now.n_answers,
        n_failed: now.n_failed,
        flips,
        n_flips,
    })
}

fn recorded(report: &DriftReport, (idx, channel): (usize, DriftChannel)) -> Option<f64> {
    let findings = &report.candidates.get(idx)?.findings;
    findings.iter().find(|one| one.channel == channel)?.p_value
}

fn finding(
    channel: DriftChannel,
    p_value: Option<f64>,
    gathered: &Gathered,
    (before, now): (&[Round], &Round),
) -> DriftFinding {
    // Rounds are the baseline, the checks before, and this one.
    let first = gathered
        .since_check
        .map_or(before.len(), |number| number as usize);
    let (earlier, later) = before.split_at(first.clamp(1, before.len()));
    let since = joined(later, now);
    let estimated = estimate(channel, (earlier, &since));
    DriftFinding {
        channel,
        p_value,
        evidence: gathered.evidence,
        threshold: gathered.threshold,
        alarm: gathered.evidence >= gathered.threshold,
        change: estimated.map(|one| one.change),
        unit: unit(channel),
        before_and_since: estimated.map(|one| one.before_and_since),
        since_check: gathered.since_check,
    }
}

/// All answers of some rounds as one.
fn joined(rounds: &[Round], last: &Round) -> Round {
    let mut all = last.clone();
    for round in rounds {
        for (items, own) in all.items.iter_mut().zip(&round.items) {
            items.extend(own.iter().cloned());
        }
    }
    all
}

fn names(baseline: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Vec<DriftName> {
    let all: BTreeSet<&String> = baseline.keys().chain(now.keys()).collect();
    all.into_iter()
        .map(|name| DriftName {
            name: name.clone(),
            n_baseline: baseline.get(name).copied().unwrap_or(0),
            n_now: now.get(name).copied().unwrap_or(0),
        })
        .collect()
}

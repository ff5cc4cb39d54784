//! An evaluation as JSON; `trilemma schema route-eval` describes it.

use serde_json::{Value, json};
use trilemma_route::{Appraisal, Gives, Point, Task, Verdict};
use trilemma_stats::Estimate;
use trilemma_stats::resample::Interval;

use super::sheet::Sheet;

/// Writes it; items are told where they are asked for.
pub(super) fn sheet(sheet: &Sheet<'_>, with_items: bool) -> Value {
    let gathered = &sheet.material.gathered;
    let beside = sheet.beside;
    let evaluation = sheet.fitted.evaluation.as_ref();
    let judged: Vec<Value> = (sheet.judged().into_iter())
        .map(|(name, found)| self::judged(sheet, &name, found, with_items))
        .collect();
    let left_out: Vec<Value> = (gathered.left_out.iter())
        .map(|one| json!({ "candidate": one.candidate, "reason": one.reason }))
        .collect();
    let (worth, reason) = match &sheet.fitted.verdict {
        Verdict::Worth => (true, None),
        Verdict::Abstain { reason, .. } => (false, Some(reason)),
    };
    let mut told = json!({
        "schema_version": 1,
        "run": sheet.material.manifest.run,
        "of": if sheet.is_file { "policy" } else { "training" },
        "policy": sheet.is_file.then(|| sheet.fitted.policy.content_hash()),
        "kind": (!sheet.is_file).then(|| sheet.kind.name()),
        "target": (!sheet.is_file).then(|| sheet.target.to_string()),
        "simulated": sheet.material.simulated,
        "fitted_on_these_items": sheet.fitted_on_these,
        "n_items": gathered.n_items,
        "n": gathered.examples.rows.len(),
        "seed": sheet.material.manifest.seed,
        "worth": worth,
        "reason": reason,
        "best_single": sheet.best(),
        "gives": gives(&sheet.fitted.gives),
    });
    // In two parts: one literal would be too long for the macro.
    let figures = json!({
        "area_share_of_oracle_gap": evaluation.and_then(|one| one.area.as_ref()).map(estimate),
        "aiq": evaluation.and_then(|one| one.aiq),
        "aiq_interval": evaluation.and_then(|one| one.aiq_interval.as_ref()).map(interval),
        "curve": points(evaluation.map_or(&[], |one| one.curve.as_slice())),
        "singles": points(&beside.singles),
        "random_mix": points(&beside.mix),
        "word_count": points(&beside.words),
        "baselines": points(&beside.baselines),
        "judged": judged,
        "pair": sheet.pair.as_ref().map(|pair| json!({
            "weak": pair.weak,
            "strong": pair.strong,
            "apgr": pair.figures.found.apgr,
            "cpt50": pair.figures.found.cpt50,
            "cpt80": pair.figures.found.cpt80,
            "intervals": {
                "apgr": interval(&pair.figures.apgr),
                "cpt50": interval(&pair.figures.cpt50),
                "cpt80": interval(&pair.figures.cpt80),
            },
        })),
        "tasks": evaluation.map_or(&[][..], |one| &one.tasks).iter().map(task).collect::<Vec<_>>(),
        "rules": sheet.rules,
        "router_us": sheet.router_us.as_ref().map(|time| json!({
            "n": time.n,
            "p50": time.p50.0,
            "p50_interval": interval(&time.p50.1),
            "p99": time.p99.0,
            "p99_interval": interval(&time.p99.1),
        })),
        "left_out": left_out,
        "notes": sheet.material.notes,
    });
    if let (Some(told), Value::Object(figures)) = (told.as_object_mut(), figures) {
        told.extend(figures);
    }
    told
}

/// What a policy gives over the best single candidate.
pub(super) fn gives(one: &Gives) -> Value {
    json!({
        "shown": one.is_shown(),
        "saving": one.saving,
        "saving_interval": interval(&one.saving_interval),
        "gain": one.gain,
        "gain_interval": one.gain_interval.as_ref().map(estimate),
        "words": one.to_string(),
    })
}

fn estimate(one: &Estimate) -> Value {
    json!({ "value": one.point, "low": one.low, "high": one.high, "confidence": 0.95, "n": one.n })
}

/// An estimate, or why there is none.
fn interval(one: &Interval) -> Value {
    match one {
        Ok(found) => estimate(found),
        Err(why) => json!({ "none": why.to_string() }),
    }
}

fn points(all: &[Point]) -> Vec<Value> {
    all.iter().map(point).collect()
}

fn point(one: &Point) -> Value {
    json!({
        "name": one.name,
        "cost_usd": one.cost_usd,
        "cost_interval": one.cost.as_ref().map(estimate),
        "quality": one.quality,
        "interval": one.interval.as_ref().map(estimate),
    })
}

fn judged(sheet: &Sheet<'_>, name: &str, found: &Appraisal, with_items: bool) -> Value {
    json!({
        "name": name,
        "point": point(&found.point),
        "difference_to_best_single": found.difference.as_ref().map(estimate),
        "difference_point": found.difference_point,
        "above_random_mix": found.above_mix.as_ref().map(estimate),
        "cost_usd": found.cost.as_ref().map(estimate),
        "cost_share": found.cost_share,
        "cost_share_interval": interval(&found.cost_share_interval),
        "escalated": found.escalation.as_ref().map(estimate),
        "calls": found.calls,
        "labels_usd": found.labels.as_ref().map(estimate),
        "wait_s": found.wait.as_ref().map(|wait| json!({
            "p50": wait.p50,
            "p95": wait.p95,
            "best_single_p50": wait.single_p50,
            "best_single_p95": wait.single_p95,
            "mean_added": wait.mean_added,
            "intervals": {
                "p50": interval(&wait.intervals.p50),
                "p95": interval(&wait.intervals.p95),
                "best_single_p50": interval(&wait.intervals.single_p50),
                "best_single_p95": interval(&wait.intervals.single_p95),
                "mean_added": interval(&wait.intervals.mean_added),
            },
        })),
        "items": with_items.then(|| items(sheet, found)),
    })
}

fn items(sheet: &Sheet<'_>, found: &Appraisal) -> Vec<Value> {
    let rows = sheet.material.gathered.examples.rows.iter();
    (rows.zip(&found.served))
        .map(|(row, served)| {
            json!({
                "item": row.id,
                "answered_by": served.answered_by.map(|_| sheet.member(served.answered_by)),
                "asked": asked(sheet, &served.asked),
                "calls": served.n_calls,
                "steps": served.n_steps,
                "quality": served.quality,
                "cost_usd": served.cost_usd,
                "seconds": served.seconds,
                "why": served.why.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// Names of the candidates asked, step by step.
fn asked<'a>(sheet: &'a Sheet<'_>, steps: &[Vec<usize>]) -> Vec<Vec<&'a str>> {
    let names = |step: &Vec<usize>| step.iter().map(|at| sheet.member(Some(*at))).collect();
    steps.iter().map(names).collect()
}

fn task(one: &Task) -> Value {
    json!({
        "task": one.name,
        "n": one.n,
        "within": point(&one.within),
        "left_out": point(&one.left_out),
        "mix_at_that_cost": one.mix,
        "mix_interval": one.mix_interval.as_ref().map(interval),
        "served_alone_by": one.unrouted,
    })
}

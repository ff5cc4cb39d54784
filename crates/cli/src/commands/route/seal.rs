//! What a policy file says of itself: where it comes from, what was measured, what to watch.

use std::collections::BTreeMap;

use trilemma_route::{
    Alone, Appraisal, AskedFor, CurvePoint, Examples, Given, Guard, Measured, Member, Origin,
    Point, Policy, Verdict,
};
use trilemma_stats::Estimate;

use super::fit::Fitted;
use crate::context::Context;
use crate::routing::Material;

/// Puts origin, figures and guard conditions into a policy.
pub(super) fn sealed(context: &Context, material: &Material, fitted: &Fitted) -> Policy {
    let examples = &material.gathered.examples;
    let manifest = &material.manifest;
    let n = examples.rows.len();
    Policy {
        candidates: members(examples, &fitted.policy, manifest.seed),
        origin: Some(Origin {
            run: manifest.run.to_string(),
            as_of: context.as_of,
            golden: manifest.golden,
            split: material.split.map(str::to_owned),
            n_fit: n,
            n_judged: n,
            seed: manifest.seed,
        }),
        measured: Some(measured(fitted)),
        guard: guard(examples, &fitted.unseen),
        ..fitted.policy.clone()
    }
}

/// The candidates with what each did alone, and who makes vectors or gives labels.
fn members(examples: &Examples, policy: &Policy, seed: u64) -> Vec<Member> {
    let of = |(idx, member): (usize, &Member)| {
        let one = |row: &trilemma_route::Example| {
            row.outcomes
                .get(idx)
                .map_or((0.0, 0.0), |one| (one.quality, one.cost_usd))
        };
        let (quality, cost): (Vec<f64>, Vec<f64>) = examples.rows.iter().map(one).unzip();
        let groups = examples.groups();
        let point = Point::grouped(member.id.as_str(), (&cost, &quality), (&groups, seed))
            .with_cost(&cost, (&groups, seed));
        Member {
            alone: point.interval.as_ref().map(|interval| Alone {
                quality: triple(interval),
                cost_usd: brief(point.cost_usd),
                cost_usd_interval: Some(match &point.cost {
                    Some(cost) => [brief(cost.low), brief(cost.high)],
                    None => [brief(point.cost_usd); 2],
                }),
                n: examples.rows.len(),
            }),
            ..member.clone()
        }
    };
    let answers = |member: &&Member| examples.members.iter().any(|one| one.id == member.id);
    let others = policy.candidates.iter().filter(|one| !answers(one));
    let members = examples.members.iter().enumerate().map(of);
    members.chain(others.cloned()).collect()
}

fn measured(fitted: &Fitted) -> Measured {
    let found = &fitted.unseen;
    let mut figures = BTreeMap::new();
    let mut put = |name: &str, estimate: Option<&Estimate>| {
        if let Some(estimate) = estimate {
            figures.insert(name.to_owned(), triple(estimate));
        }
    };
    put("quality", found.point.interval.as_ref());
    put("difference_to_best_single", found.difference.as_ref());
    put("above_random_mix", found.above_mix.as_ref());
    put(
        "cost_share_of_best_single",
        found.cost_share_interval.as_ref().ok(),
    );
    put("escalated", found.escalation.as_ref());
    if let Some(evaluation) = &fitted.evaluation {
        put("area_share_of_oracle_gap", evaluation.area.as_ref());
    }
    put("labels_usd", found.labels.as_ref());
    figures.insert("cost_usd".to_owned(), cost(found));
    let curve = fitted.evaluation.iter().flat_map(|one| &one.curve);
    Measured {
        figures,
        curve: curve.filter_map(curve_point).collect(),
        n: found.served.len(),
        abstained: match &fitted.verdict {
            Verdict::Worth => None,
            Verdict::Abstain { reason, .. } => Some(reason.clone()),
        },
        gives: Some(Given {
            shown: fitted.gives.is_shown(),
            words: fitted.gives.to_string(),
        }),
        target: fitted.against.as_ref().map(|against| AskedFor {
            target: against.target.to_string(),
            standing: against.standing,
            words: against.to_string(),
        }),
    }
}

fn curve_point(point: &Point) -> Option<CurvePoint> {
    Some(CurvePoint {
        target: point.name.clone(),
        cost_usd: brief(point.cost_usd),
        quality: triple(point.interval.as_ref()?),
    })
}

fn guard(examples: &Examples, found: &Appraisal) -> Option<Guard> {
    let [_, low, high] = cost(found);
    let escalated = found.escalation.as_ref()?;
    let quality = found.point.interval.as_ref()?;
    let chars = examples.rows.iter().map(|row| row.text.chars().count());
    Some(Guard {
        max_chars: chars.max().unwrap_or(0) as u64,
        tasks: examples.tasks(),
        escalated: [brief(escalated.low), brief(escalated.high)],
        cost_usd: [low, high],
        quality: [brief(quality.low), brief(quality.high)],
    })
}

/// USD per query with its interval; both ends are the point where all items cost the same.
fn cost(found: &Appraisal) -> [f64; 3] {
    match &found.cost {
        Some(cost) => triple(cost),
        None => [brief(found.point.cost_usd); 3],
    }
}

fn triple(estimate: &Estimate) -> [f64; 3] {
    [estimate.point, estimate.low, estimate.high].map(brief)
}

/// Seven significant digits: files stay readable.
pub(super) fn brief(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(number)
}

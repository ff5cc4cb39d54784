//! What the benchmark promised beside what traffic got.
//!
//! In: the decision on a recorded run, the policy file in use, the tallies of the ledger. Out: figure by
//! figure, both with interval and n, and their difference. Only traffic like what was measured is compared:
//! requests that name a candidate and deviate in nothing, and requests that a policy decided.

use std::collections::BTreeMap;

use serde::Serialize;
use trilemma_decide::{CandidateResult, Decision, Figure};
use trilemma_domain::RunId;
use trilemma_route::Policy;
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::{Confidence, Estimate};

use super::kept::{Kept, Kind, Known};
use super::replayed::Replayed;
use super::scores::Scores;
use super::tally::Tally;
use crate::live_scorers::label_of;

/// Whose promise it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// A candidate that clients named.
    Candidate(String),
    /// A policy, by its hash.
    Policy(String),
}

/// All promises of one candidate or policy.
#[derive(Debug, Serialize)]
pub(super) struct Promise {
    /// `candidate` or `policy`.
    pub(super) of: &'static str,
    /// Its name.
    pub(super) name: String,
    /// Where the promise was made: a run, or a policy's hash.
    pub(super) source: String,
    /// Of a policy: the run whose items it was served from, for what its file does not state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) replayed: Option<Replayed>,
    /// Requests that are compared.
    pub(super) n_requests: usize,
    /// Those of them whose client went away: nothing that is told of answers is told of them.
    pub(super) n_abandoned: usize,
    pub(super) figures: Vec<Kept>,
}

/// Compares what a run measured with the requests that named its candidates.
pub(super) fn of_run(
    (run, decision): (&RunId, &Decision),
    (tallies, scores): (&BTreeMap<Whose, Tally>, &Scores),
) -> Vec<Promise> {
    let candidates = decision.candidates.iter();
    candidates
        .filter_map(|measured| {
            let name = measured.id.to_string();
            let tally = tallies.get(&Whose::Candidate(name.clone()))?;
            let mut figures = figures(measured, tally);
            figures.extend(abandoned(tally));
            figures.extend(scored(tally, |scorer| {
                let key = (name.clone(), scorer.to_owned());
                scores.get(&key).map(known)
            }));
            figures.extend(feedback(tally));
            Some(Promise {
                of: "candidate",
                name,
                source: format!("run {run}"),
                replayed: None,
                n_requests: tally.n,
                n_abandoned: tally.n_abandoned(),
                figures,
            })
        })
        .collect()
}

fn figures(measured: &CandidateResult, tally: &Tally) -> Vec<Kept> {
    let counts = &measured.counts;
    let n_due = counts.n_answered + counts.n_failed;
    let answered = Count::new(counts.n_answered, n_due).ok();
    let failed = Count::new(counts.n_failed, n_due).ok();
    let cost = measured.cost.per_query.as_ref().and_then(|cost| {
        let (low, high) = (cost.low?, cost.high?);
        Some(Known {
            point: cost.value.to_f64(),
            low: low.to_f64(),
            high: high.to_f64(),
            n: cost.n,
        })
    });
    let first = measured.latency.ttft_ms.as_ref();
    let tokens = measured.tokens.output.as_ref();
    let declined = Count::new(counts.n_refused, counts.n_answered).ok();
    vec![
        Kept::of(Kind::CostUsd, cost, tally.per_answer().map(with_n)),
        Kept::of(
            Kind::Answered,
            answered.map(|count| known(&wilson(count, Confidence::P95))),
            tally.answered().as_ref().map(known),
        ),
        Kept::of(
            Kind::Failed,
            failed.map(|count| known(&wilson(count, Confidence::P95))),
            tally.failed().as_ref().map(known),
        ),
        Kept::of(
            Kind::FirstTokenP50Ms,
            first.and_then(|first| figure(&first.p50)),
            tally.first_token(0.5).as_ref().map(known),
        ),
        Kept::of(
            Kind::FirstTokenP95Ms,
            first.and_then(|first| figure(&first.p95)),
            tally.first_token(0.95).as_ref().map(known),
        ),
        Kept::of(
            Kind::OutputTokens,
            tokens.and_then(|side| figure(&side.mean)),
            tally.output_tokens().map(with_n),
        ),
        Kept::of(
            Kind::Declined,
            declined.map(|count| known(&wilson(count, Confidence::P95))),
            tally.declined().as_ref().map(known),
        ),
        // What needs an expected answer is not known of traffic.
        Kept::of(
            Kind::Quality,
            measured.pass_rate.as_ref().and_then(figure),
            None,
        ),
    ]
}

/// Compares what a policy file states, and what it does on a run, with the requests that it decided.
pub(super) fn of_policy(policy: &Policy, tally: &Tally, replayed: Option<Replayed>) -> Promise {
    let hash = policy.content_hash().to_string();
    let guard = policy.guard.as_ref();
    let escalated = guard.map(|guard| guard.escalated);
    let mut figures = vec![
        Kept::of(
            Kind::CostUsd,
            stated(policy, "cost_usd", guard.map(|guard| guard.cost_usd)),
            tally.per_answer_anytime().map(with_n),
        ),
        Kept::of(Kind::Answered, None, tally.answered().as_ref().map(known)),
        Kept::of(Kind::Failed, None, tally.failed().as_ref().map(known)),
        Kept::of(
            Kind::Escalated,
            stated(policy, "escalated", escalated),
            tally.escalated().as_ref().map(known),
        ),
        Kept::of(
            Kind::Quality,
            stated(policy, "quality", guard.map(|guard| guard.quality)),
            None,
        ),
    ];
    figures.extend(abandoned(tally));
    let of_run = replayed.as_ref();
    figures.extend(tally.rests().map(|(kind, realised)| {
        let promised = of_run.and_then(|one| one.rests.get(&kind).copied());
        Kept::of(kind, promised, realised)
    }));
    figures.extend(scored(tally, |scorer| {
        of_run.and_then(|one| one.scores.get(scorer).copied())
    }));
    figures.extend(feedback(tally));
    Promise {
        of: "policy",
        name: policy.name.clone(),
        source: format!("policy {}", hash.get(..8).unwrap_or(&hash)),
        replayed,
        n_requests: tally.n,
        n_abandoned: tally.n_abandoned(),
        figures,
    }
}

/// A figure of a policy file: as it was measured, else between the ends of its guard.
fn stated(policy: &Policy, name: &str, ends: Option<[f64; 2]>) -> Option<Known> {
    let measured = policy.measured.as_ref()?;
    let found = measured.figures.get(name).copied();
    let between = |[low, high]: [f64; 2]| [f64::midpoint(low, high), low, high];
    let [point, low, high] = found.or(ends.map(between))?;
    Some(Known {
        point,
        low,
        high,
        n: measured.n,
    })
}

/// What each scorer said of traffic, beside what the same said of the benchmark's answers.
fn scored(tally: &Tally, promised: impl Fn(&str) -> Option<Known>) -> Vec<Kept> {
    let of = |(scorer, realised): (&str, Option<Estimate>)| Kept {
        scorer: Some(label_of(scorer).to_owned()),
        ..Kept::of(Kind::Score, promised(scorer), realised.as_ref().map(known))
    };
    tally.scores().map(of).collect()
}

/// Those whose client went away; empty = all stayed.
fn abandoned(tally: &Tally) -> Vec<Kept> {
    let of = |kind, share: Option<Estimate>| Kept::of(kind, None, share.as_ref().map(known));
    if tally.n_abandoned() == 0 {
        return Vec::new();
    }
    vec![
        of(Kind::GivenUp, tally.given_up()),
        of(Kind::Left, tally.left()),
    ]
}

/// What clients say; `None` = nothing was said.
fn feedback(tally: &Tally) -> Option<Kept> {
    let realised = tally.feedback().as_ref().map(known);
    (tally.n_feedback() > 0).then(|| Kept::of(Kind::Feedback, None, realised))
}

fn with_n((bounds, n): ([f64; 3], usize)) -> Known {
    Known::with_n(bounds, n)
}

fn known(estimate: &Estimate) -> Known {
    Known::of(estimate)
}

/// A figure whose interval has two ends.
fn figure(figure: &Figure) -> Option<Known> {
    Some(Known {
        point: figure.value,
        low: figure.low?,
        high: figure.high?,
        n: figure.n,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policys_own_point_is_its_promise() {
        let file = |measured: &str| {
            let text = format!(
                r#"{{"schema_version":1,"name":"p","candidates":[{{"id":"a"}}],"plan":{{"single":"a"}},
                "guard":{{"max_chars":9,"escalated":[0.1,0.3],"cost_usd":[1.0,3.0],"quality":[0.8,0.9]}}{measured}}}"#
            );
            Policy::read(&text).unwrap()
        };
        let bare = file("");
        let ends = bare.guard.as_ref().map(|guard| guard.cost_usd);
        // Nobody measured what was written by hand.
        assert_eq!(stated(&bare, "cost_usd", ends), None);
        let measured =
            file(r#","measured":{"figures":{"cost_usd":[1.2,1.0,3.0]},"curve":[],"n":70}"#);
        let found = stated(&measured, "cost_usd", ends).unwrap();
        assert_eq!(
            (found.point, found.low, found.high, found.n),
            (1.2, 1.0, 3.0, 70)
        );
        assert_eq!(stated(&measured, "escalated", None), None);
        // Files of earlier versions know only the ends.
        let found = stated(&measured, "escalated", Some([0.1, 0.3])).unwrap();
        assert!((found.point - 0.2).abs() < 1e-12 && found.n == 70);
    }
}

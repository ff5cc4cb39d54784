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
use trilemma_stats::mover::{Interval, difference};
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::{Confidence, Estimate};

use super::tally::Tally;

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
    /// Requests that are compared.
    pub(super) n_requests: usize,
    pub(super) figures: Vec<Kept>,
}

/// One figure, promised and realised.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    pub(super) figure: Kind,
    /// `null` = it was not measured.
    pub(super) promised: Option<Known>,
    /// `null` = too little is known of traffic.
    pub(super) realised: Option<Known>,
    /// Realised - promised, with 95 % interval; `null` where one of them has none.
    pub(super) difference: Option<Interval>,
    pub(super) verdict: Word,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// USD per whole answer, all its calls included.
    CostUsd,
    /// Share of requests that got their whole answer.
    Answered,
    /// Median time to the first visible token, milliseconds.
    FirstTokenP50Ms,
    /// Its 95th percentile.
    FirstTokenP95Ms,
    /// Share of answers that pass.
    Quality,
    /// Output tokens per whole answer, reasoning included.
    OutputTokens,
    /// Share of whole answers that decline, by the vendor's word.
    Declined,
    /// Share of answered requests for which a policy took a second step.
    Escalated,
    /// What clients say of their answers, in [0, 1]: nothing that a benchmark measures.
    Feedback,
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Known {
    pub(super) point: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Items of a benchmark, or requests.
    pub(super) n: usize,
}

/// What the difference says, at 95 % for this figure alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// More than was promised.
    Higher,
    /// Less than was promised.
    Lower,
    /// Neither is shown.
    NoDifferenceShown,
    /// One side has no interval.
    Unknown,
}

impl Kind {
    /// How it is called in a table.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::CostUsd => "USD per 1,000",
            Self::Answered => "answered %",
            Self::FirstTokenP50Ms => "TTFT p50 ms",
            Self::FirstTokenP95Ms => "TTFT p95 ms",
            Self::Quality => "pass rate %",
            Self::OutputTokens => "output tokens",
            Self::Declined => "declined %",
            Self::Escalated => "escalated %",
            Self::Feedback => "clients' word %",
        }
    }

    /// Whether more than was promised is worse.
    fn is_burden(self) -> bool {
        !matches!(self, Self::Answered | Self::Quality | Self::Feedback)
    }
}

impl Kept {
    /// Whether traffic got less than was promised.
    pub(super) fn is_broken(&self) -> bool {
        match self.verdict {
            // Answers of another length and another share of escalations, more or less, are not what was measured.
            Word::Higher | Word::Lower
                if matches!(self.figure, Kind::OutputTokens | Kind::Escalated) =>
            {
                true
            }
            Word::Higher => self.figure.is_burden(),
            Word::Lower => !self.figure.is_burden(),
            Word::NoDifferenceShown | Word::Unknown => false,
        }
    }

    fn of(figure: Kind, promised: Option<Known>, realised: Option<Known>) -> Self {
        let bounds = |one: Known| [one.point, one.low, one.high];
        let difference = promised
            .zip(realised)
            .and_then(|(promised, realised)| difference(bounds(realised), bounds(promised)));
        // Equal amounts may differ in their last digit.
        let least = 1e-9 * promised.map_or(0.0, |one| one.point.abs());
        let verdict = match difference {
            None => Word::Unknown,
            Some([_, low, _]) if low > least => Word::Higher,
            Some([_, _, high]) if high < -least => Word::Lower,
            Some(_) => Word::NoDifferenceShown,
        };
        Self {
            figure,
            promised,
            realised,
            difference,
            verdict,
        }
    }
}

/// Compares what a run measured with the requests that named its candidates.
pub(super) fn of_run(
    (run, decision): (&RunId, &Decision),
    tallies: &BTreeMap<Whose, Tally>,
) -> Vec<Promise> {
    let candidates = decision.candidates.iter();
    candidates
        .filter_map(|measured| {
            let name = measured.id.to_string();
            let tally = tallies.get(&Whose::Candidate(name.clone()))?;
            Some(Promise {
                of: "candidate",
                name,
                source: format!("run {run}"),
                n_requests: tally.n,
                figures: figures(measured, tally),
            })
        })
        .collect()
}

fn figures(measured: &CandidateResult, tally: &Tally) -> Vec<Kept> {
    let counts = &measured.counts;
    let answered = Count::new(counts.n_answered, counts.n_answered + counts.n_failed).ok();
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
    let mut kept = vec![
        Kept::of(Kind::CostUsd, cost, tally.per_answer().map(with_n)),
        Kept::of(
            Kind::Answered,
            answered.map(|count| known(&wilson(count, Confidence::P95))),
            tally.answered().as_ref().map(known),
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
        // Answers of traffic are neither kept nor scored.
        Kept::of(
            Kind::Quality,
            measured.pass_rate.as_ref().and_then(figure),
            None,
        ),
    ];
    kept.extend(feedback(tally));
    kept
}

/// Compares what a policy file states with the requests that it decided.
pub(super) fn of_policy(policy: &Policy, tallies: &BTreeMap<Whose, Tally>) -> Option<Promise> {
    let hash = policy.content_hash().to_string();
    let tally = tallies.get(&Whose::Policy(hash.clone()))?;
    let guard = policy.guard.as_ref();
    let escalated = guard.map(|guard| guard.escalated);
    let mut figures = vec![
        Kept::of(
            Kind::CostUsd,
            stated(policy, "cost_usd", guard.map(|guard| guard.cost_usd)),
            tally.per_answer_anytime().map(with_n),
        ),
        Kept::of(Kind::Answered, None, tally.answered().as_ref().map(known)),
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
    figures.extend(feedback(tally));
    Some(Promise {
        of: "policy",
        name: policy.name.clone(),
        source: format!("policy {}", hash.get(..8).unwrap_or(&hash)),
        n_requests: tally.n,
        figures,
    })
}

/// A figure of a policy file: as it was measured, else between the ends of its guard.
fn stated(policy: &Policy, name: &str, ends: Option<[f64; 2]>) -> Option<Known> {
    let measured = policy.measured.as_ref();
    let found = measured.and_then(|measured| measured.figures.get(name).copied());
    let between = |[low, high]: [f64; 2]| [f64::midpoint(low, high), low, high];
    let [point, low, high] = found.or(ends.map(between))?;
    Some(Known {
        point,
        low,
        high,
        n: measured.map_or(0, |measured| measured.n),
    })
}

/// What clients say; `None` = nothing was said.
fn feedback(tally: &Tally) -> Option<Kept> {
    let realised = tally.feedback().as_ref().map(known);
    (tally.n_feedback() > 0).then(|| Kept::of(Kind::Feedback, None, realised))
}

fn with_n(([point, low, high], n): ([f64; 3], usize)) -> Known {
    Known {
        point,
        low,
        high,
        n,
    }
}

fn known(estimate: &Estimate) -> Known {
    Known {
        point: estimate.point,
        low: estimate.low,
        high: estimate.high,
        n: estimate.n,
    }
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

    fn known(point: f64, half: f64) -> Option<Known> {
        Some(Known {
            point,
            low: point - half,
            high: point + half,
            n: 100,
        })
    }

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
        assert_eq!(stated(&bare, "cost_usd", ends).unwrap().point, 2.0);
        let measured = file(
            r#","measured":{"figures":{"cost_usd":[1.2,1.0,3.0]},"curve":[],"n":70}"#,
        );
        let found = stated(&measured, "cost_usd", ends).unwrap();
        assert_eq!(
            (found.point, found.low, found.high, found.n),
            (1.2, 1.0, 3.0, 70)
        );
        assert_eq!(stated(&measured, "escalated", None), None);
    }

    #[test]
    fn only_a_difference_that_is_shown_has_a_direction() {
        let check = |figure, promised, realised, verdict, is_broken| {
            let kept = Kept::of(figure, promised, realised);
            assert_eq!((kept.verdict, kept.is_broken()), (verdict, is_broken));
        };
        let cost = Kind::CostUsd;
        check(cost, known(1.0, 0.1), known(1.2, 0.1), Word::Higher, true);
        let last_digit = known(0.1 + 0.2, 0.0);
        check(
            cost,
            known(0.3, 0.0),
            last_digit,
            Word::NoDifferenceShown,
            false,
        );
        check(cost, known(1.2, 0.1), known(1.0, 0.1), Word::Lower, false);
        check(
            cost,
            known(1.0, 0.1),
            known(1.1, 0.1),
            Word::NoDifferenceShown,
            false,
        );
        check(
            Kind::Answered,
            known(0.99, 0.005),
            known(0.9, 0.01),
            Word::Lower,
            true,
        );
        // Answers of another length are not what was measured, whichever way.
        let tokens = Kind::OutputTokens;
        check(
            tokens,
            known(100.0, 2.0),
            known(90.0, 1.0),
            Word::Lower,
            true,
        );
        check(
            tokens,
            known(100.0, 2.0),
            known(110.0, 1.0),
            Word::Higher,
            true,
        );
        check(cost, None, known(1.0, 0.1), Word::Unknown, false);
        check(cost, known(1.0, 0.1), None, Word::Unknown, false);
    }
}

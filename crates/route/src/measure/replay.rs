//! Drives the step function over recorded answers, as a gateway would over live ones.

use trilemma_domain::CandidateId;

use crate::observe::Observation;
use crate::router::{Router, Step, Use, Why};
use crate::train::{Example, Examples};

/// What one item came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Quality of the answer given; 0 when none was.
    pub quality: f64,
    /// Cost of every call made, that for the vector of the query included.
    pub cost_usd: f64,
    /// Waits of all steps, the slowest of each; `None` = a time is not recorded.
    pub seconds: Option<f64>,
    /// Candidates asked, by position, step by step; who makes vectors is none.
    pub asked: Vec<Vec<usize>>,
    /// Whether the answer given was judged first, so that nothing of it could be shown before the end.
    pub held_back: bool,
    /// Calls of candidates.
    pub n_calls: usize,
    /// Steps in which candidates were asked; 1 = no escalation.
    pub n_steps: usize,
    /// Position of the candidate whose answer is given; `None` = nobody answered.
    pub answered_by: Option<usize>,
    /// Reasons of the last decision.
    pub why: Vec<Why>,
}

/// Serves each item from its recorded outcomes.
///
/// A candidate that is asked several times for one item gives its recorded repeats one after the other, and
/// the last again where there are too few.
#[must_use]
pub fn replay(router: &Router, examples: &Examples) -> Vec<Served> {
    (examples.rows.iter())
        .map(|row| serve(router, examples, row))
        .collect()
}

/// The vector of an item as an embedder gives it, and its wait; a failed call where there is none.
fn embedded(row: &Example, by: CandidateId) -> (Observation, Option<f64>) {
    match &row.embedded {
        Some(one) => (
            Observation::embedded(by, one.vector.to_vec(), one.input_tokens),
            one.seconds,
        ),
        None => (Observation::failed(by), None),
    }
}

fn serve(router: &Router, examples: &Examples, row: &Example) -> Served {
    let view = row.view();
    let mut seen: Vec<Observation> = Vec::new();
    let mut members: Vec<usize> = Vec::new();
    let mut qualities: Vec<f64> = Vec::new();
    let mut purposes: Vec<Use> = Vec::new();
    let mut served = Served {
        quality: 0.0,
        cost_usd: 0.0,
        seconds: Some(0.0),
        asked: Vec::new(),
        held_back: false,
        n_calls: 0,
        n_steps: 0,
        answered_by: None,
        why: Vec::new(),
    };
    loop {
        let decision = router.step(&view, &seen);
        match decision.step {
            Step::Call(calls) => {
                let mut slowest = Some(0.0_f64);
                let mut step = Vec::with_capacity(calls.len());
                let is_vector = calls.iter().all(|call| call.purpose == Use::Embedded);
                for call in calls {
                    if call.purpose == Use::Embedded {
                        let (observation, took) = embedded(row, call.candidate);
                        served.cost_usd += row.embedding_cost();
                        slowest = slowest.zip(took).map(|(a, b)| a.max(b));
                        seen.push(observation);
                        members.push(usize::MAX);
                        qualities.push(0.0);
                        purposes.push(call.purpose);
                        continue;
                    }
                    let position = examples
                        .members
                        .iter()
                        .position(|one| one.id == call.candidate);
                    let found = position.and_then(|at| {
                        let nth = members.iter().filter(|asked| **asked == at).count();
                        Some((at, row.draw(at, nth)?))
                    });
                    let Some((at, outcome)) = found else {
                        seen.push(Observation::failed(call.candidate));
                        members.push(usize::MAX);
                        qualities.push(0.0);
                        purposes.push(call.purpose);
                        continue;
                    };
                    served.cost_usd += outcome.cost_usd;
                    served.n_calls += 1;
                    slowest = slowest.zip(outcome.seconds).map(|(a, b)| a.max(b));
                    seen.push(outcome.observation.clone());
                    members.push(at);
                    qualities.push(outcome.quality);
                    step.push(at);
                    purposes.push(call.purpose);
                }
                if !is_vector {
                    served.asked.push(step);
                    served.n_steps += 1;
                }
                served.seconds = served.seconds.zip(slowest).map(|(a, b)| a + b);
            }
            Step::Answer { seen_idx } => {
                served.answered_by = members.get(seen_idx).copied();
                served.held_back = purposes.get(seen_idx) == Some(&Use::Judged);
                served.quality = qualities.get(seen_idx).copied().unwrap_or(0.0);
                served.why = decision.why;
                return served;
            }
            Step::Exhausted => {
                served.why = decision.why;
                return served;
            }
        }
    }
}

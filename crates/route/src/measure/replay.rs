//! Drives the step function over recorded answers, as a gateway would over live ones.

use trilemma_domain::CandidateId;

use crate::observe::Observation;
use crate::router::{Call, Router, Step, Use, Why};
use crate::train::{Example, Examples};

/// What one item came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    /// Quality of the answer given; 0 when none was.
    pub quality: f64,
    /// Cost of every call made, those for the vector and the label of the query included.
    pub cost_usd: f64,
    /// Waits of all steps, the slowest of each; `None` = a time is not recorded.
    pub seconds: Option<f64>,
    /// Candidates asked for answers, by position, step by step; who makes vectors or gives labels is none.
    pub asked: Vec<Vec<usize>>,
    /// Whether the answer given was judged first, so that nothing of it could be shown before the end.
    pub held_back: bool,
    /// Calls of candidates, those for labels included.
    pub n_calls: usize,
    /// Cost of those for labels.
    pub label_usd: f64,
    /// Steps in which candidates were asked for answers.
    pub n_steps: usize,
    /// Whether one of them followed on an answer, which was judged not to be enough; what follows on failures alone is
    /// no escalation.
    pub escalated: bool,
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

fn serve(router: &Router, examples: &Examples, row: &Example) -> Served {
    let view = row.view();
    let mut course = Course {
        examples,
        row,
        seen: Vec::new(),
        made: Vec::new(),
        served: Served {
            quality: 0.0,
            cost_usd: 0.0,
            seconds: Some(0.0),
            asked: Vec::new(),
            held_back: false,
            n_calls: 0,
            label_usd: 0.0,
            n_steps: 0,
            escalated: false,
            answered_by: None,
            why: Vec::new(),
        },
    };
    loop {
        let decision = router.step(&view, &course.seen);
        match decision.step {
            Step::Call(calls) => course.call(calls),
            Step::Answer { seen_idx } => {
                if let Some(made) = course.made.get(seen_idx) {
                    course.served.answered_by = made.member;
                    course.served.held_back = made.purpose == Use::Judged;
                    course.served.quality = made.quality;
                }
                course.served.why = decision.why;
                return course.served;
            }
            Step::Exhausted => {
                course.served.why = decision.why;
                return course.served;
            }
        }
    }
}

/// An item on its way.
struct Course<'a> {
    examples: &'a Examples,
    row: &'a Example,
    seen: Vec<Observation>,
    /// Beside each observation, the call.
    made: Vec<Made>,
    served: Served,
}

/// A call that was made.
struct Made {
    /// Whose answer it brought, by position.
    member: Option<usize>,
    purpose: Use,
    quality: f64,
}

/// What a call brought.
struct Brought {
    observation: Observation,
    member: Option<usize>,
    quality: f64,
    cost_usd: f64,
    /// `None` = a time is not recorded.
    seconds: Option<f64>,
}

impl Course<'_> {
    /// Makes the calls of one step.
    fn call(&mut self, calls: Vec<Call>) {
        let mut slowest = Some(0.0_f64);
        let mut step = Vec::with_capacity(calls.len());
        let is_for_answers =
            (calls.iter()).any(|call| matches!(call.purpose, Use::Given | Use::Judged));
        let has_answer = (self.made.iter().zip(&self.seen))
            .any(|(made, seen)| made.member.is_some() && seen.is_answered());
        for Call { candidate, purpose } in calls {
            let brought = match purpose {
                Use::Embedded => self.embedded(candidate),
                Use::Labelled => self.labelled(candidate),
                Use::Given | Use::Judged => self.answered(candidate),
            };
            let served = &mut self.served;
            served.cost_usd += brought.cost_usd;
            if purpose == Use::Labelled {
                served.label_usd += brought.cost_usd;
                served.n_calls += 1;
            }
            served.n_calls += usize::from(brought.member.is_some());
            step.extend(brought.member);
            slowest = slowest.zip(brought.seconds).map(|(a, b)| a.max(b));
            self.seen.push(brought.observation);
            self.made.push(Made {
                member: brought.member,
                purpose,
                quality: brought.quality,
            });
        }
        let served = &mut self.served;
        if is_for_answers {
            served.asked.push(step);
            served.n_steps += 1;
            served.escalated |= has_answer;
        }
        served.seconds = served.seconds.zip(slowest).map(|(a, b)| a + b);
    }

    /// The vector of the item as an embedder gives it, and its wait; a failed call where there is none.
    fn embedded(&self, by: CandidateId) -> Brought {
        let one = self.row.embedded.as_ref();
        Brought {
            seconds: one.and_then(|one| one.seconds),
            cost_usd: self.row.embedding_cost(),
            observation: match one {
                Some(one) => Observation::embedded(by, one.vector.to_vec(), one.input_tokens),
                None => Observation::failed(by),
            },
            member: None,
            quality: 0.0,
        }
    }

    /// What a classifier said; a failed call where nobody recorded it.
    fn labelled(&self, by: CandidateId) -> Brought {
        let place = self
            .examples
            .classifiers
            .iter()
            .position(|one| one.id == by);
        let one = place.and_then(|place| self.row.labels.get(place));
        Brought {
            seconds: one.and_then(|one| one.seconds),
            cost_usd: one.map_or(0.0, |one| one.cost_usd),
            observation: match one {
                Some(one) => one.observation.clone(),
                None => Observation::failed(by),
            },
            member: None,
            quality: 0.0,
        }
    }

    /// The next recorded answer of a candidate; a failed call without a wait where nobody recorded one.
    fn answered(&self, candidate: CandidateId) -> Brought {
        let mut members = self.examples.members.iter();
        let position = members.position(|one| one.id == candidate);
        let found = position.and_then(|at| {
            let own = self.made.iter().filter(|made| made.member == Some(at));
            Some((at, self.row.draw(at, own.count())?))
        });
        match found {
            Some((at, outcome)) => Brought {
                observation: outcome.observation.clone(),
                member: Some(at),
                quality: outcome.quality,
                cost_usd: outcome.cost_usd,
                seconds: outcome.seconds,
            },
            None => Brought {
                observation: Observation::failed(candidate),
                member: None,
                quality: 0.0,
                cost_usd: 0.0,
                seconds: Some(0.0),
            },
        }
    }
}

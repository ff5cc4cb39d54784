//! The vector of a request's text, for a policy that looks at it.
//!
//! In: the text, and who makes vectors. Out: what the policy is told: the vector, or that there is none. It is a call like any
//! other, with its worst case reserved, its place in the lane, its attempt and its cost in the record; but nobody waits long
//! for it, it is not repeated, and its failure is no failed answer: the policy goes on without.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use trilemma_domain::{CandidateId, ChatResponse};
use trilemma_provider::{Call, EncodedRequest, Secret};
use trilemma_route::{Member, Observation, embedder_binding};
use trilemma_store::ledger::Aid;

use crate::ask::Service;
use crate::attempt::reserved;
use crate::job::Job;
use crate::prepare::{Prepared, Way};
use crate::upstream::Named;

/// Longest wait for a vector, its turn included.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks for the vector of a text.
pub(crate) async fn vector(
    job: &mut Job,
    (named, by): (&Named, CandidateId),
    text: &str,
) -> Observation {
    let upstream = Arc::clone(&named.upstream);
    let target = &upstream.parts.candidate.target;
    let Ok(request) = EncodedRequest::texts(target, &[text]) else {
        return Observation::failed(by);
    };
    let prepared = Prepared {
        request,
        way: Way::Same {
            without_usage: false,
            without_logprobs: false,
        },
        lost: Vec::new(),
    };
    let deadline = job.deadline.min(Instant::now() + PATIENCE);
    let reserving = reserved(job, named, (Service::Embeddings, prepared));
    let Ok(Ok(ready)) = timeout_at(deadline, reserving).await else {
        // No budget covers it.
        job.record.unmeasured("refused");
        return Observation::failed(by);
    };
    job.record.aids(ready.ticket, Aid::Vector);
    let lane = Arc::clone(&upstream.parts.lane);
    let entering = lane.enter(ready.n_tokens, &job.gateway.cancel, deadline);
    let Ok(leave) = entering.await else {
        job.record.release(ready.ticket);
        return Observation::failed(by);
    };
    let secret = upstream.parts.secret.as_ref().map(Secret::now);
    let call = Call {
        request: &ready.request,
        secret: secret.as_ref(),
        number: 1,
        queued: job.ask.began.elapsed(),
        deadline: Some(deadline),
    };
    ready.heard.sent();
    let (attempted, found) = upstream.parts.whole.vectors(&call, 1).await;
    leave.settle(&attempted, &job.lanes);
    let response = found.as_ref().map(|found| ChatResponse {
        served_model: found.served_model.clone(),
        usage: found.usage,
        ..ChatResponse::default()
    });
    job.record
        .settle(ready.ticket, &attempted, response.as_ref());
    let vector = found.and_then(|found| Some((found.vectors.into_iter().next()?, found.usage)));
    match vector {
        Some((vector, usage)) => {
            Observation::embedded(by, vector, usage.map(|usage| usage.input_total()))
        }
        None => Observation::failed(by),
    }
}

/// Finds who makes the vectors that a policy was trained on.
pub(crate) fn maker(member: &Member, embedders: &HashMap<String, Named>) -> Result<Named, String> {
    let id = &member.id;
    let own = embedders.get(id.as_str());
    let own = own.filter(|named| named.upstream.id() == id.as_str());
    let is_the_same = |named: &&Named| {
        let binding = embedder_binding(&named.upstream.parts.candidate.target);
        member.binding.is_none_or(|measured| measured == binding)
    };
    let found = match member.binding {
        None => own,
        Some(_) => (own.filter(is_the_same)).or_else(|| embedders.values().find(is_the_same)),
    };
    found.cloned().ok_or_else(|| {
        let model = member.model.as_ref();
        let model = model.map_or_else(String::new, |one| {
            format!(" ({}/{})", one.provider, one.model)
        });
        let why = if own.is_some() {
            "which is another model in this project"
        } else {
            "which the project does not have"
        };
        format!(
            "use the policy: its vectors are by `{id}`{model}, {why}; hint: name that model in \
             `[[serve.embeddings]]`, or train the policy anew"
        )
    })
}

//! The label of a request's text, for a policy that asks a classifier first.
//!
//! In: what the classifier is asked, by its own prompt. Out: what the policy is told: what it said, or that it failed. It is a
//! call like any other, with its worst case reserved, its place in the lane, its attempt and its cost in the record. But
//! nothing that it says reaches the client; its failure is no failed answer, so it takes none of the attempts at one and
//! is not repeated: the policy goes on as for any other label.

use trilemma_domain::{CandidateId, ChatRequest};
use trilemma_provider::EncodedRequest;
use trilemma_route::Observation;
use trilemma_store::ledger::Aid;

use crate::ask::Service;
use crate::attempt::{Went, reserved};
use crate::job::Job;
use crate::judge::one;
use crate::prepare::{Prepared, Way};
use crate::upstream::Named;

/// Asks a classifier.
pub(crate) async fn label(
    job: &mut Job,
    (named, by): (&Named, CandidateId),
    asked: &ChatRequest,
) -> Observation {
    let target = &named.upstream.parts.candidate.target;
    let Ok(request) = EncodedRequest::new(target, asked) else {
        return Observation::failed(by);
    };
    let prepared = Prepared {
        request,
        way: Way::Across {
            include_usage: true,
            without_logprobs: true,
        },
        lost: Vec::new(),
    };
    let Ok(ready) = reserved(job, named, (Service::Chat, prepared)).await else {
        // No budget covers it.
        job.record.unmeasured("refused");
        return Observation::failed(by);
    };
    job.record.aids(ready.ticket, Aid::Label);
    match one(job, ready).await.map_err(|went| *went) {
        Ok(kept) => Observation::of_reply(by, &kept.reply),
        Err(Went::Failed(..) | Went::Refused(_) | Went::Broken(_) | Went::Answered) => {
            Observation::failed(by)
        }
    }
}

//! Calls whose answers a policy judges before anything is shown: whole, and at the same time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use trilemma_domain::{ChatResponse, Failure, Reply};
use trilemma_provider::{Attempted, Call, Secret};
use trilemma_wire::client::decode_response;

use crate::ask::Manner;
use crate::attempt::{Back, Kept, Ready, Went, enter, ready};
use crate::job::Job;
use crate::refusal::Refusal;
use crate::upstream::Named;

/// What a call came to.
enum Called {
    /// It was not made.
    NoLeave(Failure),
    /// It was made; the answer is there unless the attempt says why not.
    Made(Box<Attempted>, Option<Box<(ChatResponse, Bytes)>>),
}

/// What became of calls that were to be made together.
pub(crate) enum Together {
    /// All were made.
    Made(Vec<Result<Kept, Box<Went>>>),
    /// None was: these have no leave.
    Refused(Vec<(usize, Refusal)>),
}

/// Calls all at once, each for a whole answer; or nobody, so that nothing is paid for whose use hangs
/// on a call that has no leave.
pub(crate) async fn judge(job: &mut Job, names: &[&Named]) -> Together {
    let mut started = Vec::with_capacity(names.len());
    let mut refused = Vec::new();
    for (idx, named) in names.iter().enumerate() {
        match ready(job, named, Manner::Judged).await {
            Ok(ready) => started.push(ready),
            Err(refusal) => refused.push((idx, refusal)),
        }
    }
    if !refused.is_empty() {
        for ready in started {
            job.record.release(ready.ticket);
        }
        if let Some(named) = refused.first().and_then(|(idx, _)| names.get(*idx)) {
            job.record.meant(&named.upstream);
        }
        return Together::Refused(refused);
    }
    let this: &Job = job;
    let calls = started
        .iter()
        .map(
            |ready| -> Pin<Box<dyn Future<Output = Called> + Send + '_>> {
                Box::pin(call(this, ready))
            },
        )
        .collect();
    let mut called = all(calls).await.into_iter();
    let mut outcomes = Vec::with_capacity(started.len());
    for ready in started {
        outcomes.push(match called.next() {
            Some(called) => settled(job, ready, called),
            None => Err(Box::new(Went::Broken(none()))),
        });
    }
    Together::Made(outcomes)
}

/// Makes one call that is ready, for a whole answer.
pub(crate) async fn one(job: &mut Job, ready: Ready) -> Result<Kept, Box<Went>> {
    let called = call(job, &ready).await;
    settled(job, ready, called)
}

async fn call(job: &Job, ready: &Ready) -> Called {
    let lane = Arc::clone(&ready.upstream.parts.lane);
    let leave = match enter(job, ready, &lane).await {
        Ok(leave) => leave,
        Err(failure) => return Called::NoLeave(failure),
    };
    let secret = ready.upstream.parts.secret.as_ref().map(Secret::now);
    let call = Call {
        request: &ready.request,
        secret: secret.as_ref(),
        number: 1,
        queued: job.ask.began.elapsed(),
        deadline: Some(job.wait_until(job.gateway.settings.answer_timeout)),
    };
    ready.heard.sent();
    let (mut attempted, answer) = match ready.upstream.parts.whole.open(&call).await {
        Err(attempted) => (*attempted, None),
        Ok(mut relay) if !(200..300).contains(&relay.status()) => {
            let (failure, _) = relay.refusal().await;
            (relay.finish(None, Some(failure)), None)
        }
        Ok(mut relay) => {
            let decoded = match relay.whole().await {
                Ok(body) => {
                    let body = relay.without_key(&body).unwrap_or(body);
                    decode_response(ready.request.dialect(), &body).map(|answer| (answer, body))
                }
                Err(failure) => Err(failure),
            };
            match decoded {
                Ok((answer, body)) => (relay.finish(answer.usage, None), Some((answer, body))),
                Err(failure) => (relay.finish(None, Some(failure)), None),
            }
        }
    };
    job.name_impatience(&mut attempted);
    leave.settle(&attempted, &job.lanes);
    Called::Made(Box::new(attempted), answer.map(Box::new))
}

fn settled(job: &mut Job, ready: Ready, called: Called) -> Result<Kept, Box<Went>> {
    let (attempted, answer) = match called {
        Called::NoLeave(failure) => {
            job.record.release(ready.ticket);
            return Err(Box::new(Went::failed(failure)));
        }
        Called::Made(attempted, answer) => (attempted, answer),
    };
    let response = answer.as_ref().map(|answer| &answer.0);
    job.record.settle(ready.ticket, &attempted, response);
    match (answer.map(|answer| *answer), attempted.attempt.failure) {
        (Some((response, body)), None) => Ok(Kept {
            candidate: ready.upstream.id().to_owned(),
            reply: Reply {
                response,
                request_id: attempted.attempt.request_id,
                simulated: false,
            },
            body,
            back: Back {
                dialect: ready.request.dialect(),
                way: ready.way,
            },
            lost: ready.lost,
            is_recorded: false,
        }),
        (_, Some(failure)) => Err(Box::new(Went::failed(failure))),
        (None, None) => Err(Box::new(Went::Broken(none()))),
    }
}

fn none() -> Failure {
    use trilemma_domain::{FailureKind, FaultSource, Retry};
    let text = "a call brought neither an answer nor a failure";
    Failure::new(FailureKind::Malformed, FaultSource::Us, Retry::No, text)
}

/// Waits for all; results in the order of the futures.
async fn all<T>(mut futures: Vec<Pin<Box<dyn Future<Output = T> + Send + '_>>>) -> Vec<T> {
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        let mut is_over = true;
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none() {
                match future.as_mut().poll(cx) {
                    Poll::Ready(value) => *result = Some(value),
                    Poll::Pending => is_over = false,
                }
            }
        }
        if is_over {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    results.into_iter().flatten().collect()
}

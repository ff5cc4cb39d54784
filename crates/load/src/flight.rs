//! One request of a load test: sent once, stamped, priced, recorded.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use trilemma_cost::{Reservation, attempt_cost};
use trilemma_domain::LoadSample;
use trilemma_provider::{Call, Connect, Secret};

use crate::ground::Course;

/// Makes the request with this number, which was meant to start at `intended`; says whether it was answered.
pub(crate) async fn fly<C: Connect>(
    course: &Arc<Course<C>>,
    number: u64,
    intended: Duration,
    reservation: Reservation,
) -> bool {
    let ground = &course.ground;
    let line = ground.lines.get(course.candidate_idx as usize);
    let Some((line, request)) = line.and_then(|line| Some((line, line.request(number)?))) else {
        return false;
    };
    ground.live.begun(course.candidate_idx, number);
    let secret = line.parts.secret.as_ref().map(Secret::now);
    let begun_at = Instant::now();
    let begun = begun_at.saturating_duration_since(course.start);
    let attempted = line
        .parts
        .client
        .attempt(&Call {
            request,
            secret: secret.as_ref(),
            number: 1,
            queued: begun.saturating_sub(intended),
            deadline: Some(begun_at + ground.timeout),
        })
        .await;
    let ended = course.start.elapsed();
    let mut attempt = attempted.attempt;
    attempt.cost = attempt_cost(&attempt, line.parts.pricer.as_ref());
    // A broken answer may be billed: what was set aside for it stays counted.
    ground.budget.settle(reservation, attempt.cost);
    if let Some(usage) = &attempt.usage {
        line.learn(usage);
    }
    let reply = attempted.reply.as_ref();
    let sample = LoadSample {
        stage_idx: course.stage_idx,
        candidate_idx: course.candidate_idx,
        number,
        intended,
        begun,
        sent: attempted
            .sent
            .map(|sent| sent.saturating_duration_since(course.start)),
        ended,
        is_warmup: number < course.stage.warmup_requests || intended < course.stage.warmup,
        served_model: reply.and_then(|reply| reply.response.served_model.clone()),
        simulated: reply.is_some_and(|reply| reply.simulated),
        attempt,
    };
    let is_answered = sample.is_answered();
    ground.live.ended(&sample);
    if !(ground.sink)(sample) {
        course.halt.lose_samples();
    }
    is_answered
}

//! Puts a price on attempts and makes the trial that is recorded.

use trilemma_cost::Pricer;
use trilemma_domain::{
    Attempt, FailureKind, Fingerprint, NanoUsd, Trial, TrialKey, TrialOrigin, TrialOutcome,
};
use trilemma_provider::CallOutcome;

/// Prices one attempt; `None` = unknown.
///
/// Vendors bill no call that they refuse (HTTP 4xx and 5xx) and none that never reached them; an
/// answer that broke off without token counts may be billed, so its cost is unknown.
pub(crate) fn attempt_cost(attempt: &Attempt, pricer: Option<&Pricer>) -> Option<NanoUsd> {
    if let Some(usage) = &attempt.usage {
        return pricer?.price(usage).map(|priced| priced.cost);
    }
    let never_sent = attempt
        .failure
        .as_ref()
        .is_some_and(|failure| match failure.kind {
            FailureKind::Connect | FailureKind::Unsendable => true,
            FailureKind::RateLimited
            | FailureKind::Overloaded
            | FailureKind::ServerError
            | FailureKind::Auth
            | FailureKind::NotFound
            | FailureKind::BadRequest
            | FailureKind::Cut
            | FailureKind::Stalled
            | FailureKind::Deadline
            | FailureKind::Truncated
            | FailureKind::Malformed
            | FailureKind::InStream
            | FailureKind::TooLarge
            | FailureKind::BreakerOpen
            | FailureKind::Budget
            | FailureKind::Interrupted => false,
        });
    let refused = attempt.status.is_some_and(|status| status >= 400);
    (never_sent || refused).then_some(NanoUsd(0))
}

/// What a trial is besides its calls.
pub(crate) struct Entry {
    pub(crate) key: TrialKey,
    pub(crate) request: Fingerprint,
    pub(crate) is_repeat: bool,
}

/// Makes the record of a called trial.
pub(crate) fn called(entry: &Entry, called: CallOutcome, pricer: Option<&Pricer>) -> Trial {
    let CallOutcome {
        mut attempts,
        result,
    } = called;
    let mut price_row = None;
    for attempt in &mut attempts {
        attempt.cost = attempt_cost(attempt, pricer);
        if let (Some(usage), Some(pricer)) = (&attempt.usage, pricer) {
            price_row = pricer.price(usage).map(|priced| priced.row);
        }
    }
    let is_known = |attempt: &&Attempt| attempt.cost.is_some();
    let known: NanoUsd = attempts.iter().filter_map(|attempt| attempt.cost).sum();
    let n_unpriced = attempts.iter().filter(|attempt| !is_known(attempt)).count();
    let answer_is_priced =
        result.is_err() || attempts.last().is_some_and(|last| last.cost.is_some());
    let answer_unpriced = usize::from(result.is_ok() && !answer_is_priced);
    Trial {
        key: entry.key,
        request: entry.request,
        origin: if entry.is_repeat {
            TrialOrigin::Repeated
        } else {
            TrialOrigin::Called
        },
        cost: answer_is_priced.then_some(known),
        n_unpriced_attempts: u32::try_from(n_unpriced - answer_unpriced).unwrap_or(u32::MAX),
        price_row,
        outcome: match result {
            Ok((reply, timing)) => TrialOutcome::Answered { reply, timing },
            Err(failure) => TrialOutcome::Failed(failure),
        },
        attempts,
    }
}

/// Makes the record of a trial that an earlier identical call has answered.
pub(crate) fn replayed(entry: &Entry, run: &str, earlier: Trial) -> Trial {
    Trial {
        key: entry.key,
        request: entry.request,
        origin: TrialOrigin::Replayed {
            run: run.to_owned(),
        },
        attempts: Vec::new(),
        cost: earlier.cost,
        n_unpriced_attempts: 0,
        price_row: earlier.price_row,
        outcome: earlier.outcome,
    }
}

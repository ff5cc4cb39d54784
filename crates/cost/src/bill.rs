//! What calls cost, attempt by attempt.

use trilemma_domain::{Attempt, FailureKind, Fingerprint, NanoUsd};

use crate::pricer::Pricer;

/// What the attempts of one call come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bill {
    /// Their cost as far as each is known; `None` = that of the answer is unknown.
    pub cost: Option<NanoUsd>,
    /// Failed attempts whose cost is unknown.
    pub n_unpriced_attempts: u32,
    /// Hash of the price row that the cost rests on.
    pub price_row: Option<Fingerprint>,
}

impl Bill {
    /// Prices each attempt and sums up; `is_answered` = the last one brought the answer.
    #[must_use]
    pub fn of(attempts: &mut [Attempt], pricer: Option<&Pricer>, is_answered: bool) -> Self {
        let mut price_row = None;
        for attempt in attempts.iter_mut() {
            let is_stated = attempt.cost.is_some();
            attempt.cost = attempt_cost(attempt, pricer);
            if let (Some(usage), Some(pricer), false) = (&attempt.usage, pricer, is_stated) {
                price_row = pricer.price(usage).map(|priced| priced.row);
            }
        }
        let known: NanoUsd = attempts.iter().filter_map(|attempt| attempt.cost).sum();
        let n_unpriced = attempts.iter().filter(|one| one.cost.is_none()).count();
        let answer_is_priced =
            !is_answered || attempts.last().is_some_and(|last| last.cost.is_some());
        let answer_unpriced = usize::from(!answer_is_priced && !attempts.is_empty());
        Self {
            cost: answer_is_priced.then_some(known),
            n_unpriced_attempts: u32::try_from(n_unpriced - answer_unpriced).unwrap_or(u32::MAX),
            price_row,
        }
    }
}

/// Prices one attempt; `None` = unknown.
///
/// Vendors bill no call that they refuse (HTTP 4xx and 5xx) and none that never reached them; an
/// answer that broke off without token counts may be billed, so its cost is unknown. What a pipeline
/// itself says of its cost stands.
#[must_use]
pub fn attempt_cost(attempt: &Attempt, pricer: Option<&Pricer>) -> Option<NanoUsd> {
    if attempt.cost.is_some() {
        return attempt.cost;
    }
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

//! What calls cost, attempt by attempt.

use trilemma_domain::{Attempt, FailureKind, Fingerprint, NanoUsd, Usage, UsageSource};

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
            let usage = attempt.usage.as_ref().filter(|_| !is_cut_short(attempt));
            if let (Some(usage), Some(pricer), false) = (usage, pricer, is_stated) {
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
/// answer that broke off before its token counts were final may be billed, so its cost is unknown: a budget takes
/// all that was set aside for it. What a pipeline itself says of its cost stands.
#[must_use]
pub fn attempt_cost(attempt: &Attempt, pricer: Option<&Pricer>) -> Option<NanoUsd> {
    if attempt.cost.is_some() {
        return attempt.cost;
    }
    if is_cut_short(attempt) {
        return None;
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

/// Whether it broke off, and its tokens are no final count.
fn is_cut_short(attempt: &Attempt) -> bool {
    let is_final = |usage: &Usage| usage.source == UsageSource::Reported;
    attempt.failure.is_some() && attempt.usage.as_ref().is_some_and(|usage| !is_final(usage))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::{Failure, FaultSource, OwnPrice, Retry, Timing};

    fn attempt(kind: Option<FailureKind>, source: UsageSource) -> Attempt {
        Attempt {
            number: 1,
            started_us: 0,
            timing: Timing::default(),
            status: Some(200),
            request_id: None,
            failure: kind.map(|kind| Failure::new(kind, FaultSource::Vendor, Retry::No, "cut")),
            usage: Some(Usage {
                input_uncached: 1_000_000,
                output: 1,
                source,
                ..Usage::default()
            }),
            cost: None,
            raw_body: None,
        }
    }

    /// What an answer reported before it broke off is no bill.
    #[test]
    fn the_beginning_of_a_count_is_not_priced() {
        let pricer = Pricer::contract(&OwnPrice {
            input: "1".parse().unwrap(),
            output: "5".parse().unwrap(),
            cache_read: None,
            cache_write: None,
            web_search_1k: None,
        });
        let cost = |attempt: &Attempt| attempt_cost(attempt, Some(&pricer)).map(|cost| cost.0);
        let cut = attempt(Some(FailureKind::Cut), UsageSource::Estimated);
        assert_eq!(cost(&cut), None);
        // A simulator's counts of a whole answer, and a vendor's final ones of a broken one.
        let whole = attempt(None, UsageSource::Estimated);
        let final_one = attempt(Some(FailureKind::Cut), UsageSource::Reported);
        assert_eq!(cost(&whole), Some(1_000_005_000));
        assert_eq!(cost(&final_one), cost(&whole));
        let mut both = [cut, whole];
        let bill = Bill::of(&mut both, Some(&pricer), true);
        assert_eq!(bill.cost, Some(NanoUsd(1_000_005_000)));
        assert_eq!(bill.n_unpriced_attempts, 1);
    }
}

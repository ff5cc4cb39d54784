//! How a request of the ledger ended.
//!
//! In: its evidence. Out: whether the client got its whole answer, and if not, whose doing that is. A client that goes away
//! is no one's word on why: whether it had seen something by then is kept apart.

use trilemma_domain::FailureKind;
use trilemma_store::ledger::Evidence;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the whole answer.
    Answered,
    /// Without, and that is the upstream's doing.
    Failed,
    /// The client went away before it had seen anything.
    GivenUp,
    /// The client went away in the middle of the answer.
    Left,
    /// The request itself was wrong: every upstream would have said so.
    Mistaken,
    /// A budget gave no leave.
    Unpaid,
    /// The gateway stopped before the end.
    Stopped,
}

impl End {
    pub(super) fn of(evidence: &Evidence) -> Self {
        let is = |kind: FailureKind| evidence.failure.as_deref() == Some(kind.name());
        let has_failed_call = evidence.attempts.iter().any(|one| one.failure.is_some());
        if evidence.stopped {
            Self::Stopped
        } else if evidence.abandoned && evidence.shown_us.is_some() {
            Self::Left
        } else if evidence.abandoned {
            Self::GivenUp
        } else if evidence.failure.is_none() {
            Self::Answered
        } else if is(FailureKind::BadRequest) || is(FailureKind::Unsendable) {
            Self::Mistaken
        } else if evidence.status == 429 && !has_failed_call && !is(FailureKind::RateLimited) {
            Self::Unpaid
        } else {
            Self::Failed
        }
    }
}

/// For how long the first token of a stream was waited for in vain, microseconds: in the call that was under way, else, of
/// ledgers that do not tell, since the first call. `None` = no call was under way.
pub(super) fn unseen_us(evidence: &Evidence) -> Option<u64> {
    let mut attempts = evidence.attempts.iter().rev();
    let last = attempts.find(|one| one.aid.is_none())?;
    let is_under_way = last.failure.as_deref() == Some("abandoned");
    let since_first = evidence.total_us.saturating_sub(evidence.queued_us);
    is_under_way.then(|| last.left_us.unwrap_or(since_first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_store::ledger::AttemptNote;

    fn check(status: u16, failure: Option<&str>, calls: &[Option<&str>], expected: End) {
        let attempts = calls.iter().map(|failure| AttemptNote {
            candidate: "m".to_owned(),
            failure: failure.map(str::to_owned),
            ..AttemptNote::default()
        });
        let evidence = Evidence {
            status,
            failure: failure.map(str::to_owned),
            attempts: attempts.collect(),
            ..Evidence::default()
        };
        assert_eq!(End::of(&evidence), expected, "{evidence:?}");
    }

    #[test]
    fn only_what_an_upstream_did_is_its_failure() {
        check(200, None, &[None], End::Answered);
        check(
            502,
            Some("server_error"),
            &[Some("server_error")],
            End::Failed,
        );
        check(200, Some("cut"), &[Some("cut")], End::Failed);
        check(
            400,
            Some("bad_request"),
            &[Some("bad_request")],
            End::Mistaken,
        );
        check(413, Some("bad_request"), &[], End::Mistaken);
        // A budget's refusal, before any call and after the first of a cascade.
        let refusal = Some("failed to reserve: the budget is used up");
        check(429, refusal, &[], End::Unpaid);
        check(429, refusal, &[None], End::Unpaid);
        // The candidate's own limit, and a budget that a failed call has used up.
        check(429, Some("rate_limited"), &[], End::Failed);
        check(429, refusal, &[Some("server_error")], End::Failed);
    }

    #[test]
    fn who_goes_away_may_have_seen_something() {
        let left = Evidence {
            abandoned: true,
            status: 200,
            total_us: 900,
            queued_us: 100,
            attempts: vec![AttemptNote {
                failure: Some("abandoned".to_owned()),
                left_us: Some(700),
                ..AttemptNote::default()
            }],
            ..Evidence::default()
        };
        assert_eq!(
            (End::of(&left), unseen_us(&left)),
            (End::GivenUp, Some(700))
        );
        let seen = Evidence {
            shown_us: Some(300),
            ..left.clone()
        };
        assert_eq!(End::of(&seen), End::Left);
        let stopped = Evidence {
            stopped: true,
            ..seen
        };
        assert_eq!(End::of(&stopped), End::Stopped);
        // Earlier versions did not tell how long a call was waited for.
        let mut earlier = left;
        earlier.attempts[0].left_us = None;
        assert_eq!(unseen_us(&earlier), Some(800));
        // It waited for its next turn: no call was under way.
        earlier.attempts[0].failure = Some("server_error".to_owned());
        assert_eq!(unseen_us(&earlier), None);
    }
}

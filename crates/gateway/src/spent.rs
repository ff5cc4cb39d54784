//! What a call came to.
//!
//! In: how it ended, and what was heard of it. Out: its tokens and its cost, exact where the vendor counted
//! them to the end, else estimated from what was seen and never above what was reserved.

use trilemma_cost::Priced;
use trilemma_domain::{Attempt, FailureKind, ServiceTier, Usage, UsageSource};
use trilemma_store::ledger::Spent;

use crate::heard::{Heard, Seen};
use crate::upstream::Upstream;

/// What is known of a call's tokens at its end.
pub(crate) enum End {
    /// The vendor has counted them to the end.
    Counted(Usage),
    /// Nothing is billed.
    Free,
    /// It was broken off, or nobody counted, after so much.
    Seen(Seen),
}

impl End {
    /// The end of an attempt.
    pub(crate) fn of(attempt: &Attempt, heard: &Heard) -> Self {
        match (attempt.usage, &attempt.failure) {
            (Some(usage), None) => Self::Counted(usage),
            (None, Some(_)) if was_free(attempt) => Self::Free,
            (_, _) => Self::broken_off(heard),
        }
    }

    /// The end of a call that nobody waits for any more.
    pub(crate) fn broken_off(heard: &Heard) -> Self {
        match heard.seen() {
            None => Self::Free,
            Some(Seen {
                is_whole: true,
                reported: Some(usage),
                ..
            }) => Self::Counted(usage),
            Some(seen) => Self::Seen(seen),
        }
    }

    /// Prices it; `worst` is what was reserved, if anything bounds it.
    pub(crate) fn spent(self, upstream: &Upstream, worst: Option<&Usage>) -> Spent {
        let asked = worst.and_then(|worst| worst.tier);
        match self {
            Self::Counted(usage) => {
                let is_said =
                    usage.tier.is_some() || matches!(asked, None | Some(ServiceTier::Standard));
                let priced = match is_said {
                    true => price(upstream, &usage, usage.tier),
                    false => dearest(upstream, &usage, asked),
                };
                Spent {
                    usage: Some(usage),
                    nano_usd: priced.map(|priced| priced.cost.0),
                    price_row: priced.map(|priced| priced.row),
                    is_estimated: usage.source == UsageSource::Estimated || !is_said,
                    ..Spent::default()
                }
            }
            Self::Free => Spent {
                nano_usd: Some(0),
                ..Spent::default()
            },
            Self::Seen(seen) => {
                let most = worst.and_then(|worst| upstream.worst_cost(worst));
                let used = seen
                    .used(worst)
                    .and_then(|usage| dearest(upstream, &usage, usage.tier));
                let used = used.map(|priced| priced.cost);
                let cost = match (used, most) {
                    (Some(used), Some(most)) => Some(used.min(most)),
                    (used, most) => used.or(most),
                };
                Spent {
                    nano_usd: cost.map(|cost| cost.0),
                    is_estimated: true,
                    ..Spent::default()
                }
            }
        }
    }
}

/// What was used costs so much in a class of service, or in the one that is meant where none is said.
fn price(upstream: &Upstream, usage: &Usage, tier: Option<ServiceTier>) -> Option<Priced> {
    let pricer = upstream.parts.pricer.as_ref()?;
    pricer.price(&Usage { tier, ..*usage })
}

/// What was used costs at most so much in a class that nobody has confirmed.
fn dearest(upstream: &Upstream, usage: &Usage, tier: Option<ServiceTier>) -> Option<Priced> {
    let priced = price(upstream, usage, tier)?;
    let other = match tier {
        None => Some(ServiceTier::Priority),
        Some(_) => Some(ServiceTier::Standard),
    };
    let other = price(upstream, usage, other);
    Some(match other {
        Some(other) if other.cost > priced.cost => other,
        Some(_) | None => priced,
    })
}

/// Refused calls cost nothing, and neither do those of which no byte went out.
fn was_free(attempt: &Attempt) -> bool {
    let is_refused = attempt.status.is_some_and(|status| status >= 400);
    let never_sent = attempt.failure.as_ref().is_some_and(|failure| {
        matches!(
            failure.kind,
            FailureKind::Connect | FailureKind::Unsendable | FailureKind::BreakerOpen
        )
    });
    is_refused || never_sent
}

//! What a call came to.
//!
//! In: how it ended, and what was heard of it. Out: its tokens and its cost, exact where the vendor counted
//! them to the end, else estimated from what was seen and never above what was reserved.

use trilemma_cost::Priced;
use trilemma_domain::{Attempt, FailureKind, Place, ServiceTier, Usage, UsageSource};
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
        match self {
            Self::Counted(usage) => {
                let asked = worst.copied().unwrap_or_default();
                let has_tier = usage.tier.is_some()
                    || matches!(asked.tier, None | Some(ServiceTier::Standard));
                let has_place =
                    usage.place.is_some() || matches!(asked.place, None | Some(Place::Anywhere));
                let is_said = has_tier && has_place;
                let tiers = match has_tier {
                    true => [usage.tier; 2],
                    false => tiers(asked.tier),
                };
                let places = match has_place {
                    true => [usage.place; 2],
                    false => [asked.place, Some(Place::Anywhere)],
                };
                let priced = dearest(upstream, &usage, (tiers, places));
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
                let used = seen.used(worst).and_then(|usage| {
                    let places = match usage.place {
                        None => [None, Some(Place::Us)],
                        Some(_) => [usage.place; 2],
                    };
                    dearest(upstream, &usage, (tiers(usage.tier), places))
                });
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

/// The classes of service that may have answered where nobody has confirmed one.
fn tiers(asked: Option<ServiceTier>) -> [Option<ServiceTier>; 2] {
    match asked {
        None => [None, Some(ServiceTier::Priority)],
        Some(_) => [asked, Some(ServiceTier::Standard)],
    }
}

/// What was used costs at most so much in these classes of service and places; `None` = the price of the first of
/// them is unknown.
fn dearest(
    upstream: &Upstream,
    usage: &Usage,
    (tiers, places): ([Option<ServiceTier>; 2], [Option<Place>; 2]),
) -> Option<Priced> {
    let pricer = upstream.parts.pricer.as_ref()?;
    let price = |(tier, place)| {
        pricer.price(&Usage {
            tier,
            place,
            ..*usage
        })
    };
    let first = price((tiers[0], places[0]))?;
    let (tiers, places) = (distinct(&tiers), distinct(&places));
    let all = (tiers.iter()).flat_map(|tier| places.iter().map(move |place| (*tier, *place)));
    let others = all.skip(1).filter_map(price);
    Some(others.fold(
        first,
        |most, other| {
            if other.cost > most.cost { other } else { most }
        },
    ))
}

/// The one where both are the same: most calls have nothing left open, and are priced once.
fn distinct<T: PartialEq>(both: &[T; 2]) -> &[T] {
    match both {
        [one, other] if one == other => std::slice::from_ref(one),
        _ => both,
    }
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

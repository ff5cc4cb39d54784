//! Which tier of a vendor carries a need with headroom.
//!
//! In: a need and the catalog's tiers, lowest first. Out: the first that carries it, and what each
//! of its limits is used to. A limit that no source states is unknown: such a tier may carry the
//! load, but is not said to.

use trilemma_catalog::RateTier;

use super::need::Need;

/// How a tier takes a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierCheck {
    /// All limits are known and hold with headroom.
    Carries,
    /// A known limit is too small.
    TooSmall,
    /// No known limit is too small, but not all are known.
    Unknown,
}

/// How far one limit is used; above 1 = exceeded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// The limit's name in files, such as `rpm`.
    pub limit: &'static str,
    /// What is needed.
    pub needed: f64,
    /// What the tier allows.
    pub allowed: f64,
}

impl Room {
    /// Share of the limit that is used.
    #[must_use]
    pub fn used(&self) -> f64 {
        self.needed / self.allowed
    }
}

/// How far a tier's known limits are used.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "limits stay far below 2^53")]
pub fn room(need: &Need, tier: &RateTier) -> Vec<Room> {
    let itpm = if tier.cached_counts == Some(false) {
        need.itpm_uncached
    } else {
        need.itpm_total
    };
    let tpm = need.tpm_reserved.unwrap_or(need.itpm_total + need.otpm);
    [
        ("rpm", need.rpm, tier.rpm),
        ("itpm", itpm, tier.itpm),
        ("otpm", need.otpm, tier.otpm),
        ("tpm", tpm, tier.tpm),
        ("rpd", need.rpd, tier.rpd),
    ]
    .into_iter()
    .filter_map(|(limit, needed, allowed)| {
        Some(Room {
            limit,
            needed,
            allowed: allowed? as f64,
        })
    })
    .collect()
}

/// Checks one tier with headroom: limits may be used to this share, in (0, 1].
#[must_use]
pub fn check(need: &Need, tier: &RateTier, headroom: f64) -> TierCheck {
    let rooms = room(need, tier);
    if rooms.iter().any(|room| room.used() > headroom) {
        return TierCheck::TooSmall;
    }
    let splits = tier.itpm.is_some() && tier.otpm.is_some();
    if tier.rpm.is_some() && (tier.tpm.is_some() || splits) {
        TierCheck::Carries
    } else {
        TierCheck::Unknown
    }
}

/// The first tier that is not too small, and how it takes the need; `None` = beyond all of them.
#[must_use]
pub fn first_that_fits<'a>(
    need: &Need,
    tiers: &[&'a RateTier],
    headroom: f64,
) -> Option<(&'a RateTier, TierCheck)> {
    tiers
        .iter()
        .map(|tier| (*tier, check(need, tier, headroom)))
        .find(|(_, taken)| *taken != TierCheck::TooSmall)
}

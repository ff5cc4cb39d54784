//! Needs and tiers for machines.

use serde_json::{Value, json};
use trilemma_cost::limits::{TierCheck, room};

use super::KEYS;
use super::load::{Load, Row};
use crate::commands::money::{Asked, assumptions_json, left_out_json};

/// Version of the JSON that is printed.
const SCHEMA_VERSION: u32 = 1;

fn taken_name(taken: TierCheck) -> &'static str {
    match taken {
        TierCheck::Carries => "carries",
        TierCheck::TooSmall => "too_small",
        TierCheck::Unknown => "unknown",
    }
}

/// The whole answer.
pub(super) fn as_json(asked: &Asked, rows: &[Row<'_>]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "as_of": asked.as_of,
        "candidates": rows.iter().map(candidate).collect::<Vec<_>>(),
        "left_out": left_out_json(asked),
        "assumptions": assumptions_json(&asked.assumptions, KEYS),
    })
}

fn candidate(row: &Row<'_>) -> Value {
    let need = &row.load.need;
    let first = row.load.first();
    json!({
        "name": row.contender.name,
        "rpm": need.rpm,
        "itpm_total": need.itpm_total,
        "itpm_uncached": need.itpm_uncached,
        "otpm": need.otpm,
        "tpm_reserved": need.tpm_reserved,
        "concurrency": need.concurrency,
        "chance_of_waiting": row.load.waiting.map(|waiting| waiting.chance),
        "mean_wait_s": row.load.waiting.and_then(|waiting| waiting.mean_s),
        "first_tier": first.map(|(tier, _)| tier.tier.clone()),
        "first_tier_is": first.map(|(_, taken)| taken_name(*taken)),
        "fallback": row.fallback.as_ref().map(|fallback| json!({
            "share": fallback.share,
            "alone": short(&fallback.alone),
            "as_fallback": short(&fallback.helping),
        })),
        "tiers": row.load.tiers.iter().map(|(tier, taken)| json!({
            "tier": tier.tier,
            "check": taken_name(*taken),
            "paid_usd": tier.paid_usd.map(|usd| usd.to_string()),
            "days": tier.days,
            "note": tier.note,
            "source": tier.provenance.source.title,
            "checked": tier.provenance.checked,
            "limits": room(need, tier).iter().map(|room| json!({
                "limit": room.limit,
                "needed": room.needed,
                "allowed": room.allowed,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
    })
}

/// The same load, shared otherwise.
fn short(load: &Load<'_>) -> Value {
    let first = load.first();
    json!({
        "rpm": load.need.rpm,
        "concurrency": load.need.concurrency,
        "chance_of_waiting": load.waiting.map(|waiting| waiting.chance),
        "mean_wait_s": load.waiting.and_then(|waiting| waiting.mean_s),
        "first_tier": first.map(|(tier, _)| tier.tier.clone()),
        "first_tier_is": first.map(|(_, taken)| taken_name(*taken)),
    })
}

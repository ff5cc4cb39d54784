//! Total cost of ownership as data.

use serde_json::{Value, json};
use trilemma_cost::tco::EventKind;
use trilemma_domain::Usd;

use super::super::money::{Asked, assumptions_json, left_out_json};
use super::keys;
use super::plan::{Owned, Tco};

/// Version of this JSON.
const SCHEMA_VERSION: u32 = 1;

/// The whole answer.
pub(super) fn as_json(asked: &Asked, tco: &Tco<'_>) -> Value {
    let simulation = tco.simulation.as_ref();
    json!({
        "schema_version": SCHEMA_VERSION,
        "as_of": asked.as_of,
        "months": tco.months,
        "catalog": asked.catalog.fingerprint().to_string(),
        "candidates": tco.owned.iter().enumerate().map(|(idx, one)| {
            let outcome = simulation.and_then(|simulation| simulation.outcomes.get(idx));
            candidate(one, outcome)
        }).collect::<Vec<_>>(),
        "cheaper": simulation.map(|simulation| &simulation.cheaper),
        "draws": simulation.map(|simulation| simulation.draws),
        "seed": simulation.map(|simulation| simulation.seed),
        "left_out": tco.left_out.iter().map(|(name, why)| json!({
            "name": name,
            "why": why,
        })).chain(left_out_json(asked)).collect::<Vec<_>>(),
        "assumptions": assumptions_json(&asked.assumptions, &keys(asked)),
    })
}

fn candidate(one: &Owned<'_>, outcome: Option<&trilemma_cost::risk::Outcome>) -> Value {
    let amount = |cost: Usd| cost.decimal().round_dp(9).normalize().to_string();
    json!({
        "name": one.contender.name,
        "incumbent": one.is_incumbent,
        "one_off_usd": amount(one.ledger.one_off),
        "one_off": one.one_off.iter().map(|line| json!({
            "what": line.what,
            "usd": amount(line.cost),
        })).collect::<Vec<_>>(),
        "total_usd": amount(one.ledger.total),
        "present_value_usd": amount(one.ledger.present_value),
        "stay_total_usd": one.ledger.stay_total.map(amount),
        "payback_month": one.ledger.payback_month,
        "simulated": outcome.map(|outcome| json!({
            "mode": outcome.mode,
            "mean": outcome.mean,
            "p10": outcome.p10,
            "p50": outcome.p50,
            "p90": outcome.p90,
        })),
        "tornado": one.swings.iter().map(|swing| json!({
            "input": swing.input.name(),
            "low": swing.low,
            "high": swing.high,
        })).collect::<Vec<_>>(),
        "events": one.events.iter().map(|event| json!({
            "month": event.month,
            "price_factor": match event.kind {
                EventKind::Price(factor) => Some(factor.normalize().to_string()),
                EventKind::OneOff(_) => None,
            },
            "usd": match event.kind {
                EventKind::Price(_) => None,
                EventKind::OneOff(cost) => Some(amount(cost)),
            },
            "reason": event.reason,
        })).collect::<Vec<_>>(),
        "ledger": one.ledger.rows.iter().map(|row| json!({
            "month": row.month,
            "model_usd": amount(row.model),
            "fixed_usd": amount(row.fixed),
            "events_usd": amount(row.events),
            "total_usd": amount(row.run),
            "discounted_usd": amount(row.discounted),
            "stay_usd": row.stay.map(amount),
            "cumulative_saving_usd": row.cumulative_saving.map(amount),
        })).collect::<Vec<_>>(),
    })
}

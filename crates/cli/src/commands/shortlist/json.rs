//! The shortlist as JSON.

use serde_json::{Value, json};
use trilemma_catalog::{Judged, QueryCost, Shortlist};

use super::asked::Asked;
use super::words::{exclusion_kind, gap_kind, passed_kind};

/// The whole answer.
pub(super) fn shortlist_json(asked: &Asked, list: &Shortlist) -> Value {
    json!({
        "as_of": asked.as_of,
        "horizon_days": asked.horizon_days,
        "task": asked.task,
        "stakes": asked.stakes,
        "requirements": asked.requirements,
        "tokens": {
            "input": asked.typical.tokens.input,
            "input_from": asked.typical.input_from,
            "output": asked.typical.tokens.output,
            "output_from": asked.typical.output_from,
        },
        "golden_problem": asked.golden_problem,
        "proposals": list.proposals.iter().map(|one| json!({
            "id": one.id.to_string(),
            "name": one.name,
            "usd_per_query": cost(one.cost.as_ref()),
            "because": texts(&one.because),
            "cautions": texts(&one.cautions),
        })).collect::<Vec<_>>(),
        "named": list.named.iter().map(|one| json!({
            "name": one.name,
            "id": one.id.as_ref().map(ToString::to_string),
            "fails": texts(&one.fails),
            "undecided": texts(&one.gaps),
            "cautions": texts(&one.cautions),
            "problem": one.problem,
        })).collect::<Vec<_>>(),
        "passed_over": judged(&list.passed_over, passed_kind),
        "undecided": judged(&list.undecided, gap_kind),
        "excluded": judged(&list.excluded, exclusion_kind),
    })
}

fn cost(cost: Option<&QueryCost>) -> Value {
    cost.map_or(
        Value::Null,
        |cost| json!({ "low": cost.low, "high": cost.high, "price_row": cost.row.id.as_str() }),
    )
}

fn texts<T: ToString>(list: &[T]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn judged<R: ToString>(list: &[Judged<R>], kind: fn(&R) -> &'static str) -> Vec<Value> {
    list.iter()
        .map(|one| {
            json!({
                "id": one.id.to_string(),
                "kind": one.reasons.first().map(kind),
                "reasons": texts(&one.reasons),
            })
        })
        .collect()
}

//! The catalog's rows as JSON. What no source states is `null`.

use jiff::civil::Date;
use serde_json::{Value, json};
use trilemma_catalog::{
    Found, LifecycleState, Model, ModelKind, OnShutdown, Pin, PriceRow, Provenance, Reasoning,
    Staleness, Stated, Statement, Terms, Training,
};
use trilemma_domain::Capability;

/// The state on a day.
pub(crate) fn state_json(state: LifecycleState) -> Value {
    match state {
        LifecycleState::NotYetReleased { from } => {
            json!({ "state": "not_yet_released", "from": from })
        }
        LifecycleState::Active => json!({ "state": "active" }),
        LifecycleState::Ending { by, exact } => {
            json!({ "state": "ending", "by": by, "exact": exact })
        }
        LifecycleState::ShutDown { since, exact } => {
            json!({ "state": "shut_down", "since": since, "exact": exact })
        }
    }
}

/// Everything about a model.
pub(crate) fn model_json(found: &Found<'_>, as_of: Date) -> Value {
    let model = found.model;
    json!({
        "id": model.id.to_string(),
        "name": model.name,
        "found_by_alias": found.alias.map(|alias| json!({ "name": alias.name, "moving": alias.moving })),
        "provider": { "id": found.provider.id, "name": found.provider.name, "dialect": found.provider.dialect },
        "kind": match model.kind { ModelKind::Api => "api", ModelKind::OpenWeights => "open_weights" },
        "pinned": model.pin == Pin::Snapshot,
        "tier": model.tier,
        "role": model.role.map(|role| role.name()),
        "line": model.line,
        "only_for": model.only_for,
        "tokenizer": model.tokenizer,
        "weights": model.weights.as_ref().map(ToString::to_string),
        "strengths": statement(model.strengths.as_ref()),
        "best_for": statement(model.best_for.as_ref()),
        "aliases": model.aliases.iter().map(|alias| json!({
            "name": alias.name, "moving": alias.moving, "from": alias.from, "to": alias.to,
            "source": source(&alias.provenance),
        })).collect::<Vec<_>>(),
        "as_of": as_of,
        "lifecycle": lifecycle(model, as_of),
        "limits": {
            "context": model.limits.context,
            "max_input": model.limits.max_input,
            "max_output": model.limits.max_output,
        },
        "capabilities": Capability::ALL.iter().map(|one| (one.name().to_owned(), match model.has(*one) {
            Stated::Yes => Value::Bool(true),
            Stated::No => Value::Bool(false),
            Stated::Unknown => Value::Null,
        })).collect::<serde_json::Map<_, _>>(),
        "parameters": parameters(model),
        "terms": found.terms().map(terms),
        "licence": model.licence.as_ref().map(|licence| json!({
            "id": licence.id,
            "commercial_use": licence.commercial.map(|one| format!("{one:?}").to_lowercase()),
            "source": source(&licence.provenance),
        })),
        "architecture": arch(model),
        "footprints": model.footprints.iter().map(|one| json!({
            "scheme": one.scheme, "gb": one.gb, "source": source(&one.provenance),
        })).collect::<Vec<_>>(),
        "prices": model.prices.iter().map(|row| price(row, as_of)).collect::<Vec<_>>(),
    })
}

fn source(provenance: &Provenance) -> Value {
    json!({
        "title": provenance.source.title,
        "url": provenance.source.url,
        "date": provenance.source.date,
        "checked": provenance.checked,
    })
}

fn statement(statement: Option<&Statement>) -> Value {
    statement.map_or(
        Value::Null,
        |said| json!({ "text": said.text, "source": source(&said.provenance) }),
    )
}

fn lifecycle(model: &Model, as_of: Date) -> Value {
    let dates = &model.lifecycle;
    let mut value = state_json(dates.at(as_of));
    let more = json!({
        "released": dates.released,
        "first_seen": dates.first_seen,
        "deprecated": dates.deprecated,
        "shutdown": dates.shutdown,
        "gone_by": dates.gone_by,
        "replacement": dates.replacement,
        "on_shutdown": match &dates.on_shutdown {
            OnShutdown::Unknown => Value::Null,
            OnShutdown::Error => json!("error"),
            OnShutdown::Reroute { to } => json!({ "reroute": to }),
        },
        "source": dates.provenance.as_ref().map(source),
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

fn parameters(model: &Model) -> Value {
    let rules = &model.parameters;
    json!({
        "temperature": rules.temperature,
        "top_p": rules.top_p,
        "seed": rules.seed,
        "needs_max_tokens": rules.needs_max_tokens,
        "max_tokens_field": rules.max_tokens_field,
        "reasoning": rules.reasoning.map(|reasoning| match reasoning {
            Reasoning::Off => "off",
            Reasoning::OnRequest => "on-request",
            Reasoning::Default => "default",
            Reasoning::Always => "always",
        }),
        "efforts": rules.efforts,
        "note": rules.note,
        "source": rules.provenance.as_ref().map(source),
    })
}

fn terms(terms: &Terms) -> Value {
    json!({
        "training": match terms.training {
            Training::Unknown => Value::Null,
            Training::No => Value::Bool(false),
            Training::Yes => Value::Bool(true),
        },
        "regions": terms.regions,
        "conditions": terms.conditions,
        "source": source(&terms.provenance),
    })
}

fn arch(model: &Model) -> Value {
    model.arch.as_ref().map_or(Value::Null, |arch| {
        json!({
            "params": arch.params,
            "active_params": arch.active_params,
            "layers": arch.layers,
            "heads": arch.heads,
            "kv_heads": arch.kv_heads,
            "head_dim": arch.head_dim,
            "hidden": arch.hidden,
            "vocab": arch.vocab,
        })
    })
}

fn price(row: &PriceRow, as_of: Date) -> Value {
    let rates = &row.rates;
    json!({
        "row": row.id.as_str(),
        "book": row.book,
        "from": row.from,
        "to": row.to,
        "holds": row.from <= as_of && row.to.is_none_or(|to| as_of < to),
        "service": row.service,
        "region": row.region,
        "above_tokens": row.above_tokens,
        "usd_per_mtok": {
            "input": rates.input,
            "output": rates.output,
            "cache_read": rates.cache_read,
            "cache_write_5m": rates.cache_write_5m,
            "cache_write_1h": rates.cache_write_1h,
            "reasoning": rates.reasoning,
            "audio_input": rates.audio_input,
            "audio_output": rates.audio_output,
            "image_input": rates.image_input,
            "image_output": rates.image_output,
        },
        "usd_per_thousand_web_searches": rates.web_search_1k,
        "usd_per_thousand_grounded_requests": rates.grounded_request_1k,
        "note": row.note,
        "age_days": match row.staleness(as_of) {
            Staleness::Fresh => Value::Null,
            Staleness::Ageing { days } | Staleness::Stale { days } => json!(days),
        },
        "source": source(&row.provenance),
    })
}

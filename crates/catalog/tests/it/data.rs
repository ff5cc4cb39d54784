//! Laws that every row of the data files keeps.

use std::collections::BTreeSet;

use trilemma_catalog::{ModelKind, OnShutdown, Pin, Staleness, Stated};
use trilemma_domain::ModelName;

use crate::support::{catalog, day};

#[test]
fn there_are_enough_models_to_choose_from() {
    let catalog = catalog();
    let models = catalog.models().unwrap();
    let open = models
        .iter()
        .filter(|found| found.model.kind == ModelKind::OpenWeights)
        .count();
    assert!(models.len() >= 100, "{} models", models.len());
    assert!(open >= 15, "{open} open-weight models");
    assert!(catalog.provider_ids().count() >= 15);
}

#[test]
fn every_price_has_source_date_and_an_id_of_its_own() {
    let catalog = catalog();
    let mut ids = BTreeSet::new();
    let mut n_rows = 0;
    for found in catalog.models().unwrap() {
        for row in &found.model.prices {
            n_rows += 1;
            assert!(!row.provenance.source.title.is_empty());
            assert!(row.provenance.checked <= day("2026-11-29"));
            assert!(row.rates.input.is_some(), "{} has an input price", row.id);
            assert!(ids.insert(row.id.clone()), "{} stands once", row.id);
        }
    }
    assert!(n_rows > 300, "{n_rows} price rows");
}

#[test]
fn open_list_prices_never_overlap() {
    let catalog = catalog();
    for found in catalog.models().unwrap() {
        let rows = &found.model.prices;
        for (idx, one) in rows.iter().enumerate() {
            for other in rows.iter().skip(idx + 1) {
                let same = one.book == other.book
                    && one.service == other.service
                    && one.region == other.region
                    && one.above_tokens == other.above_tokens;
                let apart = one.to.is_some_and(|to| to <= other.from)
                    || other.to.is_some_and(|to| to <= one.from);
                assert!(!same || apart, "{} and {} overlap", one.id, other.id);
            }
        }
    }
}

#[test]
fn every_alias_resolves_to_its_model() {
    let catalog = catalog();
    let mut n_moving = 0;
    for found in catalog.models().unwrap() {
        for alias in &found.model.aliases {
            let full = format!("{}/{}", found.model.id.provider, alias.name);
            let date = alias.from.unwrap_or(day("2026-11-23"));
            let resolved = catalog.find(&full, date).unwrap();
            assert_eq!(resolved.model.id, found.model.id, "{full}");
            assert_eq!(resolved.is_moving(), alias.moving);
            n_moving += usize::from(alias.moving);
            // A moving name must not itself be taken for a model.
            let name = ModelName::parse(&full).unwrap();
            assert!(catalog.get(&name).unwrap().is_none(), "{full} is both");
        }
    }
    assert!(n_moving > 20, "{n_moving} moving aliases");
}

#[test]
fn the_alias_of_the_document_names_its_snapshot() {
    let catalog = catalog();
    let found = catalog.find("gpt-4o", day("2026-11-23")).unwrap();
    assert_eq!(found.model.id.to_string(), "openai/gpt-4o-2024-08-06");
    assert_eq!(found.model.pin, Pin::Snapshot);
    assert!(found.is_moving());
}

#[test]
fn references_lead_somewhere() {
    let catalog = catalog();
    let leads = |text: &str| {
        let name = ModelName::parse(text).unwrap();
        catalog.get(&name).unwrap().is_some()
    };
    for found in catalog.models().unwrap() {
        let model = found.model;
        if let Some(weights) = &model.weights {
            let target = catalog.get(weights).unwrap().unwrap();
            assert_eq!(target.model.kind, ModelKind::OpenWeights, "{}", model.id);
        }
        if let Some(next) = &model.lifecycle.replacement {
            assert!(leads(next), "{} is replaced by {next}", model.id);
        }
        if let OnShutdown::Reroute { to } = &model.lifecycle.on_shutdown {
            assert!(leads(to), "{} is rerouted to {to}", model.id);
        }
        if model.tokenizer.is_some() {
            assert!(catalog.tokenizer(model).unwrap().is_some(), "{}", model.id);
        }
    }
}

#[test]
fn every_model_has_what_the_shortlist_needs() {
    let catalog = catalog();
    for found in catalog.models().unwrap() {
        let model = found.model;
        assert!(model.tier.is_some(), "{} has a size class", model.id);
        assert!(model.role.is_some(), "{} has a role", model.id);
        assert!(model.line.is_some(), "{} has a line", model.id);
    }
}

#[test]
fn the_silent_reroute_of_december_2026_is_known() {
    let catalog = catalog();
    let found = catalog.find("gemini-2.5-pro", day("2026-11-23")).unwrap();
    assert_eq!(found.model.lifecycle.shutdown, Some(day("2026-12-01")));
    assert_eq!(
        found.model.lifecycle.on_shutdown,
        OnShutdown::Reroute {
            to: "google/gemini-3.8-flash".to_owned()
        }
    );
}

#[test]
fn parameter_rules_of_reasoning_models_are_known() {
    let catalog = catalog();
    let rules = |name: &str| {
        let found = catalog.find(name, day("2026-11-23")).unwrap();
        found.model.parameters.clone()
    };
    let gpt_5 = rules("gpt-5");
    assert_eq!(gpt_5.temperature, Some(false));
    assert_eq!(
        gpt_5.max_tokens_field.as_deref(),
        Some("max_completion_tokens")
    );
    assert_eq!(gpt_5.efforts, ["minimal", "low", "medium", "high"]);
    assert_eq!(rules("gpt-4o").temperature, Some(true));
    assert_eq!(rules("claude-haiku-4-5").needs_max_tokens, Some(true));
    assert_eq!(rules("grok-4.7").temperature, None, "not stated");
}

#[test]
fn what_fits_is_three_valued() {
    let catalog = catalog();
    let model = catalog.find("gpt-5", day("2026-11-23")).unwrap().model;
    assert_eq!(model.fits(272_000, 1_000), Stated::Yes);
    assert_eq!(
        model.fits(272_001, 1_000),
        Stated::No,
        "input has its own limit"
    );
    assert_eq!(model.fits(1_000, 128_001), Stated::No);
}

#[test]
fn prices_of_today_are_fresh_and_age() {
    let catalog = catalog();
    let model = catalog.find("gpt-6-luna", day("2026-11-23")).unwrap().model;
    let row = model
        .price_at(day("2026-11-23"), Default::default(), 1_000)
        .unwrap();
    assert_eq!(row.staleness(day("2026-11-23")), Staleness::Fresh);
    assert_eq!(row.staleness(day("2026-12-23")), Staleness::Fresh);
    assert_eq!(
        row.staleness(day("2026-12-24")),
        Staleness::Ageing { days: 31 }
    );
    assert_eq!(
        row.staleness(day("2027-02-21")),
        Staleness::Ageing { days: 90 }
    );
    assert_eq!(
        row.staleness(day("2027-02-22")),
        Staleness::Stale { days: 91 }
    );
}

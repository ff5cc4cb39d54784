//! GPUs, rate limits, architectures, and rows of the user's for them.

use trilemma_catalog::{Attention, Catalog, CatalogError, GpuTerm};
use trilemma_domain::ModelName;

use crate::support::{catalog, day};

const HEAD: &str = "schema_version = 1\n[source.s]\ntitle = \"mine\"\n";

fn overlay(text: &str) -> Result<Catalog, CatalogError> {
    Catalog::builtin().with_overlay("mine.toml", format!("{HEAD}{text}"))
}

#[test]
fn every_gpu_has_source_date_and_sane_figures() {
    let catalog = catalog();
    let gpus = catalog.gpus().unwrap();
    assert!(gpus.len() >= 8);
    for gpu in gpus {
        assert!(gpu.provenance.checked <= day("2026-11-23"), "{}", gpu.id);
        assert!(gpu.plan_gib() <= gpu.memory_gib, "{}", gpu.id);
        for price in &gpu.prices {
            assert!(price.low <= price.high && price.provenance.checked <= day("2026-11-23"));
        }
    }
    let h100 = catalog.gpu("h100").unwrap();
    let plan = h100.plan_price().unwrap();
    assert_eq!(
        (plan.low.to_string().as_str(), plan.term),
        ("2.95", GpuTerm::OnDemand)
    );
    let (low, high) = h100.price_range().unwrap();
    assert_eq!(
        (low.to_string().as_str(), high.to_string().as_str()),
        ("1.25", "5.00")
    );
}

#[test]
fn an_unknown_gpu_names_those_that_are_known() {
    let error = catalog().gpu("H1000").unwrap_err().to_string();
    assert!(error.contains("H1000") && error.contains("A100-80") && error.contains("hint:"));
}

#[test]
fn own_gpus_and_prices_stand_first() {
    let catalog = overlay(
        "[[gpu]]\nid = \"H100\"\nprice = [{ where = \"our cloud\", term = \"on-demand\", usd = \"2.10\", source = \"s\", checked = \"2026-11-01\" }]\n\
         [[gpu]]\nid = \"X1\"\nmemory_gib = 48.0\nbandwidth_gb_s = 900.0\nbf16_tflops = 200.0\nsource = \"s\"\nchecked = \"2026-11-01\"\n",
    )
    .unwrap();
    let h100 = catalog.gpu("H100").unwrap();
    assert_eq!(h100.plan_price().unwrap().place, "our cloud");
    assert_eq!(h100.bandwidth_gb_s, 3_350.0);
    assert_eq!(catalog.gpu("X1").unwrap().plan_price(), None);
}

#[test]
fn mistakes_in_infrastructure_rows_name_row_and_fix() {
    for (text, part) in [
        (
            "[[gpu]]\nid = \"X\"\nsource = \"s\"\nchecked = \"2026-11-01\"\n",
            "lacks `memory_gib`",
        ),
        (
            "[[gpu]]\nid = \"H100\"\nmemory_gib = -1.0\n",
            "is not above 0",
        ),
        (
            "[[gpu]]\nid = \"H100\"\nprice = [{ where = \"x\", term = \"spot\", source = \"s\", checked = \"2026-11-01\" }]\n",
            "give `usd`",
        ),
        (
            "[[limit]]\nprovider = \"openai\"\ntier = \"T\"\nrank = 1\nrpm = 0\nsource = \"s\"\nchecked = \"2026-11-01\"\n",
            "has a limit of 0",
        ),
        (
            "[[limit]]\nprovider = \"openai\"\ntier = \"T\"\nrank = 1\npaid_usd = \"five\"\nsource = \"s\"\nchecked = \"2026-11-01\"\n",
            "no amount of dollars",
        ),
        (
            "[[model]]\nid = \"open-weights/x\"\narch = { params = 1, attention = \"latent\" }\n",
            "lacks `kv_lora_rank`",
        ),
    ] {
        let error = overlay(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn limits_of_a_model_come_lowest_tier_first_and_may_be_replaced() {
    let sonnet = ModelName::parse("anthropic/claude-sonnet-4-5").unwrap();
    let names = |catalog: &Catalog| -> Vec<String> {
        let tiers = catalog.rate_tiers_of(&sonnet).unwrap();
        tiers.iter().map(|tier| tier.tier.clone()).collect()
    };
    assert_eq!(
        names(&catalog()),
        ["Tier 1", "Tier 2", "Tier 3", "Tier 4", "custom"]
    );
    let own = overlay(
        "[[limit]]\nprovider = \"anthropic\"\nmodels = [\"claude-sonnet-4\"]\ntier = \"ours\"\nrank = 1\nrpm = 9\nsource = \"s\"\nchecked = \"2026-11-01\"\n",
    )
    .unwrap();
    assert_eq!(names(&own), ["ours"]);
    let opus = ModelName::parse("anthropic/claude-opus-5-5").unwrap();
    assert!(catalog().rate_tiers_of(&opus).unwrap().is_empty());
}

#[test]
fn prices_of_sound_and_pictures_change_the_id_of_a_row_only_where_stated() {
    let row = |more: &str| {
        let catalog = overlay(&format!(
            "[[model]]\nid = \"openai/x\"\nprice = [{{ from = \"2026-01-01\", input = \"1\", output = \"2\"{more}, source = \"s\", checked = \"2026-11-01\" }}]\n"
        ))
        .unwrap();
        let id = ModelName::parse("openai/x").unwrap();
        let found = catalog.get(&id).unwrap().unwrap();
        found.model.prices[0].id.to_string()
    };
    assert_ne!(row(""), row(", audio_input = \"40\""));
    assert_ne!(
        row(", audio_output = \"40\""),
        row(", audio_input = \"40\"")
    );
}

#[test]
fn a_fine_tuned_id_says_what_it_costs_besides_its_calls() {
    let catalog = overlay(
        "[[model]]\nid = \"openai/ft:mini:us\"\nfine_tuned = { base = \"openai/gpt-4o-mini-2024-07-18\", training = \"3.00\", hosting_usd_hour = \"1.70\", source = \"s\", checked = \"2026-11-01\" }\n",
    )
    .unwrap();
    let id = ModelName::parse("openai/ft:mini:us").unwrap();
    let found = catalog.get(&id).unwrap().unwrap();
    let tuned = found.model.fine_tuned.as_ref().unwrap();
    assert_eq!(tuned.base.model, "gpt-4o-mini-2024-07-18");
    assert_eq!(tuned.hosting_hour, Some("1.70".parse().unwrap()));
    assert!(overlay("[[model]]\nid = \"openai/ft\"\nfine_tuned = { base = \"bare\", source = \"s\", checked = \"2026-11-01\" }\n").is_err());
}

#[test]
fn models_whose_attention_is_stated_have_what_formulas_need() {
    let catalog = catalog();
    let mut n_stated = 0;
    for found in catalog.models().unwrap() {
        let Some(arch) = &found.model.arch else {
            continue;
        };
        let Some(attention) = arch.attention else {
            continue;
        };
        n_stated += 1;
        assert!(arch.layers.is_some() && arch.vocab.is_some() && arch.hidden.is_some());
        if let Attention::Sliding { full_layers, .. } = attention {
            assert!(arch.layers > Some(full_layers));
        }
    }
    assert!(n_stated >= 12, "{n_stated} models");
}

//! Rate limits and waiting.

use serde_json::Value;
use trilemma_catalog::Catalog;
use trilemma_cost::limits::{Peak, TierCheck, erlang_c, first_that_fits};
use trilemma_domain::ModelName;

use crate::data::{close, float, load};

fn peak(case: &Value) -> Peak {
    Peak {
        queries_per_day: float(&case["queries_per_day"]),
        peak_to_mean: float(&case["peak_to_mean"]),
        tokens_in: float(&case["tokens_in"]),
        tokens_out: float(&case["tokens_out"]),
        cached_share: float(&case["cached_share"]),
        max_tokens: Some(float(&case["max_tokens"])),
        latency_s: Some(float(&case["latency_s"])),
    }
}

/// The catalog carries the tiers that the vectors were made from.
#[test]
fn data_rate_limits_equal_the_vectors() {
    let Some(vectors) = load("ratelimit.json") else {
        return;
    };
    let catalog = Catalog::builtin();
    let sonnet = ModelName::parse("anthropic/claude-sonnet-4-5").unwrap();
    let tiers = catalog.rate_tiers_of(&sonnet).unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let need = peak(case).need();
        for (what, found) in [
            ("rpm", need.rpm),
            ("itpm_total", need.itpm_total),
            ("itpm_uncached", need.itpm_uncached),
            ("otpm", need.otpm),
            ("tpm_reserved_with_max_tokens", need.tpm_reserved.unwrap()),
            ("mean_concurrency", need.concurrency.unwrap()),
        ] {
            close(&format!("{id} {what}"), found, float(&case[what]), 1e-6);
        }
        for (tier, expected) in tiers.iter().zip(case["tiers"].as_array().unwrap()) {
            assert_eq!(tier.rpm, expected["rpm"].as_u64());
            assert_eq!(tier.itpm, expected["itpm"].as_u64());
            assert_eq!(tier.otpm, expected["otpm"].as_u64());
        }
        let found = first_that_fits(&need, &tiers, float(&case["headroom"]));
        let carried = found.filter(|(_, taken)| *taken == TierCheck::Carries);
        assert_eq!(
            carried.map(|(tier, _)| tier.tier.as_str()),
            case["first_tier_that_fits"].as_str(),
            "{id}"
        );
    }
}

#[test]
fn data_erlang_c_equals_the_vectors() {
    let Some(vectors) = load("ratelimit.json") else {
        return;
    };
    for case in vectors["erlang_c"].as_array().unwrap() {
        let slots = u32::try_from(case["c"].as_u64().unwrap()).unwrap();
        let found = erlang_c(float(&case["a"]), slots).unwrap();
        close("erlang", found, float(&case["p_wait"]), 1e-9);
    }
}

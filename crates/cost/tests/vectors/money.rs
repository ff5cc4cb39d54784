//! Requests and months.

use rust_decimal::Decimal;
use serde_json::Value;
use trilemma_catalog::Rates;
use trilemma_cost::{
    Caching, EffectivePrices, Retries, TokenKind, TrafficShape, monthly, per_accepted_answer,
    request_lines, scaled,
};
use trilemma_domain::{Usage, Usd, UsdPerMtok};

use crate::data::{close, decimal, float, load, whole};

/// A plain price, or the last step that starts below the request's length.
fn tiered(price: &Value, input_total: u64) -> Option<UsdPerMtok> {
    let base = if price.is_object() {
        &price["base"]
    } else {
        price
    };
    let steps = price["tiers"].as_array().cloned().unwrap_or_default();
    let step = steps.iter().rfind(|step| {
        step["start"]
            .as_u64()
            .is_some_and(|start| input_total > start)
    });
    match step.map_or(base, |step| &step["price"]) {
        Value::Number(number) => Some(number.to_string().parse().unwrap()),
        _ => None,
    }
}

pub(crate) fn rates(prices: &Value, input_total: u64) -> Rates {
    let price = |name: &str| tiered(&prices[name], input_total);
    Rates {
        input: price("input"),
        output: price("output"),
        cache_read: price("cache_read"),
        cache_write_5m: price("cache_write_5m"),
        cache_write_1h: price("cache_write_1h"),
        reasoning: price("reasoning"),
        ..Rates::default()
    }
}

fn usage(normalised: &Value) -> Usage {
    let count = |name: &str| whole(&normalised[name]);
    let cached = count("cache_read") + count("write_5m") + count("write_1h");
    Usage {
        input_uncached: count("input_total") - cached,
        cache_read: Some(count("cache_read")),
        cache_write_5m: Some(count("write_5m")),
        cache_write_1h: Some(count("write_1h")),
        output: count("output_total"),
        reasoning: Some(count("reasoning")),
        ..Usage::default()
    }
}

#[test]
fn data_request_costs_equal_the_vectors() {
    let Some(vectors) = load("request_cost.json") else {
        return;
    };
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let usage = usage(&case["normalised"]);
        let list = rates(&case["prices_per_mtok"], usage.input_total());
        let rates = scaled(&list, decimal(&case["service_multiplier"], 1)).unwrap();
        let lines = request_lines(&usage, &rates).unwrap();
        let sum = |kinds: &[TokenKind]| {
            let parts = lines.iter().filter(|line| kinds.contains(&line.kind));
            parts.map(|line| line.cost).sum::<Usd>().to_f64()
        };
        let parts = &case["components_usd"];
        for (name, kinds) in [
            ("input", &[TokenKind::Input][..]),
            ("cache_read", &[TokenKind::CacheRead]),
            (
                "cache_write",
                &[TokenKind::CacheWrite5m, TokenKind::CacheWrite1h],
            ),
            ("output", &[TokenKind::Output]),
            ("reasoning", &[TokenKind::Reasoning]),
        ] {
            close(
                &format!("{id} {name}"),
                sum(kinds),
                float(&parts[name]),
                1e-9,
            );
        }
        let total: Usd = lines.iter().map(|line| line.cost).sum();
        close(id, total.to_f64(), float(&case["cost_usd"]), 1e-9);
    }
    assert!(cases.len() >= 14, "{} cases", cases.len());
}

#[test]
fn data_months_equal_the_vectors() {
    let Some(vectors) = load("monthly.json") else {
        return;
    };
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let load = &case["workload"];
        let standard = rates(&case["prices_per_mtok"], 0);
        let shape = TrafficShape {
            input_ratio: decimal(&load["tok_ratio_in"], 1),
            output_ratio: decimal(&load["tok_ratio_out"], 1),
            caching: load.get("cacheable").map(|cacheable| Caching {
                cacheable: decimal(cacheable, 0),
                hit: decimal(&load["hit"], 0),
            }),
            batch_share: decimal(&load["batch_share"], 0),
            retries: load.get("p_fail").map(|p_fail| Retries {
                p_fail: decimal(p_fail, 0),
                max_attempts: u32::try_from(whole(&load["max_attempts"])).unwrap(),
                billed_input: decimal(&load["fail_bill_in"], 1),
                billed_output: decimal(&load["fail_bill_out"], 1),
            }),
        };
        let batch = scaled(&standard, decimal(&load["batch_mult"], 1)).unwrap();
        let prices = EffectivePrices::of(&shape, &standard, Some(&batch)).unwrap();
        let per_query = prices
            .per_query(
                decimal(&load["tokens_in"], 0),
                decimal(&load["tokens_out"], 0),
            )
            .unwrap();
        close(id, per_query.to_f64(), float(&case["usd_per_query"]), 1e-9);
        let month = monthly(per_query, float(&load["queries_per_day"])).unwrap();
        close(id, month.to_f64(), float(&case["usd_per_month"]), 1e-9);
    }
    assert!(cases.len() >= 10, "{} cases", cases.len());
}

/// The design document's three rows, and what it prints instead: no token counts, volumes or days
/// give its figures, because the ratios of its prices forbid them.
#[test]
fn data_the_documents_printed_months_fit_no_token_mix() {
    let Some(vectors) = load("monthly.json") else {
        return;
    };
    let printed = &vectors["infeasible"]["printed"];
    let (large, mini, haiku) = (
        float(&printed["gpt4o"]),
        float(&printed["mini"]),
        float(&printed["haiku"]),
    );
    assert!((large / mini - 2.5 / 0.15).abs() > 1.0);
    assert!(!(8.0..=10.0).contains(&(large / haiku)));
    assert!(!(0.48..=0.6).contains(&(mini / haiku)));
}

/// The worked example of the design document, without any data folder: 2,025.00 / 121.50 / 225.00.
#[test]
fn the_documents_example_costs_what_its_formula_says() {
    for (input, output, expected) in [
        ("2.50", "10.00", "2025.00"),
        ("0.15", "0.60", "121.50"),
        ("0.25", "1.25", "225.00"),
    ] {
        let rates = Rates {
            input: Some(input.parse().unwrap()),
            output: Some(output.parse().unwrap()),
            ..Rates::default()
        };
        let prices = EffectivePrices::of(&TrafficShape::default(), &rates, None).unwrap();
        let per_query = prices
            .per_query(Decimal::from(1_500), Decimal::from(300))
            .unwrap();
        assert_eq!(
            monthly(per_query, 10_000.0),
            Some(expected.parse::<Usd>().unwrap())
        );
        assert_eq!(
            per_accepted_answer(per_query, Decimal::ONE),
            Some(per_query)
        );
    }
}

//! Cost of one request from its tokens.
//!
//! fresh·p_in + read·p_read + write₅ₘ·p_w5m + write₁ₕ·p_w1h + (out − reasoning)·p_out + reasoning·p_reason.
//! An absent cache price is the input price (an absent 1-hour price the 5-minute one), an absent
//! reasoning price the output price: what vendors bill when they list no separate price.
//! Checked against `cost/vectors/request_cost.json` by `data_request_costs_equal_the_vectors`.

use trilemma_catalog::Rates;
use trilemma_domain::{Usage, Usd, UsdPerMtok};

/// Prices one request exactly.
///
/// `None` when tokens of a kind were used whose price is unknown.
#[must_use]
pub fn request_cost(usage: &Usage, rates: &Rates) -> Option<Usd> {
    let reasoning = usage.reasoning.unwrap_or(0).min(usage.output);
    let cache_write_5m = rates.cache_write_5m.or(rates.input);
    let parts = [
        (usage.input_uncached, rates.input),
        (
            usage.cache_read.unwrap_or(0),
            rates.cache_read.or(rates.input),
        ),
        (usage.cache_write_5m.unwrap_or(0), cache_write_5m),
        (
            usage.cache_write_1h.unwrap_or(0),
            rates.cache_write_1h.or(cache_write_5m),
        ),
        (usage.output - reasoning, rates.output),
        (reasoning, rates.reasoning.or(rates.output)),
    ];
    parts
        .into_iter()
        .map(|(n_tokens, price)| part_cost(n_tokens, price))
        .sum()
}

/// No tokens cost nothing, whether or not their price is known.
fn part_cost(n_tokens: u64, price: Option<UsdPerMtok>) -> Option<Usd> {
    if n_tokens == 0 {
        return Some(Usd::ZERO);
    }
    price?.of_tokens(n_tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Option<UsdPerMtok> {
        Some(text.parse().unwrap())
    }

    fn usage(input: u64, output: u64) -> Usage {
        Usage {
            input_uncached: input,
            output,
            ..Usage::default()
        }
    }

    #[test]
    fn unknown_prices_are_unknown_not_zero() {
        let rates = Rates {
            input: rate("1"),
            ..Rates::default()
        };
        assert_eq!(request_cost(&usage(10, 1), &rates), None);
        assert_eq!(
            request_cost(&usage(1_000_000, 0), &rates),
            Some("1".parse().unwrap())
        );
    }

    proptest! {
        #[test]
        fn more_tokens_never_cost_less(input in 0u64..1_000_000, output in 0u64..100_000, more in 1u64..1000) {
            let rates = Rates { input: rate("0.15"), output: rate("0.6"), ..Rates::default() };
            let less = request_cost(&usage(input, output), &rates).unwrap();
            prop_assert!(request_cost(&usage(input + more, output), &rates).unwrap() > less);
            prop_assert!(request_cost(&usage(input, output + more), &rates).unwrap() > less);
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "tests find recorded data through the environment"
    )]
    fn vectors() -> Option<serde_json::Value> {
        let Some(folder) = std::env::var_os("TRILEMMA_TEST_DATA") else {
            println!("skipped: TRILEMMA_TEST_DATA is not set");
            return None;
        };
        let path = std::path::Path::new(&folder).join("cost/vectors/request_cost.json");
        let text = std::fs::read_to_string(path).unwrap();
        Some(serde_json::from_str(&text).unwrap())
    }

    /// A plain price, or the last step that starts below the request's length.
    fn tiered(price: &serde_json::Value, input_total: u64) -> Option<UsdPerMtok> {
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
            serde_json::Value::Number(number) => rate(&number.to_string()),
            _ => None,
        }
    }

    #[test]
    fn data_request_costs_equal_the_vectors() {
        let Some(vectors) = vectors() else { return };
        let mut n_checked = 0;
        for case in vectors["cases"].as_array().unwrap() {
            let (Some(normalised), Some(expected)) =
                (case["normalised"].as_object(), case["cost_usd"].as_f64())
            else {
                continue;
            };
            if case["service_multiplier"].as_f64() != Some(1.0) {
                // Batch and flex prices are rows of their own in the catalog.
                continue;
            }
            let count = |name: &str| {
                normalised
                    .get(name)
                    .and_then(serde_json::Value::as_u64)
                    .unwrap_or(0)
            };
            let price = |name: &str| tiered(&case["prices_per_mtok"][name], count("input_total"));
            let cached = count("cache_read") + count("write_5m") + count("write_1h");
            let usage = Usage {
                input_uncached: count("input_total") - cached,
                cache_read: Some(count("cache_read")),
                cache_write_5m: Some(count("write_5m")),
                cache_write_1h: Some(count("write_1h")),
                output: count("output_total"),
                reasoning: Some(count("reasoning")),
                ..Usage::default()
            };
            let rates = Rates {
                input: price("input"),
                output: price("output"),
                cache_read: price("cache_read"),
                cache_write_5m: price("cache_write_5m"),
                cache_write_1h: price("cache_write_1h"),
                reasoning: price("reasoning"),
            };
            let cost = request_cost(&usage, &rates).unwrap().to_f64();
            assert!(
                (cost - expected).abs() <= 1e-9 * expected.abs(),
                "{}: {cost} != {expected}",
                case["id"]
            );
            n_checked += 1;
        }
        assert!(n_checked >= 10, "only {n_checked} cases were checked");
    }
}

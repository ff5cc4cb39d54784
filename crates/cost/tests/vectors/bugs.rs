//! The field's known billing bugs, each as a regression test with its figures.
//!
//! Sources: BerriAI/litellm issues 6215, 14849, 14874, 31714 (cached tokens), 5443, 11364 (cache
//! writes), 16377 (long-context cache tier); langfuse/langfuse 8559 (cache ignored), 13792, 14144
//! (thinking tokens missing), 4072 (unknown model at 0 USD).

use trilemma_catalog::Rates;
use trilemma_cost::request_cost;
use trilemma_domain::{Usage, Usd};

fn rates(figures: [&str; 5]) -> Rates {
    let [input, output, read, write_5m, write_1h] = figures.map(|text| text.parse().ok());
    Rates {
        input,
        output,
        cache_read: read,
        cache_write_5m: write_5m,
        cache_write_1h: write_1h,
        ..Rates::default()
    }
}

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

#[test]
fn cached_tokens_are_not_billed_twice() {
    let usage = Usage {
        input_uncached: 86,
        cache_read: Some(1_920),
        output: 300,
        ..Usage::default()
    };
    let cost = request_cost(&usage, &rates(["2.5", "10", "1.25", "", ""])).unwrap();
    assert_eq!(cost, usd("0.005615"));
    // The bug adds the cached tokens at the full price as well.
    assert_ne!(cost, usd("0.010415"));
}

#[test]
fn thinking_tokens_are_billed_as_output() {
    let usage = Usage {
        input_uncached: 3_000,
        output: 2_050,
        reasoning: Some(1_800),
        ..Usage::default()
    };
    let cost = request_cost(&usage, &rates(["1.25", "10", "", "", ""])).unwrap();
    assert_eq!(cost, usd("0.02425"));
    // The bug bills the 250 visible tokens alone.
    assert!(cost > usd("0.00625"));
}

#[test]
fn both_kinds_of_cache_writes_have_their_own_price() {
    let usage = Usage {
        input_uncached: 120,
        cache_read: Some(1_000),
        cache_write_5m: Some(4_000),
        cache_write_1h: Some(2_000),
        output: 350,
        ..Usage::default()
    };
    let cost = request_cost(&usage, &rates(["3", "15", "0.3", "3.75", "6"])).unwrap();
    assert_eq!(cost, usd("0.03291"));
    // Without a price of its own the long life costs what the short one does, not nothing.
    let short = request_cost(&usage, &rates(["3", "15", "0.3", "3.75", ""])).unwrap();
    assert_eq!(short, usd("0.02841"));
}

#[test]
fn a_model_without_price_is_unknown_never_free() {
    let usage = Usage {
        input_uncached: 1,
        ..Usage::default()
    };
    assert_eq!(request_cost(&usage, &Rates::default()), None);
    let only_output = rates(["", "10", "", "", ""]);
    assert_eq!(request_cost(&usage, &only_output), None);
}

/// Sound and pictures are parts of the counts that vendors report, at prices of their own: neither
/// billed as text nor billed twice. A picture of 1,290 tokens at 30 USD costs 0.0387.
#[test]
fn sound_and_pictures_are_billed_once_at_their_own_price() {
    let list = Rates {
        audio_input: "1".parse().ok(),
        audio_output: "20".parse().ok(),
        image_output: "30".parse().ok(),
        ..rates(["0.3", "2.5", "", "", ""])
    };
    let heard = Usage {
        input_uncached: 1_100,
        audio_input: Some(1_000),
        output: 300,
        audio_output: Some(200),
        ..Usage::default()
    };
    assert_eq!(request_cost(&heard, &list), Some(usd("0.00528")));
    let drawn = Usage {
        input_uncached: 10,
        output: 1_290,
        image_output: Some(1_290),
        ..Usage::default()
    };
    assert_eq!(request_cost(&drawn, &list), Some(usd("0.038703")));
    // Without prices of their own they cost what the text beside them does, never nothing.
    let plain = rates(["0.3", "2.5", "", "", ""]);
    assert_eq!(request_cost(&drawn, &plain), Some(usd("0.003228")));
    // More of a part than there is of the whole is cut, not billed besides.
    let odd = Usage {
        audio_input: Some(u64::MAX),
        image_input: Some(u64::MAX),
        image_output: Some(u64::MAX),
        ..heard
    };
    let cost = request_cost(&odd, &list).unwrap();
    assert_eq!(cost, usd("0.0081"));
}

/// Searches that the vendor runs are billed by piece, also where all tokens are cheap; without a
/// price the bill is unknown.
#[test]
fn searches_are_billed_by_piece_or_unknown() {
    let searched = Usage {
        input_uncached: 1_000,
        output: 100,
        web_searches: Some(3),
        ..Usage::default()
    };
    let plain = rates(["3", "15", "", "", ""]);
    assert_eq!(request_cost(&searched, &plain), None);
    let list = Rates {
        web_search_1k: "10".parse().ok(),
        ..plain
    };
    assert_eq!(request_cost(&searched, &list), Some(usd("0.0345")));
    // Gemini 2.5 bills a request that searched, not the searches of it: 35 USD a thousand.
    let by_request = Rates {
        grounded_request_1k: "35".parse().ok(),
        ..plain
    };
    assert_eq!(request_cost(&searched, &by_request), Some(usd("0.0395")));
    let silent = Usage {
        web_searches: None,
        ..searched
    };
    assert_eq!(request_cost(&silent, &by_request), Some(usd("0.0045")));
}

/// The long-context step of the catalog re-prices everything, cache reads too, and is chosen by
/// all input tokens.
#[test]
fn long_contexts_reprice_cache_reads_too() {
    use jiff::civil::Date;
    use trilemma_catalog::{Catalog, Service};
    use trilemma_cost::Pricer;
    use trilemma_domain::{ModelName, NanoUsd};

    let text = r#"
        schema_version = 1
        [source.s]
        title = "test"
        [[provider]]
        id = "own"
        dialect = "openai"
        source = "s"
        checked = "2026-11-01"
        [[model]]
        id = "own/long"
        price = [
          { from = "2026-01-01", input = "3", output = "15", cache_read = "0.3", cache_write_5m = "3.75", source = "s", checked = "2026-11-01" },
          { from = "2026-01-01", above_tokens = 200000, input = "6", output = "22.5", cache_read = "0.6", cache_write_5m = "7.5", source = "s", checked = "2026-11-01" },
        ]
    "#;
    let catalog = Catalog::builtin().with_overlay("test", text).unwrap();
    let as_of: Date = "2026-11-23".parse().unwrap();
    let model = ModelName::parse("own/long").unwrap();
    let found = catalog.get(&model).unwrap().unwrap();
    let pricer = Pricer::listed(found.model, as_of, Service::Standard).unwrap();
    let usage = |fresh| Usage {
        input_uncached: fresh,
        cache_read: Some(190_000),
        cache_write_5m: Some(9_001),
        output: 500,
        ..Usage::default()
    };
    assert_eq!(
        pricer.price(&usage(1_000)).unwrap().cost,
        NanoUsd(198_757_500)
    );
    // 200,000 input tokens are not above 200,000.
    let below = pricer.price(&usage(999)).unwrap().cost;
    assert!(below < NanoUsd(110_000_000), "{below:?}");
}

//! The design document's models, complete and as printed, beside the real rows.

use trilemma_catalog::{LifecycleState, PriceQuery, Service, Tier};

use crate::support::{catalog, day, list_price};

/// Model, provider, strengths, input price: the table of section 2, as printed.
const API: [(&str, &str, &str, &str); 6] = [
    (
        "gpt-4o",
        "OpenAI",
        "Balanced, vision, function calling",
        "2.50",
    ),
    (
        "claude-3-5-sonnet",
        "Anthropic",
        "Coding, long context, instruction following",
        "3.00",
    ),
    (
        "gemini-1.5-pro",
        "Google Gemini API",
        "1M context, multimodal, cost-efficient at scale",
        "3.50",
    ),
    (
        "gpt-4o-mini",
        "OpenAI",
        "Fast, cheap, surprisingly capable",
        "0.15",
    ),
    (
        "claude-3-haiku",
        "Anthropic",
        "Fastest Anthropic model, cheap",
        "0.25",
    ),
    (
        "gemini-1.5-flash",
        "Google Gemini API",
        "Multimodal, long context at low cost",
        "0.35",
    ),
];

/// Model, 4-bit gigabytes, best for: the table of section 3, as printed.
const OPEN: [(&str, f64, &str); 5] = [
    (
        "open-weights/llama-3.1-8b-instruct",
        5.0,
        "General tasks, budget",
    ),
    (
        "open-weights/llama-3.1-70b-instruct",
        40.0,
        "Quality + privacy",
    ),
    (
        "open-weights/mistral-7b-instruct-v0.3",
        4.0,
        "Apache 2.0 licence",
    ),
    (
        "open-weights/qwen2.5-72b-instruct",
        40.0,
        "Multilingual, coding",
    ),
    ("open-weights/phi-4", 9.0, "Reasoning, on-device"),
];

fn document(date: &str) -> PriceQuery<'static> {
    PriceQuery {
        book: "design-document",
        ..PriceQuery::list(day(date), 1_000)
    }
}

#[test]
fn api_models_of_the_document_are_priced_as_printed() {
    let catalog = catalog();
    for (name, provider, strengths, input) in API {
        let found = catalog.find(name, day("2025-02-01")).unwrap();
        assert_eq!(found.provider.name, provider);
        let said = found.model.strengths.as_ref().unwrap();
        assert_eq!(said.text, strengths);
        assert_eq!(said.provenance.source.key, "design-document");
        let row = found.model.price(&document("2025-02-01")).unwrap();
        assert_eq!(row.rates.input.unwrap().to_string(), input);
        assert_eq!(row.provenance.source.key, "design-document");
    }
}

#[test]
fn output_prices_that_the_document_does_not_print_are_unknown() {
    let catalog = catalog();
    let output = |name: &str| {
        let found = catalog.find(name, day("2025-02-01")).unwrap();
        let row = found.model.price(&document("2025-02-01")).unwrap();
        row.rates.output.map(|rate| rate.to_string())
    };
    assert_eq!(output("gpt-4o").as_deref(), Some("10.00"));
    assert_eq!(output("gpt-4o-mini").as_deref(), Some("0.60"));
    assert_eq!(output("claude-3-haiku").as_deref(), Some("1.25"));
    assert_eq!(output("claude-3-5-sonnet"), None);
    assert_eq!(output("gemini-1.5-pro"), None);
    assert_eq!(output("gemini-1.5-flash"), None);
}

#[test]
fn real_rows_stand_beside_the_printed_ones() {
    let pair = |input: &str, output: &str| (Some(input.to_owned()), Some(output.to_owned()));
    // The document prints 3.50 and 0.35 "as of early 2025"; the list prices had fallen by then.
    assert_eq!(
        list_price("gemini-1.5-pro", "2025-02-01"),
        pair("1.25", "5")
    );
    assert_eq!(
        list_price("gemini-1.5-pro", "2024-06-30"),
        pair("3.5", "10.5")
    );
    assert_eq!(
        list_price("gemini-1.5-flash", "2025-02-01"),
        pair("0.075", "0.3")
    );
    assert_eq!(list_price("gpt-4o", "2026-11-23"), pair("2.5", "10"));
}

#[test]
fn long_contexts_reprice_the_whole_request() {
    let catalog = catalog();
    let found = catalog.find("gemini-1.5-pro", day("2025-02-01")).unwrap();
    let input = |tokens| {
        let row = found
            .model
            .price_at(day("2025-02-01"), Service::Standard, tokens);
        row.unwrap().rates.input.unwrap().to_string()
    };
    assert_eq!(input(128_000), "1.25", "the step begins above 128,000");
    assert_eq!(input(128_001), "2.5");
}

#[test]
fn open_models_of_the_document_have_its_vram() {
    let catalog = catalog();
    for (id, gb, best_for) in OPEN {
        let model = catalog.find(id, day("2025-02-01")).unwrap().model;
        assert_eq!(model.best_for.as_ref().unwrap().text, best_for);
        let printed = model
            .footprints
            .iter()
            .find(|size| size.provenance.source.key == "design-document")
            .unwrap();
        assert_eq!((printed.scheme.as_str(), printed.gb), ("4-bit", gb));
        assert!(model.licence.is_some(), "{id} has a licence");
        assert!(model.arch.is_some(), "{id} has an architecture");
        assert!(
            model.footprints.len() > 1,
            "{id} has a published file size beside the printed one"
        );
        assert!(model.prices.is_empty(), "nobody sells {id}");
    }
}

#[test]
fn lifecycles_of_the_roster_are_told() {
    let catalog = catalog();
    let state = |name: &str, date: &str| {
        let found = catalog.find(name, day(date)).unwrap();
        found.model.lifecycle_at(day(date))
    };
    assert_eq!(
        state("gpt-4o", "2026-11-23"),
        LifecycleState::Ending {
            by: day("2027-01-14"),
            exact: true
        }
    );
    assert_eq!(
        state("gpt-4o", "2027-01-14"),
        LifecycleState::ShutDown {
            since: day("2027-01-14"),
            exact: true
        }
    );
    assert_eq!(
        state("claude-3-haiku", "2026-11-23"),
        LifecycleState::ShutDown {
            since: day("2026-04-20"),
            exact: true
        }
    );
    assert_eq!(
        state("claude-3-5-haiku-20241022", "2026-11-23"),
        LifecycleState::ShutDown {
            since: day("2026-10-26"),
            exact: false
        }
    );
    assert_eq!(
        state("gpt-6-luna", "2026-01-01"),
        LifecycleState::NotYetReleased {
            from: day("2026-09-22")
        }
    );
    assert_eq!(state("gpt-6-luna", "2026-11-23"), LifecycleState::Active);
}

#[test]
fn size_classes_are_those_printed() {
    let catalog = catalog();
    let tiers = catalog.tiers().unwrap();
    let printed: Vec<_> = tiers
        .iter()
        .map(|row| {
            (
                row.tier,
                row.cost.low.to_string(),
                row.cost.high.map(|high| high.to_string()),
                (row.ttft_ms.low, row.ttft_ms.high),
                (row.context.low, row.context.high),
                (row.gpus.low, row.gpus.high),
                row.reasoning.as_str(),
            )
        })
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        printed,
        [
            (
                Tier::Small,
                "0.10".to_owned(),
                text("0.50"),
                (100, Some(300)),
                (8_000, Some(128_000)),
                (1, Some(2)),
                "Good for simple tasks"
            ),
            (
                Tier::Mid,
                "0.50".to_owned(),
                text("3.00"),
                (300, Some(1_000)),
                (32_000, Some(128_000)),
                (2, Some(4)),
                "Strong"
            ),
            (
                Tier::Large,
                "3".to_owned(),
                text("15"),
                (1_000, Some(3_000)),
                (128_000, None),
                (4, None),
                "Best"
            ),
        ]
    );
}

/// The 12 models whose recorded answers the benchmark replays, with the prices of 2024; a model
/// that the list of 2024 does not name has no price then.
#[test]
fn the_recorded_models_have_the_prices_of_2024() {
    let expected = [
        ("gpt-4o-2024-08-06", Some(("2.5", "10"))),
        ("gpt-4o-mini-2024-07-18", Some(("0.15", "0.6"))),
        ("claude-3-5-sonnet-20240620", None),
        ("claude-3-haiku-20240307", Some(("0.25", "1.25"))),
        ("claude-3-5-haiku-20241022", Some(("0.8", "4"))),
        ("gemini-1.5-pro", Some(("1.25", "5"))),
        ("gemini-1.5-flash", Some(("0.075", "0.3"))),
        ("Meta-Llama-3.1-8B-Instruct", Some(("0.18", "0.18"))),
        ("Meta-Llama-3.1-70B-Instruct", Some(("0.88", "0.88"))),
        ("Qwen2-72B-Instruct", Some(("0.9", "0.9"))),
        ("Phi-3.5-mini-instruct", None),
        ("Mistral-Nemo-Instruct-2407", None),
    ];
    for (name, price) in expected {
        let price = price.map(|(input, output)| (input.to_owned(), output.to_owned()));
        let found = list_price(name, "2024-12-01");
        assert_eq!(found.0.zip(found.1), price, "{name}");
    }
}

//! The reader: strict, naming file and row; a user's file lies over the built-in ones.

use proptest::prelude::*;
use trilemma_catalog::{Catalog, CatalogError, Service};

use crate::support::{catalog, day};

const HEAD: &str = "schema_version = 1\n[source.us]\ntitle = \"our contract\"\n";

fn overlay(text: &str) -> Result<Catalog, CatalogError> {
    catalog().with_overlay("mine.toml", format!("{HEAD}{text}"))
}

fn refuses(text: &str, parts: &[&str]) {
    let message = overlay(text).unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` in: {message}");
    }
}

#[test]
fn own_prices_win_over_built_in_ones() {
    let catalog = overlay(
        r#"
[[model]]
id = "openai/gpt-4o-mini-2024-07-18"
price = [{ from = "2026-01-01", input = "0.12", output = "0.48", source = "us", checked = "2026-11-01" }]
"#,
    )
    .unwrap();
    let found = catalog.find("gpt-4o-mini", day("2026-11-23")).unwrap();
    let price = |date: &str| {
        let row = found.model.price_at(day(date), Service::Standard, 10);
        row.unwrap().rates.input.unwrap().to_string()
    };
    assert_eq!(
        found.model.name, "GPT-4o mini (2024-07-18)",
        "the rest stays"
    );
    assert_eq!(price("2026-11-23"), "0.12");
    assert_eq!(price("2025-12-31"), "0.15", "before our contract");
}

#[test]
fn own_models_and_providers_are_added() {
    let catalog = overlay(
        r#"
[[provider]]
id = "work"
dialect = "openai"
base_url = "https://llm.internal/v1"
source = "us"
checked = "2026-11-01"

[[model]]
id = "work/team-mini"
aliases = [{ name = "tm", source = "us", checked = "2026-11-01" }]
limits = { context = 32000 }
"#,
    )
    .unwrap();
    let found = catalog.find("tm", day("2026-11-23")).unwrap();
    assert_eq!(found.model.id.to_string(), "work/team-mini");
    assert_eq!(
        found.provider.base_url.as_deref(),
        Some("https://llm.internal/v1")
    );
    assert!(found.terms().is_none());
    assert_eq!(
        found
            .model
            .price_at(day("2026-11-23"), Service::Standard, 1),
        None,
        "an unknown price is unknown"
    );
    let builtin = Catalog::builtin();
    assert_ne!(catalog.fingerprint(), builtin.fingerprint());
}

#[test]
fn own_size_classes_replace() {
    let catalog = overlay(
        r#"
[[tier]]
id = "small"
params = "≤14B"
cost_low = "0.05"
cost_high = "0.30"
ttft_ms_low = 50
context_low = 32000
gpus_low = 1
reasoning = "fine for us"
suits = ["classification", "rag"]
source = "us"
checked = "2026-11-01"
"#,
    )
    .unwrap();
    let tiers = catalog.tiers().unwrap();
    assert_eq!(tiers.len(), 3);
    assert_eq!(tiers[0].params, "≤14B");
}

#[test]
fn mistakes_name_file_and_row() {
    refuses(
        "[[model]]\nid = \"openai/x\"\ntemprature = true\n",
        &["mine.toml", "temprature"],
    );
    refuses(
        "[[model]]\nid = \"x\"\n",
        &["mine.toml", "model `x`", "provider/model"],
    );
    refuses(
        "[[model]]\nid = \"nobody/x\"\n",
        &["`nobody`", "[[provider]]"],
    );
    refuses(
        "[[model]]\nid = \"openai/x\"\nlimits = { context = 0 }\n",
        &["model `openai/x`", "0 tokens"],
    );
    let price = |row: &str| format!("[[model]]\nid = \"openai/x\"\nprice = [{row}]\n");
    refuses(
        &price(r#"{ from = "2026-01-01", input = "1,5", source = "us", checked = "2026-11-01" }"#),
        &["mine.toml", "model `openai/x`, price 1", "`input`"],
    );
    refuses(
        &price(r#"{ from = "2026-01-01", input = "-1", source = "us", checked = "2026-11-01" }"#),
        &["price 1", "below zero"],
    );
    refuses(
        &price(r#"{ from = "2026-01-01", input = 1.5, source = "us", checked = "2026-11-01" }"#),
        &["mine.toml", "string"],
    );
    refuses(
        &price(r#"{ from = "2026-01-01", input = "1", source = "them", checked = "2026-11-01" }"#),
        &["price 1", "`them`", "[source.them]"],
    );
    refuses(
        &price(r#"{ from = "2026-01-01", input = "1", source = "us" }"#),
        &["checked"],
    );
    refuses(
        &price(r#"{ from = "2026-01-01", source = "us", checked = "2026-11-01" }"#),
        &["price 1", "states no price"],
    );
    refuses(
        &price(
            r#"{ from = "2026-01-01", to = "2026-01-01", input = "1", source = "us", checked = "2026-11-01" }"#,
        ),
        &["price 1", "ends before it begins"],
    );
    let twice = r#"{ from = "2026-01-01", input = "1", source = "us", checked = "2026-11-01" }"#;
    refuses(
        &price(&format!("{twice}, {twice}")),
        &["price 2", "same day"],
    );
}

#[test]
fn a_file_of_another_version_is_refused() {
    let error = catalog()
        .with_overlay("mine.toml", "schema_version = 2\n")
        .unwrap_err();
    assert!(error.to_string().contains("reads 1"), "{error}");
}

#[test]
fn unknown_names_get_suggestions() {
    let catalog = catalog();
    let error = catalog.find("gpt-4o-mimi", day("2026-11-23")).unwrap_err();
    let CatalogError::UnknownModel { name, hint } = error else {
        panic!("{error}");
    };
    assert_eq!(name, "gpt-4o-mimi");
    assert!(hint.contains("gpt-4o-mini"), "{hint}");
    let error = catalog
        .find("zzzzzzzzzzzzzz", day("2026-11-23"))
        .unwrap_err();
    assert!(error.to_string().contains("own catalog file"), "{error}");
}

#[test]
fn a_bare_name_that_several_providers_use_is_ambiguous() {
    let catalog = catalog();
    let only = catalog.find("phi-4", day("2026-11-23"));
    assert!(only.is_ok(), "only open-weights calls it so");
    let error = catalog
        .find("openai/gpt-oss-120b", day("2026-11-23"))
        .unwrap_err();
    let CatalogError::Ambiguous { ids, .. } = error else {
        panic!("{error}");
    };
    assert!(
        ids.contains(&"groq/openai/gpt-oss-120b".to_owned()),
        "{ids:?}"
    );
    assert!(ids.contains(&"deepinfra/openai/gpt-oss-120b".to_owned()));
}

#[test]
fn a_moved_alias_means_what_it_meant_on_the_day() {
    let catalog = overlay(
        r#"
[[provider]]
id = "work"
dialect = "openai"
source = "us"
checked = "2026-11-01"

[[model]]
id = "work/a-1"
aliases = [{ name = "a", moving = true, to = "2026-06-01", source = "us", checked = "2026-11-01" }]

[[model]]
id = "work/a-2"
aliases = [{ name = "a", moving = true, from = "2026-06-01", source = "us", checked = "2026-11-01" }]
"#,
    )
    .unwrap();
    let means = |date: &str| {
        catalog
            .find("work/a", day(date))
            .unwrap()
            .model
            .id
            .model
            .clone()
    };
    assert_eq!(means("2026-05-31"), "a-1");
    assert_eq!(means("2026-06-01"), "a-2");
}

#[test]
fn price_ids_change_with_the_figures() {
    let id = |input: &str| {
        let catalog = overlay(&format!(
            "[[model]]\nid = \"openai/x\"\nprice = [{{ from = \"2026-01-01\", input = \"{input}\", source = \"us\", checked = \"2026-11-01\" }}]\n"
        ))
        .unwrap();
        let found = catalog.find("openai/x", day("2026-11-23")).unwrap();
        found.model.prices[0].id.as_str().to_owned()
    };
    assert!(
        id("1").starts_with("openai/x@2026-01-01.standard#"),
        "{}",
        id("1")
    );
    assert_ne!(id("1"), id("2"));
    assert_eq!(id("1"), id("1.00"), "the same figure, written otherwise");
}

const SAMPLE: &str = r#"
[[model]]
id = "openai/x"
tier = "small"
lifecycle = { released = "2026-01-01", on_shutdown = "reroute:openai/y", source = "us", checked = "2026-11-01" }
limits = { context = 32000 }
price = [{ from = "2026-01-01", input = "0.15", output = "0.60", source = "us", checked = "2026-11-01" }]
"#;

proptest! {
    /// Whatever somebody saves in the middle of an edit: an error or a catalog, never a panic.
    #[test]
    fn damaged_files_never_panic(
        cut in 0_usize..400,
        len in 0_usize..40,
        put in "[ -~\\n\u{e9}\u{1f600}\\x00]{0,12}",
    ) {
        let text: Vec<char> = format!("{HEAD}{SAMPLE}").chars().collect();
        let start = cut.min(text.len());
        let end = (start + len).min(text.len());
        let damaged: String = text[..start]
            .iter()
            .copied()
            .chain(put.chars())
            .chain(text[end..].iter().copied())
            .collect();
        if let Err(error) = catalog().with_overlay("mine.toml", &damaged) {
            prop_assert!(error.to_string().contains("mine.toml"), "{error}");
        }
    }
}

#[test]
fn foreign_bytes_and_nesting_are_errors() {
    for text in [
        "\u{feff}schema_version = 1\n",
        "\0",
        "]",
        &"[".repeat(100_000),
        &"a.".repeat(50_000),
    ] {
        let result = catalog().with_overlay("mine.toml", text);
        if let Err(error) = result {
            assert!(error.to_string().contains("mine.toml"));
        }
    }
}

//! Price lists of others beside the catalog.

use trilemma_catalog::Catalog;
use trilemma_catalog::import::{Agreement, Matched, match_prices, overlay_toml, read_prices};

use crate::support::{catalog, day};

const LIST: &str = r#"{
  "gpt-4o-2024-08-06": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05},
  "gpt-4o-mini-2024-07-18": {"litellm_provider": "openai", "input_cost_per_token": 3e-07, "output_cost_per_token": 6e-07},
  "brand \"new\"": {"litellm_provider": "openai", "input_cost_per_token": 1e-07, "output_cost_per_token": 2e-07}
}"#;

fn matched() -> Vec<Matched> {
    let file = read_prices(LIST, day("2026-11-23")).unwrap();
    match_prices(&catalog(), &file, day("2026-11-23")).unwrap()
}

#[test]
fn what_agrees_differs_and_is_new_is_told_apart() {
    let found: Vec<(String, Agreement)> = matched()
        .into_iter()
        .map(|one| (one.listed.id.model, one.agreement))
        .collect();
    assert!(found.contains(&("gpt-4o-2024-08-06".to_owned(), Agreement::Agrees)));
    assert!(found.contains(&("gpt-4o-mini-2024-07-18".to_owned(), Agreement::Differs)));
    assert!(found.contains(&("brand \"new\"".to_owned(), Agreement::New)));
}

#[test]
fn the_written_file_lays_over_and_confirms() {
    let rows = matched();
    let rows: Vec<&Matched> = rows.iter().collect();
    let as_of = day("2027-03-01");
    let text = overlay_toml(&rows, ("a \"list\"\nof March", as_of));
    let after = Catalog::builtin()
        .with_overlay("update.toml", &text)
        .unwrap();
    let price = |name: &str| {
        let row = after.price_at(name, as_of, trilemma_catalog::Service::Standard, 1);
        row.unwrap().unwrap().clone()
    };
    let mini = price("openai/gpt-4o-mini-2024-07-18");
    assert_eq!(mini.rates.input, Some("0.3".parse().unwrap()));
    assert_eq!(mini.from, as_of);
    // The price that agrees keeps its day and cache price, and is fresh again.
    let big = price("openai/gpt-4o-2024-08-06");
    assert_eq!(big.rates.cache_read, Some("1.25".parse().unwrap()));
    assert!(big.from < as_of && big.provenance.checked == as_of);
    assert_eq!(
        price("openai/brand \"new\"").rates.output,
        Some("0.2".parse().unwrap())
    );
}

/// The carried lists are read whole, and most of what they share with the catalog agrees.
#[test]
fn data_carried_lists_agree_with_the_catalog() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests find the folder of test data through the environment"
    )]
    let Some(folder) = std::env::var_os("TRILEMMA_TEST_DATA") else {
        eprintln!("skipped: TRILEMMA_TEST_DATA is not set");
        return;
    };
    for (file, least) in [
        ("litellm-1.109.1-text.json", 60),
        ("genai-prices-0.2.1.json", 50),
        ("models-dev-2026-05-providers.json", 20),
    ] {
        let path = std::path::Path::new(&folder).join("catalog").join(file);
        let list = read_prices(&fs_err::read_to_string(path).unwrap(), day("2026-11-23")).unwrap();
        let rows = match_prices(&catalog(), &list, day("2026-11-23")).unwrap();
        let count = |wanted: Agreement| rows.iter().filter(|row| row.agreement == wanted).count();
        let (agree, differ) = (count(Agreement::Agrees), count(Agreement::Differs));
        assert!(agree >= least, "{file}: {agree} agree, {differ} differ");
        let all: Vec<&Matched> = rows.iter().collect();
        let text = overlay_toml(&all, (file, day("2026-11-23")));
        Catalog::builtin().with_overlay("all.toml", &text).unwrap();
    }
}

//! Time to find a model and its price, with 0, 2,000 and 20,000 more models laid over the built-in ones.
//!
//! Run with `cargo bench -p trilemma-catalog`. Prints the median of 20 rounds in milliseconds: of a file that was accepted
//! before, and of one that is checked row by row. The goal is below 15 ms for the first.
#![expect(
    clippy::disallowed_types,
    clippy::print_stdout,
    reason = "a benchmark measures and prints"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use jiff::civil::date;
use trilemma_catalog::{Catalog, CatalogError, Service};

/// A file such as `catalog update` writes.
fn overlay(n_models: usize) -> String {
    let mut text =
        "schema_version = 1\n\n[source.update]\ntitle = \"a list\"\ndate = \"2026-11-23\"\n"
            .to_owned();
    for idx in 0..n_models {
        let provider = match idx % 3 {
            0 => "openai",
            1 => "anthropic",
            _ => "google",
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n[[model]]\nid = \"{provider}/model-{idx}\"\nprice = [{{ from = \"2026-11-23\", input = \"0.15\", \
             output = \"0.6\", cache_read = \"0.075\", source = \"update\", checked = \"2026-11-23\" }}]"
        );
    }
    text
}

fn median_ms(mut work: impl FnMut() -> Result<(), CatalogError>) -> Result<f64, CatalogError> {
    let mut ms = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        work()?;
        ms.push(start.elapsed().as_secs_f64() * 1e3);
    }
    ms.sort_by(f64::total_cmp);
    Ok(ms.get(10).copied().unwrap_or(f64::NAN))
}

fn priced(catalog: &Catalog) -> Result<(), CatalogError> {
    let day = date(2026, 11, 23);
    for name in ["openai/gpt-4o-2024-08-06", "gpt-4o-mini"] {
        black_box(catalog.price_at(name, day, Service::Standard, 1_000)?);
    }
    Ok(())
}

fn main() -> Result<(), CatalogError> {
    let bare = median_ms(|| priced(&Catalog::builtin()))?;
    println!("built-in alone: {bare:.2} ms");
    for n_models in [2_000, 20_000] {
        let text = overlay(n_models);
        let known = median_ms(|| {
            priced(&Catalog::builtin().with_known_overlay("list.toml", text.as_str())?)
        })?;
        let checked =
            median_ms(|| priced(&Catalog::builtin().with_overlay("list.toml", text.as_str())?))?;
        println!(
            "{n_models} models, {:.1} MB: accepted before {known:.1} ms, checked {checked:.0} ms",
            text.len() as f64 / 1e6
        );
    }
    Ok(())
}

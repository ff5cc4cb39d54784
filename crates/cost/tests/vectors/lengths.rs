//! Lengths of recorded answers at list prices, and that no vector file is left without a test.

use jiff::civil::date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use trilemma_catalog::{Catalog, Service};
use trilemma_cost::{EffectivePrices, Pricer, TrafficShape};

use crate::data::{close, decimal, float, load};

/// Cost of an answer's output = mean tokens × the output price of late 2024.
#[test]
fn data_output_lengths_cost_what_the_vectors_say() {
    let Some(vectors) = load("output_length.json") else {
        return;
    };
    let catalog = Catalog::builtin();
    let day = date(2024, 12, 1);
    let mut n_compared = 0;
    for (task, models) in vectors["datasets"].as_object().unwrap() {
        for (name, row) in models.as_object().unwrap() {
            let Some(expected) = row["usd_per_answer"].as_f64() else {
                continue;
            };
            let Ok(found) = catalog.find(name, day) else {
                continue;
            };
            let Some(pricer) = Pricer::listed(found.model, day, Service::Standard) else {
                continue;
            };
            let rates = &pricer.step(0).unwrap().rates;
            let prices = EffectivePrices::of(&TrafficShape::default(), rates, None).unwrap();
            let cost = prices.per_query(Decimal::ZERO, decimal(&row["mean"], 0));
            let cost = cost.unwrap().decimal().to_f64().unwrap();
            // The file gives four digits.
            close(&format!("{task} {name}"), cost, expected, 6e-4);
            assert!(float(&row["p95"]) > float(&row["mean"]), "{task} {name}");
            n_compared += 1;
        }
    }
    assert!(n_compared >= 10, "{n_compared} compared");
}

/// Every file of the folder is loaded by name in one of these tests.
#[test]
fn data_every_vector_file_has_a_test() {
    let Some(folder) = crate::data::folder() else {
        return;
    };
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors");
    let mut sources = String::new();
    for entry in fs_err::read_dir(own).unwrap() {
        sources.push_str(&fs_err::read_to_string(entry.unwrap().path()).unwrap());
    }
    let mut missing = Vec::new();
    let mut open = vec![folder.clone()];
    let mut n_files = 0;
    while let Some(next) = open.pop() {
        for entry in fs_err::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            n_files += 1;
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
            if !sources.contains(&format!("load(\"{name}\")")) {
                missing.push(name.to_owned());
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "vector files without a test");
    assert!(n_files >= 12, "{n_files} files");
}

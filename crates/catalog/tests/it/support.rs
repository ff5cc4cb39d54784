//! What all tests share.

use jiff::civil::Date;
use trilemma_catalog::Catalog;

/// Reads a date such as "2024-12-01".
pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// The built-in catalog.
pub(crate) fn catalog() -> Catalog {
    Catalog::builtin()
}

/// Input and output list price of a model on a day, as printed in the files.
pub(crate) fn list_price(name: &str, date: &str) -> (Option<String>, Option<String>) {
    let catalog = catalog();
    let found = catalog.find(name, day(date)).unwrap();
    let row = found
        .model
        .price_at(day(date), trilemma_catalog::Service::Standard, 1_000);
    (
        row.and_then(|row| row.rates.input.map(|rate| rate.to_string())),
        row.and_then(|row| row.rates.output.map(|rate| rate.to_string())),
    )
}

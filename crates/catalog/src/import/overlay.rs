//! A price list beside the catalog: what agrees, what differs, what is new; and the file that lays
//! it over.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::civil::Date;
use trilemma_domain::UsdPerMtok;

use super::formats::{Listed, PriceFile};
use crate::catalog::Catalog;
use crate::error::CatalogError;
use crate::price::{PriceRow, Rates, Service};

/// How a listed price stands to the catalog's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Agreement {
    /// Input and output are the same, and no other price contradicts.
    Agrees,
    /// A price differs: two sources that disagree.
    Differs,
    /// The catalog knows the model but no price of it on the day.
    Fills,
    /// The catalog does not know the model.
    New,
}

/// A listed price with the catalog's.
#[derive(Debug, Clone)]
pub struct Matched {
    /// What the list says; its id is the catalog's where the catalog knows the model.
    pub listed: Listed,
    /// What the catalog says on the day.
    pub ours: Option<PriceRow>,
    /// How the two stand to each other.
    pub agreement: Agreement,
}

/// Compares a price list with the catalog on a day.
///
/// # Errors
/// Only for catalog rows that cannot be read.
pub fn match_prices(
    catalog: &Catalog,
    file: &PriceFile,
    as_of: Date,
) -> Result<Vec<Matched>, CatalogError> {
    let mut all: Vec<Matched> = Vec::with_capacity(file.listed.len());
    let mut seen = BTreeSet::new();
    for listed in &file.listed {
        let found = catalog.get_named(&listed.id, as_of)?;
        // Only exact ids and fixed aliases: a moving name may mean something else there.
        if found.is_some_and(|found| found.is_moving()) {
            continue;
        }
        let ours = found.and_then(|found| found.model.price_at(as_of, Service::Standard, 1));
        let agreement = match (&found, ours) {
            (None, _) => Agreement::New,
            (Some(_), None) => Agreement::Fills,
            (Some(_), Some(row)) if agrees(&row.rates, &listed.rates) => Agreement::Agrees,
            (Some(_), Some(_)) => Agreement::Differs,
        };
        let mut listed = listed.clone();
        if let Some(found) = found {
            listed.id = found.model.id.clone();
        }
        if seen.insert(listed.id.clone()) {
            all.push(Matched {
                listed,
                ours: ours.cloned(),
                agreement,
            });
        }
    }
    Ok(all)
}

/// Whether two statements agree: where both state a price it is the same; what only one states is no
/// contradiction.
#[must_use]
pub fn agrees(ours: &Rates, theirs: &Rates) -> bool {
    let same = |ours: Option<UsdPerMtok>, theirs: Option<UsdPerMtok>| {
        ours.zip(theirs).is_none_or(|(ours, theirs)| ours == theirs)
    };
    same(ours.input, theirs.input)
        && same(ours.output, theirs.output)
        && same(ours.cache_read, theirs.cache_read)
        && same(ours.cache_write_5m, theirs.cache_write_5m)
        && same(ours.cache_write_1h, theirs.cache_write_1h)
}

/// Writes the catalog file that lays the rows over: prices that differ or are new hold from
/// `as_of`, prices that agree are confirmed as looked at on that day.
#[must_use]
pub fn overlay_toml(rows: &[&Matched], (title, as_of): (&str, Date)) -> String {
    let mut text = format!(
        "schema_version = 1\n\n[source.update]\ntitle = {}\ndate = \"{as_of}\"\n",
        quoted(title)
    );
    for row in rows {
        let from = match (&row.agreement, &row.ours) {
            (Agreement::Agrees, Some(ours)) => ours.from,
            _ => as_of,
        };
        // What the list leaves out keeps the catalog's figure only where the two agree.
        let base = match (&row.agreement, &row.ours) {
            (Agreement::Agrees, Some(ours)) => ours.rates,
            _ => Rates::default(),
        };
        let theirs = &row.listed.rates;
        let prices = [
            ("input", theirs.input.or(base.input)),
            ("output", theirs.output.or(base.output)),
            ("cache_read", theirs.cache_read.or(base.cache_read)),
            (
                "cache_write_5m",
                theirs.cache_write_5m.or(base.cache_write_5m),
            ),
            (
                "cache_write_1h",
                theirs.cache_write_1h.or(base.cache_write_1h),
            ),
            ("reasoning", base.reasoning),
            ("audio_input", theirs.audio_input.or(base.audio_input)),
            ("audio_output", theirs.audio_output.or(base.audio_output)),
            ("image_input", theirs.image_input.or(base.image_input)),
            ("image_output", theirs.image_output.or(base.image_output)),
        ];
        let pieces = [
            ("web_search_1k", theirs.web_search_1k.or(base.web_search_1k)),
            (
                "grounded_request_1k",
                theirs.grounded_request_1k.or(base.grounded_request_1k),
            ),
        ];
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n[[model]]\nid = {}\nprice = [{{ from = \"{from}\"",
            quoted(&row.listed.id.to_string())
        );
        for (name, price) in prices {
            if let Some(price) = price {
                let _ = write!(text, ", {name} = \"{}\"", price.decimal().normalize());
            }
        }
        for (name, price) in pieces {
            if let Some(price) = price {
                let _ = write!(text, ", {name} = \"{}\"", price.decimal().normalize());
            }
        }
        let _ = writeln!(text, ", source = \"update\", checked = \"{as_of}\" }}]");
    }
    text
}

/// A basic TOML string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

//! Prices, and the limits that no price row may break.

use std::collections::BTreeSet;

use trilemma_domain::{Usd, UsdPerMtok};

use super::context::Place;
use crate::error::CatalogError;
use crate::price::{LIST, PriceRow, PriceRowId, Rates};
use crate::raw::RawPrice;

impl Place {
    pub(crate) fn money(
        &self,
        row: &str,
        key: &str,
        text: Option<&String>,
    ) -> Result<Option<UsdPerMtok>, CatalogError> {
        text.map(|text| {
            text.parse().map_err(|error| {
                self.error(
                    row,
                    format!("`{key}` is no price: failed to {error}"),
                    "write US dollars per million tokens as a decimal string such as \"0.15\"",
                )
            })
        })
        .transpose()
    }

    /// Checks all price rows of one model in one file.
    pub(crate) fn prices(
        &self,
        model: &str,
        raw: &[RawPrice],
    ) -> Result<Vec<PriceRow>, CatalogError> {
        let mut seen = BTreeSet::new();
        raw.iter()
            .enumerate()
            .map(|(idx, price)| {
                let row = format!("model `{model}`, price {}", idx + 1);
                let price = self.price(model, &row, price)?;
                let place = (
                    price.book.clone(),
                    price.service,
                    price.region.clone(),
                    price.above_tokens,
                    price.from,
                );
                if !seen.insert(place) {
                    return Err(self.error(
                        row,
                        "starts on the same day as another row of the same service",
                        "keep one of the two",
                    ));
                }
                Ok(price)
            })
            .collect()
    }

    fn price(&self, model: &str, row: &str, raw: &RawPrice) -> Result<PriceRow, CatalogError> {
        if raw.to.is_some_and(|to| to <= raw.from) {
            return Err(self.error(
                row,
                "ends before it begins",
                "`to` is the first day on which the price no longer holds",
            ));
        }
        let rates = Rates {
            input: self.money(row, "input", raw.input.as_ref())?,
            output: self.money(row, "output", raw.output.as_ref())?,
            cache_read: self.money(row, "cache_read", raw.cache_read.as_ref())?,
            cache_write_5m: self.money(row, "cache_write_5m", raw.cache_write_5m.as_ref())?,
            cache_write_1h: self.money(row, "cache_write_1h", raw.cache_write_1h.as_ref())?,
            reasoning: self.money(row, "reasoning", raw.reasoning.as_ref())?,
            audio_input: self.money(row, "audio_input", raw.audio_input.as_ref())?,
            audio_output: self.money(row, "audio_output", raw.audio_output.as_ref())?,
            image_input: self.money(row, "image_input", raw.image_input.as_ref())?,
            image_output: self.money(row, "image_output", raw.image_output.as_ref())?,
            web_search_1k: self
                .money(row, "web_search_1k", raw.web_search_1k.as_ref())?
                .map(|price| Usd::new(price.decimal())),
            grounded_request_1k: self
                .money(row, "grounded_request_1k", raw.grounded_request_1k.as_ref())?
                .map(|price| Usd::new(price.decimal())),
        };
        if rates == Rates::default() {
            return Err(self.error(
                row,
                "states no price",
                "give `input` and `output`, or leave the row out: a price not known has no row",
            ));
        }
        let mut price = PriceRow {
            id: PriceRowId::default(),
            from: raw.from,
            to: raw.to,
            service: raw.service,
            region: raw.region.clone(),
            above_tokens: raw.above_tokens,
            book: raw.book.clone().unwrap_or_else(|| LIST.to_owned()),
            rates,
            note: raw.note.clone(),
            provenance: self.provenance(row, &raw.source, raw.checked)?,
        };
        price.id = PriceRow::name(model, &price);
        Ok(price)
    }
}

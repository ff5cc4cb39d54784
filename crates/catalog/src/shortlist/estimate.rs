//! What an ordinary query would cost: a range, since tokenizers differ and hidden reasoning is
//! not known before the first call.
//!
//! cost = ratio × (input × ((1 − h) × p_in + h × p_read) + output × p_out) ÷ 10⁶, with h the share
//! of input read from cache, p_read = p_in where no source states it, and ratio the measured tokens
//! of the model's tokenizer per o200k_base token (1 where it was not measured). Tested by
//! `estimates_follow_the_documents_arithmetic`.

use rust_decimal::Decimal;
use trilemma_domain::Usd;

use super::question::Question;
use crate::catalog::{Catalog, Found};
use crate::error::CatalogError;
use crate::price::{PriceRow, Service};
use crate::tokenizer::Ratio;

/// Estimated cost of one ordinary query, visible tokens only.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryCost {
    /// With the tokenizer's lowest measured ratio.
    pub low: Usd,
    /// With its highest.
    pub high: Usd,
    /// The ratios; `None` = not measured, 1 is assumed.
    pub ratio: Option<Ratio>,
    /// The price row used.
    pub row: PriceRow,
}

/// Estimates a model's cost per query on a day; `None` = its price is unknown.
pub(crate) fn estimate(
    catalog: &Catalog,
    found: &Found<'_>,
    question: &Question<'_>,
    on: jiff::civil::Date,
) -> Result<Option<QueryCost>, CatalogError> {
    let ratio = catalog
        .tokenizer(found.model)?
        .and_then(|tokenizer| tokenizer.text);
    let (low, high) = ratio.map_or((1.0, 1.0), |ratio| (ratio.low, ratio.high));
    let step = scaled(question.tokens.input, high);
    let Some(row) = found.model.price_at(on, Service::Standard, step) else {
        return Ok(None);
    };
    let hits = question
        .traffic
        .and_then(|traffic| traffic.cache_hit_rate)
        .unwrap_or(0.0);
    Ok(cost(row, question, hits).and_then(|cost| {
        Some(QueryCost {
            low: times(cost, low)?,
            high: times(cost, high)?,
            ratio,
            row: row.clone(),
        })
    }))
}

fn cost(row: &PriceRow, question: &Question<'_>, hits: f64) -> Option<Usd> {
    let input = row.rates.input?.decimal();
    let output = row.rates.output?.decimal();
    let read = row.rates.cache_read.map_or(input, |rate| rate.decimal());
    let hits = Decimal::try_from(hits).ok()?;
    let per_input = input
        .checked_mul(Decimal::ONE.checked_sub(hits)?)?
        .checked_add(read.checked_mul(hits)?)?;
    let total = per_input
        .checked_mul(Decimal::from(question.tokens.input))?
        .checked_add(output.checked_mul(Decimal::from(question.tokens.output))?)?;
    total.checked_div(Decimal::from(1_000_000)).map(Usd::new)
}

fn times(cost: Usd, ratio: f64) -> Option<Usd> {
    let ratio = Decimal::try_from(ratio).ok()?;
    cost.decimal()
        .checked_mul(ratio)
        .map(|cost| Usd::new(cost.normalize()))
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "only picks the context step of a price; the ratio is an estimate anyway"
)]
fn scaled(tokens: u64, ratio: f64) -> u64 {
    (tokens as f64 * ratio).ceil() as u64
}

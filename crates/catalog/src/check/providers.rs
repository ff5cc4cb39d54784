//! Providers, size classes and tokenizers.

use super::context::Place;
use crate::entry::Provider;
use crate::error::CatalogError;
use crate::raw::{RawProvider, RawTier, RawTokenizer};
use crate::tier::{Band, TierRow};
use crate::tokenizer::{Ratio, Tokenizer};

/// Rank of a provider that no file ranks: after all that are.
const LAST: u8 = 9;

/// Lays a provider row over an earlier one.
pub(crate) fn provider(
    at: &Place,
    base: Option<Provider>,
    raw: &RawProvider,
) -> Result<Provider, CatalogError> {
    let row = format!("provider `{}`", raw.id);
    if raw.id.is_empty() || raw.id.contains('/') {
        return Err(at.error(
            row,
            "has an id that is empty or contains `/`",
            "the id is what stands before the first `/` of its models' ids",
        ));
    }
    let missing = |what: &str| at.error(row.clone(), format!("lacks `{what}`"), "add it");
    let provenance = match (&raw.source, raw.checked) {
        (Some(source), Some(checked)) => Some(at.provenance(&row, source, checked)?),
        _ => None,
    };
    let terms = raw
        .terms
        .as_ref()
        .map(|terms| at.terms(&row, terms))
        .transpose()?;
    let base = base.as_ref();
    Ok(Provider {
        id: raw.id.clone(),
        name: raw
            .name
            .clone()
            .or_else(|| base.map(|base| base.name.clone()))
            .unwrap_or_else(|| raw.id.clone()),
        dialect: raw
            .dialect
            .or(base.map(|base| base.dialect))
            .ok_or_else(|| missing("dialect"))?,
        base_url: raw
            .base_url
            .clone()
            .or_else(|| base.and_then(|base| base.base_url.clone())),
        responses: raw
            .responses
            .unwrap_or_else(|| base.is_some_and(|base| base.responses)),
        api_key_env: raw
            .api_key_env
            .clone()
            .or_else(|| base.and_then(|base| base.api_key_env.clone())),
        standing: raw
            .standing
            .or(base.map(|base| base.standing))
            .unwrap_or(LAST),
        terms: terms.or_else(|| base.and_then(|base| base.terms.clone())),
        provenance: provenance
            .or_else(|| base.map(|base| base.provenance.clone()))
            .ok_or_else(|| missing("source` and `checked"))?,
    })
}

/// Checks a size class.
pub(crate) fn tier(at: &Place, raw: &RawTier) -> Result<TierRow, CatalogError> {
    let row = format!("tier `{}`", raw.id.name());
    let low = at
        .money(&row, "cost_low", Some(&raw.cost_low))?
        .ok_or_else(|| at.error(&row, "lacks `cost_low`", "add it"))?;
    Ok(TierRow {
        tier: raw.id,
        params: raw.params.clone(),
        cost: Band {
            low,
            high: at.money(&row, "cost_high", raw.cost_high.as_ref())?,
        },
        ttft_ms: Band {
            low: raw.ttft_ms_low,
            high: raw.ttft_ms_high,
        },
        context: Band {
            low: raw.context_low,
            high: raw.context_high,
        },
        gpus: Band {
            low: raw.gpus_low,
            high: raw.gpus_high,
        },
        reasoning: raw.reasoning.clone(),
        suits: raw.suits.clone(),
        provenance: at.provenance(&row, &raw.source, raw.checked)?,
    })
}

/// Checks a tokenizer family.
pub(crate) fn tokenizer(at: &Place, raw: &RawTokenizer) -> Result<Tokenizer, CatalogError> {
    let row = format!("tokenizer `{}`", raw.id);
    let ratio = |range: Option<[f64; 2]>| match range {
        None => Ok(None),
        Some([low, high]) if low > 0.0 && high >= low && high.is_finite() => {
            Ok(Some(Ratio { low, high }))
        }
        Some(_) => Err(at.error(
            row.clone(),
            "has a ratio that is no range above 0",
            "write [lowest, highest] tokens per o200k_base token",
        )),
    };
    Ok(Tokenizer {
        id: raw.id.clone(),
        exact: raw.exact,
        text: ratio(raw.text)?,
        code: ratio(raw.code)?,
        json: ratio(raw.json)?,
        provenance: at.provenance(&row, &raw.source, raw.checked)?,
    })
}

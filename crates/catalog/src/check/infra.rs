//! GPUs and rate limits.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::context::Place;
use crate::arch::{Arch, Attention};
use crate::error::CatalogError;
use crate::gpu::{Gpu, GpuPrice};
use crate::limit::RateTier;
use crate::raw::{RawArch, RawAttention, RawGpu, RawGpuPrice, RawRateTier};

impl Place {
    fn positive(&self, row: &str, key: &str, figure: f64) -> Result<f64, CatalogError> {
        if figure.is_finite() && figure > 0.0 {
            return Ok(figure);
        }
        Err(self.error(
            row,
            format!("`{key}` = {figure} is not above 0"),
            "leave out what is not known",
        ))
    }

    fn dollars(&self, row: &str, key: &str, text: &str) -> Result<Decimal, CatalogError> {
        text.parse::<Decimal>()
            .ok()
            .filter(|amount| !amount.is_sign_negative())
            .ok_or_else(|| {
                self.error(
                    row,
                    format!("`{key}` = `{text}` is no amount of dollars"),
                    "write a decimal string such as \"2.95\"",
                )
            })
    }

    fn gpu_price(&self, row: &str, raw: &RawGpuPrice) -> Result<GpuPrice, CatalogError> {
        let (low, high) = match (&raw.usd, &raw.usd_low, &raw.usd_high) {
            (Some(usd), None, None) => (usd, usd),
            (None, Some(low), Some(high)) => (low, high),
            _ => {
                return Err(self.error(
                    row,
                    "has a price without figure",
                    "give `usd`, or `usd_low` and `usd_high`",
                ));
            }
        };
        let (low, high) = (
            self.dollars(row, "usd", low)?,
            self.dollars(row, "usd", high)?,
        );
        if low > high {
            return Err(self.error(
                row,
                "has a range that ends before it begins",
                "swap the two",
            ));
        }
        Ok(GpuPrice {
            place: raw.place.clone(),
            term: raw.term,
            low,
            high,
            provenance: self.provenance(row, &raw.source, raw.checked)?,
        })
    }

    fn said_by(
        &self,
        row: &str,
        source: Option<&String>,
        checked: Option<Date>,
    ) -> Result<Option<crate::source::Provenance>, CatalogError> {
        match (source, checked) {
            (Some(source), Some(checked)) => self.provenance(row, source, checked).map(Some),
            _ => Ok(None),
        }
    }
}

/// Lays a GPU's row over an earlier one: its prices stand first.
pub(crate) fn gpu(at: &Place, base: Option<Gpu>, raw: &RawGpu) -> Result<Gpu, CatalogError> {
    let row = format!("gpu `{}`", raw.id);
    let prices: Result<Vec<_>, _> = raw
        .price
        .iter()
        .map(|price| at.gpu_price(&row, price))
        .collect();
    let figure = |key: &str, given: Option<f64>, known: Option<f64>| {
        given
            .map(|figure| at.positive(&row, key, figure))
            .transpose()
            .map(|given| given.or(known))
    };
    let needed = |key: &str, found: Option<f64>| {
        found.ok_or_else(|| at.error(row.clone(), format!("lacks `{key}`"), "add it"))
    };
    let base = base.as_ref();
    let mut all = prices?;
    all.extend(base.into_iter().flat_map(|base| base.prices.clone()));
    Ok(Gpu {
        id: raw.id.clone(),
        memory_gib: needed(
            "memory_gib",
            figure(
                "memory_gib",
                raw.memory_gib,
                base.map(|base| base.memory_gib),
            )?,
        )?,
        visible_gib: figure(
            "visible_gib",
            raw.visible_gib,
            base.and_then(|base| base.visible_gib),
        )?,
        bandwidth_gb_s: needed(
            "bandwidth_gb_s",
            figure(
                "bandwidth_gb_s",
                raw.bandwidth_gb_s,
                base.map(|base| base.bandwidth_gb_s),
            )?,
        )?,
        bf16_tflops: needed(
            "bf16_tflops",
            figure(
                "bf16_tflops",
                raw.bf16_tflops,
                base.map(|base| base.bf16_tflops),
            )?,
        )?,
        fp8_tflops: figure(
            "fp8_tflops",
            raw.fp8_tflops,
            base.and_then(|base| base.fp8_tflops),
        )?,
        provenance: at
            .said_by(&row, raw.source.as_ref(), raw.checked)?
            .or_else(|| base.map(|base| base.provenance.clone()))
            .ok_or_else(|| at.error(row.clone(), "lacks `source` and `checked`", "add them"))?,
        prices: all,
    })
}

/// Checks a tier of rate limits.
pub(crate) fn rate_tier(at: &Place, raw: &RawRateTier) -> Result<RateTier, CatalogError> {
    let row = format!("limit `{}` of `{}`", raw.tier, raw.provider);
    let limits = [raw.rpm, raw.itpm, raw.otpm, raw.tpm, raw.rpd];
    if limits.contains(&Some(0)) {
        return Err(at.error(
            row,
            "has a limit of 0",
            "leave out a limit that is not known",
        ));
    }
    let paid_usd = raw
        .paid_usd
        .as_ref()
        .map(|text| at.dollars(&row, "paid_usd", text))
        .transpose()?;
    Ok(RateTier {
        provider: raw.provider.clone(),
        models: raw.models.clone(),
        tier: raw.tier.clone(),
        rank: raw.rank,
        rpm: raw.rpm,
        itpm: raw.itpm,
        otpm: raw.otpm,
        tpm: raw.tpm,
        rpd: raw.rpd,
        cached_counts: raw.cached_counts,
        paid_usd,
        days: raw.days,
        note: raw.note.clone(),
        provenance: at.provenance(&row, &raw.source, raw.checked)?,
    })
}

/// Checks an architecture.
pub(crate) fn arch(at: &Place, row: &str, raw: &RawArch) -> Result<Arch, CatalogError> {
    let lacks = |key: &str| {
        at.error(
            row,
            format!("says how it remembers tokens but lacks `{key}`"),
            "take it from the configuration of the weights, or leave out `attention`",
        )
    };
    let attention = match raw.attention {
        None => None,
        Some(RawAttention::Full) => Some(Attention::Full),
        Some(RawAttention::Sliding) => Some(Attention::Sliding {
            full_layers: raw.full_layers.ok_or_else(|| lacks("full_layers"))?,
            window: raw.window.ok_or_else(|| lacks("window"))?,
            full_kv_heads: raw.full_kv_heads,
            full_head_dim: raw.full_head_dim,
        }),
        Some(RawAttention::Latent) => Some(Attention::Latent {
            lora_rank: raw.kv_lora_rank.ok_or_else(|| lacks("kv_lora_rank"))?,
            rope_dim: raw.rope_dim.ok_or_else(|| lacks("rope_dim"))?,
        }),
        Some(RawAttention::Linear) => Some(Attention::Linear {
            full_layers: raw.full_layers.ok_or_else(|| lacks("full_layers"))?,
            state_bytes: raw.state_bytes,
        }),
    };
    Ok(Arch {
        params: raw.params,
        active_params: raw.active_params,
        layers: raw.layers,
        heads: raw.heads,
        kv_heads: raw.kv_heads,
        head_dim: raw.head_dim,
        hidden: raw.hidden,
        vocab: raw.vocab,
        tied: raw.tied,
        attention,
        provenance: at.said_by(row, raw.source.as_ref(), raw.checked)?,
    })
}

//! The files as written: every key known, every value optional where a later file may add it.
//!
//! In: TOML text, cut into tables by `sheet`. Out: raw tables for `check`. Unknown keys are errors here; meaning is
//! not looked at. Raw model rows can be laid over each other (a user's row over a built-in one).

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use trilemma_domain::{Capability, Dialect, TaskKind};

use crate::gpu::GpuTerm;
use crate::price::Service;
use crate::tier::Tier;

/// Version of the format that this reader reads.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// A file, or a piece of one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFile {
    pub(crate) schema_version: Option<u32>,
    #[serde(default)]
    pub(crate) source: BTreeMap<String, RawSource>,
    #[serde(default)]
    pub(crate) provider: Vec<RawProvider>,
    #[serde(default)]
    pub(crate) model: Vec<RawModel>,
    #[serde(default)]
    pub(crate) tier: Vec<RawTier>,
    #[serde(default)]
    pub(crate) tokenizer: Vec<RawTokenizer>,
    #[serde(default)]
    pub(crate) gpu: Vec<RawGpu>,
    #[serde(default)]
    pub(crate) limit: Vec<RawRateTier>,
}

impl RawFile {
    /// Number of rows of all kinds, sources apart.
    pub(crate) fn n_rows(&self) -> usize {
        self.provider.len()
            + self.model.len()
            + self.tier.len()
            + self.tokenizer.len()
            + self.gpu.len()
            + self.limit.len()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSource {
    pub(crate) title: String,
    pub(crate) url: Option<String>,
    pub(crate) date: Option<Date>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProvider {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) base_url: Option<String>,
    pub(crate) responses: Option<bool>,
    pub(crate) api_key_env: Option<String>,
    pub(crate) standing: Option<u8>,
    pub(crate) terms: Option<RawTerms>,
    pub(crate) source: Option<String>,
    pub(crate) checked: Option<Date>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTerms {
    pub(crate) training: Option<RawTraining>,
    pub(crate) regions: Option<Vec<String>>,
    pub(crate) conditions: Option<String>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawTraining {
    Yes,
    No,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawKind {
    Api,
    OpenWeights,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawRole {
    Economy,
    Workhorse,
    Flagship,
    Premium,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawPin {
    Snapshot,
    Unpinned,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawModel {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<RawKind>,
    pub(crate) line: Option<String>,
    pub(crate) tier: Option<Tier>,
    pub(crate) role: Option<RawRole>,
    pub(crate) pin: Option<RawPin>,
    #[serde(default)]
    pub(crate) aliases: Vec<RawAlias>,
    pub(crate) only_for: Option<Vec<TaskKind>>,
    pub(crate) weights: Option<String>,
    pub(crate) fine_tuned: Option<RawFineTuned>,
    pub(crate) strengths: Option<RawStatement>,
    pub(crate) best_for: Option<RawStatement>,
    pub(crate) lifecycle: Option<RawLifecycle>,
    pub(crate) limits: Option<RawLimits>,
    pub(crate) can: Option<Vec<Capability>>,
    pub(crate) cannot: Option<Vec<Capability>>,
    pub(crate) tokenizer: Option<String>,
    pub(crate) parameters: Option<RawParameters>,
    pub(crate) terms: Option<RawTerms>,
    pub(crate) licence: Option<RawLicence>,
    pub(crate) arch: Option<RawArch>,
    #[serde(default)]
    pub(crate) footprint: Vec<RawFootprint>,
    #[serde(default)]
    pub(crate) price: Vec<RawPrice>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAlias {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) moving: bool,
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFineTuned {
    pub(crate) base: String,
    pub(crate) training: Option<String>,
    pub(crate) hosting_usd_hour: Option<String>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawStatement {
    pub(crate) text: String,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLifecycle {
    pub(crate) released: Option<Date>,
    pub(crate) first_seen: Option<Date>,
    pub(crate) deprecated: Option<Date>,
    pub(crate) shutdown: Option<Date>,
    pub(crate) gone_by: Option<Date>,
    pub(crate) replacement: Option<String>,
    pub(crate) on_shutdown: Option<String>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLimits {
    pub(crate) context: Option<u64>,
    pub(crate) max_input: Option<u64>,
    pub(crate) max_output: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawReasoning {
    Off,
    OnRequest,
    Default,
    Always,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawParameters {
    pub(crate) temperature: Option<bool>,
    pub(crate) top_p: Option<bool>,
    pub(crate) seed: Option<bool>,
    pub(crate) needs_max_tokens: Option<bool>,
    pub(crate) max_tokens_field: Option<String>,
    pub(crate) reasoning: Option<RawReasoning>,
    #[serde(default)]
    pub(crate) efforts: Vec<String>,
    pub(crate) note: Option<String>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawCommercial {
    Yes,
    Conditional,
    No,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLicence {
    pub(crate) id: String,
    pub(crate) commercial: Option<RawCommercial>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawArch {
    pub(crate) params: u64,
    pub(crate) active_params: Option<u64>,
    pub(crate) layers: Option<u64>,
    pub(crate) heads: Option<u64>,
    pub(crate) kv_heads: Option<u64>,
    pub(crate) head_dim: Option<u64>,
    pub(crate) hidden: Option<u64>,
    pub(crate) vocab: Option<u64>,
    #[serde(default)]
    pub(crate) tied: bool,
    pub(crate) attention: Option<RawAttention>,
    pub(crate) full_layers: Option<u64>,
    pub(crate) window: Option<u64>,
    pub(crate) full_kv_heads: Option<u64>,
    pub(crate) full_head_dim: Option<u64>,
    pub(crate) kv_lora_rank: Option<u64>,
    pub(crate) rope_dim: Option<u64>,
    pub(crate) state_bytes: Option<u64>,
    pub(crate) source: Option<String>,
    pub(crate) checked: Option<Date>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawAttention {
    Full,
    Sliding,
    Latent,
    Linear,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFootprint {
    pub(crate) scheme: String,
    pub(crate) gb: f64,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPrice {
    pub(crate) from: Date,
    pub(crate) to: Option<Date>,
    #[serde(default)]
    pub(crate) service: Service,
    pub(crate) region: Option<String>,
    #[serde(default)]
    pub(crate) above_tokens: u64,
    pub(crate) book: Option<String>,
    pub(crate) input: Option<String>,
    pub(crate) output: Option<String>,
    pub(crate) cache_read: Option<String>,
    pub(crate) cache_write_5m: Option<String>,
    pub(crate) cache_write_1h: Option<String>,
    pub(crate) reasoning: Option<String>,
    pub(crate) audio_input: Option<String>,
    pub(crate) audio_output: Option<String>,
    pub(crate) image_input: Option<String>,
    pub(crate) image_output: Option<String>,
    pub(crate) web_search_1k: Option<String>,
    pub(crate) grounded_request_1k: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTier {
    pub(crate) id: Tier,
    pub(crate) params: String,
    pub(crate) cost_low: String,
    pub(crate) cost_high: Option<String>,
    pub(crate) ttft_ms_low: u64,
    pub(crate) ttft_ms_high: Option<u64>,
    pub(crate) context_low: u64,
    pub(crate) context_high: Option<u64>,
    pub(crate) gpus_low: u64,
    pub(crate) gpus_high: Option<u64>,
    pub(crate) reasoning: String,
    pub(crate) suits: Vec<TaskKind>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTokenizer {
    pub(crate) id: String,
    pub(crate) exact: bool,
    pub(crate) text: Option<[f64; 2]>,
    pub(crate) code: Option<[f64; 2]>,
    pub(crate) json: Option<[f64; 2]>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGpu {
    pub(crate) id: String,
    pub(crate) memory_gib: Option<f64>,
    pub(crate) visible_gib: Option<f64>,
    pub(crate) bandwidth_gb_s: Option<f64>,
    pub(crate) bf16_tflops: Option<f64>,
    pub(crate) fp8_tflops: Option<f64>,
    pub(crate) source: Option<String>,
    pub(crate) checked: Option<Date>,
    #[serde(default)]
    pub(crate) price: Vec<RawGpuPrice>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGpuPrice {
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) term: GpuTerm,
    pub(crate) usd: Option<String>,
    pub(crate) usd_low: Option<String>,
    pub(crate) usd_high: Option<String>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRateTier {
    pub(crate) provider: String,
    #[serde(default)]
    pub(crate) models: Vec<String>,
    pub(crate) tier: String,
    pub(crate) rank: u8,
    pub(crate) rpm: Option<u64>,
    pub(crate) itpm: Option<u64>,
    pub(crate) otpm: Option<u64>,
    pub(crate) tpm: Option<u64>,
    pub(crate) rpd: Option<u64>,
    pub(crate) cached_counts: Option<bool>,
    pub(crate) paid_usd: Option<String>,
    pub(crate) days: Option<u32>,
    pub(crate) note: Option<String>,
    pub(crate) source: String,
    pub(crate) checked: Date,
}

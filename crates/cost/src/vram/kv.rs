//! Bytes of the key-value cache, by kind of attention.
//!
//! Per token: full attention 2 × KV heads × head width values in each layer; sliding layers stop
//! growing at their window; latent attention (MLA) one vector of rank + rope width per layer;
//! layers of linear attention keep a state that does not grow.
//! Checked against `cost/vectors/kv_arch.json` and fitllm's conformance vectors (`tests/vectors`).

use trilemma_catalog::{Arch, Attention};

/// Layers of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KvGroup {
    /// How many layers.
    pub layers: u64,
    /// Values per token and layer.
    pub values: u64,
    /// Tokens at which they stop growing; `None` = never.
    pub window: Option<u64>,
}

impl KvGroup {
    /// Layers with separate keys and values.
    #[must_use]
    pub fn heads(layers: u64, kv_heads: u64, head_dim: u64) -> Self {
        Self {
            layers,
            values: kv_heads.saturating_mul(head_dim).saturating_mul(2),
            window: None,
        }
    }

    /// Layers of latent attention: one compressed vector, and the rotated part.
    #[must_use]
    pub fn latent(layers: u64, lora_rank: u64, rope_dim: u64) -> Self {
        Self {
            layers,
            values: lora_rank.saturating_add(rope_dim),
            window: None,
        }
    }

    /// The same layers with a window.
    #[must_use]
    pub fn sliding(self, window: u64) -> Self {
        Self {
            window: Some(window),
            ..self
        }
    }
}

/// State of linear-attention layers, which does not grow with the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinearState {
    /// How many layers.
    pub layers: u64,
    /// Channels of the convolution.
    pub conv_channels: u64,
    /// Its length.
    pub conv_kernel: u64,
    /// Bytes of a convolution value.
    pub conv_bytes: u64,
    /// Values of the recurrent state.
    pub state_values: u64,
    /// Bytes of such a value.
    pub state_bytes: u64,
}

impl LinearState {
    /// Bytes for one sequence.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let conv = self
            .conv_channels
            .saturating_mul(self.conv_kernel)
            .saturating_mul(self.conv_bytes);
        let state = self.state_values.saturating_mul(self.state_bytes);
        self.layers.saturating_mul(conv.saturating_add(state))
    }
}

/// What one sequence keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KvCache {
    /// Layers that remember tokens.
    pub groups: Vec<KvGroup>,
    /// Bytes of the state that layers of linear attention keep; it does not grow.
    pub state_bytes: u64,
}

impl KvCache {
    /// Bytes of the growing part for a context, at `bits` per value (16 or 8).
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "caches stay far below 2^53 bytes"
    )]
    pub fn bytes(&self, context: u64, bits: f64) -> f64 {
        self.groups
            .iter()
            .map(|group| {
                let tokens = group.window.map_or(context, |window| window.min(context));
                let values = group.layers.saturating_mul(group.values);
                values as f64 * tokens as f64 * bits / 8.0
            })
            .sum()
    }

    /// Bytes that one more token takes at this context; windows that are full take none.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a token's cache stays far below 2^53 bytes"
    )]
    pub fn bytes_per_token(&self, context: u64, bits: f64) -> f64 {
        self.groups
            .iter()
            .filter(|group| group.window.is_none_or(|window| context < window))
            .map(|group| group.layers.saturating_mul(group.values) as f64 * bits / 8.0)
            .sum()
    }

    /// Reads the cache off an architecture; `None` where it does not say how it remembers tokens,
    /// or lacks a figure: such a model is refused, because a guess would be off by factors.
    #[must_use]
    pub fn of(arch: &Arch) -> Option<Self> {
        let layers = arch.layers?;
        let heads = |layers: u64| Some(KvGroup::heads(layers, arch.kv_heads?, arch.head_dim?));
        let mut state_bytes = 0;
        let groups = match arch.attention? {
            Attention::Full => vec![heads(layers)?],
            Attention::Latent {
                lora_rank,
                rope_dim,
            } => vec![KvGroup::latent(layers, lora_rank, rope_dim)],
            Attention::Sliding {
                full_layers,
                window,
                full_kv_heads,
                full_head_dim,
            } => vec![
                KvGroup::heads(
                    full_layers,
                    full_kv_heads.or(arch.kv_heads)?,
                    full_head_dim.or(arch.head_dim)?,
                ),
                heads(layers.checked_sub(full_layers)?)?.sliding(window),
            ],
            Attention::Linear {
                full_layers,
                state_bytes: stated,
            } => {
                state_bytes = stated?;
                vec![heads(full_layers)?]
            }
        };
        Some(Self {
            groups,
            state_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arch(attention: Option<Attention>) -> Arch {
        Arch {
            params: 1_000_000,
            layers: Some(64),
            kv_heads: Some(4),
            head_dim: Some(256),
            attention,
            ..Arch::default()
        }
    }

    #[test]
    fn what_is_not_described_is_refused() {
        assert_eq!(KvCache::of(&arch(None)), None);
        let stateless = Attention::Linear {
            full_layers: 16,
            state_bytes: None,
        };
        assert_eq!(KvCache::of(&arch(Some(stateless))), None);
        let impossible = Attention::Sliding {
            full_layers: 65,
            window: 128,
            full_kv_heads: None,
            full_head_dim: None,
        };
        assert_eq!(KvCache::of(&arch(Some(impossible))), None);
        assert!(KvCache::of(&arch(Some(Attention::Full))).is_some());
    }
}

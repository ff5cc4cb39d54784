//! What the configuration of open weights says about their build: what memory formulas need.
//!
//! In: `arch` of a model's row. Out: figures as stated. How attention remembers is never guessed
//! from other figures: layers that slide, compress or keep a state differ by factors.

use crate::source::Provenance;

/// How the layers of a model remember tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Every layer keeps keys and values of every token.
    Full,
    /// Some layers keep all tokens, the others a window.
    Sliding {
        /// Layers that keep all.
        full_layers: u64,
        /// Tokens that the others keep.
        window: u64,
        /// Key-value heads of the full layers, where they differ.
        full_kv_heads: Option<u64>,
        /// Width of their heads, where it differs.
        full_head_dim: Option<u64>,
    },
    /// One compressed vector per layer and token (MLA).
    Latent {
        /// Width of the compressed part.
        lora_rank: u64,
        /// Width of the rotated part.
        rope_dim: u64,
    },
    /// Some layers keep all tokens, the others a state that does not grow.
    Linear {
        /// Layers that keep all.
        full_layers: u64,
        /// Bytes of the state of a sequence; `None` = not stated.
        state_bytes: Option<u64>,
    },
}

/// Architecture as the weights' own configuration states it; what VRAM formulas need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arch {
    /// Parameters.
    pub params: u64,
    /// Parameters used per token, for mixtures of experts.
    pub active_params: Option<u64>,
    /// Layers.
    pub layers: Option<u64>,
    /// Attention heads.
    pub heads: Option<u64>,
    /// Key-value heads.
    pub kv_heads: Option<u64>,
    /// Width of a head.
    pub head_dim: Option<u64>,
    /// Width of the model.
    pub hidden: Option<u64>,
    /// Size of the vocabulary.
    pub vocab: Option<u64>,
    /// Whether head and embedding are one matrix.
    pub tied: bool,
    /// How it remembers tokens; `None` = no source says.
    pub attention: Option<Attention>,
    /// Where this is stated; `None` = with the rest of the row.
    pub provenance: Option<Provenance>,
}

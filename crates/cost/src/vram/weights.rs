//! How many parameters a dense transformer has, and how many bytes they take in a format.
//!
//! Linear weights are stored at the bits of the format, embeddings, head, norms and biases at 16
//! (at 4 in the nominal 4-bit count that the design document prints).
//! Checked against `cost/vectors/vram.json` by `data_weights_equal_the_vectors` (parameter counts of
//! five published models to the unit).

use trilemma_catalog::Arch;

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// 16 bits.
    Bf16,
    /// 8 bits, floating.
    Fp8,
    /// 8 bits, whole.
    Int8,
    /// 4 bits with a scale per group of 128: 4.156 bits.
    AwqG128,
    /// The same by another method.
    GptqG128,
    /// 4-bit normal floats, doubly quantised: 4.127 bits.
    Nf4Dq,
    /// 4-bit floats with a scale per 32: 4.25 bits.
    Mxfp4,
    /// Four bits for everything, as in rules of thumb.
    Nominal4,
}

impl Scheme {
    /// All formats, widest first.
    pub const ALL: [Self; 8] = [
        Self::Bf16,
        Self::Fp8,
        Self::Int8,
        Self::AwqG128,
        Self::GptqG128,
        Self::Nf4Dq,
        Self::Mxfp4,
        Self::Nominal4,
    ];

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Fp8 => "fp8",
            Self::Int8 => "int8",
            Self::AwqG128 => "awq-g128",
            Self::GptqG128 => "gptq-g128",
            Self::Nf4Dq => "nf4-dq",
            Self::Mxfp4 => "mxfp4",
            Self::Nominal4 => "nominal4",
        }
    }

    /// Finds a format by name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// Bits per linear weight, and per weight of embeddings, head, norms and biases.
    #[must_use]
    pub fn bits(self) -> (f64, f64) {
        match self {
            Self::Bf16 => (16.0, 16.0),
            Self::Fp8 | Self::Int8 => (8.0, 16.0),
            Self::AwqG128 | Self::GptqG128 => (4.156_25, 16.0),
            Self::Nf4Dq => (4.126_953_125, 16.0),
            Self::Mxfp4 => (4.25, 16.0),
            Self::Nominal4 => (4.0, 4.0),
        }
    }

    /// Whether arithmetic runs at a GPU's 8-bit rate.
    #[must_use]
    pub fn computes_in_8_bits(self) -> bool {
        matches!(self, Self::Fp8 | Self::Int8)
    }
}

/// Widths of a dense transformer with gated feed-forward layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Width of the model.
    pub hidden: u64,
    /// Layers.
    pub layers: u64,
    /// Attention heads.
    pub heads: u64,
    /// Key-value heads.
    pub kv_heads: u64,
    /// Width of a head.
    pub head_dim: u64,
    /// Width of the feed-forward layers.
    pub ffn: u64,
    /// Size of the vocabulary.
    pub vocab: u64,
    /// Whether head and embedding are one matrix.
    pub tied: bool,
    /// Whether queries, keys and values have biases.
    pub qkv_bias: bool,
}

/// Parameters by how they are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    /// In linear layers.
    pub linear: u64,
    /// In embeddings, head, norms and biases.
    pub other: u64,
}

impl Shape {
    /// Counts the parameters exactly; `None` when they exceed 64 bits.
    #[must_use]
    pub fn weights(&self) -> Option<Weights> {
        let wide = u128::from;
        let (hidden, layers, vocab) = (wide(self.hidden), wide(self.layers), wide(self.vocab));
        let q_width = wide(self.heads).checked_mul(wide(self.head_dim))?;
        let kv_width = wide(self.kv_heads).checked_mul(wide(self.head_dim))?;
        let per_layer = hidden
            .checked_mul(q_width)?
            .checked_mul(2)?
            .checked_add(hidden.checked_mul(kv_width)?.checked_mul(2)?)?
            .checked_add(hidden.checked_mul(wide(self.ffn))?.checked_mul(3)?)?;
        let n_embeddings: u128 = if self.tied { 1 } else { 2 };
        let norms = layers.checked_mul(2)?.checked_add(1)?.checked_mul(hidden)?;
        let biases = if self.qkv_bias {
            layers.checked_mul(q_width.checked_add(kv_width.checked_mul(2)?)?)?
        } else {
            0
        };
        let other = n_embeddings
            .checked_mul(vocab)?
            .checked_mul(hidden)?
            .checked_add(norms)?
            .checked_add(biases)?;
        Some(Weights {
            linear: u64::try_from(layers.checked_mul(per_layer)?).ok()?,
            other: u64::try_from(other).ok()?,
        })
    }
}

impl Weights {
    /// Splits a stated parameter count: embeddings and head by their widths, all else linear
    /// (norms and biases, below 0.01 %, are counted as linear). `None` without widths.
    #[must_use]
    pub fn of(arch: &Arch) -> Option<Self> {
        let n_embeddings = if arch.tied { 1 } else { 2 };
        let other = arch
            .vocab?
            .checked_mul(arch.hidden?)?
            .checked_mul(n_embeddings)?;
        Some(Self {
            linear: arch.params.checked_sub(other)?,
            other,
        })
    }

    /// All parameters.
    #[must_use]
    pub fn params(&self) -> u64 {
        self.linear.saturating_add(self.other)
    }

    /// Bytes in a format.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "parameter counts stay far below 2^53"
    )]
    pub fn bytes(&self, scheme: Scheme) -> f64 {
        let (linear_bits, other_bits) = scheme.bits();
        (self.linear as f64 * linear_bits + self.other as f64 * other_bits) / 8.0
    }
}

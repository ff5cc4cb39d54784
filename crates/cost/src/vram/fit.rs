//! Whether a model fits on a device, and for how many sequences at once.
//!
//! total = weights + sequences × (KV of the context + state) + overhead, in GiB;
//! overhead = 1 per GPU + 2 % of the weights; usable = memory × utilisation.
//! The overhead constants were chosen on Lambda's published vLLM table (20 of 20 cells, 2024-09),
//! the utilisation is vLLM's default of that time. Checked against `cost/vectors/vram.json` and
//! `vram_published.json` by `data_totals_equal_the_vectors` and `data_lambda_table_fits_20_of_20`.

use super::kv::KvCache;

/// Bytes of a GiB.
pub const GIB: f64 = 1_073_741_824.0;

/// GiB that every GPU loses to its runtime.
pub const MIN_OVERHEAD_GIB: f64 = 1.0;

const OVERHEAD_OF_WEIGHTS: f64 = 0.02;

/// Where it shall run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Device {
    /// GPUs over which the model is split; at least 1.
    pub n_gpus: u32,
    /// Memory of each, in GiB.
    pub gib: f64,
    /// Share of it that the server may take, in (0, 1].
    pub utilisation: f64,
    /// GiB of each that something else holds, such as a display.
    pub reserved_gib: f64,
}

/// What shall run there.
#[derive(Debug, Clone, PartialEq)]
pub struct Load<'a> {
    /// Bytes of the weights: a published file size, else computed.
    pub weight_bytes: f64,
    /// What a sequence keeps.
    pub kv: &'a KvCache,
    /// Bits per cached value.
    pub kv_bits: f64,
    /// Tokens of a sequence.
    pub context: u64,
    /// Sequences at once.
    pub sequences: u64,
}

/// How it comes out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Weights.
    pub weights_gib: f64,
    /// Cache and state of all sequences.
    pub kv_gib: f64,
    /// Runtime, buffers, fragmentation.
    pub overhead_gib: f64,
    /// The sum.
    pub total_gib: f64,
    /// What the device offers.
    pub usable_gib: f64,
    /// Sequences that would fit at this context; 0 = not even one.
    pub max_sequences: u64,
}

impl Fit {
    /// Whether it fits as asked for.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.total_gib <= self.usable_gib
    }
}

/// Works it out.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are small, and the quotient is clamped to at least 0 before it is cut"
)]
pub fn fit(load: &Load<'_>, device: &Device) -> Fit {
    let n_gpus = f64::from(device.n_gpus);
    let weights_gib = load.weight_bytes / GIB;
    let sequence_gib =
        (load.kv.bytes(load.context, load.kv_bits) + load.kv.state_bytes as f64) / GIB;
    let kv_gib = sequence_gib * load.sequences as f64;
    let overhead_gib = MIN_OVERHEAD_GIB * n_gpus + OVERHEAD_OF_WEIGHTS * weights_gib;
    let usable_gib = (device.gib - device.reserved_gib).max(0.0) * device.utilisation * n_gpus;
    let room = usable_gib - weights_gib - overhead_gib;
    let max_sequences = if sequence_gib > 0.0 && room > 0.0 {
        (room / sequence_gib).floor() as u64
    } else {
        0
    };
    Fit {
        weights_gib,
        kv_gib,
        overhead_gib,
        total_gib: weights_gib + kv_gib + overhead_gib,
        usable_gib,
        max_sequences,
    }
}

//! How fast a GPU could serve a model at best: the roofline.
//!
//! step = max((W + B·S·kv) ÷ (n·BW·mbu), 2·P·B ÷ (n·FLOPS·mfu)) + overhead, with S = in + out/2;
//! prefill = 2·P·in·(1 − cached) ÷ (n·FLOPS·mfu); requests/s = 1 ÷ (prefill + out·step/B).
//! W counts active weights only (mixtures of experts compute with few, but keep all in memory).
//! Source: S. Williams, A. Waterman, D. Patterson, "Roofline" (CACM 2009), as applied to decoding by
//! LLM-Viewer (2024). Checked against `cost/vectors/throughput.json` by
//! `data_throughput_equals_the_vectors`. Published measurements of one pair of model and GPU spread
//! threefold: this is a pre-screen, and any measurement of one's own replaces it.

/// A GPU's limits as its data sheet states them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Memory bandwidth in bytes per second.
    pub bytes_per_s: f64,
    /// Dense arithmetic in operations per second, at the precision used.
    pub flops: f64,
}

/// What is served, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Serving {
    /// GPUs that one replica takes; at least 1.
    pub n_gpus: u32,
    /// Sequences decoded at once; at least 1.
    pub batch: u64,
    /// Bytes of weights read per step.
    pub weight_bytes: f64,
    /// Parameters used per token.
    pub active_params: f64,
    /// Cache bytes per token of context.
    pub kv_bytes_per_token: f64,
    /// Tokens of a query.
    pub tokens_in: f64,
    /// Tokens of an answer.
    pub tokens_out: f64,
    /// Share of the input whose cache is there already, in [0, 1].
    pub prefix_cached: f64,
    /// Share of the bandwidth that is reached, in (0, 1].
    pub mbu: f64,
    /// Share of the arithmetic that is reached, in (0, 1].
    pub mfu: f64,
    /// Seconds that a step takes besides.
    pub step_overhead_s: f64,
}

/// What that comes to, for one replica.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    /// Seconds per decoding step.
    pub step_s: f64,
    /// Seconds until the prompt is read.
    pub prefill_s: f64,
    /// Requests per second.
    pub requests_per_s: f64,
    /// Output tokens per second, all sequences together.
    pub output_tokens_per_s: f64,
    /// Input and output tokens per second.
    pub total_tokens_per_s: f64,
}

/// Works out the roofline; `None` when a figure is not above 0 where it must be.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "batches are small numbers")]
pub fn roofline(peak: &Peak, serving: &Serving) -> Option<Speed> {
    let positive = [
        peak.bytes_per_s,
        peak.flops,
        serving.mbu,
        serving.mfu,
        serving.weight_bytes,
        serving.active_params,
        serving.tokens_out,
    ];
    let is_usable = positive
        .iter()
        .all(|figure| figure.is_finite() && *figure > 0.0)
        && serving.n_gpus > 0
        && serving.batch > 0
        && serving.tokens_in >= 0.0;
    if !is_usable {
        return None;
    }
    let batch = serving.batch as f64;
    let bandwidth = f64::from(serving.n_gpus) * peak.bytes_per_s * serving.mbu;
    let flops = f64::from(serving.n_gpus) * peak.flops * serving.mfu;
    let depth = serving.tokens_in + serving.tokens_out / 2.0;
    let reading = (serving.weight_bytes + batch * depth * serving.kv_bytes_per_token) / bandwidth;
    let computing = 2.0 * serving.active_params * batch / flops;
    let step_s = reading.max(computing) + serving.step_overhead_s;
    let fresh = serving.tokens_in * (1.0 - serving.prefix_cached);
    let prefill_s = 2.0 * serving.active_params * fresh / flops;
    let requests_per_s = 1.0 / (prefill_s + serving.tokens_out * step_s / batch);
    Some(Speed {
        step_s,
        prefill_s,
        requests_per_s,
        output_tokens_per_s: requests_per_s * serving.tokens_out,
        total_tokens_per_s: requests_per_s * (serving.tokens_in + serving.tokens_out),
    })
}

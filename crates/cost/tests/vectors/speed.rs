//! The roofline.

use trilemma_cost::speed::{Peak, Serving, roofline};
use trilemma_cost::vram::Scheme;

use crate::data::{close, float, load, whole};
use crate::memory::dense_models;

#[test]
fn data_throughput_equals_the_vectors() {
    let (Some(vectors), Some(models)) = (load("throughput.json"), dense_models()) else {
        return;
    };
    let cases = vectors["cases"].as_array().unwrap();
    for case in cases {
        let name = case["model"].as_str().unwrap();
        let (_, shape) = models.iter().find(|(known, _)| known == name).unwrap();
        let weights = shape.weights().unwrap();
        let scheme = Scheme::by_name(case["scheme"].as_str().unwrap()).unwrap();
        let speed = roofline(
            &Peak {
                bytes_per_s: float(&case["bw_bytes_s"]),
                flops: float(&case["flops"]),
            },
            &Serving {
                n_gpus: u32::try_from(whole(&case["gpus"])).unwrap(),
                batch: whole(&case["batch"]),
                weight_bytes: weights.bytes(scheme),
                active_params: weights.params() as f64,
                kv_bytes_per_token: (2 * shape.layers * shape.kv_heads * shape.head_dim * 2) as f64,
                tokens_in: float(&case["tokens_in"]),
                tokens_out: float(&case["tokens_out"]),
                prefix_cached: float(&case["prefix_cached"]),
                mbu: float(&case["mbu"]),
                mfu: float(&case["mfu"]),
                step_overhead_s: float(&case["step_overhead_s"]),
            },
        )
        .unwrap();
        // The file rounds to eight digits.
        for (what, found) in [
            ("step_s", speed.step_s),
            ("prefill_s", speed.prefill_s),
            ("rps", speed.requests_per_s),
            ("out_tps", speed.output_tokens_per_s),
            ("total_tps", speed.total_tokens_per_s),
        ] {
            close(&format!("{name} {what}"), found, float(&case[what]), 1e-7);
        }
    }
    assert_eq!(cases.len(), 11);
}

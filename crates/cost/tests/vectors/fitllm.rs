//! fitllm's conformance vectors: caches of hybrid, sliding and latent attention, and verdicts.
//!
//! fitllm 2.18.0 (MIT), vectors 1.6.0 of 2026-09-05, "derived independently from official
//! configurations". The architectures below are those that the vectors' notes state; parameter
//! counts are those of the weights' pages.

use trilemma_cost::vram::{Device, KvCache, KvGroup, LinearState, Load, fit};

use crate::data::{close, float, load, whole};

struct Model {
    /// Billions of parameters that lie in GPU memory.
    params_b: f64,
    groups: Vec<KvGroup>,
    state: Option<LinearState>,
}

fn dense(params_b: f64, layers: u64, kv_heads: u64, head_dim: u64) -> Model {
    Model {
        params_b,
        groups: vec![KvGroup::heads(layers, kv_heads, head_dim)],
        state: None,
    }
}

fn sliding(params_b: f64, full: KvGroup, local: KvGroup, window: u64) -> Model {
    Model {
        params_b,
        groups: vec![full, local.sliding(window)],
        state: None,
    }
}

fn latent(params_b: f64, layers: u64) -> Model {
    Model {
        params_b,
        groups: vec![KvGroup::latent(layers, 512, 64)],
        state: None,
    }
}

/// Gated DeltaNet: 16 key heads and `v_heads` value heads of 128, a convolution of length 4.
fn delta_net(layers: u64, v_heads: u64) -> Option<LinearState> {
    Some(LinearState {
        layers,
        conv_channels: 16 * 128 * 2 + v_heads * 128,
        conv_kernel: 4,
        conv_bytes: 2,
        state_values: v_heads * 128 * 128,
        state_bytes: 4,
    })
}

fn model(name: &str) -> Model {
    let heads = KvGroup::heads;
    match name {
        "Gemma 4 31b" => sliding(31.27, heads(10, 4, 512), heads(50, 16, 256), 1_024),
        "Gemma 4 12b" => sliding(11.96, heads(8, 1, 512), heads(40, 8, 256), 1_024),
        // 2.349 of 5.1 billion are per-layer embeddings, which stay in system memory.
        "Gemma 4 e2b" => sliding(5.1 - 2.349, heads(7, 1, 512), heads(28, 1, 256), 512),
        "Qwen 3.6 27B" | "Qwen 3.8 27B" => Model {
            state: delta_net(48, 48),
            ..dense(27.78, 16, 4, 256)
        },
        "Qwen 3.8 2.4T-A95B" => Model {
            state: delta_net(69, 128),
            ..dense(2_400.0, 23, 4, 256)
        },
        "GLM-4.7-Flash" => latent(31.2, 47),
        "GLM-5.2" => latent(753.3, 78),
        "gpt-oss-20b" => sliding(20.9, heads(12, 8, 64), heads(12, 8, 64), 128),
        "gpt-oss-120b" => sliding(116.8, heads(18, 8, 64), heads(18, 8, 64), 128),
        "Qwen-AgentWorld-35B-A3B" => dense(35.9, 10, 2, 256),
        "Llama-3.1-8B-Instruct" => dense(8.03, 32, 8, 128),
        "Hy3" => dense(298.8, 80, 8, 128),
        "Laguna XS 2.1" => sliding(33.0, heads(10, 8, 128), heads(30, 8, 128), 512),
        "Laguna S 2.1" => sliding(117.6, heads(12, 8, 128), heads(36, 8, 128), 512),
        "Spark-X2.5-4B" => sliding(4.1, heads(9, 4, 256), heads(27, 4, 256), 512),
        "Granite-4.2-30B" => dense(29.3, 64, 8, 128),
        "MiniCPM5-2B" => dense(2.5, 42, 2, 128),
        "Nex-N2.5-mini" => dense(35.0, 10, 2, 256),
        "Nex-N2.5-Pro" => dense(396.8, 15, 2, 256),
        other => panic!("{other} is not described"),
    }
}

fn device(value: &serde_json::Value) -> Device {
    if value["type"] == "mac" {
        return Device {
            n_gpus: 1,
            gib: float(&value["ram"]),
            // macOS lets a GPU have about three quarters of a large machine's memory.
            utilisation: 0.75,
            reserved_gib: 0.0,
        };
    }
    let gib = match value["gpu"].as_str().unwrap() {
        "RTX PRO 6000 Blackwell" => 96.0,
        "RTX 3060 8GB" => 8.0,
        "RTX 5090" => 32.0,
        "RTX 5060 Ti 16GB" => 16.0,
        other => panic!("{other} is not described"),
    };
    Device {
        n_gpus: 1,
        gib,
        utilisation: 0.9,
        reserved_gib: if value["env"] == "windows-display" {
            1.0
        } else {
            0.0
        },
    }
}

#[test]
fn data_fitllm_conformance_33_of_33() {
    let Some(vectors) = load("third-party/fitllm-2.18.0-fit-vectors-v1.json") else {
        return;
    };
    let mut n_right = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let model = model(vector["model"].as_str().unwrap());
        let state_bytes = model.state.as_ref().map_or(0, LinearState::bytes);
        let kv = KvCache {
            groups: model.groups,
            state_bytes,
        };
        let bits = vector["kvBits"].as_f64().unwrap_or(16.0);
        let context = vector["ctx"].as_u64().unwrap_or(0);
        match vector["kind"].as_str().unwrap() {
            "kv_total_bytes" => close(id, kv.bytes(context, bits), float(&vector["expect"]), 0.0),
            "kv_per_token_bytes" => {
                let found = kv.bytes_per_token(context, bits);
                close(id, found, float(&vector["expect"]), 0.0);
            }
            "linear_state_bytes" => assert_eq!(state_bytes, whole(&vector["expect"]), "{id}"),
            "verdict" => {
                let found = fit(
                    &Load {
                        weight_bytes: model.params_b * 1e9 * float(&vector["weightBpw"]) / 8.0,
                        kv: &kv,
                        kv_bits: bits,
                        context,
                        sequences: 1,
                    },
                    &device(&vector["device"]),
                );
                assert_eq!(found.fits(), vector["expect"] == "yes", "{id}: {found:?}");
            }
            other => panic!("{other} is not known"),
        }
        n_right += 1;
    }
    assert_eq!(n_right, 33);
}

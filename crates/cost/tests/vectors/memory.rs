//! Weights, caches, and what fits.

use serde_json::Value;
use trilemma_catalog::Catalog;
use trilemma_cost::vram::{Device, Fit, GIB, KvCache, KvGroup, Load, Scheme, Shape, Weights, fit};
use trilemma_domain::ModelName;

use crate::data::{close, float, load, whole};

fn shape(arch: &Value) -> Shape {
    let figure = |name: &str| whole(&arch[name]);
    Shape {
        hidden: figure("hidden"),
        layers: figure("layers"),
        heads: figure("heads"),
        kv_heads: figure("kv_heads"),
        head_dim: figure("head_dim"),
        ffn: figure("ffn"),
        vocab: figure("vocab"),
        tied: false,
        qkv_bias: arch["qkv_bias"].as_bool().unwrap_or(false),
    }
}

fn cache(shape: &Shape) -> KvCache {
    KvCache {
        groups: vec![KvGroup::heads(shape.layers, shape.kv_heads, shape.head_dim)],
        state_bytes: 0,
    }
}

pub(crate) fn dense_models() -> Option<Vec<(String, Shape)>> {
    let vectors = load("vram.json")?;
    let cases = vectors["cases"].as_array().unwrap();
    let model = |case: &Value| {
        let name = case["model"].as_str().unwrap().to_owned();
        (name, shape(&case["arch"]))
    };
    Some(cases.iter().map(model).collect())
}

#[test]
fn data_weights_equal_the_vectors() {
    let Some(vectors) = load("vram.json") else {
        return;
    };
    for case in vectors["cases"].as_array().unwrap() {
        let shape = shape(&case["arch"]);
        let weights = shape.weights().unwrap();
        assert_eq!(weights.params(), whole(&case["params"]));
        assert_eq!(weights.params(), whole(&case["params_published"]));
        for scheme in Scheme::ALL {
            let expected = float(&case["weight_bytes"][scheme.name()]);
            assert!((weights.bytes(scheme) - expected).abs() < 1.0);
        }
        let kv = cache(&shape);
        for (bits, name) in [(16.0, "fp16"), (8.0, "fp8")] {
            let expected = float(&case[format!("kv_bytes_per_token_{name}")]);
            close("kv", kv.bytes_per_token(0, bits), expected, 1e-12);
        }
    }
}

#[test]
fn data_totals_equal_the_vectors() {
    let Some(vectors) = load("vram.json") else {
        return;
    };
    for case in vectors["cases"].as_array().unwrap() {
        let shape = shape(&case["arch"]);
        let kv = cache(&shape);
        for total in case["totals"].as_array().unwrap() {
            let scheme = Scheme::by_name(total["scheme"].as_str().unwrap()).unwrap();
            let found = fit(
                &Load {
                    weight_bytes: shape.weights().unwrap().bytes(scheme),
                    kv: &kv,
                    kv_bits: float(&total["kv_bits"]),
                    context: whole(&total["context"]),
                    sequences: whole(&total["sequences"]),
                },
                &Device {
                    n_gpus: u32::try_from(whole(&total["gpus"])).unwrap(),
                    gib: float(&total["gpu_gib"]),
                    utilisation: float(&total["util"]),
                    reserved_gib: 0.0,
                },
            );
            // The file rounds to six digits.
            close(
                "overhead",
                found.overhead_gib,
                float(&total["overhead_gib"]),
                1e-6,
            );
            close("total", found.total_gib, float(&total["total_gib"]), 1e-6);
            assert_eq!(found.max_sequences, whole(&total["max_sequences"]));
        }
    }
}

/// Lambda's published table: the largest context that vLLM accepted, by model and cards.
#[test]
fn data_lambda_table_fits_20_of_20() {
    let Some(vectors) = load("vram_published.json") else {
        return;
    };
    let table = &vectors["lambda_vllm_fit"];
    let mut models = dense_models().unwrap();
    let big = |hidden, layers, heads, ffn, vocab| Shape {
        hidden,
        layers,
        heads,
        kv_heads: 8,
        head_dim: 128,
        ffn,
        vocab,
        tied: false,
        qkv_bias: false,
    };
    // Widths from the weights' configurations on Hugging Face.
    models.push((
        "llama-3.1-405b".to_owned(),
        big(16_384, 126, 128, 53_248, 128_256),
    ));
    models.push((
        "mistral-nemo-12b".to_owned(),
        big(5_120, 40, 32, 14_336, 131_072),
    ));
    let mut n_right = 0;
    for (name, row) in table["max_context"].as_object().unwrap() {
        let (model, scheme) = name.split_once('/').unwrap();
        let (_, shape) = models.iter().find(|(known, _)| known == model).unwrap();
        let native = if model == "mistral-7b-v0.3" {
            32_768
        } else {
            131_072
        };
        for (n_gpus, expected) in row.as_object().unwrap() {
            let kv = cache(shape);
            let fits = |context: u64| -> Fit {
                let load = Load {
                    weight_bytes: shape
                        .weights()
                        .unwrap()
                        .bytes(Scheme::by_name(scheme).unwrap()),
                    kv: &kv,
                    kv_bits: 16.0,
                    context,
                    sequences: 1,
                };
                let device = Device {
                    n_gpus: n_gpus.parse().unwrap(),
                    gib: float(&table["gpu_gib"]),
                    utilisation: float(&table["util"]),
                    reserved_gib: 0.0,
                };
                fit(&load, &device)
            };
            let grid = table["grid"].as_array().unwrap().iter().map(whole);
            let best = grid
                .filter(|context| *context <= native && fits(*context).fits())
                .max()
                .unwrap_or(0);
            assert_eq!(best, whole(expected), "{name} on {n_gpus}");
            n_right += 1;
        }
    }
    assert_eq!(n_right, 20);
}

#[test]
fn data_computed_sizes_equal_the_published_ones() {
    let Some(vectors) = load("vram_published.json") else {
        return;
    };
    for (name, shape) in dense_models().unwrap() {
        let weights = shape.weights().unwrap();
        for (scheme, gb) in vectors["computed_gb"][&name].as_object().unwrap() {
            let bytes = weights.bytes(Scheme::by_name(scheme).unwrap());
            assert!(
                (bytes / 1e9 - float(gb)).abs() < 0.000_51,
                "{name} {scheme}"
            );
        }
    }
}

/// The catalog's rows give the same bytes as the vectors' architectures, to 0.05 %.
#[test]
fn data_the_catalog_describes_the_same_models() {
    let Some(models) = dense_models() else {
        return;
    };
    let catalog = Catalog::builtin();
    for (name, shape) in models {
        let id = match name.as_str() {
            "mistral-7b-v0.3" => "open-weights/mistral-7b-instruct-v0.3".to_owned(),
            "phi-4" => "open-weights/phi-4".to_owned(),
            other => format!("open-weights/{other}-instruct"),
        };
        let found = catalog
            .get(&ModelName::parse(&id).unwrap())
            .unwrap()
            .unwrap();
        let arch = found.model.arch.as_ref().unwrap();
        let weights = Weights::of(arch).unwrap();
        assert_eq!(weights.params(), shape.weights().unwrap().params(), "{id}");
        for scheme in Scheme::ALL {
            let expected = shape.weights().unwrap().bytes(scheme);
            close(&id, weights.bytes(scheme), expected, 5e-4);
        }
        assert_eq!(KvCache::of(arch), Some(cache(&shape)), "{id}");
    }
}

#[test]
fn data_caches_of_other_attention_equal_the_vectors() {
    let Some(vectors) = load("kv_arch.json") else {
        return;
    };
    for case in vectors["cases"].as_array().unwrap() {
        let layers = whole(&case["layers"]);
        let groups = match case["kv_lora_rank"].as_u64() {
            Some(rank) => vec![KvGroup::latent(
                layers,
                rank,
                whole(&case["qk_rope_head_dim"]),
            )],
            None => {
                let (heads, width) = (whole(&case["kv_heads"]), whole(&case["head_dim"]));
                let full = whole(&case["full_layers"]);
                let mut groups = vec![KvGroup::heads(full, heads, width)];
                if let Some(window) = case["window"].as_u64() {
                    groups.push(KvGroup::heads(layers - full, heads, width).sliding(window));
                }
                groups
            }
        };
        let kv = KvCache {
            groups,
            state_bytes: 0,
        };
        let found = kv.bytes(whole(&case["context"]), float(&case["bytes"]) * 8.0);
        close(
            case["id"].as_str().unwrap(),
            found,
            float(&case["kv_bytes"]),
            1e-12,
        );
        close("GiB", found / GIB, float(&case["kv_gib"]), 1e-12);
    }
}

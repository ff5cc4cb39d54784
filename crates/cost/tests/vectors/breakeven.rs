//! Where self-hosting begins to pay.

use trilemma_cost::selfhost::{BreakEven, Fleet, break_even, staircase};

use crate::data::{close, decimal, float, load};

#[test]
fn data_break_even_equals_the_vectors() {
    let Some(vectors) = load("breakeven.json") else {
        return;
    };
    let cases = vectors["cases"].as_array().unwrap();
    let mut n_never = 0;
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let own = &case["self_host"];
        let count = |name: &str| u32::try_from(own[name].as_u64().unwrap()).unwrap();
        let figure = |name: &str| decimal(&own[name], 0);
        let fleet = Fleet {
            tokens_per_s: figure("cap_total_tps"),
            gpus: count("gpus"),
            usd_per_gpu_hour: figure("usd_per_gpu_hour"),
            min_replicas: count("min_replicas"),
            fte: figure("fte"),
            fte_usd_month: figure("fte_usd_month"),
            fixed_usd_month: figure("fixed_usd_month"),
            target_utilisation: figure("target_util"),
            peak_to_mean: figure("peak_to_mean"),
            commit_discount: figure("commit_discount"),
        };
        let first = staircase(&fleet, 1).unwrap();
        close(
            id,
            first[0].month.to_f64(),
            float(&case["first_step_fixed_usd_month"]),
            1e-9,
        );
        // The file rounds to eight decimals.
        close(
            id,
            fleet.marginal_usd_per_mtok().unwrap().try_into().unwrap(),
            float(&case["gpu_usd_per_mtok_at_full_replica"]),
            1e-8,
        );
        let found = break_even(&fleet, decimal(&case["api_blended_usd_per_mtok"], 0)).unwrap();
        match (found, case["breakeven_tokens_per_day"].as_f64()) {
            (BreakEven::Never(_), None) => n_never += 1,
            (
                BreakEven::From {
                    tokens_per_day,
                    replicas,
                },
                Some(expected),
            ) => {
                close(id, tokens_per_day.try_into().unwrap(), expected, 1e-9);
                assert_eq!(
                    Some(u64::from(replicas)),
                    case["replicas_at_breakeven"].as_u64(),
                    "{id}"
                );
            }
            (found, expected) => panic!("{id}: {found:?} != {expected:?}"),
        }
    }
    assert_eq!(cases.len(), 64);
    assert!(n_never > 20, "{n_never} never pay");
}

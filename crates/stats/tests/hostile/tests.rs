use proptest::prelude::*;
use trilemma_stats::agreement::{
    CrossTable, Ratings, Scale, alt_test, cohen_kappa, gwet_ac, krippendorff_alpha,
};
use trilemma_stats::humans::{
    Judged, RoganGladen, Stratum, Tuning, inverse_probability, label_chances, prediction_powered,
    rogan_gladen,
};
use trilemma_stats::mean::{bounded_mean, clustered_mean, design_effect, mean_t};
use trilemma_stats::multiplicity::{benjamini_hochberg, compare_family, holm};
use trilemma_stats::paired::{
    Cells, bonett_price, equivalence, mcnemar_chi_squared, mcnemar_exact, mcnemar_mid_p, newcombe,
    noninferiority, probability_first_better, tango,
};
use trilemma_stats::power::{
    DiscordantRates, gate_chances, items_for_gate, margin_chances, mcnemar_power,
};
use trilemma_stats::proportion::{Count, clopper_pearson, jeffreys, korn_graubard, wilson};
use trilemma_stats::quantile::{Sorted, quantile, quantile_bound};
use trilemma_stats::resample::{
    Resampling, bootstrap_mean, cluster_bootstrap_mean, paired_quantile_difference, ratio_of_means,
    sign_flip,
};
use trilemma_stats::{Confidence, Estimate, Side, StatsError};

fn sound(result: Result<Estimate, StatsError>) -> Result<(), TestCaseError> {
    if let Ok(estimate) = result {
        let numbers = [
            estimate.point,
            estimate.low,
            estimate.high,
            estimate.standard_error.unwrap_or(0.0),
        ];
        prop_assert!(numbers.iter().all(|v| v.is_finite()), "{estimate:?}");
        prop_assert!(estimate.low <= estimate.high, "{estimate:?}");
    }
    Ok(())
}

/// Numbers of every kind, many of them equal.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        2 => any::<f64>(),
        3 => prop::sample::select(vec![0.0, -0.0, 1.0, 0.5, 1e-300, 1e89, -1e89, f64::MIN_POSITIVE]),
        3 => 0.0..1.0_f64,
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    number().prop_map(|v| if v.abs() < 1e90 { v } else { 1e20 })
}

fn level() -> impl Strategy<Value = Confidence> {
    prop::sample::select(vec![
        1e-300,
        1e-12,
        0.5,
        0.95,
        1.0 - 1e-12,
        1.0 - f64::EPSILON / 2.0,
    ])
    .prop_map(|level| Confidence::new(level).unwrap())
}

proptest! {
    #[test]
    fn slices(
        values in prop_oneof![
            1 => prop::collection::vec(number(), 0..90),
            9 => prop::collection::vec(finite(), 0..90),
            9 => prop::collection::vec(prop::sample::select(vec![0.0, 0.5, 1.0]), 0..90),
        ],
        confidence in level(),
        p in number(),
        n_clusters in 1_usize..30,
    ) {
        let resampling = Resampling::new(1).with_resamples(20);
        let second: Vec<f64> = values.iter().rev().map(|v| v.abs()).collect();
        let clusters: Vec<usize> = (0..values.len()).map(|i| i % n_clusters).collect();
        sound(mean_t(&values, confidence))?;
        sound(clustered_mean(&values, &clusters, confidence))?;
        sound(bounded_mean(&values, confidence))?;
        sound(bootstrap_mean(&values, &resampling).map(|b| b.bca(confidence)))?;
        sound(bootstrap_mean(&values, &resampling).map(|b| b.percentile(confidence)))?;
        sound(ratio_of_means(&values, &second, confidence, &resampling))?;
        sound(cluster_bootstrap_mean(&values, &clusters, confidence, &resampling))?;
        for p in [p, 0.5] {
            sound(paired_quantile_difference(&values, &second, p, confidence, &resampling))?;
            if let Ok(sample) = Sorted::new(values.clone()) {
                sound(quantile(&sample, p, confidence))?;
                if let Ok(bound) = quantile_bound(&sample, p, confidence, Side::Upper) {
                    prop_assert!(bound.value.is_finite());
                }
            }
        }
        if let Ok(effect) = design_effect(&values, &clusters) {
            prop_assert!(effect.is_finite());
        }
        if let Ok(flips) = sign_flip(&values, &resampling) {
            prop_assert!(flips.p_value > 0.0 && flips.p_value <= 1.0 && flips.difference.is_finite());
        }
        let outcomes: Vec<bool> = values.iter().map(|v| *v > 0.4).collect();
        sound(korn_graubard(&outcomes, &clusters, confidence))?;
        if let Ok(family) = compare_family(&[values.clone(), second.clone()], confidence, &resampling) {
            for pair in family.pairs {
                sound(Ok(pair.difference))?;
            }
        }
        for adjusted in [holm(&values), benjamini_hochberg(&values)].into_iter().flatten() {
            prop_assert!(adjusted.iter().all(|p| (0.0..=1.0).contains(p)));
        }
    }

    #[test]
    fn counts(
        counts in prop::array::uniform4(prop_oneof![Just(0), 0..50_usize, any::<usize>()]),
        confidence in level(),
        margin in number(),
    ) {
        let [both, only_first, only_second, neither] = counts;
        let cells = Cells { both, only_first, only_second, neither };
        for method in [tango, newcombe, bonett_price] {
            sound(method(cells, confidence))?;
        }
        for p in [
            mcnemar_exact(cells),
            mcnemar_mid_p(cells),
            mcnemar_chi_squared(cells).p_value,
            probability_first_better(cells),
            noninferiority(cells, margin).map_or(0.0, |t| t.p_value),
            equivalence(cells, margin).map_or(0.0, |t| t.p_value),
        ] {
            prop_assert!((0.0..=1.0).contains(&p), "{p}");
        }
        if let Ok(count) = Count::new(both, neither) {
            for method in [wilson, clopper_pearson, jeffreys] {
                sound(Ok(method(count, confidence)))?;
            }
        }
    }

    #[test]
    fn labels(
        people in prop::collection::vec(prop::collection::vec(prop::option::of(0..4_usize), 40), 0..5),
        judge in prop::collection::vec(prop::option::of(0..4_usize), 40),
        table in prop::collection::vec(prop_oneof![Just(0), 0..50_usize, any::<usize>()], 9),
        epsilon in number(),
        confidence in level(),
    ) {
        let rows: Vec<Vec<Option<usize>>> = (0..40)
            .map(|item| people.iter().map(|person| person[item]).collect())
            .collect();
        for scale in [Scale::Nominal, Scale::Linear, Scale::Interval, Scale::Ordinal] {
            if let Ok(ratings) = Ratings::new(&rows, 4) {
                sound(gwet_ac(&ratings, scale, confidence))?;
                sound(krippendorff_alpha(&ratings, scale, confidence))?;
            }
            if let Ok(table) = CrossTable::new(table.chunks(3).map(<[usize]>::to_vec).collect()) {
                sound(cohen_kappa(&table, scale, confidence))?;
            }
        }
        if let Ok(test) = alt_test(&people, &judge, epsilon, 0.05) {
            prop_assert!(test.people.iter().all(|one| (0.0..=1.0).contains(&one.p_value)));
        }
        if let [a, b, c, ..] = table[..]
            && let (Ok(judged), Ok(failed), Ok(passed)) = (
                Count::new(a.min(b), b),
                Count::new(b.min(c), c),
                Count::new(a.min(c), c),
            )
        {
            sound(rogan_gladen(RoganGladen { judged, failed, passed }, confidence))?;
        }
    }

    #[test]
    fn corrections(
        values in prop::collection::vec((number(), number(), number()), 0..90),
        weight in number(),
        confidence in level(),
    ) {
        let unit = |v: f64| if v.abs() <= 1.0 { v } else { 0.25 };
        for exact in [false, true] {
            let clean = |v: f64| if exact { unit(v) } else { v };
            let stratum = Stratum {
                weight: if exact { 1.0 } else { weight },
                human: values.iter().map(|(y, _, _)| clean(*y)).collect(),
                judge: values.iter().map(|(_, f, _)| clean(*f)).collect(),
                unlabelled: values.iter().map(|(_, _, f)| clean(*f)).collect(),
            };
            for tuning in [Tuning::Tuned, Tuning::Full, Tuning::LabelsOnly] {
                if let Ok(got) = prediction_powered(std::slice::from_ref(&stratum), tuning) {
                    sound(Ok(got.estimate(confidence)))?;
                    for side in [Side::Lower, Side::Upper] {
                        prop_assert!(got.bound(side, confidence).value.is_finite());
                    }
                }
            }
            let items: Vec<Judged> = values
                .iter()
                .map(|(y, f, p)| Judged {
                    judge: clean(*f),
                    human: (*p > 0.2).then_some((clean(*y), if exact { unit(*p) } else { *p })),
                })
                .collect();
            if let Ok(got) = inverse_probability(&items) {
                sound(Ok(got.estimate(confidence)))?;
            }
            let guesses: Vec<f64> = values.iter().map(|(y, _, _)| y.abs()).collect();
            if let Ok(chances) = label_chances(&guesses, values.len() / 3) {
                prop_assert!(chances.iter().all(|c| (0.0..=1.0).contains(c)), "{chances:?}");
            }
        }
    }

    #[test]
    fn plans(
        n in prop_oneof![0..2000_usize, any::<usize>()],
        a in number(),
        b in number(),
        confidence in level(),
    ) {
        if let Ok(chances) = gate_chances(a, b, n, confidence) {
            prop_assert!((0.0..=1.0).contains(&chances.meets) && (0.0..=1.0).contains(&chances.fails));
        }
        let _ = items_for_gate(a, b, confidence, 0.8);
        if let Ok(rates) = DiscordantRates::new(a.abs() % 1.0, a.abs() % 1.0 * (b % 1.0)) {
            for chance in [
                margin_chances(rates, 0.03, n, confidence).map_or(0.0, |c| c.noninferior),
                mcnemar_power(rates, n, confidence).unwrap_or(0.0),
            ] {
                prop_assert!((-1e-9..=1.0 + 1e-9).contains(&chance), "{chance}");
            }
        }
    }
}

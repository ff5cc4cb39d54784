use trilemma_stats::Confidence;
use trilemma_stats::multiplicity::{benjamini_hochberg, benjamini_yekutieli, compare_family, holm};
use trilemma_stats::resample::{Generator, Resampling};

use crate::support::{CLOSED, close, close_interval, count, list, number, numbers, vectors};

#[test]
fn data_multiple_tests() {
    let Some(file) = vectors("multiple_testing") else {
        return;
    };
    let p = numbers(&file["p"]);
    assert_eq!(p.len(), 15);
    for (got, name) in [
        (holm(&p).unwrap(), "holm"),
        (benjamini_hochberg(&p).unwrap(), "fdr_bh"),
        (benjamini_yekutieli(&p).unwrap(), "fdr_by"),
    ] {
        let expected = list(&file["adjusted"][name]);
        let rejected = list(&file["reject05"][name]);
        assert_eq!(
            (got.len(), rejected.len()),
            (expected.len(), expected.len())
        );
        for ((got, expected), rejected) in got.iter().zip(expected).zip(rejected) {
            close(*got, expected, CLOSED, name);
            assert_eq!(*got <= 0.05, rejected.as_bool().unwrap());
        }
    }
}

#[test]
fn data_simultaneous_intervals() {
    let Some(file) = vectors("maxT_mcb") else {
        return;
    };
    let Some(outcomes) = vectors("gsm_outcomes") else {
        return;
    };
    let n = count(&file["n"]);
    let names: Vec<&str> = list(&file["models"])
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    let scores: Vec<Vec<f64>> = names
        .iter()
        .map(|name| {
            let text = outcomes["models"][name]["outcomes"].as_str().unwrap();
            text.chars()
                .take(n)
                .map(|c| f64::from(u8::from(c == '1')))
                .collect()
        })
        .collect();
    let resampling = Resampling {
        seed: file["seed"].as_u64().unwrap(),
        resamples: count(&file["B"]),
        generator: Generator::SplitMix64,
    };
    let family = compare_family(&scores, Confidence::P95, &resampling).unwrap();
    assert_eq!((family.n, family.pairs.len(), names.len()), (300, 15, 6));
    close(family.critical, &file["maxT_q95"], CLOSED, "critical value");
    for pair in &family.pairs {
        let key = format!("{}|{}", names[pair.first], names[pair.second]);
        let got = (pair.difference.low, pair.difference.high);
        close_interval(got, &file["simultaneous_ci95"][&key], CLOSED, &key);
    }
    for (member, name) in family.members.iter().zip(names) {
        let expected = &file["confidence_set_of_best"][name];
        close(member.lead_allowed, &expected["q95"], CLOSED, name);
        close(member.lead_of_others, &expected["obs_max_t"], CLOSED, name);
        assert_eq!(member.may_be_best, expected["in_set"].as_bool().unwrap());
        let probability = number(&file["bootstrap_prob_best_ties_split"][name]);
        assert!(
            (member.probability_best - probability).abs() < 1e-9,
            "{name}"
        );
    }
}

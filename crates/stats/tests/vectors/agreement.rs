use serde_json::Value;
use trilemma_stats::agreement::{
    CrossTable, Ratings, Scale, alt_test, cohen_kappa, gwet_ac, krippendorff_alpha,
};
use trilemma_stats::{Confidence, Estimate};

use crate::support::{CLOSED, ITERATED, close, close_interval, count, list, number, vectors};

/// irrCAC's figures are rounded to 10 digits.
const ROUNDED: f64 = 1e-8;

#[test]
fn data_agreement() {
    let Some(file) = vectors("agreement") else {
        return;
    };
    let pairs = file["pairs"].as_object().unwrap();
    assert_eq!(pairs.len(), 4);
    for (name, pair) in pairs {
        check_pair(name, pair);
    }
    let complete = &file["three_annotators_complete"];
    let ratings = ratings(&complete["ratings_rows"]);
    check_panel(complete, &ratings, "complete");
    let ordinal = krippendorff_alpha(&ratings, Scale::Ordinal, Confidence::P95).unwrap();
    close(
        ordinal.point,
        &complete["krippendorff_ordinal"],
        CLOSED,
        "ordinal",
    );
    let gaps = &file["three_annotators_missing"];
    check_panel(
        gaps,
        &self::ratings(&gaps["ratings_rows_null_missing"]),
        "with gaps",
    );
}

fn check_pair(name: &str, pair: &Value) {
    let rows = list(&pair["table"]);
    let table = rows
        .iter()
        .map(|row| list(row).iter().map(count).collect())
        .collect();
    let table = CrossTable::new(table).unwrap();
    let kappa = |scale| cohen_kappa(&table, scale, Confidence::P95).unwrap();
    let nominal = kappa(Scale::Nominal);
    close(nominal.point, &pair["kappa"], ITERATED, name);
    close(error(&nominal), &pair["se_nonnull"], ITERATED, name);
    close_interval(ends(&nominal), &pair["ci95"], ITERATED, name);
    close(nominal.point, &pair["sklearn_kappa"], CLOSED, name);
    let (linear, interval) = (kappa(Scale::Linear), kappa(Scale::Interval));
    close(linear.point, &pair["sklearn_linear"], CLOSED, name);
    close(interval.point, &pair["sklearn_quadratic"], CLOSED, name);
}

fn check_panel(file: &Value, ratings: &Ratings, what: &str) {
    let nominal = krippendorff_alpha(ratings, Scale::Nominal, Confidence::P95).unwrap();
    close(nominal.point, &file["krippendorff_nominal"], CLOSED, what);
    check_irrcac(&nominal, &file["irrCAC_identity"]["krippendorff"], what);
    let interval = krippendorff_alpha(ratings, Scale::Interval, Confidence::P95).unwrap();
    close(interval.point, &file["krippendorff_interval"], CLOSED, what);
    let gwet = gwet_ac(ratings, Scale::Nominal, Confidence::P95).unwrap();
    check_irrcac(&gwet, &file["irrCAC_identity"]["gwet_ac1"], what);
}

fn check_irrcac(got: &Estimate, expected: &Value, what: &str) {
    close(got.point, &expected["coefficient_value"], ROUNDED, what);
    close(error(got), &expected["se"], ROUNDED, what);
    close_interval(ends(got), &expected["confidence_interval"], ROUNDED, what);
}

fn ratings(rows: &Value) -> Ratings {
    let rows: Vec<Vec<Option<usize>>> = list(rows)
        .iter()
        .map(|row| {
            let one = |v: &Value| v.as_u64().map(|v| v as usize);
            list(row).iter().map(one).collect()
        })
        .collect();
    Ratings::new(&rows, 3).unwrap()
}

fn error(estimate: &Estimate) -> f64 {
    estimate.standard_error.unwrap()
}

fn ends(estimate: &Estimate) -> (f64, f64) {
    (estimate.low, estimate.high)
}

#[test]
fn data_alt_test() {
    let Some(file) = vectors("alt_test") else {
        return;
    };
    let column = |name: &str| -> Vec<Option<usize>> {
        list(&file[name]).iter().map(count).map(Some).collect()
    };
    let people: Vec<_> = ["h1", "h2", "h3"].into_iter().map(column).collect();
    let level = number(&file["q_fdr"]);
    let expected = file["expected"].as_object().unwrap();
    assert_eq!(expected.len(), 8);
    for (name, expected) in expected {
        let (judge, epsilon) = name.split_once("_eps").unwrap();
        let got = alt_test(&people, &column(judge), epsilon.parse().unwrap(), level).unwrap();
        close(got.winning_rate, &expected["winning_rate"], CLOSED, name);
        close(got.advantage, &expected["advantage_prob"], CLOSED, name);
        assert!(!got.passes);
    }
    // SciPy's ttest_1samp on the same differences, alternative "less", epsilon 0.2.
    let got = alt_test(&people, &column("gpt35"), 0.2, level).unwrap();
    let p = [0.9120518788671649, 0.7816413929637642, 0.9059102710207162];
    for (one, p) in got.people.iter().zip(p) {
        assert!((one.p_value - p).abs() < 1e-9 * p, "{one:?}");
    }
    check_passing(&people, level);
}

/// A judge that is the majority of the people passes; one that is wrong on every tenth item passes where
/// a person's time is dear, and not where it is cheap. P values by SciPy as above.
fn check_passing(people: &[Vec<Option<usize>>], level: f64) {
    let n = people[0].len();
    let majority: Vec<Option<usize>> = (0..n)
        .map(|i| {
            let [a, b, c] = [0, 1, 2].map(|h| people[h][i].unwrap());
            Some(if a == b || a == c { a } else { b })
        })
        .collect();
    let got = alt_test(people, &majority, 0.0, level).unwrap();
    assert!(got.passes && got.winning_rate == 1.0 && got.advantage == 1.0);
    let p = [
        0.002_165_926_248_771_256,
        0.001_217_562_881_682_327_3,
        0.006_905_394_123_141_372_6,
    ];
    for (one, p) in got.people.iter().zip(p) {
        assert!((one.p_value - p).abs() < 1e-9 * p, "{one:?}");
    }
    let spoilt: Vec<Option<usize>> = majority
        .iter()
        .enumerate()
        .map(|(i, category)| {
            let category = category.unwrap();
            Some(if i % 10 == 0 {
                (category + 1) % 3
            } else {
                category
            })
        })
        .collect();
    let dear = alt_test(people, &spoilt, 0.15, level).unwrap();
    assert!(dear.passes && dear.winning_rate == 1.0);
    let cheap = alt_test(people, &spoilt, 0.1, level).unwrap();
    assert!(!cheap.passes && cheap.winning_rate == 0.0, "{cheap:?}");
    // A copy of one person is at least as good as the other two and cannot be told from its original.
    let copy = alt_test(people, &people[0], 0.2, level).unwrap();
    assert!(copy.passes && copy.winning_rate == 1.0);
    assert!((copy.people[0].p_value - 0.8_f64.powi(150)).abs() < 1e-18);
}

//! A few splits of the figures, when the data are there.

use std::path::Path;

use super::*;

#[test]
fn a_split_is_a_split() {
    let (fit, rest) = figures::split(10, 3, 1);
    let mut all = [fit.clone(), rest].concat();
    all.sort_unstable();
    assert_eq!(all, (0..10).collect::<Vec<usize>>());
    assert_eq!(fit.len(), 3);
    assert_eq!(fit, figures::split(10, 3, 1).0);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "tells where the recorded data are"
)]
fn data_cheap_models_that_agree_save_two_thirds() {
    let Ok(data) = std::env::var("TRILEMMA_TEST_DATA") else {
        eprintln!("skipped: TRILEMMA_TEST_DATA is not set");
        return;
    };
    let examples = data::zeroeval(Path::new(&data)).unwrap();
    let mut table = String::new();
    figures::zeroeval_targets(&examples, 4, &mut table);
    let value = |name: &str| -> f64 {
        let row = table.lines().find(|row| row.contains(name)).unwrap();
        row.split('|').nth(2).unwrap().trim().parse().unwrap()
    };
    assert!(value("target -1: points") > -1.5, "{table}");
    assert!(value("target -1: cost") < 0.4, "{table}");
    assert!(
        (value("4o-mini and Flash: points") + 0.2).abs() < 0.4,
        "{table}"
    );
}

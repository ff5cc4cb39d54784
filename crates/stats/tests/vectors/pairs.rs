//! One example of why pairs matter: 220 items, right by both, by one, by neither.

use trilemma_stats::paired::{Cells, mcnemar_exact, tango};
use trilemma_stats::{Confidence, normal};

const CELLS: Cells = Cells {
    both: 150,
    only_first: 25,
    only_second: 9,
    neither: 36,
};

fn check(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!(
        (got - expected).abs() < tolerance,
        "{what}: {got} is not {expected}"
    );
}

/// statsmodels 0.15.0: `proportions_ztest([175, 159], [220, 220])` and
/// `confint_proportions_2indep(175, 220, 159, 220, method="wald")`; the test as they define it, of the
/// sums alone.
#[test]
fn sums_of_220_items_show_no_difference() {
    let (n, new, old) = (220.0_f64, 175.0 / 220.0, 159.0 / 220.0);
    let pooled = (new + old) / 2.0;
    let z = (new - old) / (2.0 * pooled * (1.0 - pooled) / n).sqrt();
    check("z", z, 1.783_693_192_645_780_2, 1e-12);
    let p = 2.0 * (1.0 - normal::cdf(z));
    check("p", p, 0.074_473_532_902_170_39, 1e-9);
    let spread = (new * (1.0 - new) / n + old * (1.0 - old) / n).sqrt();
    let half = normal::quantile(0.975) * spread;
    check("low", new - old - half, -0.006_897_715_442_690_286, 1e-9);
    check("high", new - old + half, 0.152_352_260_897_235_58, 1e-9);
}

/// statsmodels 0.15.0: `mcnemar([[150, 25], [9, 36]], exact=True)`. The interval by SciPy 1.17.1: roots
/// (`brentq`) of the score statistic, whose restricted likelihood `minimize_scalar` maximised, without
/// Tango's closed form.
#[test]
fn pairs_of_220_items_show_the_new_one_better() {
    check("p", mcnemar_exact(CELLS), 0.009_041_185_490_787_03, 1e-12);
    let difference = tango(CELLS, Confidence::P95).unwrap();
    check("difference", difference.point, 16.0 / 220.0, 1e-12);
    check("low", difference.low, 0.021_955_100_423_13, 1e-7);
    check("high", difference.high, 0.127_426_881_929_393_6, 1e-7);
    assert!(difference.low > 0.0, "the whole interval lies above 0");
}

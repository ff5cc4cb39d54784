use proptest::prelude::*;

use super::*;
use crate::paired::{Cells, noninferiority, tango_bound};
use crate::proportion::{Count, clopper_pearson_bound};
use crate::special::binomial::pmf;
use crate::{Confidence, Side};

#[test]
fn rates_must_be_possible() {
    for (discordant, difference) in [
        (0.0, 0.0),
        (1.1, 0.0),
        (0.1, 0.2),
        (0.1, f64::NAN),
        (f64::NAN, 0.0),
    ] {
        assert!(
            DiscordantRates::new(discordant, difference).is_err(),
            "{discordant} {difference}"
        );
    }
    let rates = DiscordantRates::new(0.1, -0.04).unwrap();
    assert!((rates.discordant() - 0.1).abs() < 1e-15 && (rates.difference() + 0.04).abs() < 1e-15);
}

#[test]
fn planner_rule_of_thumb_holds() {
    // "2.80 sqrt(p_d / n)": strong models differ on 6 % of items, so 300 items show 4 points.
    let got = detectable_difference(0.06, 300, Confidence::P95, 0.8).unwrap();
    assert!((got - 2.8016 * (0.06_f64 / 300.0).sqrt()).abs() < 1e-5);
    assert!(detectable_difference(0.06, 1, Confidence::P95, 0.8).unwrap() > 0.06);
    let rates = DiscordantRates::new(0.06, 0.0).unwrap();
    assert_eq!(
        items_for_noninferiority(rates, 0.03, Confidence::P95, 0.8).unwrap(),
        413
    );
}

#[test]
fn impossible_plans_are_refused() {
    let even = DiscordantRates::new(0.1, 0.0).unwrap();
    assert!(items_to_detect(even, Confidence::P95, 0.8).is_err());
    assert!(items_for_mcnemar(even, Confidence::P95, 0.8).is_err());
    let worse = DiscordantRates::new(0.1, -0.05).unwrap();
    assert!(items_for_noninferiority(worse, 0.03, Confidence::P95, 0.8).is_err());
    assert!(items_for_noninferiority_verdict(worse, 0.05, Confidence::P95, 0.8).is_err());
    assert!(margin_chances(even, 1.0, 10, Confidence::P95).is_err());
    assert!(margin_chances(even, 0.1, 0, Confidence::P95).is_err());
    assert!(gate_chances(0.9, 1.0, 10, Confidence::P95).is_err());
    assert!(gate_chances(1.1, 0.9, 10, Confidence::P95).is_err());
    assert_eq!(items_for_gate(0.9, 0.9, Confidence::P95, 0.8), Ok(None));
}

#[test]
fn verdict_chances_agree_with_enumeration() {
    let (n, margin) = (60, 0.06);
    let rates = DiscordantRates::new(0.2, 0.02).unwrap();
    let got = margin_chances(rates, margin, n, Confidence::P95).unwrap();
    let (mut noninferior, mut superior, mut inferior) = (0.0, 0.0, 0.0);
    for m in 0..=n {
        for b in 0..=m {
            let weight = pmf(m, n, 0.2) * pmf(b, m, 0.55);
            let cells = Cells {
                both: n - m,
                only_first: b,
                only_second: m - b,
                neither: 0,
            };
            let indicator = |holds: bool| weight * f64::from(u8::from(holds));
            noninferior += indicator(noninferiority(cells, margin).unwrap().p_value <= 0.05);
            superior += indicator(noninferiority(cells, 0.0).unwrap().p_value <= 0.05);
            inferior += indicator(
                tango_bound(cells, Confidence::P95, Side::Upper)
                    .unwrap()
                    .value
                    < -margin,
            );
        }
    }
    assert!(
        (got.noninferior - noninferior).abs() < 1e-9,
        "{got:?} {noninferior}"
    );
    assert!((got.superior - superior).abs() < 1e-9, "{got:?} {superior}");
    assert!((got.inferior - inferior).abs() < 1e-9, "{got:?} {inferior}");
}

#[test]
fn exact_items_are_near_the_formula() {
    for (discordant, difference, margin) in
        [(0.06, 0.0, 0.03), (0.15, 0.02, 0.05), (0.1, 0.0, 0.05)]
    {
        let rates = DiscordantRates::new(discordant, difference).unwrap();
        let formula = items_for_noninferiority(rates, margin, Confidence::P95, 0.8).unwrap();
        let exact = items_for_noninferiority_verdict(rates, margin, Confidence::P95, 0.8)
            .unwrap()
            .unwrap();
        let ratio = exact as f64 / formula as f64;
        assert!((0.85..1.25).contains(&ratio), "{formula} {exact}");
        assert!(
            margin_chances(rates, margin, exact, Confidence::P95)
                .unwrap()
                .noninferior
                >= 0.8
        );
    }
}

#[test]
fn gate_chances_agree_with_enumeration() {
    for (rate, bar, n) in [
        (0.9, 0.85, 120),
        (0.8, 0.85, 120),
        (1.0, 0.9, 20),
        (1.0, 0.9, 40),
        (0.0, 0.5, 3),
    ] {
        let (mut meets, mut fails) = (0.0, 0.0);
        for k in 0..=n {
            let count = Count::new(k, n).unwrap();
            let weight = pmf(k, n, rate);
            let bound = |side| clopper_pearson_bound(count, Confidence::P95, side).value;
            meets += weight * f64::from(u8::from(bound(Side::Lower) >= bar));
            fails += weight * f64::from(u8::from(bound(Side::Upper) < bar));
        }
        let got = gate_chances(rate, bar, n, Confidence::P95).unwrap();
        assert!(
            (got.meets - meets).abs() < 1e-9 && (got.fails - fails).abs() < 1e-9,
            "{got:?} {meets} {fails}"
        );
    }
}

#[test]
fn gate_items_reach_the_power() {
    for (rate, bar) in [(0.92, 0.85), (0.95, 0.9), (0.7, 0.85), (1.0, 0.99)] {
        let n = items_for_gate(rate, bar, Confidence::P95, 0.8)
            .unwrap()
            .unwrap();
        let chances = gate_chances(rate, bar, n, Confidence::P95).unwrap();
        assert!(
            if rate > bar {
                chances.meets
            } else {
                chances.fails
            } >= 0.8,
            "{rate} {bar} {n} {chances:?}"
        );
    }
    // Without a single failure 299 items show 99 % at 95 % confidence.
    assert_eq!(
        items_for_gate(1.0, 0.99, Confidence::P95, 0.8),
        Ok(Some(299))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn score_rises_with_the_first_for_fixed_discordance(n in 1_usize..400, share in 0.0..1.0_f64, d in -0.5..0.5_f64) {
        let m = (share * n as f64) as usize;
        let mut previous = f64::NEG_INFINITY;
        for b in 0..=m {
            let z = crate::paired::score(n, b, m - b, d);
            prop_assert!(z >= previous - 1e-9, "{z} after {previous} at {b} of {m}");
            previous = z;
        }
    }

    #[test]
    fn chances_are_probabilities_and_a_wider_margin_helps(
        n in 1_usize..2000, discordant in 0.001..0.6_f64, tilt in -1.0..1.0_f64, margin in 0.0..0.2_f64,
    ) {
        let rates = DiscordantRates::new(discordant, discordant * tilt).unwrap();
        let narrow = margin_chances(rates, margin, n, Confidence::P95).unwrap();
        let wide = margin_chances(rates, margin + 0.05, n, Confidence::P95).unwrap();
        for chance in [narrow.noninferior, narrow.superior, narrow.inferior, narrow.undecided] {
            prop_assert!((-1e-9..=1.0 + 1e-9).contains(&chance), "{narrow:?}");
        }
        prop_assert!((narrow.noninferior + narrow.inferior + narrow.undecided - 1.0).abs() < 1e-9);
        prop_assert!(wide.noninferior >= narrow.noninferior - 1e-9 && narrow.superior <= narrow.noninferior + 1e-9);
        let power = mcnemar_power(rates, n, Confidence::P95).unwrap();
        prop_assert!((-1e-9..=1.0 + 1e-9).contains(&power));
    }

    #[test]
    fn larger_differences_need_fewer_items(discordant in 0.05..0.5_f64, a in 0.1..0.9_f64, b in 0.1..0.9_f64) {
        let items = |tilt: f64| items_to_detect(DiscordantRates::new(discordant, discordant * tilt).unwrap(), Confidence::P95, 0.8);
        prop_assert!(items(a.min(b)).unwrap() >= items(a.max(b)).unwrap());
    }
}

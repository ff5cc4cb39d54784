use proptest::prelude::*;

use super::*;
use crate::paired::Cells;
use crate::resample::{ChaChaStream, IndexStream};
use crate::{Confidence, StatsError};

/// True with probability `p`.
fn happens(stream: &mut ChaChaStream, p: f64) -> bool {
    (stream.next_index(1 << 30) as f64) < p * f64::from(1 << 30)
}

/// A difference of -1, 0 or 1 with rates `worse` and `better`.
fn difference(stream: &mut ChaChaStream, better: f64, worse: f64) -> f64 {
    if happens(stream, better) {
        1.0
    } else if happens(stream, worse / (1.0 - better)) {
        -1.0
    } else {
        0.0
    }
}

fn shuffle<T>(stream: &mut ChaChaStream, values: &mut [T]) {
    for last in (1..values.len()).rev() {
        values.swap(last, stream.next_index(last + 1));
    }
}

#[test]
fn peeking_costs_the_z_test_its_level_but_not_the_e_process() {
    // 2,000 comparisons of equals over 500 items; the e-process is looked at after every item, the z test
    // (|z| >= 1.645 one-sided at 5 %) after every ten.
    let limit = (1.0_f64 / 0.05).ln();
    let (mut z_alarms, mut e_alarms) = (0, 0);
    let replicates = 2000;
    let mut stream = ChaChaStream::new(7);
    for _ in 0..replicates {
        let mut cells = Cells::default();
        let (mut z_alarm, mut e_alarm) = (false, false);
        for item in 1..=500 {
            if happens(&mut stream, 0.2) {
                if happens(&mut stream, 0.5) {
                    cells.only_first += 1;
                } else {
                    cells.only_second += 1;
                }
                e_alarm |= log_sign_e_value(cells) >= limit;
            }
            let discordant = cells.discordant() as f64;
            let lead = cells.only_first as f64 - cells.only_second as f64;
            z_alarm |= item % 10 == 0 && discordant > 0.0 && lead / discordant.sqrt() >= 1.645;
        }
        z_alarms += u32::from(z_alarm);
        e_alarms += u32::from(e_alarm);
    }
    let share = |alarms: u32| f64::from(alarms) / f64::from(replicates);
    assert!(
        (0.16..0.28).contains(&share(z_alarms)),
        "{}",
        share(z_alarms)
    );
    assert!(share(e_alarms) <= 0.05, "{}", share(e_alarms));
    assert!(share(e_alarms) >= 0.005, "the test must have some power");
}

#[test]
fn margin_process_keeps_its_level_at_the_null_and_finds_equals() {
    let limit = (1.0_f64 / 0.05).ln();
    for population in [Population::Source, Population::Finite(300)] {
        let mut stream = ChaChaStream::new(11);
        let (mut false_claims, mut found) = (0, 0);
        for _ in 0..1000 {
            // A set of 300 in which the first is worse by exactly the margin of 5 points.
            let mut null = vec![0.0; 300];
            null.iter_mut().take(15).for_each(|d| *d = 1.0);
            null.iter_mut().skip(15).take(30).for_each(|d| *d = -1.0);
            shuffle(&mut stream, &mut null);
            let mut process = MarginProcess::new(0.05, population).unwrap();
            let mut equal = process.clone();
            let (mut claimed, mut claimed_equal) = (false, false);
            for worse in null {
                let drawn = match population {
                    Population::Source => difference(&mut stream, 0.05, 0.10),
                    Population::Finite(_) => worse,
                };
                process.observe(drawn).unwrap();
                claimed |= process.log_e_value() >= limit;
                equal.observe(difference(&mut stream, 0.01, 0.01)).unwrap();
                claimed_equal |= equal.log_e_value() >= limit;
            }
            false_claims += u32::from(claimed);
            found += u32::from(claimed_equal);
        }
        assert!(false_claims <= 50, "{population:?}: {false_claims} of 1000");
        assert!(found >= 950, "{population:?}: {found} of 1000");
    }
}

#[test]
fn sequences_cover_at_all_times_at_once() {
    // Looked at after every 10 of 200 values; a miss at any time counts.
    let mut stream = ChaChaStream::new(3);
    let (mut missed_betting, mut missed_finite, mut missed_bernstein) = (0, 0, 0);
    let replicates = 120;
    for _ in 0..replicates {
        let values: Vec<f64> = (0..200)
            .map(|_| f64::from(u8::from(happens(&mut stream, 0.8))))
            .collect();
        let whole = values.iter().sum::<f64>() / 200.0;
        let times = (10..=200).step_by(10);
        let miss = |estimate: Result<crate::Estimate, StatsError>, truth: f64| {
            !estimate.unwrap().contains(truth)
        };
        missed_betting += u32::from(times.clone().any(|t| {
            miss(
                betting_mean(&values[..t], Confidence::P95, Population::Source),
                0.8,
            )
        }));
        missed_finite += u32::from(times.clone().any(|t| {
            miss(
                betting_mean(&values[..t], Confidence::P95, Population::Finite(200)),
                whole,
            )
        }));
        missed_bernstein += u32::from(
            times
                .clone()
                .any(|t| miss(empirical_bernstein_mean(&values[..t], Confidence::P95), 0.8)),
        );
    }
    for missed in [missed_betting, missed_finite, missed_bernstein] {
        assert!(missed <= replicates / 20 + 6, "{missed} of {replicates}");
    }
}

#[test]
fn a_finite_set_is_known_once_all_of_it_was_seen() {
    let values = [1.0, 0.0, 1.0, 1.0];
    let all = betting_mean(&values, Confidence::P95, Population::Finite(4)).unwrap();
    assert!((all.low - 0.75).abs() < 0.002 && (all.high - 0.75).abs() < 0.002);
    let mut process = MarginProcess::new(0.0, Population::Finite(4)).unwrap();
    for difference in [0.0, 0.0, 0.0, 1.0] {
        process.observe(difference).unwrap();
    }
    assert_eq!(process.log_e_value(), f64::INFINITY);
    assert!(matches!(
        process.observe(0.0),
        Err(StatsError::LengthMismatch { .. })
    ));
}

#[test]
fn shiryaev_roberts_waits_at_least_as_long_as_its_threshold() {
    let ratio = LikelihoodRatio::new(0.95, 0.85).unwrap();
    let threshold = 100.0_f64;
    let mut stream = ChaChaStream::new(5);
    let mut waited = 0_u64;
    let replicates = 400;
    for _ in 0..replicates {
        let mut detector = ShiryaevRoberts::new(ratio);
        loop {
            waited += 1;
            if detector.observe(happens(&mut stream, 0.95).into()) >= threshold.ln() {
                break;
            }
        }
    }
    let mean = waited as f64 / f64::from(replicates);
    assert!((100.0..300.0).contains(&mean), "{mean}");
}

#[test]
fn refuses_what_it_cannot_use() {
    assert!(matches!(
        betting_mean(&[], Confidence::P95, Population::Source),
        Err(StatsError::TooFew(_))
    ));
    assert!(matches!(
        betting_mean(&[0.5; 4], Confidence::P95, Population::Finite(3)),
        Err(StatsError::LengthMismatch { .. })
    ));
    for bad in [-0.1, 1.1, f64::NAN] {
        assert!(empirical_bernstein_mean(&[bad], Confidence::P95).is_err());
        assert!(hoeffding_sequence_mean(&[bad], Confidence::P95).is_err());
    }
    assert!(MarginProcess::new(1.0, Population::Source).is_err());
    assert!(MarginProcess::new(-0.1, Population::Source).is_err());
    let mut process = MarginProcess::new(0.02, Population::Source).unwrap();
    let before = process.clone();
    assert!(process.observe(f64::NAN).is_err() && process.observe(1.5).is_err());
    assert_eq!(process, before);
    assert!(log_margin_e_value(Cells::default(), 0.02).is_err());
    assert!(LikelihoodRatio::new(1.0, 0.5).is_err());
}

proptest! {
    #[test]
    fn intervals_contain_their_mean_and_stay_in_range(
        values in prop::collection::vec(0.0..=1.0_f64, 1..60),
    ) {
        let finite = Population::Finite(values.len() + 7);
        for got in [
            betting_mean(&values, Confidence::P95, Population::Source),
            betting_mean(&values, Confidence::P95, finite),
            empirical_bernstein_mean(&values, Confidence::P95),
            hoeffding_sequence_mean(&values, Confidence::P95),
        ] {
            let got = got.unwrap();
            prop_assert!(0.0 <= got.low && got.low <= got.high && got.high <= 1.0, "{got:?}");
        }
    }

    #[test]
    fn the_order_of_independent_draws_does_not_matter(
        only_first in 0_usize..20, only_second in 0_usize..20, neither in 1_usize..40,
    ) {
        let cells = Cells { both: 0, only_first, only_second, neither };
        let mut process = MarginProcess::new(0.02, Population::Source).unwrap();
        let differences = std::iter::repeat_n(1.0, only_first)
            .chain(std::iter::repeat_n(-1.0, only_second))
            .chain(std::iter::repeat_n(0.0, neither));
        for difference in differences {
            process.observe(difference).unwrap();
        }
        let counted = log_margin_e_value(cells, 0.02).unwrap();
        prop_assert!((process.log_e_value() - counted).abs() < 1e-9);
        prop_assert!(log_sign_e_value(cells) < 2.0 * (only_first as f64 + 1.0));
    }
}

/// What looking again and again costs; the table of `docs/methods.md`.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "slow suites run only when asked for"
)]
fn slow_what_peeking_costs() {
    if std::env::var_os("TRILEMMA_SLOW_TESTS").is_none() {
        println!("skipped: TRILEMMA_SLOW_TESTS is not set");
        return;
    }
    let limit = (1.0_f64 / 0.05).ln();
    let replicates = 10_000;
    let mut stream = ChaChaStream::new(19);
    // z test once, z test every ten items, sign process after every item.
    let mut alarms = [0_u32; 3];
    for _ in 0..replicates {
        let mut cells = Cells::default();
        let mut raised = [false; 3];
        for item in 1..=500 {
            // Equals that disagree on 6 % of items.
            if happens(&mut stream, 0.06) {
                if happens(&mut stream, 0.5) {
                    cells.only_first += 1;
                } else {
                    cells.only_second += 1;
                }
                raised[2] |= log_sign_e_value(cells) >= limit;
            }
            let discordant = cells.discordant() as f64;
            let lead = cells.only_first as f64 - cells.only_second as f64;
            let is_above = discordant > 0.0 && lead / discordant.sqrt() >= 1.645;
            raised[1] |= item % 10 == 0 && is_above;
            raised[0] |= item == 500 && is_above;
        }
        for (alarms, raised) in alarms.iter_mut().zip(raised) {
            *alarms += u32::from(raised);
        }
    }
    let [once, peeked, e_process] = alarms.map(|n| f64::from(n) / f64::from(replicates));
    println!(
        "false alarms at 5 %, {replicates} comparisons of equals over 500 items: z test once {:.1} %, \
         z test every ten items {:.1} %, sign e-process after every item {:.1} %",
        100.0 * once,
        100.0 * peeked,
        100.0 * e_process
    );
    assert!((0.03..0.07).contains(&once), "{once}");
    assert!(peeked > 0.15, "{peeked}");
    assert!((0.005..=0.05).contains(&e_process), "{e_process}");
}

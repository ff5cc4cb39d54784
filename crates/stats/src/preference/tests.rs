use super::*;
use crate::resample::{ChaChaStream, IndexStream};
use crate::{Confidence, StatsError};

fn uniform(stream: &mut ChaChaStream) -> f64 {
    stream.next_index(1 << 30) as f64 / f64::from(1 << 30)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn battle(first: usize, second: usize, share: f64) -> Battle {
    Battle {
        first,
        second,
        share,
    }
}

#[test]
fn two_contenders_have_the_log_odds_of_their_wins() {
    let mut battles = vec![battle(0, 1, 1.0); 30];
    battles.extend(vec![battle(1, 0, 1.0); 10]);
    battles.extend(vec![battle(0, 1, 0.5); 4]);
    let got = bradley_terry(2, &battles, None, Confidence::P95).unwrap();
    // 32 wins against 12, ties as halves.
    let odds = (32.0_f64 / 12.0).ln();
    assert!((got.against_first()[1] + odds).abs() < 1e-10);
    assert!((got.contenders[0].estimate.point - odds / 2.0).abs() < 1e-10);
    assert!((got.chance(0, 1).unwrap() - 32.0 / 44.0).abs() < 1e-10);
    assert_eq!(got.chance(0, 2), None);
    let expected = (1.0_f64 / 32.0 + 1.0 / 12.0).sqrt();
    assert!((got.model_errors[0] - expected).abs() < 1e-9);
}

#[test]
fn whoever_is_unbeaten_has_no_strength() {
    // 2 has lost to nobody; a single tie would be enough.
    let mut battles = vec![battle(0, 1, 1.0), battle(1, 0, 1.0)];
    battles.extend(vec![battle(2, 0, 1.0); 10]);
    let got = bradley_terry(3, &battles, None, Confidence::P95);
    assert_eq!(got, Err(StatsError::NoMaximum));
    battles.push(battle(2, 1, 0.5));
    assert!(bradley_terry(3, &battles, None, Confidence::P95).is_ok());
    let always = vec![1.0; 40];
    let leads: Vec<f64> = (0..40).map(f64::from).collect();
    let got = length_controlled(&always, &leads, None, Confidence::P95);
    assert_eq!(got, Err(StatsError::NoMaximum));
}

#[test]
fn strengths_cover_and_ranks_hold() {
    // Three battles per item share the item's noise, so only errors over items cover.
    let truth = [0.6, 0.2, 0.0, -0.8];
    for (n_items, seed) in [(30, 8), (120, 3)] {
        let (covers, holds) = strengths_over(&truth, n_items, seed);
        assert!((0.93..0.98).contains(&covers), "{n_items}: {covers}");
        assert!(holds >= 0.95, "{n_items}: {holds}");
    }
}

/// How often the first strength is covered, and all ranks hold.
fn strengths_over(truth: &[f64; 4], n_items: usize, seed: u64) -> (f64, f64) {
    let mean = truth.iter().sum::<f64>() / 4.0;
    let replicates = 1_000;
    let mut stream = ChaChaStream::new(seed);
    let (mut covered, mut ranks_hold) = (0, 0);
    for _ in 0..replicates {
        let (mut battles, mut items) = (Vec::new(), Vec::new());
        for item in 0..n_items {
            let luck: Vec<f64> = truth.iter().map(|_| uniform(&mut stream)).collect();
            for _ in 0..3 {
                let first = stream.next_index(4);
                let second = (first + 1 + stream.next_index(3)) % 4;
                let p = sigmoid(truth[first] - truth[second]);
                // The same luck of the item for every battle of a pair.
                let share = f64::from(u8::from((luck[first] - luck[second]).rem_euclid(1.0) < p));
                battles.push(battle(first, second, share));
                items.push(item);
            }
        }
        let got = bradley_terry(4, &battles, Some(&items), Confidence::P95).unwrap();
        let own = &got.contenders[0].estimate;
        covered += u32::from(own.low <= truth[0] - mean && truth[0] - mean <= own.high);
        let mut ranks = got.contenders.iter().enumerate();
        ranks_hold +=
            u32::from(ranks.all(|(at, one)| (one.rank_best..=one.rank_worst).contains(&(at + 1))));
    }
    let share = |n: u32| f64::from(n) / f64::from(replicates);
    (share(covered), share(ranks_hold))
}

#[test]
fn length_is_taken_out_and_the_interval_covers() {
    // Equals whose judge likes length, and a contender that writes longer by half a deviation.
    let (replicates, n) = (1_000, 150);
    let mut stream = ChaChaStream::new(5);
    let (mut covered, mut raw) = (0, 0.0);
    for _ in 0..replicates {
        let leads: Vec<f64> = (0..n)
            .map(|_| 200.0 * (uniform(&mut stream) + uniform(&mut stream) - 0.6))
            .collect();
        let spread = 200.0 / 6.0_f64.sqrt();
        let wins: Vec<f64> = leads
            .iter()
            .map(|lead| {
                let p = sigmoid(1.2 * (lead / spread).tanh());
                f64::from(u8::from(uniform(&mut stream) < p))
            })
            .collect();
        let got = length_controlled(&wins, &leads, None, Confidence::P95).unwrap();
        covered += u32::from(got.win_rate.low <= 0.5 && 0.5 <= got.win_rate.high);
        raw += got.raw / f64::from(replicates);
    }
    let share = f64::from(covered) / f64::from(replicates);
    assert!((0.93..0.98).contains(&share), "{share}");
    assert!(raw > 0.6, "{raw}");
}

#[test]
fn refuses_what_cannot_be() {
    let fine = vec![battle(0, 1, 1.0); 12];
    for bad in [
        battle(0, 2, 1.0),
        battle(1, 1, 1.0),
        battle(0, 1, f64::NAN),
        battle(0, 1, 1.1),
    ] {
        let mut battles = fine.clone();
        battles.push(bad);
        assert!(
            bradley_terry(2, &battles, None, Confidence::P95).is_err(),
            "{bad:?}"
        );
    }
    assert!(bradley_terry(2, &fine, Some(&[0; 3]), Confidence::P95).is_err());
    assert!(bradley_terry(2, &fine[..5], None, Confidence::P95).is_err());
    let (wins, leads) = (vec![0.5; 40], vec![3.0; 40]);
    let got = length_controlled(&wins, &leads, None, Confidence::P95);
    assert_eq!(got, Err(StatsError::NoSpread { n: 40 }));
    let got = length_controlled(
        &[2.0; 40],
        &(0..40).map(f64::from).collect::<Vec<_>>(),
        None,
        Confidence::P95,
    );
    assert!(matches!(got, Err(StatsError::OutOfRange { .. })));
}

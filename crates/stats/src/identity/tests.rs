use super::*;
use crate::StatsError;
use crate::resample::{ChaChaStream, IndexStream, Resampling};

/// Ten answers of eight symbols to each of five prompts; `spread` symbols are possible.
fn sample(stream: &mut ChaChaStream, spread: usize) -> Vec<Sampled> {
    let mut answers = Vec::new();
    for prompt in 0..5 {
        for _ in 0..10 {
            let symbols = (0..8).map(|_| stream.next_index(spread) as u32).collect();
            answers.push(Sampled { prompt, symbols });
        }
    }
    answers
}

#[test]
fn mmd_keeps_its_level_and_finds_a_change() {
    let mut stream = ChaChaStream::new(1);
    let (mut alarms, mut found) = (0, 0);
    for seed in 0..200 {
        let resampling = Resampling::new(seed).with_resamples(99);
        let reference = sample(&mut stream, 4);
        let same = hamming_mmd_test(&reference, &sample(&mut stream, 4), &resampling).unwrap();
        alarms += u32::from(same.p_value <= 0.05);
        let other = hamming_mmd_test(&reference, &sample(&mut stream, 3), &resampling).unwrap();
        found += u32::from(other.p_value <= 0.05);
    }
    assert!((2..=20).contains(&alarms), "{alarms} of 200 false alarms");
    assert!(found >= 180, "{found} of 200 changes found");
}

#[test]
fn lengths_count_and_too_little_is_refused() {
    let answer = |prompt, text: &str| Sampled {
        prompt,
        symbols: text.chars().map(u32::from).collect(),
    };
    let short = [answer(1, "ab"), answer(1, "ab")];
    let long = [answer(1, "abcd"), answer(1, "abcd")];
    // Within each source all four positions agree, across two of four.
    assert!((hamming_mmd(&short, &long).unwrap() - 1.0).abs() < 1e-12);
    let empty = [answer(1, ""), answer(1, "")];
    assert_eq!(hamming_mmd(&empty, &empty), Ok(0.0));
    assert!(matches!(
        hamming_mmd(&short[..1], &long),
        Err(StatsError::TooFew(_))
    ));
    let elsewhere = [answer(2, "ab"), answer(2, "ab")];
    assert!(matches!(
        hamming_mmd(&short, &elsewhere),
        Err(StatsError::TooFew(_))
    ));
}

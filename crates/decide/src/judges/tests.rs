//! Judges with known leanings: each figure finds what was put in, and nothing else.

use trilemma_domain::Order;

use super::{
    Checked, JudgeInput, JudgeWord, Pair, PairsInput, Preferred, agreement, measure, rank,
};

/// A small generator (SplitMix64, Steele et al. 2014), so that tests repeat.
struct Noise(u64);

impl Noise {
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn input(compares: bool, words: Vec<JudgeWord>) -> JudgeInput {
    JudgeInput {
        scorer: "judge".to_owned(),
        model: "openai/gpt-4o".to_owned(),
        family: Some("gpt".to_owned()),
        counts: true,
        compares,
        pass_threshold: 0.7,
        spent: None,
        words,
    }
}

fn word(answer: usize, item: usize, score: f64) -> JudgeWord {
    JudgeWord {
        answer,
        item,
        cluster: item,
        family: None,
        length: 100,
        round: 0,
        order: Order::First,
        score: Some(score),
        others: None,
        human: None,
    }
}

/// 200 pairs judged in both orders by `rule`: own score by (pair, is first).
fn pairs(rule: impl Fn(usize, bool) -> f64) -> JudgeInput {
    let words = (0..200).flat_map(|pair| {
        [Order::First, Order::Second].map(|order| JudgeWord {
            order,
            ..word(pair, pair, rule(pair, order == Order::First))
        })
    });
    input(true, words.collect())
}

#[test]
fn a_judge_that_follows_the_answer_is_consistent() {
    let figures = measure(&pairs(|pair, _| if pair % 2 == 0 { 1.0 } else { 0.0 }));
    let order = figures.order.unwrap();
    assert_eq!(order.n_pairs, 200);
    assert_eq!(order.consistency.value, 1.0);
    assert!(order.consistency.low.unwrap() > 0.97);
    assert_eq!(order.first_rate.unwrap().value, 0.5);
}

#[test]
fn a_judge_that_follows_the_place_is_caught() {
    let figures = measure(&pairs(|_, is_first| if is_first { 1.0 } else { 0.0 }));
    let order = figures.order.unwrap();
    assert_eq!(order.consistency.value, 0.0);
    let first = order.first_rate.unwrap();
    assert_eq!(first.value, 1.0);
    assert!(first.low.unwrap() > 0.97);
    // Each pair counts once, though it gave two words.
    assert!(first.low.unwrap() < 0.99);
}

#[test]
fn ties_take_no_side() {
    let order = measure(&pairs(|_, _| 0.5)).order.unwrap();
    assert_eq!(order.consistency.value, 1.0);
    assert_eq!(order.first_rate, None);
}

#[test]
fn a_pair_without_one_word_is_no_pair() {
    let mut judge = pairs(|_, _| 1.0);
    for word in &mut judge.words {
        if word.answer < 50 && word.order == Order::Second {
            word.score = None;
        }
    }
    let figures = measure(&judge);
    assert_eq!(figures.order.unwrap().n_pairs, 150);
    assert_eq!((figures.n_answers, figures.n_without_grade), (200, 50));
}

#[test]
fn steadiness_is_that_of_the_second_round() {
    let mut words: Vec<JudgeWord> = (0..100).map(|idx| word(idx, idx, 0.75)).collect();
    words.extend((0..40).map(|idx| JudgeWord {
        round: 1,
        // Every fourth falls below the line of 0.7, by a quarter.
        score: Some(if idx % 4 == 0 { 0.5 } else { 0.75 }),
        ..word(idx, idx, 0.0)
    }));
    let figures = measure(&input(false, words));
    let steady = figures.steadiness.unwrap();
    assert_eq!(steady.n_answers, 40);
    assert_eq!(steady.same_side.value, 0.75);
    assert!((steady.mean_change.unwrap().value - 0.0625).abs() < 1e-9);
    assert_eq!(figures.n_answers, 100);
    assert!(figures.order.is_none());
}

/// 150 items × 4 candidates; one is of the judge's family. Scores of judge and others by
/// (is own family, doublings of length, quality).
fn graded(rule: impl Fn(bool, f64, f64) -> (f64, f64)) -> JudgeInput {
    let mut noise = Noise(9);
    let mut words = Vec::new();
    for item in 0..150 {
        for candidate in 0..4 {
            let doublings = 4.0 * noise.share();
            let quality = noise.share();
            let (score, others) = rule(candidate == 0, doublings, quality);
            let noise = 0.05 * (noise.share() - 0.5);
            words.push(JudgeWord {
                family: Some(if candidate == 0 { "gpt" } else { "claude" }.to_owned()),
                length: (100.0 * doublings.exp2()) as usize,
                others: Some(others),
                ..word(item * 4 + candidate, item, score + noise)
            });
        }
    }
    input(false, words)
}

#[test]
fn a_liking_for_length_is_told_from_longer_answers_being_better() {
    // Longer answers are better by 0.05 a doubling, which everybody sees.
    let fair = measure(&graded(|_, doublings, quality| {
        let true_score = 0.2 + 0.05 * doublings + 0.3 * quality;
        (true_score, true_score)
    }));
    let length = fair.length.unwrap();
    assert!(length.raw.low.unwrap() > 0.0 && (length.raw.value - 0.05).abs() < 0.02);
    let net = length.beside_others.unwrap();
    assert!(net.low.unwrap() < 0.0 && net.high.unwrap() > 0.0, "{net:?}");
    // The judge likes length by 0.03 a doubling, which the others do not.
    let fond = measure(&graded(|_, doublings, quality| {
        (0.2 + 0.03 * doublings + 0.3 * quality, 0.2 + 0.3 * quality)
    }));
    let net = fond.length.unwrap().beside_others.unwrap();
    assert!(
        (net.value - 0.03).abs() < 0.005 && net.low.unwrap() > 0.02,
        "{net:?}"
    );
}

#[test]
fn a_liking_for_the_own_family_is_told_from_its_answers_being_better() {
    let fair = measure(&graded(|is_own, _, quality| {
        let true_score = 0.3 * quality + if is_own { 0.4 } else { 0.2 };
        (true_score, true_score)
    }));
    let family = fair.own_family.unwrap();
    assert!((family.raw.value - 0.2).abs() < 0.02, "{:?}", family.raw);
    let net = family.beside_others.unwrap();
    assert!(net.low.unwrap() < 0.0 && net.high.unwrap() > 0.0, "{net:?}");
    let fond = measure(&graded(|is_own, _, quality| {
        (
            0.3 * quality + if is_own { 0.1 } else { 0.0 },
            0.3 * quality,
        )
    }));
    let net = fond.own_family.unwrap().beside_others.unwrap();
    assert!(
        (net.value - 0.1).abs() < 0.01 && net.low.unwrap() > 0.08,
        "{net:?}"
    );
}

#[test]
fn nothing_is_said_of_families_that_nobody_knows() {
    let mut judge = graded(|_, _, quality| (quality, quality));
    judge.family = None;
    assert_eq!(measure(&judge).own_family, None);
    judge.family = Some("gemini".to_owned());
    assert_eq!(measure(&judge).own_family, None);
}

#[test]
fn agreement_with_people_needs_ten_answers() {
    let pairs: Vec<(usize, bool, bool)> = (0..9).map(|idx| (idx, true, idx % 2 == 0)).collect();
    assert_eq!(agreement(&pairs), None);
    // 40 both pass, 10 judge only, 5 people only, 45 both fail: observed 0.85, expected 0.5,
    // kappa 0.7.
    let cells = [
        (40, true, true),
        (10, true, false),
        (5, false, true),
        (45, false, false),
    ];
    let pairs: Vec<(usize, bool, bool)> = cells
        .iter()
        .flat_map(|(n, judge, people)| vec![(*judge, *people); *n])
        .enumerate()
        .map(|(idx, (judge, people))| (idx, judge, people))
        .collect();
    let found = agreement(&pairs).unwrap();
    assert_eq!(
        (
            found.n_answers,
            found.n_passed_by_people,
            found.n_passed_by_judge
        ),
        (100, 45, 50)
    );
    assert_eq!(found.same.value, 0.85);
    let kappa = found.kappa.unwrap();
    assert!((kappa.value - 0.7).abs() < 1e-9, "{kappa:?}");
    assert!(kappa.low.unwrap() < 0.7 && kappa.high.unwrap() > 0.7);
    assert!(found.alpha.is_some() && found.ac1.is_some());
}

#[test]
fn a_judge_is_checked_by_labels_on_its_answers() {
    let labelled = |n: usize| {
        let words = (0..50).map(|idx| JudgeWord {
            human: (idx < n).then_some(idx % 3 != 0),
            ..word(idx, idx, if idx % 3 == 0 { 0.0 } else { 1.0 })
        });
        measure(&input(false, words.collect()))
    };
    assert_eq!(labelled(0).checked, Checked::Unchecked);
    assert_eq!(labelled(9).checked, Checked::TooFew);
    let checked = labelled(30);
    assert_eq!(checked.checked, Checked::Measured);
    assert_eq!(checked.humans.unwrap().same.value, 1.0);
}

#[test]
fn no_words_no_figures() {
    for compares in [false, true] {
        let figures = measure(&input(compares, Vec::new()));
        assert_eq!(figures.n_answers, 0);
        assert!(figures.order.is_none() && figures.steadiness.is_none());
        assert!(figures.length.is_none() && figures.own_family.is_none());
    }
}

/// Pairs of two contenders over `n` items against `rival`; `rule` gives share and lead by (item, contender).
fn compared(n: usize, rule: impl Fn(usize, usize) -> (f64, f64)) -> PairsInput {
    let pairs = (0..n).flat_map(|item| {
        let (share, lead) = (rule(item, 0), rule(item, 1));
        [(0, share), (1, lead)].map(|(contender, (share, lead))| Pair {
            contender,
            cluster: item,
            share,
            lead_bytes: Some(lead),
        })
    });
    PairsInput {
        scorer: "judge".to_owned(),
        rival: "old".to_owned(),
        contenders: vec!["strong".to_owned(), "level".to_owned()],
        pairs: pairs.collect(),
    }
}

#[test]
fn pairs_rank_contenders_beside_their_rival() {
    // The first is preferred in 3 of 4, the second in half; length says nothing.
    let won = |item: usize, contender: usize| match contender {
        0 => f64::from(u8::from(!item.is_multiple_of(4))),
        _ => f64::from(u8::from(item.is_multiple_of(2))),
    };
    let ranking = rank(&compared(160, |item, contender| {
        (won(item, contender), (item / 4 % 5) as f64 - 2.0)
    }))
    .unwrap();
    assert_eq!((ranking.n_pairs, ranking.unranked), (320, None));
    let [strong, level, old] = &ranking.contenders[..] else {
        panic!("{:?}", ranking.contenders);
    };
    let share = strong.share.unwrap();
    assert_eq!((share.value, share.n), (0.75, 160));
    let equal = strong.at_equal_length.unwrap();
    assert!((equal.value - 0.75).abs() < 1e-6 && equal.low.unwrap() > 0.65);
    // Log odds of 3 against 1 on the scale of 400 for ten.
    let strength = |one: &Preferred| one.strength.unwrap().value;
    let lead = 400.0 * 3.0_f64.log10();
    assert!((strength(strong) - strength(old) - lead).abs() < 1e-6);
    assert!((strength(level) - strength(old)).abs() < 1e-6);
    assert_eq!(strong.rank, Some((1, 1)));
    assert_eq!((level.rank, old.rank), (Some((2, 3)), Some((2, 3))));
    assert!(old.is_rival && old.share.is_none() && old.no_equal_length.is_none());
}

#[test]
fn a_judge_that_likes_length_prefers_less_at_equal_length() {
    // Longer wins, whoever wrote it; the first writes longer in 3 of 4, the second in half.
    let ranking = rank(&compared(160, |item, contender| {
        let is_longer = (item * 7 + contender) % 4 != 0 && (contender == 0 || item % 2 == 0);
        let size = 100.0 + (item % 13) as f64 * 10.0;
        // Every 15th word is for the shorter one, whoever wrote it, or there would be no maximum.
        let is_won = is_longer != item.is_multiple_of(15);
        (
            f64::from(u8::from(is_won)),
            if is_longer { size } else { -size },
        )
    }))
    .unwrap();
    let first = &ranking.contenders[0];
    let (raw, equal) = (first.share.unwrap().value, first.at_equal_length.unwrap());
    assert!(raw > 0.65, "{raw}");
    assert!(
        equal.low.unwrap() < 0.5 && equal.value < raw - 0.1,
        "{equal:?}"
    );
}

#[test]
fn pairs_say_why_there_is_no_figure() {
    assert_eq!(rank(&compared(0, |_, _| (0.5, 0.0))), None);
    let half = |item: usize, _| (f64::from(u8::from(item.is_multiple_of(2))), item as f64);
    let few = rank(&compared(29, half)).unwrap();
    assert!(few.unranked.unwrap().contains("29 independent items"));
    let first = &few.contenders[0];
    assert!(first.share.is_some() && first.strength.is_none() && first.rank.is_none());
    assert!(
        first
            .no_equal_length
            .as_ref()
            .unwrap()
            .contains("30 are needed")
    );
    // Who wins every pair has no strength; the other one and the rival have.
    let unbeaten = rank(&compared(40, |item, contender| match contender {
        0 => (1.0, item as f64),
        _ => half(item, 1),
    }))
    .unwrap();
    assert_eq!(unbeaten.unranked, None);
    assert_eq!(unbeaten.contenders[0].rank, None);
    assert_eq!(unbeaten.contenders[1].rank, Some((1, 2)));
    let why = unbeaten.contenders[0].no_equal_length.as_ref().unwrap();
    assert!(why.contains("every pair"), "{why}");
    // All by the same length: nothing to take out.
    let flat = rank(&compared(40, |item, _| (half(item, 0).0, 3.0))).unwrap();
    let why = flat.contenders[0].no_equal_length.as_ref().unwrap();
    assert!(why.contains("same length"), "{why}");
    let all_won = rank(&compared(40, |item, _| (1.0, item as f64))).unwrap();
    assert!(all_won.unranked.unwrap().contains("same winner"));
}

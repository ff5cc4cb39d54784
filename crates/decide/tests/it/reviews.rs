//! Labels of people correct pass rates and comparisons.

use trilemma_decide::review::{AnswerLabel, Reviews};
use trilemma_decide::*;
use trilemma_domain::{Margin, Observation, Reference, Verdict};

use crate::support::*;

/// Scorers pass 95 of 100; people label every second item and pass only a part of what scorers pass.
fn labels(candidate: usize, n: usize, passes: impl Fn(usize) -> bool) -> Vec<AnswerLabel> {
    (0..n)
        .map(|idx| AnswerLabel {
            candidate,
            item: idx * 2,
            passes: f64::from(u8::from(passes(idx))),
        })
        .collect()
}

fn decided(input: &DecisionInput, columns: &[Vec<Observation>], reviews: Reviews) -> Decision {
    let mut collector = Collector::new(input.clone()).unwrap().with_reviews(reviews);
    for seen in columns.iter().flatten() {
        collector.push(seen).unwrap();
    }
    collector.finish()
}

fn reviews(n_items: usize, labels: Vec<AnswerLabel>) -> Reviews {
    Reviews {
        strata: vec![Some(0); n_items],
        labels,
    }
}

#[test]
fn a_lenient_scorer_is_corrected_by_people() {
    let mut wanted = input(vec![candidate("a", Some(("1", "1")))], 200);
    wanted.requirements.pass_rate = pass_rate(0.85);
    let columns = [passes(0, 190, 200)];
    let alone = decided(&wanted, &columns, Reviews::default());
    assert_eq!(gate(&alone, 0, GateKind::PassRate).verdict, Verdict::Meets);
    assert!(alone.review.is_empty());
    // Of what the scorers pass people pass three quarters.
    let checked = reviews(200, labels(0, 100, |idx| idx < 95 && idx % 4 != 0));
    let got = decided(&wanted, &columns, checked);
    let result = gate(&got, 0, GateKind::PassRate);
    assert_eq!(result.verdict, Verdict::Fails, "{}", result.reason);
    assert_eq!(
        (result.method, result.n),
        (Method::PredictionPowered, Some(100))
    );
    assert!(
        result.reason.contains("corrected by people"),
        "{}",
        result.reason
    );
    assert!(result.reason.contains("95.0 %"), "{}", result.reason);
    let review = &got.review[0];
    let corrected = review.corrected.unwrap();
    // 71 of 100 labelled; scorers pass 95 of them and 95 of the other 100, so nothing is left to correct.
    assert!((corrected.value - 0.71).abs() < 1e-9, "{corrected:?}");
    assert_eq!(
        (review.n_labels, review.by_scorers.unwrap().value),
        (100, 0.95)
    );
    // Raw figures stay beside the corrected ones.
    assert_eq!(got.candidates[0].pass_rate.unwrap().value, 0.95);
}

#[test]
fn people_who_agree_confirm_a_verdict() {
    let mut wanted = input(vec![candidate("a", Some(("1", "1")))], 400);
    wanted.requirements.pass_rate = pass_rate(0.85);
    let columns = [passes(0, 380, 400)];
    let agreeing = reviews(400, labels(0, 200, |idx| idx < 190));
    let got = decided(&wanted, &columns, agreeing);
    let result = gate(&got, 0, GateKind::PassRate);
    assert_eq!(result.verdict, Verdict::Meets, "{}", result.reason);
    assert!(got.review[0].weight_of_scorers.unwrap() > 0.4);
}

#[test]
fn too_few_labels_leave_the_scorers_word_and_say_so() {
    let mut wanted = input(vec![candidate("a", Some(("1", "1")))], 200);
    wanted.requirements.pass_rate = pass_rate(0.85);
    let columns = [passes(0, 190, 200)];
    let got = decided(&wanted, &columns, reviews(200, labels(0, 20, |_| false)));
    assert_eq!(
        gate(&got, 0, GateKind::PassRate).method,
        Method::ClopperPearson
    );
    let review = &got.review[0];
    assert_eq!(
        (review.corrected, review.n_labels_missing),
        (None, Some(10))
    );
}

#[test]
fn a_comparison_rests_on_labels_of_both() {
    let both = vec![
        candidate("a", Some(("1", "1"))),
        candidate("b", Some(("9", "9"))),
    ];
    let mut wanted = input(both, 300);
    wanted.incumbent = Some(1);
    wanted.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Absolute(0.05));
    let columns = [passes(0, 285, 300), passes(1, 285, 300)];
    let alone = decided(&wanted, &columns, Reviews::default());
    assert_eq!(
        gate(&alone, 0, GateKind::NotWorseThan).verdict,
        Verdict::Meets
    );
    // The judge saw no difference; people fail every third answer of the first.
    let mut all = labels(0, 150, |idx| idx < 142 && idx % 3 != 0);
    all.extend(labels(1, 150, |idx| idx < 142));
    let got = decided(&wanted, &columns, reviews(300, all.clone()));
    let result = gate(&got, 0, GateKind::NotWorseThan);
    assert_eq!(result.verdict, Verdict::Fails, "{}", result.reason);
    assert_eq!(
        (result.reference, result.method),
        (Some(1), Method::PredictionPowered)
    );
    // Labels of one side alone say nothing of the difference.
    all.retain(|label| label.candidate == 0);
    let got = decided(&wanted, &columns, reviews(300, all));
    assert_eq!(gate(&got, 0, GateKind::NotWorseThan).method, Method::Tango);
    wanted.requirements.not_worse_than = not_worse(Reference::Incumbent, Margin::Ratio(0.9));
    let mut all = labels(0, 150, |idx| idx < 142 && idx % 3 != 0);
    all.extend(labels(1, 150, |idx| idx < 142));
    let got = decided(&wanted, &columns, reviews(300, all));
    assert_eq!(
        gate(&got, 0, GateKind::NotWorseThan).verdict,
        Verdict::Fails
    );
}

#[test]
fn weights_and_clusters_are_respected() {
    let mut wanted = input(vec![candidate("a", Some(("1", "1")))], 200);
    wanted.requirements.pass_rate = pass_rate(0.5);
    let columns = [passes(0, 160, 200)];
    let checked = reviews(200, labels(0, 100, |idx| idx < 80));
    let corrected = |wanted: &DecisionInput| {
        let got = decided(wanted, &columns, checked.clone());
        got.review[0].corrected.unwrap()
    };
    let width = |figure: Figure| figure.high.unwrap() - figure.low.unwrap();
    let plain = corrected(&wanted);
    for (idx, item) in wanted.items.iter_mut().enumerate() {
        item.cluster = Some((idx / 4).to_string());
    }
    let clustered = corrected(&wanted);
    assert_eq!(clustered.value, plain.value);
    assert!(
        width(clustered) > 1.5 * width(plain),
        "{clustered:?} {plain:?}"
    );
    for (idx, item) in wanted.items.iter_mut().enumerate() {
        item.cluster = None;
        item.weight = if idx < 160 { 1.0 } else { 3.0 };
    }
    // Weighted: 160 of 280 pass.
    let weighted = corrected(&wanted);
    assert!(
        (weighted.value - 160.0 / 280.0).abs() < 0.02,
        "{weighted:?}"
    );
}

#[test]
fn candidates_are_ranked_by_what_people_say_where_all_have_labels() {
    let both = vec![
        candidate("flattered", Some(("1", "1"))),
        candidate("honest", Some(("1.2", "1.2"))),
    ];
    let mut wanted = input(both, 300);
    wanted.preference = Preference::PassRate;
    let columns = [passes(0, 290, 300), passes(1, 270, 300)];
    // The scorers favour the first; people fail every third answer of it.
    let mut all = labels(0, 150, |idx| idx % 3 != 0);
    all.extend(labels(1, 150, |idx| idx < 140));
    let got = decided(&wanted, &columns, reviews(300, all.clone()));
    assert_eq!(got.ranking[0].candidate, 1, "{:?}", got.ranking);
    assert!(got.review.iter().all(|one| one.ranks));
    let agreement = got.review[0].agreement.unwrap();
    // Of 145 that scorers pass people pass 96; of five that they fail people fail one.
    let share = 97.0 / 150.0;
    assert!((agreement.value - share).abs() < 1e-9, "{agreement:?}");
    assert!(agreement.low.unwrap() < 0.60 && agreement.high.unwrap() > 0.70);
    // With labels of one only, the scorers' figures rank: nobody gains by being labelled less.
    all.retain(|label| label.candidate == 0);
    let got = decided(&wanted, &columns, reviews(300, all));
    assert_eq!(got.ranking[0].candidate, 0);
    assert!(!got.review[0].ranks);
}

//! A classifier of which it is known how often it is right.

use super::*;
use crate::measure::{Abstention, appraise};

/// USD of a label.
const LABEL_USD: f64 = 0.000_02;

/// As [`examples`], with a classifier that is right about `good` of a hundred items, and says something else about
/// `silent` of them.
fn labelled(n: u64, (good, silent): (u64, u64), usd: f64) -> Examples {
    let mut all = examples(n, 4);
    all.classifiers = vec![Member::named("triage")];
    for (idx, row) in (0..n).zip(&mut all.rows) {
        let coin = |salt: u64| (idx * 40_503 + salt * 2_654_435_761) / 11 % 100;
        let is_hard = idx.is_multiple_of(3) == (coin(1) < good);
        let said = match is_hard {
            _ if coin(2) < silent => "As a language model, I would say hard",
            true => "Hard",
            false => "easy\n",
        };
        row.labels = vec![Recorded {
            observation: Observation::text("triage", said),
            quality: 0.0,
            cost_usd: usd,
            seconds: Some(0.3),
            again: Vec::new(),
        }];
    }
    all
}

fn wanted() -> Options {
    Options {
        cascades: false,
        queries: false,
        labels: Some(Labels {
            by: "triage".into(),
            extract: None,
            labels: vec!["easy".to_owned(), "hard".to_owned()],
        }),
        ..options(true)
    }
}

/// Whom each label goes to, and the rest.
fn ways(plan: &Plan) -> Vec<(String, String)> {
    let name = |plan: &Plan| match plan {
        Plan::Single(id) => id.to_string(),
        other => panic!("{other:?}"),
    };
    let Plan::Classify {
        by,
        labels,
        otherwise,
        ..
    } = plan
    else {
        panic!("{plan:?}")
    };
    assert_eq!(by.as_str(), "triage");
    let labels = labels.iter();
    let mut ways: Vec<(String, String)> = labels
        .map(|(label, plan)| (label.clone(), name(plan)))
        .collect();
    ways.push(("*".to_owned(), name(otherwise)));
    ways
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    all.iter().map(own).collect()
}

#[test]
fn each_label_gets_its_candidate_and_every_label_is_paid_and_waited_for() {
    let all = labelled(300, (100, 0), LABEL_USD);
    let trained = train(&all, &wanted());
    assert_eq!(
        ways(&trained.policy.plan),
        pairs(&[("easy", "tiny"), ("hard", "large"), ("*", "large")])
    );
    let names = trained.policy.candidates.iter().map(|one| one.id.as_str());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["tiny", "small", "large", "triage"]
    );
    let router = Router::new(trained.policy.clone()).unwrap();
    let served = replay(&router, &all);
    // The first item is hard, the second easy.
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    close(served[0].cost_usd, 0.002 + LABEL_USD);
    close(served[1].cost_usd, 0.0001 + LABEL_USD);
    close(served[1].label_usd, LABEL_USD);
    close(served[0].seconds.unwrap(), 2.3);
    assert_eq!((served[0].n_calls, served[0].n_steps), (2, 1));
    assert_eq!(served[0].asked, [[2]]);
    assert!(!served[0].held_back);
    let found = appraise(&router, &all, 1);
    close(found.labels.unwrap().point, LABEL_USD);
    close(found.escalated, 0.0);
    close(found.calls, 2.0);
    // What the training expects is what unseen items cost, label and all.
    let cost = served.iter().map(|one| one.cost_usd).sum::<f64>() / 300.0;
    assert!(
        (trained.cost_usd - cost).abs() < 2e-5,
        "{}",
        trained.cost_usd
    );
}

#[test]
fn labels_are_judged_on_unseen_items_beside_candidates_that_answer() {
    let all = labelled(300, (90, 5), LABEL_USD);
    let found = evaluate(&all, &wanted());
    assert_eq!(found.verdict, Verdict::Worth);
    let names: Vec<&str> = found.singles.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["tiny", "small", "large"]);
    // Nothing that is compared with pays for labels.
    assert_eq!(
        found.singles,
        evaluate(&examples(300, 4), &wanted()).singles
    );
    assert_eq!(
        found.baselines,
        evaluate(&examples(300, 4), &wanted()).baselines
    );
    // The same once more.
    assert_eq!(found, evaluate(&all, &wanted()));
}

#[test]
fn labels_that_say_nothing_or_cost_too_much_are_not_asked_for() {
    let single = |all: &Examples| {
        let trained = train(all, &wanted());
        assert!(
            matches!(trained.policy.plan, Plan::Single(_)),
            "{:?}",
            trained.policy.plan
        );
        assert!(
            trained
                .policy
                .candidates
                .iter()
                .all(|one| one.id.as_str() != "triage")
        );
    };
    single(&labelled(300, (50, 0), LABEL_USD));
    // Two thirds of the items save 0.0019 each.
    single(&labelled(300, (100, 0), 0.0015));
    // It never names a label.
    single(&labelled(300, (100, 100), LABEL_USD));
    // Nobody asked it, or somebody else.
    single(&examples(300, 4));
    let noise = labelled(300, (50, 0), LABEL_USD);
    assert!(matches!(
        evaluate(&noise, &wanted()).verdict,
        Verdict::Abstain {
            kind: Abstention::NotShown | Abstention::Below,
            ..
        }
    ));
}

#[test]
fn what_no_label_names_goes_to_the_large_one_until_enough_is_known_of_it() {
    let few = labelled(300, (100, 2), LABEL_USD);
    assert_eq!(
        ways(&train(&few, &wanted()).policy.plan).pop().unwrap().1,
        "large"
    );
    // Every easy item, and no other, is one of them: it is learned that the cheap one does for those.
    let mut all = labelled(300, (100, 0), LABEL_USD);
    for row in &mut all.rows {
        if row.text.contains("simple") {
            row.labels[0].observation = Observation::text("triage", "dunno");
        } else if row.id.len() < 2 {
            row.labels[0].observation = Observation::text("triage", "easy");
        }
    }
    assert_eq!(
        ways(&train(&all, &wanted()).policy.plan).pop().unwrap().1,
        "tiny"
    );
}

#[test]
fn items_without_text_pay_for_no_label_offline_as_live() {
    let mut all = labelled(300, (100, 0), LABEL_USD);
    for row in all.rows.iter_mut().skip(200) {
        row.text = " ".to_owned();
    }
    let loose = Options {
        target: Target::Loss(0.03),
        ..wanted()
    };
    let trained = train(&all, &loose);
    let served = replay(&Router::new(trained.policy).unwrap(), &all);
    let paid = served.iter().filter(|one| one.label_usd > 0.0).count();
    assert_eq!(paid, 200);
}

#[test]
fn rules_may_ask_for_labels_beside_any_training() {
    let all = labelled(300, (100, 0), LABEL_USD);
    let then = serde_json::from_value(serde_json::json!({"classify": {
        "by": "triage", "labels": {"easy": {"single": "small"}}, "otherwise": {"single": "large"},
    }}))
    .unwrap();
    let when = serde_json::from_value(serde_json::json!({"contains": ["birds"]})).unwrap();
    let frame = Frame {
        rules: vec![crate::policy::Rule {
            name: "birds".to_owned(),
            when,
            then,
        }],
        ..Frame::default()
    };
    let asked = Options {
        frame,
        labels: None,
        ..options(true)
    };
    let router = Router::new(train(&all, &asked).policy).unwrap();
    for (row, served) in all.rows.iter().zip(replay(&router, &all)) {
        let is_bird = row.text.contains("birds");
        assert_eq!(served.label_usd > 0.0, is_bird, "{}", row.text);
        if is_bird {
            let member = if row.text.contains("simple") { 1 } else { 2 };
            assert_eq!(served.answered_by, Some(member));
        }
    }
}

proptest! {
    #[test]
    fn whatever_was_recorded_training_ends_in_a_policy_that_runs(
        said in prop::collection::vec("\\PC{0,6}|easy|hard", 60),
        usd in 0.0..0.01_f64,
    ) {
        let mut all = labelled(60, (100, 0), usd);
        for (row, said) in all.rows.iter_mut().zip(said) {
            row.labels[0].observation = Observation::text("triage", said);
        }
        let trained = train(&all, &wanted());
        prop_assert!(trained.cost_usd.is_finite());
        let served = replay(&Router::new(trained.policy).unwrap(), &all);
        prop_assert!(served.iter().all(|one| one.answered_by.is_some_and(|at| at < 3)));
    }
}

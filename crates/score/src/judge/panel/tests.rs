//! Checks of pairs, panels, and what too few words come to.

use serde_json::{Value, json};
use trilemma_domain::{Expected, Input, Item, Order, ScoredOutcome, ScorerSpec};

use crate::{Answer, JudgeSpec, Mode, Scorer, build};

fn spec(options: Value) -> ScorerSpec {
    ScorerSpec {
        kind: "judge".to_owned(),
        label: "judge".to_owned(),
        weight: 1.0,
        options: options.as_object().unwrap().clone(),
    }
}

fn judge(options: Value) -> Scorer {
    build(&spec(options)).unwrap()
}

fn of(scorer: &Scorer) -> &JudgeSpec {
    match scorer.mode() {
        Mode::Judge(spec) => spec,
        other => panic!("no judge: {other:?}"),
    }
}

fn pair() -> Scorer {
    judge(json!({"model": "a/b", "mode": "pairwise"}))
}

fn panel(n: usize, combine: &str) -> Scorer {
    let models: Vec<String> = (0..n).map(|idx| format!("p/m{idx}")).collect();
    judge(json!({"models": models, "rubric": "r", "combine": combine}))
}

fn scored(score: f64) -> ScoredOutcome {
    crate::outcome::because(score, "why")
}

fn missing() -> ScoredOutcome {
    crate::outcome::failed("the judge failed")
}

fn value(outcome: &ScoredOutcome) -> Option<f64> {
    super::score(outcome)
}

fn item() -> Item {
    Item {
        expected: Some(Expected::Text("four".to_owned())),
        ..Item::new("i", Input::Text("2+2?".to_owned()))
    }
}

#[test]
fn a_pair_is_shown_in_both_orders() {
    let scorer = pair();
    let (own, other) = (Answer::text("mine"), Answer::text("theirs"));
    let prompts = scorer.judge_prompts(&item(), &own, Some(&other)).unwrap();
    let orders: Vec<Order> = prompts.iter().map(|(order, _)| *order).collect();
    assert_eq!(orders, [Order::First, Order::Second]);
    let users: Vec<String> = prompts
        .iter()
        .map(|(_, prompt)| prompt.messages[1].joined_text())
        .collect();
    let place = |text: &str, word: &str| text.find(word).unwrap();
    assert!(place(&users[0], "mine") < place(&users[0], "theirs"));
    assert!(place(&users[1], "mine") > place(&users[1], "theirs"));
    for user in &users {
        assert!(user.contains("four"), "the reference is shown: {user}");
    }
    let system = prompts[0].1.messages[0].joined_text();
    assert!(system.contains("\"winner\": WINNER"), "{system}");
    assert!(system.contains("one of \"A\", \"B\", \"tie\""), "{system}");
}

#[test]
fn an_expected_answer_in_a_pair_is_not_shown_as_the_reference_too() {
    let scorer = judge(json!({"model": "a/b", "mode": "pairwise", "against": "expected"}));
    let prompts = scorer
        .judge_prompts(&item(), &Answer::text("mine"), None)
        .unwrap();
    let user = prompts[0].1.messages[1].joined_text();
    assert_eq!(user.matches("four").count(), 1, "{user}");
    let bare = Item::new("i", Input::Text("2+2?".to_owned()));
    let early = scorer.judge_prompts(&bare, &Answer::text("mine"), None);
    assert!(matches!(early, Err(ScoredOutcome::NotApplicable { .. })));
}

#[test]
fn a_pair_without_the_incumbents_answer_is_missing() {
    let early = pair().judge_prompts(&item(), &Answer::text("mine"), None);
    assert!(matches!(early, Err(ScoredOutcome::Failed { .. })));
}

#[test]
fn a_reference_judge_needs_the_reference() {
    let scorer = judge(json!({"model": "a/b", "mode": "reference"}));
    let prompts = scorer
        .judge_prompts(&item(), &Answer::text("mine"), None)
        .unwrap();
    let user = prompts[0].1.messages[1].joined_text();
    assert!(user.contains("four") && user.contains("Compare the answer with the reference"));
    let bare = Item::new("i", Input::Text("2+2?".to_owned()));
    let early = scorer.judge_prompts(&bare, &Answer::text("mine"), None);
    assert!(matches!(early, Err(ScoredOutcome::NotApplicable { .. })));
}

#[test]
fn a_winner_is_read_from_json_and_from_prose() {
    let scorer = pair();
    let spec = of(&scorer);
    for (reply, first) in [
        ("{\"explanation\": \"x\", \"winner\": \"A\"}", 1.0),
        ("```json\n{\"winner\": \"B\"}\n```\nThank you.", 0.0),
        ("A is longer, B is wrong.\n\nWinner: **A**", 1.0),
        ("Both are fine. Verdict: a tie.", 0.5),
        ("[[B]]", 0.0),
        ("Winner: Answer B, by a little", 0.0),
        ("tie", 0.5),
    ] {
        let word = |order| value(&spec.read(order, reply));
        assert_eq!(word(Order::First), Some(first), "{reply}");
        assert_eq!(word(Order::Second), Some(1.0 - first), "{reply}");
    }
    for reply in [
        "A or B, who knows",
        "{\"winner\": \"C\"}",
        "{\"winner\": 1}",
        "",
        "{\"explanation\": \"cut",
    ] {
        assert_eq!(value(&spec.read(Order::First, reply)), None, "{reply}");
        assert_eq!(value(&spec.read(Order::Second, reply)), None, "{reply}");
    }
}

#[test]
fn a_word_that_changes_with_the_order_is_a_tie() {
    let scorer = pair();
    let spec = of(&scorer);
    let both = |a: f64, b: f64| value(&spec.combine(&[vec![scored(a), scored(b)]]));
    assert_eq!(both(1.0, 1.0), Some(1.0));
    assert_eq!(both(0.0, 0.0), Some(0.0));
    assert_eq!(both(0.5, 0.5), Some(0.5));
    // Whoever is shown first wins; whoever is shown second wins; one order undecided.
    for (a, b) in [(1.0, 0.0), (0.0, 1.0), (1.0, 0.5), (0.5, 0.0)] {
        assert_eq!(both(a, b), Some(0.5), "{a} {b}");
    }
    for words in [[scored(1.0), missing()], [missing(), scored(1.0)]] {
        assert_eq!(value(&spec.combine(&[words.to_vec()])), None);
    }
}

#[test]
fn a_mean_needs_more_than_half_of_the_panel() {
    let check = |words: &[Option<f64>], expected: Option<f64>| {
        let scorer = panel(words.len(), "mean");
        let words: Vec<Vec<ScoredOutcome>> = words
            .iter()
            .map(|word| vec![word.map_or_else(missing, scored)])
            .collect();
        let found = value(&of(&scorer).combine(&words));
        assert_eq!(found, expected, "{words:?}");
    };
    check(&[Some(1.0), Some(0.5)], Some(0.75));
    check(&[Some(1.0), None], None);
    check(&[Some(1.0), None, Some(0.5)], Some(0.75));
    check(&[None, None, Some(0.5)], None);
    check(&[None, None], None);
}

#[test]
fn a_majority_holds_whatever_the_missing_would_have_said() {
    let check = |words: &[Option<f64>], expected: Option<f64>| {
        let scorer = panel(words.len(), "majority");
        let words: Vec<Vec<ScoredOutcome>> = words
            .iter()
            .map(|word| vec![word.map_or_else(missing, scored)])
            .collect();
        let found = value(&of(&scorer).combine(&words));
        assert_eq!(found, expected, "{words:?}");
    };
    check(&[Some(0.7), Some(0.9), Some(0.1)], Some(1.0));
    check(&[Some(0.7), Some(0.9), None], Some(1.0));
    check(&[Some(0.2), Some(0.0), None], Some(0.0));
    check(&[Some(0.7), Some(0.0), None], None);
    check(&[Some(0.7), Some(0.0)], Some(0.5));
}

#[test]
fn each_judge_of_a_panel_is_named_in_the_explanation() {
    let scorer = panel(2, "mean");
    let word = of(&scorer).combine(&[vec![scored(1.0)], vec![scored(0.0)]]);
    let ScoredOutcome::Scored { explanation, .. } = word else {
        panic!("{word:?}");
    };
    assert_eq!(
        explanation.as_deref(),
        Some("p/m0: 1.00 why\np/m1: 0.00 why")
    );
}

#[test]
fn what_makes_no_sense_is_told_at_once() {
    let check = |options: Value, expected: &[&str]| {
        let problems = build(&spec(options)).unwrap_err();
        let found: Vec<&str> = problems
            .iter()
            .filter_map(|problem| problem.option.as_deref())
            .collect();
        assert_eq!(found, expected, "{problems:?}");
    };
    check(
        json!({"model": "a/b", "models": ["c/d"], "rubric": "r"}),
        &["models"],
    );
    check(
        json!({"models": ["a/b", "a/b"], "rubric": "r"}),
        &["models"],
    );
    check(json!({"models": ["gpt"], "rubric": "r"}), &["models"]);
    check(json!({"rubric": "r"}), &["model"]);
    check(
        json!({"model": "a/b", "mode": "pairwise", "scale": "1-5"}),
        &["scale"],
    );
    check(
        json!({"model": "a/b", "mode": "reference", "show_expected": false}),
        &["show_expected"],
    );
    check(
        json!({"model": "a/b", "rubric": "r", "recheck": 1.5}),
        &["recheck"],
    );
    check(json!({"model": "a/b"}), &["rubric"]);
    for price in [
        json!({"input": "1"}),
        json!({"input": "x", "output": "1"}),
        json!({"input": "-1", "output": "1"}),
        json!({"input": "1", "output": "1", "per": "2"}),
    ] {
        check(
            json!({"model": "a/b", "rubric": "r", "price": price}),
            &["price"],
        );
    }
}

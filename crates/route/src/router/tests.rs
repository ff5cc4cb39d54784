//! Policies step by step.

mod labels;
mod vectors;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::observe::Observation;
use crate::policy::{Modality, Policy, PolicyError, SCHEMA_VERSION};
use crate::request::RequestView;

fn router(plan: Value) -> Router {
    with_fallback(plan, json!([]))
}

fn with_fallback(plan: Value, fallback: Value) -> Router {
    Router::read(&file(plan, fallback)).unwrap()
}

fn file(plan: Value, fallback: Value) -> String {
    json!({
        "schema_version": SCHEMA_VERSION,
        "name": "test",
        "candidates": [{"id": "a"}, {"id": "b"}, {"id": "big"}, {"id": "namer"}],
        "plan": plan,
        "fallback": fallback,
    })
    .to_string()
}

fn text(candidate: &str, text: &str) -> Observation {
    Observation::text(candidate, text)
}

fn failed(candidate: &str) -> Observation {
    Observation::failed(candidate)
}

/// A step in short: `?a b` asks for evidence, `!a` for the answer, `%a` asks for a label, `=0` gives an answer, `-` gives up.
fn short(decision: &Decision) -> String {
    match &decision.step {
        Step::Call(calls) => {
            let mark = match calls[0].purpose {
                Use::Given => '!',
                Use::Judged => '?',
                Use::Embedded => '#',
                Use::Labelled => '%',
            };
            let names: Vec<&str> = calls.iter().map(|call| call.candidate.as_str()).collect();
            format!("{mark}{}", names.join(" "))
        }
        Step::Answer { seen_idx } => format!("={seen_idx}"),
        Step::Exhausted => "-".to_owned(),
    }
}

#[track_caller]
fn check(router: &Router, request: &RequestView<'_>, seen: &[Observation], expected: &str) {
    let decision = router.step(request, seen);
    assert_eq!(short(&decision), expected, "{:?}", decision.why);
}

fn asked(query: &str) -> RequestView<'_> {
    RequestView::of_text(query)
}

#[test]
fn a_failed_candidate_is_followed_by_the_fallback_chain() {
    let router = with_fallback(json!({"single": "a"}), json!(["b", "big"]));
    let request = asked("x");
    check(&router, &request, &[], "!a");
    check(&router, &request, &[text("a", "1")], "=0");
    check(&router, &request, &[failed("a")], "!b");
    check(&router, &request, &[failed("a"), failed("b")], "!big");
    check(&router, &request, &[failed("a"), text("b", "")], "=1");
    check(
        &router,
        &request,
        &[failed("a"), failed("b"), failed("big")],
        "-",
    );
}

#[test]
fn the_first_rule_that_holds_decides() {
    let router = router(json!({"rules": {
        "rules": [
            {"name": "paying", "when": {"user_tier": ["gold"], "task": ["code"]}, "then": {"single": "big"}},
            {"name": "sums", "when": {"matches": "\\d+ *[+*]"}, "then": {"single": "b"}},
            {"name": "long", "when": {"words": {"min": 4}, "none": [{"contains": ["ÜBER"]}]}, "then": {"single": "b"}},
        ],
        "otherwise": {"single": "a"},
    }}));
    check(&router, &asked("hello"), &[], "!a");
    check(&router, &asked("3 + 4"), &[], "!b");
    check(&router, &asked("one two three four"), &[], "!b");
    check(&router, &asked("one two über four"), &[], "!a");
    let mut gold = asked("3 + 4");
    gold.user_tier = Some("gold");
    check(&router, &gold, &[], "!b");
    gold.task = Some("code");
    check(&router, &gold, &[], "!big");
    let why = router.step(&gold, &[]).why;
    assert_eq!(why[0].to_string(), "rule `paying` holds");
}

#[test]
fn conditions_look_at_facts_and_not_at_their_absence() {
    let holds = |when: Value, request: &RequestView<'_>| {
        let router = router(json!({"rules": {
            "rules": [{"name": "r", "when": when, "then": {"single": "b"}}],
            "otherwise": {"single": "a"},
        }}));
        short(&router.step(request, &[])) == "!b"
    };
    let bare = asked("Grüße");
    assert!(holds(json!({}), &bare));
    assert!(holds(json!({"chars": {"min": 5, "max": 5}}), &bare));
    assert!(!holds(json!({"hours": "00:00-24:00"}), &bare));
    assert!(!holds(json!({"tags": ["x"]}), &bare));
    assert!(!holds(json!({"carries": ["image"]}), &bare));
    let tags = ["x".to_owned(), "y".to_owned()];
    let full = RequestView {
        tags: &tags,
        route: Some("chat"),
        // A Saturday.
        time: Some("2026-11-28T23:30:00Z".parse().unwrap()),
        modalities: vec![Modality::Image],
        context_chars: 401,
        ..asked("q")
    };
    assert!(holds(
        json!({"hours": "22:00-06:00", "days": ["sat"]}),
        &full
    ));
    assert!(!holds(json!({"hours": "06:00-22:00"}), &full));
    assert!(!holds(json!({"hours": "22:00-23:30"}), &full));
    assert!(!holds(json!({"days": ["sun"]}), &full));
    assert!(holds(json!({"tags": ["z", "y"], "route": ["chat"]}), &full));
    assert!(holds(json!({"carries": ["tools", "image"]}), &full));
    assert!(holds(
        json!({"context_tokens": {"min": 101, "max": 101}}),
        &full
    ));
    assert!(holds(
        json!({"any": [{"route": ["x"]}, {"chars": {"max": 1}}]}),
        &full
    ));
    assert!(!holds(
        json!({"any": [{"route": ["x"]}, {"chars": {"max": 0}}]}),
        &full
    ));
}

#[test]
fn the_documents_rules_choose_a_tier() {
    let router = router(json!({"tiers": {"small": "a", "medium": "b", "large": "big"}}));
    check(&router, &asked("hi"), &[], "!a");
    check(&router, &asked("def f(): pass"), &[], "!b");
    check(&router, &asked("Evaluate this"), &[], "!big");
}

#[test]
fn a_task_has_its_own_plan() {
    let router = router(json!({"per_task": {
        "tasks": {"sums": {"single": "a"}}, "otherwise": {"single": "big"},
    }}));
    let mut request = asked("x");
    check(&router, &request, &[], "!big");
    request.task = Some("sums");
    check(&router, &request, &[], "!a");
}

fn agreement(pace: &str) -> Router {
    router(json!({"cascade": {
        "ask": ["a", "b"], "pace": pace, "extract": ["last_number"],
        "accept": {"agree": 2}, "escalate": {"single": "big"},
    }}))
}

#[test]
fn two_cheap_answers_that_agree_are_enough() {
    let router = agreement("together");
    let request = asked("2+2?");
    check(&router, &request, &[], "?a b");
    check(&router, &request, &[text("b", "4")], "?a");
    // The first in the policy's order speaks, whoever came first.
    check(
        &router,
        &request,
        &[text("b", "so 4"), text("a", "It is 4.")],
        "=1",
    );
    let split = [text("a", "4"), text("b", "5")];
    check(&router, &request, &split, "!big");
    let done = [text("a", "4"), text("b", "5"), text("big", "4")];
    check(&router, &request, &done, "=2");
    check(&router, &request, &[failed("a"), text("b", "4")], "!big");
    // Without an escalation there is still the cheap answer.
    let lost = [failed("a"), text("b", "4"), failed("big")];
    check(&router, &request, &lost, "=1");
    let why = router.step(&request, &lost).why;
    assert_eq!(why[0].to_string(), "1 of 2 answers agree, 2 are needed");
    assert_eq!(why[2], Why::LastResort);
    check(
        &router,
        &request,
        &[failed("a"), failed("b"), failed("big")],
        "-",
    );
}

#[test]
fn in_turn_no_call_is_made_that_cannot_help() {
    let router = agreement("in_turn");
    let request = asked("2+2?");
    check(&router, &request, &[], "?a");
    check(&router, &request, &[text("a", "4")], "?b");
    check(&router, &request, &[text("a", "no idea")], "!big");
    check(&router, &request, &[text("a", "4"), text("b", "4")], "=0");
}

#[test]
fn one_candidate_is_asked_until_its_answers_agree() {
    let router = router(json!({"cascade": {
        "ask": ["a", "a", "a"], "pace": "in_turn", "accept": {"agree": 2}, "escalate": {"single": "big"},
    }}));
    let request = asked("x");
    check(&router, &request, &[text("a", "1")], "?a");
    check(&router, &request, &[text("a", "1"), text("a", " 1")], "=0");
    check(&router, &request, &[text("a", "1"), text("a", "2")], "?a");
    let two_of_three = [text("a", "1"), text("a", "2"), text("a", "2")];
    check(&router, &request, &two_of_three, "=1");
    let none = [text("a", "1"), text("a", "2"), text("a", "3")];
    check(&router, &request, &none, "!big");
}

#[test]
fn a_cut_answer_is_not_sufficient() {
    let router = router(json!({"cascade": {
        "ask": ["a"], "extract": "json_field:x", "accept": "complete", "escalate": {"single": "big"},
    }}));
    let request = asked("x");
    check(&router, &request, &[text("a", "{\"x\": 1}")], "=0");
    check(&router, &request, &[text("a", "sorry")], "!big");
    let mut cut = text("a", "{\"x\": 1}");
    if let crate::Outcome::Answered { finish, .. } = &mut cut.outcome {
        *finish = Some(trilemma_domain::FinishReason::Length);
    }
    check(&router, &request, &[cut], "!big");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let text = file(
        json!({"rules": {
            "rules": [
                {"name": "r", "when": {"matches": "(", "hours": "8-9", "days": ["Monday"], "chars": {"min": 2, "max": 1}},
                 "then": {"single": "nobody"}},
                {"name": "s", "when": {}, "then": {"classify": {"by": "a", "labels": {"X": {"single": "a"}, "x ": {"single": "b"}}, "otherwise": {"single": "b"}}}},
            ],
            "otherwise": {"cascade": {"ask": [], "extract": ["nonsense"], "accept": {"agree": 1}, "escalate": {"single": "b"}}},
        }}),
        json!(["gone"]),
    );
    let error = Router::read(&text).unwrap_err();
    let PolicyError::Problems(problems) = &error else {
        panic!("{error}")
    };
    let at: Vec<&str> = problems.iter().map(|problem| problem.at.as_str()).collect();
    assert_eq!(
        at,
        [
            "plan.rules.rules[0].when.chars",
            "plan.rules.rules[0].when.matches",
            "plan.rules.rules[0].when.hours",
            "plan.rules.rules[0].when.days[0]",
            "plan.rules.rules[0].then.single",
            "plan.rules.rules[1].then.classify.labels.x ",
            "plan.rules.otherwise.cascade.ask",
            "plan.rules.otherwise.cascade.accept.agree",
            "plan.rules.otherwise.cascade.extract[0].step",
            "fallback[0]",
            "plan",
        ],
        "{error}"
    );
}

#[test]
fn a_misspelt_field_is_named_with_its_line() {
    let text = "{\"schema_version\": 1, \"name\": \"x\",\n \"candidates\": [{\"id\": \"a\"}],\n \"plan\": {\"rules\": {\"rules\": [{\"name\": \"r\",\n  \"when\": {\"wrods\": {\"min\": 3}}, \"then\": {\"single\": \"a\"}}],\n \"otherwise\": {\"single\": \"a\"}}}}";
    let error = Router::read(text).unwrap_err().to_string();
    assert!(error.contains("line 4"), "{error}");
    assert!(
        error.contains("`wrods`") && error.contains("`words`"),
        "{error}"
    );
}

#[test]
fn the_hash_covers_content_and_not_layout() {
    let policy = router(json!({"single": "a"})).policy().clone();
    let written = policy.write();
    assert_eq!(
        Policy::read(&written).unwrap().content_hash(),
        policy.content_hash()
    );
    let tight: Value = serde_json::from_str(&written).unwrap();
    assert!(Policy::read(&tight.to_string()).is_ok());
    let changed = written.replace("\"single\": \"a\"", "\"single\": \"b\"");
    assert!(matches!(
        Policy::read(&changed),
        Err(PolicyError::Changed { .. })
    ));
    let newer = written.replace("\"schema_version\": 1", "\"schema_version\": 2, \"x\": 1");
    assert!(matches!(
        Policy::read(&newer),
        Err(PolicyError::Version { found: 2, known: 1 })
    ));
}

/// Any plan over three answerers and one classifier.
fn plans() -> impl Strategy<Value = Value> {
    let name = || prop::sample::select(vec!["a", "b", "big"]);
    let leaf = prop_oneof![
        name().prop_map(|name| json!({"single": name})),
        (name(), name(), name())
            .prop_map(|(s, m, l)| json!({"tiers": {"small": s, "medium": m, "large": l}})),
    ];
    leaf.prop_recursive(3, 12, 2, move |inner| {
        let ask = prop::collection::vec(prop::sample::select(vec!["a", "b", "big"]), 2..5);
        let pace = prop::sample::select(vec!["together", "in_turn"]);
        prop_oneof![
            (ask, pace, 0..4_usize, inner.clone()).prop_map(|(ask, pace, need, escalate)| {
                let accept = if need < 2 {
                    json!("complete")
                } else {
                    json!({"agree": need.min(ask.len())})
                };
                json!({"cascade": {"ask": ask, "pace": pace, "accept": accept, "escalate": escalate}})
            }),
            (inner.clone(), inner.clone()).prop_map(|(then, otherwise)| json!({"rules": {
                "rules": [{"name": "r", "when": {"chars": {"min": 5}}, "then": then}], "otherwise": otherwise,
            }})),
            (inner.clone(), inner).prop_map(|(then, otherwise)| json!({"classify": {
                "by": "namer", "labels": {"0": then}, "otherwise": otherwise,
            }})),
        ]
    })
}

proptest! {
    #[test]
    fn every_walk_ends_and_gives_no_label_as_an_answer(
        plan in plans(),
        query in ".{0,12}",
        ends in prop::collection::vec(0..4_u8, 40),
    ) {
        let router = with_fallback(plan, json!(["b", "big"]));
        let request = asked(&query);
        let mut seen: Vec<Observation> = Vec::new();
        let mut ends = ends.iter().cycle();
        loop {
            let decision = router.step(&request, &seen);
            prop_assert_eq!(&decision, &router.step(&request, &seen));
            match decision.step {
                Step::Call(calls) => {
                    prop_assert!(!calls.is_empty());
                    for call in calls {
                        let name = call.candidate.as_str();
                        seen.push(match ends.next() {
                            Some(0) | None => failed(name),
                            Some(end) => text(name, &(end - 1).to_string()),
                        });
                    }
                }
                Step::Answer { seen_idx } => {
                    prop_assert!(seen[seen_idx].is_answered());
                    prop_assert_ne!(seen[seen_idx].candidate.as_str(), "namer");
                    break;
                }
                Step::Exhausted => {
                    prop_assert!(seen.iter().all(|seen| !seen.is_answered() || seen.candidate.as_str() == "namer"));
                    break;
                }
            }
            prop_assert!(seen.len() <= 20, "{seen:?}");
        }
    }
}

//! Training on made-up outcomes of which the truth is known.

mod labels;
mod order;
mod scores;
mod vectors;

use proptest::prelude::*;

use super::*;
use crate::learned::Sign;
use crate::measure::{Verdict, evaluate, replay};
use crate::observe::{Observation, Outcome};
use crate::policy::{Accept, Compare, Member, Plan, Policy};
use crate::router::{Router, Step, Why};
use trilemma_domain::CandidateId;

/// Hard items are those that say so; `noise` items in a hundred are decided by a coin instead.
pub(crate) fn examples(n: u64, noise: u64) -> Examples {
    let row = |idx: u64| {
        let coin = |salt: u64| (idx * 2_654_435_761 + salt * 40_503) / 7 % 100;
        let is_hard = idx.is_multiple_of(3);
        let right = |strength: u64, salt: u64| {
            let known = !is_hard || strength > 1;
            if coin(salt) < noise {
                coin(salt + 9) < 50
            } else {
                known
            }
        };
        let text = format!(
            "{} question number {idx} about {}",
            if is_hard {
                "prove the difficult theorem"
            } else {
                "name the simple colour"
            },
            ["trains", "birds", "taxes"][(idx % 7 % 3) as usize],
        );
        let outcomes = [("tiny", 0, 0.1), ("small", 1, 0.2), ("large", 2, 2.0)]
            .map(|(name, strength, cost)| {
                let right = right(strength, strength + 1);
                let answer = if right {
                    "yes".to_owned()
                } else {
                    format!("no {name}")
                };
                Recorded {
                    observation: Observation::text(name, answer),
                    quality: f64::from(u8::from(right)),
                    cost_usd: cost * 0.001,
                    seconds: Some(cost),
                    again: Vec::new(),
                }
            })
            .to_vec();
        Example {
            id: idx.to_string(),
            text,
            task: None,
            group: None,
            about: About::default(),
            embedded: None,
            labels: Vec::new(),
            outcomes,
        }
    };
    Examples {
        members: ["tiny", "small", "large"].map(Member::named).to_vec(),
        rows: (0..n).map(row).collect(),
        extract: None,
        compare: Compare::Loose,
        embedder: None,
        classifiers: Vec::new(),
    }
}

pub(super) fn options(cascades: bool) -> Options {
    Options {
        name: "made up".to_owned(),
        target: Target::Loss(if cascades { 0.01 } else { 0.0 }),
        seed: 1,
        cascades,
        reads: false,
        queries: !cascades,
        labels: None,
        frame: Frame::default(),
    }
}

#[test]
fn what_the_query_says_is_learned() {
    let all = examples(300, 0);
    let trained = train(&all, &options(false));
    assert!(
        matches!(trained.policy.plan, Plan::Learned(_)),
        "{:?}",
        trained.loss
    );
    let router = Router::new(trained.policy.clone()).unwrap();
    let served = replay(&router, &all);
    let right = served.iter().filter(|one| one.quality > 0.5).count();
    assert!(right >= 297, "{right}");
    let cost: f64 = served.iter().map(|one| one.cost_usd).sum::<f64>() / 300.0;
    // A third at 0.002, the rest at 0.0001.
    assert!(cost < 0.0009, "{cost}");
    assert!(matches!(served[0].why[0], Why::Expected { .. }));
}

#[test]
fn cheap_answers_that_agree_are_learned_to_be_enough() {
    let all = examples(300, 4);
    let trained = train(&all, &options(true));
    let Plan::Cascade { ask, .. } = &trained.policy.plan else {
        panic!("{:?}", trained.policy.plan)
    };
    assert_eq!(ask.len(), 2);
    let served = replay(&Router::new(trained.policy).unwrap(), &all);
    // Every call is paid and every step waited for.
    let escalated: Vec<_> = served.iter().filter(|one| one.n_calls == 3).collect();
    assert!((80..150).contains(&escalated.len()), "{}", escalated.len());
    assert!((escalated[0].cost_usd - 0.0023).abs() < 1e-12);
    assert!((escalated[0].seconds.unwrap() - 2.2).abs() < 1e-12);
    assert_eq!(escalated[0].n_steps, 2);
}

/// One cheap candidate and the large one; wrong answers of the cheap one differ from each other.
fn pair_of(n: u64) -> Examples {
    examples(n, 4).only(&[0, 2])
}

fn one_answer(reads: bool) -> Options {
    Options {
        cascades: !reads,
        reads,
        queries: false,
        labels: None,
        ..options(true)
    }
}

fn cascade_of(policy: &Policy) -> (usize, Vec<Sign>) {
    let Plan::Cascade { ask, accept, .. } = &policy.plan else {
        panic!("{:?}", policy.plan)
    };
    let Accept::Judged(judge) = accept else {
        panic!("{accept:?}")
    };
    (ask.len(), judge.signs.clone())
}

/// Quality and cost of each item on average.
fn came_to(policy: &Policy, all: &Examples) -> (f64, f64) {
    let served = replay(&Router::new(policy.clone()).unwrap(), all);
    let n = served.len() as f64;
    (
        served.iter().map(|one| one.quality).sum::<f64>() / n,
        served.iter().map(|one| one.cost_usd).sum::<f64>() / n,
    )
}

#[test]
fn one_cheap_answer_is_read() {
    let mut all = pair_of(300);
    for row in &mut all.rows {
        let is_right = row.outcomes[0].quality > 0.5;
        let word = if is_right {
            "therefore the answer is"
        } else {
            "perhaps it might be"
        };
        row.outcomes[0].observation = Observation::text("tiny", format!("{word} {}", row.id));
        // The query says nothing of it.
        row.text = format!("question {}", row.id);
    }
    let (fit, rest): (Vec<usize>, Vec<usize>) = (0..300).partition(|idx| idx % 2 == 0);
    let (fit, rest) = (all.subset(&fit), all.subset(&rest));
    let policy = train(&fit, &one_answer(true)).policy;
    let (n, signs) = cascade_of(&policy);
    assert_eq!(n, 1);
    assert!(matches!(
        signs.as_slice(),
        [Sign::Answer(_), Sign::Query(_)]
    ));
    let (quality, cost) = came_to(&policy, &rest);
    let large = rest
        .rows
        .iter()
        .map(|row| row.outcomes[1].quality)
        .sum::<f64>()
        / 150.0;
    assert!(quality > large - 0.02, "{quality} {large}");
    // About a third is asked of the large one as well.
    assert!(cost < 0.0012, "{cost}");
    // The file does the same, and every wrong size is told.
    let text = policy.write();
    assert!(text.len() < 2_000_000, "{}", text.len());
    let read = Router::read(&text).unwrap();
    assert_eq!(
        replay(&read, &rest),
        replay(&Router::new(policy.clone()).unwrap(), &rest)
    );
    assert_eq!(train(&fit, &one_answer(true)).policy.write(), text);
    let mut broken = policy;
    if let Plan::Cascade {
        accept: Accept::Judged(judge),
        ..
    } = &mut broken.plan
    {
        judge.signs.truncate(1);
    }
    let problems = Router::new(broken).unwrap_err().to_string();
    assert!(problems.contains("too many weights"), "{problems}");
}

#[test]
fn reading_asks_the_large_one_alone_on_a_task_that_it_has_not_seen() {
    let mut all = pair_of(200);
    for row in &mut all.rows {
        row.task = Some("naming".to_owned());
    }
    let policy = train(&all, &one_answer(true)).policy;
    assert_eq!(cascade_of(&policy).0, 1);
    for row in &mut all.rows {
        row.task = Some("proving".to_owned());
    }
    let router = Router::new(policy).unwrap();
    assert!(router.explain(&all.rows[0].view()).cases.is_empty());
    let served = replay(&router, &all);
    assert!(
        served
            .iter()
            .all(|one| one.asked == [[1]] && one.why == [Why::UnseenTask])
    );
}

#[test]
fn a_candidate_that_agrees_with_itself_is_learned_to_be_right() {
    let mut all = pair_of(300);
    let none = train(&all, &one_answer(false)).policy;
    assert!(matches!(none.plan, Plan::Single(_)), "{:?}", none.plan);
    for row in &mut all.rows {
        let first = row.outcomes[0].clone();
        let again = |salt: u64| {
            let mut one = first.clone();
            if first.quality < 0.5 {
                one.observation = Observation::text("tiny", format!("no {salt}"));
            }
            one
        };
        row.outcomes[0].again = vec![again(1), again(2)];
    }
    let policy = train(&all, &one_answer(false)).policy;
    let (n, signs) = cascade_of(&policy);
    assert_eq!(n, 3);
    assert!(matches!(signs.as_slice(), [Sign::Votes(_)]), "{signs:?}");
    let (quality, cost) = came_to(&policy, &all);
    assert!(quality > 0.95, "{quality}");
    // Three calls of 0.0001 each, and a third of 0.002.
    assert!((0.0008..0.0013).contains(&cost), "{cost}");
}

#[test]
fn a_sure_answer_is_learned_to_be_right() {
    let mut all = pair_of(300);
    for row in &mut all.rows {
        let is_right = row.outcomes[0].quality > 0.5;
        if let Outcome::Answered { logprob, .. } = &mut row.outcomes[0].observation.outcome {
            *logprob = Some(if is_right { -0.01 } else { -1.5 });
        }
    }
    let policy = train(&all, &one_answer(false)).policy;
    let (n, signs) = cascade_of(&policy);
    assert_eq!(n, 1);
    assert!(matches!(signs.as_slice(), [Sign::Logprob(_)]), "{signs:?}");
    let (quality, cost) = came_to(&policy, &all);
    assert!(quality > 0.95 && cost < 0.0011, "{quality} {cost}");
}

#[test]
fn a_trained_policy_survives_its_file() {
    for cascades in [true, false] {
        let all = examples(200, 4);
        let policy = train(&all, &options(cascades)).policy;
        let text = policy.write();
        let read = Policy::read(&text).unwrap();
        assert_eq!(
            Policy {
                hash: None,
                ..read.clone()
            },
            policy
        );
        assert!(text.len() < 2_000_000, "{}", text.len());
        let routers = [Router::new(policy).unwrap(), Router::new(read).unwrap()];
        assert_eq!(replay(&routers[0], &all), replay(&routers[1], &all));
        assert_eq!(train(&all, &options(cascades)).policy.write(), text);
    }
}

#[test]
fn routing_that_is_worth_something_is_told_from_chance() {
    let worth = evaluate(&examples(300, 4), &options(true));
    assert_eq!(worth.verdict, Verdict::Worth, "{:?}", worth.area);
    assert_eq!(worth.held.len(), 3);
    assert_eq!(worth.held[0].found.served.len(), 300);
    assert!(worth.held[0].found.wait.is_some());
    // Outcomes that have nothing to do with the query.
    let chance = evaluate(&examples(300, 100), &options(false));
    assert!(
        matches!(chance.verdict, Verdict::Abstain { .. }),
        "{:?}",
        chance.area
    );
    let few = evaluate(&examples(20, 0), &options(false));
    assert!(matches!(&few.verdict, Verdict::Abstain { reason, .. } if reason.contains("20 items")));
}

#[test]
fn a_task_that_the_training_has_not_seen_is_not_routed() {
    let mut all = examples(300, 4);
    for (idx, row) in all.rows.iter_mut().enumerate() {
        row.task = Some(["naming", "proving"][idx % 2].to_owned());
    }
    let of = |task: &str| -> Vec<usize> {
        let own = |idx: &usize| all.rows[*idx].task.as_deref() == Some(task);
        (0..300).filter(own).collect()
    };
    let policy = train(&all.subset(&of("naming")), &options(false)).policy;
    let Plan::Learned(model) = &policy.plan else {
        panic!("{:?}", policy.plan)
    };
    let guard = model.unseen.clone().unwrap();
    assert_eq!(
        (guard.tasks, guard.then.as_str()),
        (vec!["naming".to_owned()], "large")
    );
    let router = Router::new(policy).unwrap();
    let own = replay(&router, &all.subset(&of("naming")));
    assert!(own.iter().any(|one| one.answered_by != Some(2)));
    let other = replay(&router, &all.subset(&of("proving")));
    assert!(
        other
            .iter()
            .all(|one| one.answered_by == Some(2) && one.n_calls == 1)
    );
    assert!(other.iter().all(|one| one.why == [Why::UnseenTask]));
    // A request that names no task is routed as before.
    let bare = crate::request::RequestView::of_text("name the simple colour");
    assert!(matches!(
        router.step(&bare, &[]).why[0],
        Why::Expected { .. }
    ));
    // And so the evaluation says.
    let found = evaluate(&all, &options(false));
    assert_eq!(found.tasks.len(), 2);
    assert!(
        found
            .tasks
            .iter()
            .all(|task| task.unrouted.as_deref() == Some("large"))
    );
}

#[test]
fn of_many_candidates_those_on_the_frontier_are_estimated() {
    let mut all = examples(60, 0);
    for (member, name) in (3..12).map(|at| (at, format!("dear-{at}"))) {
        all.members.push(Member::named(name.as_str()));
        for row in &mut all.rows {
            let mut outcome = row.outcomes[0].clone();
            outcome.observation = Observation::text(name.as_str(), "no");
            outcome.quality = 0.0;
            outcome.cost_usd = 0.01 * member as f64;
            row.outcomes.push(outcome);
        }
    }
    let kept = all.worth_estimating(2);
    assert_eq!(kept.len(), 8);
    assert!(kept.contains(&0) && kept.contains(&2), "{kept:?}");
    let policy = train(&all, &options(false)).policy;
    assert!(Router::new(policy).is_ok());
}

#[test]
fn agreement_tells_whether_answers_can_be_compared() {
    let all = examples(90, 0);
    let share = all.agreement().unwrap();
    // Both are right on two thirds and say different things on the rest.
    assert!((share - 2.0 / 3.0).abs() < 0.02, "{share}");
    assert_eq!(all.only(&[0, 2]).agreement(), None);
}

#[test]
fn a_budget_is_kept() {
    let all = examples(300, 4);
    let budget = Options {
        target: Target::BudgetUsd(0.0006),
        ..options(true)
    };
    let trained = train(&all, &budget);
    assert!(trained.cost_usd <= 0.0006, "{}", trained.cost_usd);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_query_is_decided_twice_alike(text in ".{0,200}") {
        use std::sync::LazyLock;
        static ROUTER: LazyLock<Router> = LazyLock::new(|| {
            Router::new(train(&examples(120, 10), &options(false)).policy).unwrap()
        });
        let request = crate::request::RequestView::of_text(text.as_str());
        let first = ROUTER.step(&request, &[]);
        prop_assert_eq!(&first, &ROUTER.step(&request, &[]));
        prop_assert!(matches!(first.step, Step::Call(_)));
        for why in first.why {
            if let Why::Expected { quality, cost_usd, .. } = why {
                prop_assert!((0.0..=1.0).contains(&quality) && cost_usd.is_finite());
            }
        }
    }
}

#[test]
fn who_has_failed_is_not_its_own_fallback() {
    let examples = examples(60, 0);
    let ids = |names: &[&str]| names.iter().map(|one| CandidateId::new(*one)).collect();
    // Two answer alike: the cheaper one comes first.
    let all: Vec<CandidateId> = ids(&["large", "tiny", "small"]);
    assert_eq!(examples.fallback(), all);
    let single = Policy::new(
        "p",
        examples.members.clone(),
        Plan::Single(CandidateId::new("large")),
    );
    let around = |frame: &Frame| frame.around(single.clone(), all.clone()).fallback;
    let others: Vec<CandidateId> = ids(&["tiny", "small"]);
    assert_eq!(around(&Frame::default()), others);
    let written: Vec<CandidateId> = ids(&["small"]);
    let frame = Frame {
        fallback: written.clone(),
        ..Frame::default()
    };
    assert_eq!(around(&frame), written);
    let trained = train(&examples, &options(false));
    assert_eq!(trained.policy.fallback.first(), all.first());
}

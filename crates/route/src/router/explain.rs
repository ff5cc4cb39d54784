//! What a policy does with a request of which nothing has been answered, and what would change that.
//!
//! In: a router and a request. Out: the first step with its reasons, what is expected of the candidates,
//! what follows when cheap answers agree or do not, and the nearest ways to another outcome. How estimates and tiers would
//! come out otherwise is worked out in `flips`.

use trilemma_domain::CandidateId;

use super::compile::normal;
use super::flips::{chosen, margins, of_tiers};
use super::node::{Branch, Cascade, Node};
use super::ready::Router;
use super::walk::{Decision, Step, Use, Walk, walk};
use crate::learned::{Estimate, Look, Query, ReadyJudge, Sight, Weighing};
use crate::observe::{Observation, Outcome};
use crate::policy::{Accept, Plan};
use crate::request::RequestView;

/// A first decision, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The first step and its reasons.
    pub decision: Decision,
    /// What is expected of each candidate for this query; empty where nothing learned decides.
    pub estimates: Vec<Estimate>,
    /// Whether these are as by the mean vector, because that of the query has not come.
    pub without_vector: bool,
    /// Items that the estimates, or the judge of a cascade, were fitted on; `None` = nothing learned decides, or the file
    /// does not say.
    pub n_fitted: Option<usize>,
    /// What follows the answers of a cascade; empty where there is none.
    pub cases: Vec<Case>,
    /// What would lead elsewhere, the nearest first within each node of the plan.
    pub flips: Vec<Flip>,
}

/// What follows one way in which cheap answers can compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// How they compare, such as `they agree`.
    pub when: String,
    /// What asking on is worth then; `None` = nothing is estimated.
    pub weighing: Option<Weighing>,
    /// Which answer is given then, in words; `None` = none yet, or that of whoever is asked.
    pub given: Option<&'static str>,
    /// Who is asked then; empty = an answer is given.
    pub then: Vec<CandidateId>,
}

/// A change of the request or of the prices, and what it would lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip {
    /// The change.
    pub change: String,
    /// Who would be asked then; the same names as now where only the way to them changes.
    pub then: Vec<CandidateId>,
}

/// Most tasks that are tried.
const MAX_TASKS: usize = 20;

/// Explains.
pub(super) fn explain(
    router: &Router,
    request: &RequestView<'_>,
    seen: &[Observation],
) -> Explanation {
    let mut found = Explanation {
        decision: walk(router, request, seen),
        estimates: Vec::new(),
        without_vector: false,
        n_fitted: None,
        cases: Vec::new(),
        flips: Vec::new(),
    };
    let visit = Visit {
        router,
        request,
        seen,
    };
    visit.down(&router.policy.plan, &router.root, &mut found);
    found
}

struct Visit<'a> {
    router: &'a Router,
    request: &'a RequestView<'a>,
    seen: &'a [Observation],
}

impl Visit<'_> {
    fn first(&self, node: &Node) -> Vec<CandidateId> {
        Walk::first(self.router, self.request, node)
    }

    /// Whom it asks where the request were of a task, or of none.
    fn first_with(&self, task: Option<&str>, node: &Node) -> Vec<CandidateId> {
        let other = RequestView {
            task,
            ..self.request.clone()
        };
        Walk::first(self.router, &other, node)
    }

    /// Whom the first of some rules that holds asks, or the rest where none does.
    fn first_of(&self, rules: &[Branch], rest: &Node) -> Vec<CandidateId> {
        let held = rules.iter().find(|rule| rule.test.holds(self.request));
        self.first(held.map_or(rest, |rule| &rule.then))
    }

    fn down(&self, plan: &Plan, node: &Node, found: &mut Explanation) {
        match (plan, node) {
            (
                Plan::Rules { rules, otherwise },
                Node::Rules {
                    rules: branches,
                    otherwise: rest,
                },
            ) => {
                for (idx, (rule, branch)) in rules.iter().zip(branches).enumerate() {
                    if branch.test.holds(self.request) {
                        let later = branches.get(idx + 1..).unwrap_or_default();
                        found.flips.push(Flip {
                            change: format!("rule `{}` did not hold", rule.name),
                            then: self.first_of(later, rest),
                        });
                        return self.down(&rule.then, &branch.then, found);
                    }
                    let misses = branch.test.misses(self.request);
                    found.flips.push(Flip {
                        change: format!(
                            "rule `{}` held: it needs {}",
                            rule.name,
                            misses.join(" and ")
                        ),
                        then: self.first(&branch.then),
                    });
                }
                self.down(otherwise, rest, found);
            }
            (Plan::Tiers(tiers), Node::Tiers { .. }) => {
                found.flips.extend(of_tiers(&self.request.text, tiers));
            }
            (
                Plan::PerTask { tasks, otherwise },
                Node::PerTask {
                    tasks: known,
                    otherwise: rest,
                },
            ) => {
                let own = self.request.task;
                let own = own.and_then(|task| Some((tasks.get(task)?, known.get(task)?)));
                for (task, node) in known.iter().take(MAX_TASKS) {
                    if Some(task.as_str()) != self.request.task {
                        found.flips.push(Flip {
                            change: format!("its task were `{task}`"),
                            then: self.first_with(Some(task), node),
                        });
                    }
                }
                match own {
                    Some((plan, node)) => {
                        found.flips.push(Flip {
                            change: "its task were another one, or it named none".to_owned(),
                            then: self.first_with(None, rest),
                        });
                        self.down(plan, node, found);
                    }
                    None => self.down(otherwise, rest, found),
                }
            }
            (Plan::Learned(model), Node::Learned(query)) => {
                self.learned(query, &model.tasks, found);
            }
            (Plan::Cascade { .. }, Node::Cascade(cascade)) => self.cascade(cascade, found),
            (Plan::Classify { .. }, Node::Classify { .. }) => self.classify(plan, node, found),
            // A single candidate; plan and tree are always of the same shape.
            _ => {}
        }
    }

    /// What follows each label; what follows the one that has been named, and what other ones would lead to.
    fn classify(&self, plan: &Plan, node: &Node, found: &mut Explanation) {
        let (
            Plan::Classify {
                labels: plans,
                otherwise,
                ..
            },
            Node::Classify {
                by,
                extract,
                labels,
                otherwise: rest,
            },
        ) = (plan, node)
        else {
            return;
        };
        let known = (self.router, self.request, self.seen);
        let named = Walk::named(known, (by, extract.as_ref()), labels);
        let own = named.as_ref().ok().and_then(|found| found.map(|one| one.0));
        // Nobody is asked about a query without text.
        let text = match self.request.text.trim() {
            "" => "the query had text, and ",
            _ => "",
        };
        for (label, node) in labels.iter().take(MAX_TASKS) {
            let then = self.first(node);
            match &named {
                Err(_) => found
                    .cases
                    .push(Case::asks(format!("`{by}` says `{label}`"), then)),
                Ok(_) if own != Some(label.as_str()) => found.flips.push(Flip {
                    change: format!("{text}`{by}` said `{label}`"),
                    then,
                }),
                Ok(_) => {}
            }
        }
        match &named {
            Err(_) => {
                let when = format!("`{by}` says anything else, or fails");
                found.cases.push(Case::asks(when, self.first(rest)));
            }
            Ok(Some((label, node))) => {
                found.flips.push(Flip {
                    change: format!("`{by}` said anything else, or failed"),
                    then: self.first(rest),
                });
                let is_own = |name: &&String| normal(name) == *label;
                let plan = plans.keys().find(is_own).and_then(|name| plans.get(name));
                if let Some(plan) = plan {
                    self.down(plan, node, found);
                }
            }
            Ok(None) => self.down(otherwise, rest, found),
        }
    }

    fn learned(&self, query: &Query, tasks: &[String], found: &mut Explanation) {
        let price = query.quality_per_usd();
        if query.unseen(self.request.task).is_some() {
            for task in tasks.iter().take(MAX_TASKS) {
                let other = self.estimates(query, Some(task));
                found.flips.extend(chosen(&other, price).map(|one| Flip {
                    change: format!("its task were `{task}`"),
                    then: vec![one.candidate.clone()],
                }));
            }
            return;
        }
        let estimates = self.estimates(query, self.request.task);
        if let Some(best) = chosen(&estimates, price) {
            if is_embedded_first(&found.decision) {
                found.without_vector = true;
                found.cases.push(Case::asks(
                    "the vector says no more than the mean one, or does not come",
                    vec![best.candidate.clone()],
                ));
            }
            found.flips.extend(margins(&estimates, best, price));
            for task in tasks.iter().take(MAX_TASKS) {
                let other = self.estimates(query, Some(task));
                let then = chosen(&other, price).map(|one| one.candidate.clone());
                if let Some(then) = then.filter(|then| *then != best.candidate) {
                    found.flips.push(Flip {
                        change: format!("its task were `{task}`"),
                        then: vec![then],
                    });
                }
            }
        }
        found.n_fitted = query.n();
        found.estimates = estimates;
    }

    /// With the vector of the query where it has been seen.
    fn estimates(&self, query: &Query, task: Option<&str>) -> Vec<Estimate> {
        let by = query.embedding().map(|embedding| embedding.by());
        let own = |seen: &&Observation| Some(&seen.candidate) == by;
        let vector = self.seen.iter().find(own).map(|seen| &seen.outcome);
        query.estimates(Sight {
            text: &self.request.text,
            task,
            vector: match vector {
                Some(Outcome::Embedded { vector, .. }) => Some(vector),
                _ => None,
            },
        })
    }

    fn cascade(&self, cascade: &Cascade, found: &mut Explanation) {
        let judge = cascade.judge.as_ref();
        if let Some(judge) = judge.filter(|judge| judge.is_unseen(self.request.task)) {
            // Nobody cheap is asked.
            let tasks = judge.judge().tasks.iter().take(MAX_TASKS);
            found.flips.extend(tasks.map(|task| Flip {
                change: format!("its task were `{task}`"),
                then: cascade.ask.clone(),
            }));
            return;
        }
        let escalated = self.first(&cascade.escalate);
        let given = |when: String, answer| Case {
            when,
            weighing: None,
            given: Some(answer),
            then: Vec::new(),
        };
        let of = cascade.ask.len();
        match &cascade.accept {
            Accept::Complete if of == 1 => {
                found
                    .cases
                    .push(given("the answer is complete".to_owned(), "it is given"));
                found
                    .cases
                    .push(Case::asks("it is cut, withheld or failed", escalated));
            }
            Accept::Complete => {
                let when = format!("any of the {of} answers is complete");
                let answer =
                    "what most of them say is given, in the words of the first who says it";
                found.cases.push(given(when, answer));
                found
                    .cases
                    .push(Case::asks("all are cut, withheld or failed", escalated));
            }
            Accept::Agree(n) => {
                let when = format!("at least {n} of the {of} answers agree");
                found.cases.push(given(when, "the first of them is given"));
                found.cases.push(Case::asks("fewer agree", escalated));
            }
            Accept::Judged(_) => {
                let Some(ready) = &cascade.judge else {
                    return;
                };
                found.n_fitted = ready.judge().n;
                for (when, agree) in usual(cascade) {
                    let weighing = self.typical(ready, *agree);
                    let is_given = weighing.is_too_little();
                    found.cases.push(Case {
                        when: (*when).to_owned(),
                        weighing: Some(weighing),
                        given: is_given.then_some("the first answer is given"),
                        then: match is_given {
                            true => Vec::new(),
                            false => escalated.clone(),
                        },
                    });
                }
                found.cases.push(Case::asks(
                    "the first failed, or nothing is found in it",
                    escalated,
                ));
            }
        }
    }

    /// What a judge makes of answers of the usual length.
    fn typical(&self, ready: &ReadyJudge, agree: bool) -> Weighing {
        let judge = ready.judge();
        let mean = |at: usize| judge.lengths.get(at).map_or(0.0, |one| one[0]);
        let task = self.request.task;
        ready.weigh(&crate::learned::Evidence {
            agree,
            found: [true, true],
            logs: [
                mean(0),
                mean(1),
                (self.request.text.chars().count() as f64).ln_1p(),
            ],
            task: task.and_then(|task| judge.tasks.iter().position(|known| known == task)),
            signs: ready.signs_before(&Look {
                query: &self.request.text,
                task,
                first: None,
                gists: &[],
            }),
        })
    }
}

/// Whether the vector of the query is still to be made.
fn is_embedded_first(decision: &Decision) -> bool {
    match &decision.step {
        Step::Call(calls) => calls.iter().any(|call| call.purpose == Use::Embedded),
        Step::Answer { .. } | Step::Exhausted => false,
    }
}

/// In which ways the answers of a judged cascade can compare, and whether that is agreement.
fn usual(cascade: &Cascade) -> &'static [(&'static str, bool)] {
    match (cascade.is_one(), cascade.ask.len()) {
        (true, 1) => &[("the answer is a usual one", false)],
        (true, _) => &[(
            "the answers are usual ones, and as often the same as usual",
            false,
        )],
        (false, _) => &[
            ("they agree (answers of usual length)", true),
            ("they do not agree (answers of usual length)", false),
        ],
    }
}

impl Case {
    /// Others are asked.
    fn asks(when: impl Into<String>, then: Vec<CandidateId>) -> Self {
        Self {
            when: when.into(),
            weighing: None,
            given: None,
            then,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn router(plan: &serde_json::Value) -> Router {
        let file = json!({
            "schema_version": 1,
            "name": "test",
            "candidates": [{"id": "a"}, {"id": "b"}, {"id": "big"}, {"id": "namer"}],
            "plan": plan,
        });
        Router::read(&file.to_string()).unwrap()
    }

    fn flips(plan: &serde_json::Value, request: &RequestView<'_>) -> Vec<String> {
        let found = router(plan).explain(request);
        let told = |flip: Flip| {
            let names: Vec<&str> = flip.then.iter().map(CandidateId::as_str).collect();
            format!("{} -> {}", flip.change, names.join(" "))
        };
        found.flips.into_iter().map(told).collect()
    }

    #[test]
    fn a_rule_says_what_it_misses_and_what_follows_without_it() {
        let plan = json!({"rules": {
            "rules": [
                {"name": "long", "when": {"words": {"min": 3}, "user_tier": ["free"]}, "then": {"single": "a"}},
                {"name": "code", "when": {"contains": ["def"]}, "then": {"single": "b"}},
                {"name": "after", "when": {"chars": {"max": 1}}, "then": {"single": "a"}},
                {"name": "any", "when": {"chars": {"min": 2}}, "then": {"single": "a"}},
            ],
            "otherwise": {"single": "big"},
        }});
        assert_eq!(
            flips(&plan, &RequestView::of_text("def f")),
            [
                "rule `long` held: it needs user tier `free` (now none) and at least 3 words (now 2) -> a",
                "rule `code` did not hold -> a",
            ]
        );
        let all = flips(&plan, &RequestView::of_text("x y"));
        assert_eq!(all.len(), 4);
        assert!(all[2].contains("at most 1 characters (now 3)"), "{all:?}");
        assert_eq!(all[3], "rule `any` did not hold -> big");
    }

    #[test]
    fn another_task_is_asked_as_a_request_of_that_task() {
        // What follows a task may look at it once more.
        let once_more = json!({"rules": {
            "rules": [{"name": "known", "when": {"task": ["sums"]}, "then": {"single": "b"}}],
            "otherwise": {"single": "big"},
        }});
        let plan = json!({"per_task": {
            "tasks": {"sums": once_more, "talk": {"single": "a"}},
            "otherwise": {"single": "big"},
        }});
        let request = RequestView {
            task: Some("talk"),
            ..RequestView::of_text("hi")
        };
        assert_eq!(
            flips(&plan, &request),
            [
                "its task were `sums` -> b",
                "its task were another one, or it named none -> big",
            ]
        );
    }

    #[test]
    fn cascades_and_repeats_say_what_follows() {
        let tiers = json!({"tiers": {"small": "a", "medium": "b", "large": "big"}});
        let told = |ask: &[&str], accept: serde_json::Value| {
            let plan = json!({"cascade": { "ask": ask, "accept": accept, "escalate": tiers }});
            let found = router(&plan).explain(&RequestView::of_text("hi"));
            assert!(found.flips.is_empty() && found.n_fitted.is_none());
            let case = |case: Case| match case.given {
                Some(given) => format!("{}: {given}", case.when),
                None => format!("{}: {}", case.when, case.then[0]),
            };
            found.cases.into_iter().map(case).collect::<Vec<String>>()
        };
        assert_eq!(
            told(&["b", "a"], json!({"agree": 2})),
            [
                "at least 2 of the 2 answers agree: the first of them is given",
                "fewer agree: a",
            ]
        );
        assert_eq!(
            told(&["a", "a", "a"], json!({"agree": 2}))[0],
            "at least 2 of the 3 answers agree: the first of them is given"
        );
        assert_eq!(
            told(&["b"], json!("complete")),
            [
                "the answer is complete: it is given",
                "it is cut, withheld or failed: a",
            ]
        );
    }

    #[test]
    fn a_classifier_that_was_not_asked_needs_a_text_first() {
        let plan = json!({"classify": {
            "by": "namer",
            "labels": {"easy": {"single": "a"}, "hard": {"single": "big"}},
            "otherwise": {"single": "b"},
        }});
        let asked = router(&plan).explain(&RequestView::of_text("hi"));
        let when: Vec<&str> = asked.cases.iter().map(|case| case.when.as_str()).collect();
        assert_eq!(
            when,
            [
                "`namer` says `easy`",
                "`namer` says `hard`",
                "`namer` says anything else, or fails",
            ]
        );
        assert_eq!(
            flips(&plan, &RequestView::of_text(" ")),
            [
                "the query had text, and `namer` said `easy` -> a",
                "the query had text, and `namer` said `hard` -> big",
            ]
        );
        let seen = [Observation::text("namer", "Easy")];
        let named = router(&plan).explain_after(&RequestView::of_text("hi"), &seen);
        let change: Vec<&str> = named.flips.iter().map(|one| one.change.as_str()).collect();
        assert_eq!(
            change,
            [
                "`namer` said `hard`",
                "`namer` said anything else, or failed",
            ]
        );
    }
}

//! What a policy does with a request of which nothing has been answered, and what would change that.
//!
//! In: a router and a request. Out: the first step with its reasons, what is expected of the candidates,
//! what follows when cheap answers agree or do not, and the nearest ways to another outcome.

use trilemma_domain::CandidateId;

use super::compile::normal;
use super::node::{Cascade, Node};
use super::ready::Router;
use super::tiers::{Tier, classify_complexity};
use super::walk::{Decision, Step, Use, Walk, walk};
use crate::learned::{Estimate, Look, Query, ReadyJudge, Sight};
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
    /// Expected gain of asking on, in quality; `None` = nothing is estimated.
    pub gain: Option<f64>,
    /// Who is asked then; empty = the first answer is given.
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

    fn down(&self, plan: &Plan, node: &Node, found: &mut Explanation) {
        match (plan, node) {
            (
                Plan::Rules { rules, otherwise },
                Node::Rules {
                    rules: branches,
                    otherwise: rest,
                },
            ) => {
                for (rule, branch) in rules.iter().zip(branches) {
                    if branch.test.holds(self.request) {
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
            (Plan::Tiers(_), Node::Tiers { .. }) => self.tiers(node, found),
            (
                Plan::PerTask { tasks, otherwise },
                Node::PerTask {
                    tasks: known,
                    otherwise: rest,
                },
            ) => {
                let own = self.request.task;
                for (task, node) in known.iter().take(MAX_TASKS) {
                    if Some(task.as_str()) != own {
                        found.flips.push(Flip {
                            change: format!("task `{task}`"),
                            then: self.first(node),
                        });
                    }
                }
                match own.and_then(|task| Some((tasks.get(task)?, known.get(task)?))) {
                    Some((plan, node)) => self.down(plan, node, found),
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
        for (label, node) in labels.iter().take(MAX_TASKS) {
            let then = self.first(node);
            match &named {
                Err(_) => found.cases.push(Case {
                    when: format!("`{by}` says `{label}`"),
                    gain: None,
                    then,
                }),
                Ok(_) if own != Some(label.as_str()) => found.flips.push(Flip {
                    change: format!("`{by}` said `{label}`"),
                    then,
                }),
                Ok(_) => {}
            }
        }
        match &named {
            Err(_) => found.cases.push(Case {
                when: format!("`{by}` says anything else, or fails"),
                gain: None,
                then: self.first(rest),
            }),
            Ok(Some((label, node))) => {
                let is_own = |name: &&String| normal(name) == *label;
                let plan = plans.keys().find(is_own).and_then(|name| plans.get(name));
                if let Some(plan) = plan {
                    self.down(plan, node, found);
                }
            }
            Ok(None) => self.down(otherwise, rest, found),
        }
    }

    fn tiers(&self, node: &Node, found: &mut Explanation) {
        let Node::Tiers {
            small,
            medium,
            large,
        } = node
        else {
            return;
        };
        let n = self.request.text.split_whitespace().count();
        let mut flip = |change: String, id: &CandidateId| {
            found.flips.push(Flip {
                change,
                then: vec![id.clone()],
            });
        };
        match classify_complexity(&self.request.text) {
            Tier::Small => {
                flip(format!("more than 40 words (now {n}), or code"), medium);
                let cue = "a cue of reasoning such as `compare`";
                flip(format!("more than 100 words (now {n}), or {cue}"), large);
            }
            Tier::Medium => {
                flip(format!("at most 40 words (now {n}) and no code"), small);
                let cue = "a cue of reasoning such as `compare`";
                flip(format!("more than 100 words (now {n}), or {cue}"), large);
            }
            Tier::Large => {
                flip(
                    format!("at most 100 words (now {n}) and no cue of reasoning"),
                    medium,
                );
            }
        }
    }

    fn learned(&self, query: &Query, tasks: &[String], found: &mut Explanation) {
        let price = query.quality_per_usd();
        if query.unseen(self.request.task).is_some() {
            for task in tasks.iter().take(MAX_TASKS) {
                let other = self.estimates(query, Some(task));
                found.flips.extend(chosen(&other, price).map(|one| Flip {
                    change: format!("task `{task}`"),
                    then: vec![one.candidate.clone()],
                }));
            }
            return;
        }
        let estimates = self.estimates(query, self.request.task);
        if let Some(best) = chosen(&estimates, price) {
            if is_embedded_first(&found.decision) {
                found.cases.push(Case {
                    when: "the vector says no more than the mean one, or does not come".to_owned(),
                    gain: None,
                    then: vec![best.candidate.clone()],
                });
            }
            found.flips.extend(margins(&estimates, best, price));
            for task in tasks.iter().take(MAX_TASKS) {
                let other = self.estimates(query, Some(task));
                let then = chosen(&other, price).map(|one| one.candidate.clone());
                if let Some(then) = then.filter(|then| *then != best.candidate) {
                    found.flips.push(Flip {
                        change: format!("task `{task}`"),
                        then: vec![then],
                    });
                }
            }
        }
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
        if judge.is_some_and(|judge| judge.is_unseen(self.request.task)) {
            // Nobody cheap is asked.
            return;
        }
        let escalated = self.first(&cascade.escalate);
        let mut case = |when: &str, gain: Option<f64>, is_accepted: bool| {
            found.cases.push(Case {
                when: when.to_owned(),
                gain,
                then: if is_accepted {
                    Vec::new()
                } else {
                    escalated.clone()
                },
            });
        };
        match &cascade.accept {
            Accept::Complete => {
                case("the answer is complete", None, true);
                case("it is cut, withheld or failed", None, false);
            }
            Accept::Agree(n) => {
                case(&format!("{n} answers agree"), None, true);
                case("fewer agree", None, false);
            }
            Accept::Judged(judge) => {
                let cases: &[(&str, bool)] = if cascade.is_one() {
                    &[("the answer is a usual one", false)]
                } else {
                    &[
                        ("they agree (answers of usual length)", true),
                        ("they do not agree (answers of usual length)", false),
                    ]
                };
                for (when, is_agreed) in cases {
                    let Some(ready) = &cascade.judge else {
                        continue;
                    };
                    let (gain, score) = self.typical(ready, *is_agreed);
                    case(when, Some(gain), score <= judge.threshold);
                }
                case("the first failed, or nothing is found in it", None, false);
            }
        }
    }

    /// What a judge makes of answers of the usual length.
    fn typical(&self, ready: &ReadyJudge, agree: bool) -> (f64, f64) {
        let judge = ready.judge();
        let mean = |at: usize| judge.lengths.get(at).map_or(0.0, |one| one[0]);
        let task = self.request.task;
        judge.weigh(&crate::learned::Evidence {
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

/// The best expected quality less the price of expected cost; the first among equals.
fn chosen(estimates: &[Estimate], price: f64) -> Option<&Estimate> {
    let worth = |one: &Estimate| one.quality - price * one.cost_usd;
    estimates
        .iter()
        .reduce(|best, one| if worth(one) > worth(best) { one } else { best })
}

/// What it takes for each other candidate to be chosen, the nearest first.
fn margins(estimates: &[Estimate], best: &Estimate, price: f64) -> Vec<Flip> {
    let worth = |one: &Estimate| one.quality - price * one.cost_usd;
    let mut others: Vec<(f64, &Estimate)> = (estimates.iter())
        .filter(|one| one.candidate != best.candidate)
        .map(|one| (worth(best) - worth(one), one))
        .collect();
    others.sort_by(|a, b| a.0.total_cmp(&b.0));
    others
        .into_iter()
        .map(|(margin, one)| {
            let mut change = format!(
                "`{}` were expected to be {:.2} points better",
                one.candidate,
                100.0 * margin
            );
            // The price of a dollar at which both are worth the same.
            let even = (best.quality - one.quality) / (best.cost_usd - one.cost_usd);
            if even.is_finite() && even > 0.0 && price > 0.0 {
                let side = if even > price { "less" } else { "more" };
                change.push_str(&format!(
                    ", or a point could cost {side} than {:.3e} USD per query (now {:.3e})",
                    0.01 / even,
                    0.01 / price
                ));
            }
            Flip {
                change,
                then: vec![one.candidate.clone()],
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn router(plan: &serde_json::Value) -> Router {
        let file = json!({
            "schema_version": 1,
            "name": "test",
            "candidates": [{"id": "a"}, {"id": "b"}, {"id": "big"}],
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
    fn a_rule_says_what_it_misses() {
        let plan = json!({"rules": {
            "rules": [
                {"name": "long", "when": {"words": {"min": 3}, "user_tier": ["free"]}, "then": {"single": "a"}},
                {"name": "code", "when": {"contains": ["def"]}, "then": {"single": "b"}},
                {"name": "after", "when": {"chars": {"max": 1}}, "then": {"single": "a"}},
            ],
            "otherwise": {"single": "big"},
        }});
        assert_eq!(
            flips(&plan, &RequestView::of_text("def f")),
            [
                "rule `long` held: it needs user tier `free` (now none) and at least 3 words (now 2) -> a"
            ]
        );
        let all = flips(&plan, &RequestView::of_text("one two"));
        assert_eq!(all.len(), 3);
        assert!(all[2].contains("at most 1 characters (now 7)"), "{all:?}");
    }

    #[test]
    fn tiers_and_cascades_say_what_follows() {
        let tiers = json!({"tiers": {"small": "a", "medium": "b", "large": "big"}});
        assert_eq!(
            flips(&tiers, &RequestView::of_text("hi")),
            [
                "more than 40 words (now 1), or code -> b",
                "more than 100 words (now 1), or a cue of reasoning such as `compare` -> big",
            ]
        );
        let plan = json!({"cascade": {
            "ask": ["a", "b"], "accept": {"agree": 2}, "escalate": tiers,
        }});
        let found = router(&plan).explain(&RequestView::of_text("hi"));
        let then: Vec<usize> = found.cases.iter().map(|case| case.then.len()).collect();
        assert_eq!(then, [0, 1]);
        assert_eq!(found.cases[1].then[0].as_str(), "a");
        assert!(found.flips.is_empty());
    }
}

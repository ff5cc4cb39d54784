//! Which requests meet the rules of a policy.
//!
//! In: a router and requests, such as the items of a golden set. Out: for each rule how many of them meet it, how many come
//! to it first, and what no request meets: where a rule has a typo, that is it. Nobody is asked, so answers play no part.

use super::node::{Branch, Node};
use super::ready::Router;
use crate::request::RequestView;

/// A rule beside some requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMet {
    /// Its name.
    pub name: String,
    /// Requests that meet it, whatever comes before it.
    pub n_met: usize,
    /// Those of them that no earlier rule of the same list catches.
    pub n_first: usize,
    /// Conditions that no request meets, by the names of their settings; empty where there are none such.
    pub unmet: Vec<&'static str>,
}

impl Router {
    /// Holds every rule of the plan to requests, in the order of the plan; several rules of one name count as one.
    #[must_use]
    pub fn rules_met(&self, requests: &[RequestView<'_>]) -> Vec<RuleMet> {
        let mut all = Vec::new();
        collect(&self.root, requests, &mut all);
        all
    }
}

fn collect(node: &Node, requests: &[RequestView<'_>], all: &mut Vec<RuleMet>) {
    match node {
        Node::Single(_) | Node::Tiers { .. } | Node::Learned(_) => {}
        Node::Rules { rules, otherwise } => {
            let mut is_caught = vec![false; requests.len()];
            for rule in rules {
                add(all, met(rule, requests, &mut is_caught));
                collect(&rule.then, requests, all);
            }
            collect(otherwise, requests, all);
        }
        Node::PerTask {
            tasks: nodes,
            otherwise,
        }
        | Node::Classify {
            labels: nodes,
            otherwise,
            ..
        } => {
            for node in nodes.values() {
                collect(node, requests, all);
            }
            collect(otherwise, requests, all);
        }
        Node::Cascade(cascade) => collect(&cascade.escalate, requests, all),
    }
}

/// One rule; marks what it catches.
fn met(rule: &Branch, requests: &[RequestView<'_>], is_caught: &mut [bool]) -> RuleMet {
    let (mut n_met, mut n_first) = (0, 0);
    let mut by_part: Vec<(&'static str, usize)> = Vec::new();
    for (request, is_caught) in requests.iter().zip(is_caught) {
        let parts = rule.test.parts(request);
        let holds = parts.iter().all(|(_, holds)| *holds);
        n_met += usize::from(holds);
        n_first += usize::from(holds && !*is_caught);
        *is_caught |= holds;
        by_part.resize(parts.len(), ("", 0));
        for (known, (name, holds)) in by_part.iter_mut().zip(parts) {
            *known = (name, known.1 + usize::from(holds));
        }
    }
    let unmet = by_part.into_iter().filter(|(_, n)| *n == 0);
    RuleMet {
        name: rule.name.clone(),
        n_met,
        n_first,
        unmet: unmet.map(|(name, _)| name).collect(),
    }
}

fn add(all: &mut Vec<RuleMet>, one: RuleMet) {
    match all.iter_mut().find(|known| known.name == one.name) {
        None => all.push(one),
        Some(known) if known.n_met < one.n_met => *known = one,
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_that_catches_nothing_is_told_with_what_nothing_meets() {
        let file = json!({
            "schema_version": 1,
            "name": "test",
            "candidates": [{"id": "a"}, {"id": "b"}],
            "plan": {"rules": {
                "rules": [
                    {"name": "long", "when": {"words": {"min": 2}}, "then": {"single": "a"}},
                    {"name": "typo", "when": {"matches": "^sumarize", "words": {"min": 1}}, "then": {"single": "a"}},
                    {"name": "behind", "when": {"words": {"min": 3}}, "then": {"single": "a"}},
                    {"name": "paying", "when": {"user_tier": ["pro"], "hours": "08:00-09:00"}, "then": {"single": "a"}},
                    {"name": "never both", "when": {"words": {"max": 1}, "contains": ["two"]}, "then": {"single": "a"}},
                ],
                "otherwise": {"cascade": {
                    "ask": ["a"], "accept": "complete",
                    "escalate": {"rules": {
                        "rules": [{"name": "inner", "when": {"chars": {"min": 1}}, "then": {"single": "a"}}],
                        "otherwise": {"single": "b"},
                    }},
                }},
            }},
        });
        let router = Router::read(&file.to_string()).unwrap();
        let requests = ["summarize", "one two", "one two three"].map(RequestView::of_text);
        let found = router.rules_met(&requests);
        let brief: Vec<_> = (found.iter())
            .map(|one| {
                (
                    one.name.as_str(),
                    one.n_met,
                    one.n_first,
                    one.unmet.as_slice(),
                )
            })
            .collect();
        assert_eq!(
            brief,
            [
                ("long", 2, 2, &[][..]),
                ("typo", 0, 0, &["matches"]),
                ("behind", 1, 0, &[]),
                ("paying", 0, 0, &["user_tier", "hours"]),
                ("never both", 0, 0, &[]),
                ("inner", 3, 3, &[]),
            ]
        );
        // The parts hold together where the condition does.
        assert_eq!(router.rules_met(&[])[0].n_met, 0);
    }
}

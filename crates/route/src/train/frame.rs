//! What people write around the learned part: rules that come first, who is asked on failure, what is
//! read.
//!
//! Rules decide before anything that was learned, so items that a rule catches are left out of the
//! training, and take part in the evaluation as the rule serves them.

use trilemma_domain::CandidateId;

use super::examples::Examples;
use crate::policy::{Member, Plan, Policy, Reads, Rule};
use crate::router::{Router, Why};

/// The hand-written part of a policy; nothing by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    /// Rules, in order; they come before everything that was learned.
    pub rules: Vec<Rule>,
    /// Who is asked, in this order, when the one that is wanted has failed; empty = the large
    /// candidate that the training found.
    pub fallback: Vec<CandidateId>,
    /// Which text features and rules read.
    pub reads: Reads,
}

impl Frame {
    /// The items that no rule catches; `None` = all, because there are no rules or nothing is left.
    #[must_use]
    pub fn free(&self, examples: &Examples) -> Option<Examples> {
        if self.rules.is_empty() {
            return None;
        }
        let router = self.sieve()?;
        let rows: Vec<usize> = (examples.rows.iter().enumerate())
            .filter(|(_, row)| {
                let why = router.step(&row.view(), &[]).why;
                !why.iter().any(|why| matches!(why, Why::Rule { .. }))
            })
            .map(|(idx, _)| idx)
            .collect();
        (!rows.is_empty()).then(|| examples.subset(&rows))
    }

    /// A router that tells which rule holds; `None` = the rules cannot be used.
    fn sieve(&self) -> Option<Router> {
        let nobody = || Plan::Single(CandidateId::new("-"));
        let rules = (self.rules.iter())
            .map(|rule| Rule {
                then: nobody(),
                ..rule.clone()
            })
            .collect();
        let plan = Plan::Rules {
            rules,
            otherwise: Box::new(nobody()),
        };
        let policy = Policy {
            reads: self.reads.clone(),
            ..Policy::new("-", vec![Member::named("-")], plan)
        };
        Router::new(policy).ok()
    }

    /// Puts the rules before a policy's plan; `fallback` holds where nobody wrote one.
    #[must_use]
    pub fn around(&self, policy: Policy, fallback: Vec<CandidateId>) -> Policy {
        let plan = if self.rules.is_empty() {
            policy.plan
        } else {
            Plan::Rules {
                rules: self.rules.clone(),
                otherwise: Box::new(policy.plan),
            }
        };
        Policy {
            plan,
            reads: self.reads.clone(),
            fallback: if self.fallback.is_empty() {
                fallback
            } else {
                self.fallback.clone()
            },
            ..policy
        }
    }
}

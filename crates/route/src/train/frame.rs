//! What people write around the learned part: rules that come first, who is asked on failure, what is
//! read.
//!
//! Rules decide before anything that was learned, so items that a rule catches are left out of the
//! training, and take part in the evaluation as the rule serves them.

use trilemma_domain::CandidateId;

use super::examples::Examples;
use crate::policy::{Member, Plan, Policy, Reads, Rule};
use crate::router::{Router, Why};

/// Longest chain of fallbacks that nobody wrote: no gateway asks more in a row unless it is told to.
const MOST_FALLBACKS: usize = 3;

/// The hand-written part of a policy; nothing by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frame {
    /// Rules, in order; they come before everything that was learned.
    pub rules: Vec<Rule>,
    /// Who is asked, in this order, when the one that is wanted has failed; empty = those who answered best in the
    /// training ([`Examples::fallback`]), but not the one who is asked anyway.
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

    /// Who is asked when the one that a plan wants has failed; `measured` holds where nobody wrote it.
    #[must_use]
    pub fn fallback_of(&self, plan: &Plan, mut measured: Vec<CandidateId>) -> Vec<CandidateId> {
        if !self.fallback.is_empty() {
            return self.fallback.clone();
        }
        // Who has failed is not asked again.
        if let Plan::Single(only) = plan {
            measured.retain(|one| one != only);
        }
        measured.truncate(MOST_FALLBACKS);
        measured
    }

    /// Puts the rules before a policy's plan; `measured` are who answers where one has failed and nobody wrote whom
    /// to ask.
    #[must_use]
    pub fn around(&self, policy: Policy, measured: Vec<CandidateId>) -> Policy {
        let plan = if self.rules.is_empty() {
            policy.plan
        } else {
            Plan::Rules {
                rules: self.rules.clone(),
                otherwise: Box::new(policy.plan),
            }
        };
        let fallback = self.fallback_of(&plan, measured);
        Policy {
            plan,
            reads: self.reads.clone(),
            fallback,
            ..policy
        }
    }
}

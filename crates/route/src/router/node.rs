//! The tree of a policy, made ready to run.

use std::collections::BTreeMap;

use regex::Regex;
use trilemma_domain::CandidateId;
use trilemma_score::Extraction;

use super::test::Test;
use crate::learned::{Query, ReadyJudge};
use crate::policy::{Accept, Compare, Pace};

/// One candidate that may be asked.
pub(super) type Member = CandidateId;

/// One node.
#[derive(Debug)]
pub(super) enum Node {
    Single(Member),
    Rules {
        rules: Vec<Branch>,
        otherwise: Box<Node>,
    },
    Tiers {
        small: Member,
        medium: Member,
        large: Member,
    },
    PerTask {
        tasks: BTreeMap<String, Node>,
        otherwise: Box<Node>,
    },
    Learned(Box<Query>),
    Cascade(Box<Cascade>),
    Classify {
        by: Member,
        extract: Option<Extraction>,
        /// By label in lower case.
        labels: BTreeMap<String, Node>,
        otherwise: Box<Node>,
    },
}

/// A rule and what follows.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) name: String,
    pub(super) test: Test,
    pub(super) then: Node,
}

/// Cheap candidates first.
#[derive(Debug)]
pub(super) struct Cascade {
    pub(super) ask: Vec<Member>,
    pub(super) pace: Pace,
    pub(super) extract: Option<Extraction>,
    pub(super) compare: Compare,
    pub(super) accept: Accept,
    /// Ready to run, where a judge accepts.
    pub(super) judge: Option<ReadyJudge>,
    pub(super) escalate: Node,
}

impl Cascade {
    /// Whether one candidate is asked, once or repeatedly.
    pub(super) fn is_one(&self) -> bool {
        self.ask.iter().all(|id| Some(id) == self.ask.first())
    }
}

/// A regular expression of a rule.
pub(super) type Pattern = Regex;

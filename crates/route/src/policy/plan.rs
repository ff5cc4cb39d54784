//! What a policy does with a request: a tree whose leaves are candidates.
//!
//! Rules, tasks, tiers, classifiers and cascades hold further plans, so they compose: rules first,
//! then a cascade whose escalation looks at the task, and so on. Written in JSON as
//! `{"single": "mini"}`, `{"rules": {…}}` and so on.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trilemma_domain::CandidateId;

use super::when::When;
use crate::learned::{Embedding, Judge, QueryModel};

/// One node of the tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Plan {
    /// One candidate answers.
    Single(CandidateId),
    /// The first rule whose condition holds decides.
    Rules {
        /// In order.
        rules: Vec<Rule>,
        /// When none holds.
        otherwise: Box<Plan>,
    },
    /// The design document's three levels of complexity, exactly as its code has them.
    Tiers(Tiers),
    /// The request's task decides.
    PerTask {
        /// By task.
        tasks: BTreeMap<String, Plan>,
        /// For other tasks, and for requests that name none.
        otherwise: Box<Plan>,
    },
    /// The candidate with the best expected quality less the price of its expected cost.
    Learned(Box<QueryModel>),
    /// Cheap candidates are asked; their answer is given when it is judged sufficient.
    Cascade {
        /// Who is asked; a name that stands there several times is asked as often (self-consistency).
        /// Where answers agree, the first in this order is given.
        ask: Vec<CandidateId>,
        /// At the same time, or one after the other and no more than needed.
        #[serde(default)]
        pace: Pace,
        /// From an answer to the part that is compared: extraction steps as scorers have them;
        /// absent = the text without the white space around it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extract: Option<Value>,
        /// When two extracted answers are the same.
        #[serde(default)]
        compare: Compare,
        /// When an answer is sufficient.
        accept: Accept,
        /// What is done when none is.
        escalate: Box<Plan>,
    },
    /// A small model names a label, and the label decides. Its own answer is never given.
    Classify {
        /// Who is asked; its prompt asks for a label.
        by: CandidateId,
        /// From its answer to the label: extraction steps; absent = the text without the white
        /// space around it. Labels are compared without regard to case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        extract: Option<Value>,
        /// By label.
        labels: BTreeMap<String, Plan>,
        /// For any other label, and when the classifier failed.
        otherwise: Box<Plan>,
    },
}

impl Plan {
    /// Adds everyone whom it may ask, some of them several times; not who makes vectors.
    pub(crate) fn asks(&self, all: &mut Vec<CandidateId>) {
        match self {
            Self::Single(id) => all.push(id.clone()),
            Self::Tiers(tiers) => {
                all.extend([&tiers.small, &tiers.medium, &tiers.large].map(Clone::clone));
            }
            Self::Learned(model) => {
                all.extend(model.quality.iter().map(|one| one.candidate.clone()));
                all.extend(model.unseen.iter().map(|one| one.then.clone()));
            }
            Self::Rules { rules, otherwise } => {
                rules.iter().for_each(|rule| rule.then.asks(all));
                otherwise.asks(all);
            }
            Self::PerTask { tasks, otherwise } => {
                tasks.values().for_each(|plan| plan.asks(all));
                otherwise.asks(all);
            }
            Self::Cascade { ask, escalate, .. } => {
                all.extend(ask.iter().cloned());
                escalate.asks(all);
            }
            Self::Classify {
                by,
                labels,
                otherwise,
                ..
            } => {
                all.push(by.clone());
                labels.values().for_each(|plan| plan.asks(all));
                otherwise.asks(all);
            }
        }
    }

    /// Adds every route that a rule asks for.
    pub(crate) fn routes<'a>(&'a self, all: &mut BTreeSet<&'a str>) {
        match self {
            Self::Single(_) | Self::Tiers(_) | Self::Learned(_) => {}
            Self::Rules { rules, otherwise } => {
                for rule in rules {
                    rule.when.routes(all);
                    rule.then.routes(all);
                }
                otherwise.routes(all);
            }
            Self::PerTask { tasks, otherwise } => {
                tasks.values().for_each(|plan| plan.routes(all));
                otherwise.routes(all);
            }
            Self::Cascade { escalate, .. } => escalate.routes(all),
            Self::Classify {
                labels, otherwise, ..
            } => {
                labels.values().for_each(|plan| plan.routes(all));
                otherwise.routes(all);
            }
        }
    }

    /// Everyone whom it asks for labels, once each.
    #[must_use]
    pub fn gives_labels(&self) -> Vec<&CandidateId> {
        let mut seen = BTreeSet::new();
        let all = self.labelled().into_iter().map(|one| one.by);
        all.filter(|id| seen.insert(*id)).collect()
    }

    /// Every place at which it asks for a label.
    #[must_use]
    pub fn labelled(&self) -> Vec<Labelled<'_>> {
        let mut all = Vec::new();
        self.collect_labelled("plan", &mut all);
        all
    }

    fn collect_labelled<'a>(&'a self, at: &str, all: &mut Vec<Labelled<'a>>) {
        match self {
            Self::Single(_) | Self::Tiers(_) | Self::Learned(_) => {}
            Self::Rules { rules, otherwise } => {
                for (idx, rule) in rules.iter().enumerate() {
                    let at = format!("{at}.rules.rules[{idx}].then");
                    rule.then.collect_labelled(&at, all);
                }
                otherwise.collect_labelled(&format!("{at}.rules.otherwise"), all);
            }
            Self::PerTask { tasks, otherwise } => {
                for (task, plan) in tasks {
                    plan.collect_labelled(&format!("{at}.per_task.tasks.{task}"), all);
                }
                otherwise.collect_labelled(&format!("{at}.per_task.otherwise"), all);
            }
            Self::Classify {
                by,
                labels,
                otherwise,
                ..
            } => {
                let at = format!("{at}.classify");
                for (label, plan) in labels {
                    plan.collect_labelled(&format!("{at}.labels.{label}"), all);
                }
                otherwise.collect_labelled(&format!("{at}.otherwise"), all);
                let labels = labels.keys().map(String::as_str).collect();
                all.push(Labelled { at, by, labels });
            }
            Self::Cascade { escalate, .. } => {
                escalate.collect_labelled(&format!("{at}.cascade.escalate"), all);
            }
        }
    }

    /// Adds every embedding that it looks at.
    pub(crate) fn embeddings<'a>(&'a self, all: &mut Vec<&'a Embedding>) {
        match self {
            Self::Single(_) | Self::Tiers(_) => {}
            Self::Learned(model) => all.extend(&model.embedding),
            Self::Rules { rules, otherwise } => {
                rules.iter().for_each(|rule| rule.then.embeddings(all));
                otherwise.embeddings(all);
            }
            Self::PerTask {
                tasks: plans,
                otherwise,
            }
            | Self::Classify {
                labels: plans,
                otherwise,
                ..
            } => {
                plans.values().for_each(|plan| plan.embeddings(all));
                otherwise.embeddings(all);
            }
            Self::Cascade { escalate, .. } => escalate.embeddings(all),
        }
    }
}

/// A place of a plan at which somebody is asked for a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled<'a> {
    /// Where, as a path such as `plan.classify`.
    pub at: String,
    /// Who is asked.
    pub by: &'a CandidateId,
    /// The labels that have a plan.
    pub labels: Vec<&'a str>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What explanations call it.
    pub name: String,
    /// When it holds.
    pub when: When,
    /// What is done then.
    pub then: Plan,
}

/// Who answers at which level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// At most 40 words, no cue of reasoning, no code.
    pub small: CandidateId,
    /// More than 40 words, or code.
    pub medium: CandidateId,
    /// More than 100 words, or a cue of reasoning.
    pub large: CandidateId,
}

/// How several are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// All at the same time: the wait is that of the slowest.
    #[default]
    Together,
    /// One after the other, and only as long as the answer could still be sufficient or is not yet:
    /// the cheapest, but waits add up.
    InTurn,
}

/// When two extracted answers are the same. White space at both ends never counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The same characters.
    Exact,
    /// The same but for case, and for how much white space stands between words.
    #[default]
    Loose,
}

/// When an answer of the cascade is sufficient. A failed call never is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Accept {
    /// It is complete (not cut at the limit of its length, not filtered or refused) and extraction finds something
    /// in it.
    Complete,
    /// At least this many of those asked give the same extracted answer; complete ones only.
    Agree(usize),
    /// A fitted judge finds that asking the large candidate would gain too little. It looks at the
    /// first answer, which must be complete, and at how the others compare.
    Judged(Box<Judge>),
}

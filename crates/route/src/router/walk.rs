//! Down the tree: from a request and what was observed to the next step.

use std::collections::BTreeMap;

use trilemma_domain::CandidateId;
use trilemma_score::Extraction;

use super::node::{Cascade, Node};
use super::poll::{Asked, Majority, evidence, gist, majority};
use super::ready::Router;
use super::tiers::{Tier, classify_complexity};
use super::why::{NoLabel, NoVector, Why};
use crate::learned::{Estimate, Look, Query, ReadyJudge, Sight, embedded_text};
use crate::observe::{Observation, Outcome};
use crate::policy::{Accept, Compare, Pace};
use crate::request::RequestView;

/// What becomes of the answer to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is given as it comes, so it may be streamed to whoever asked.
    Given,
    /// It is judged first: nothing may be shown of it before the next step.
    Judged,
    /// It is the vector of the query's text, and no answer.
    Embedded,
    /// It names a label by which the policy goes on: it answers a request of its own (the classifier's prompt) and is never
    /// given.
    Labelled,
}

/// A call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Whom to ask.
    pub candidate: CandidateId,
    /// What becomes of the answer.
    pub purpose: Use,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Make these calls, at the same time; at least one.
    Call(Vec<Call>),
    /// Give the answer of this observation.
    Answer {
        /// Position in what was seen; an answered one.
        seen_idx: usize,
    },
    /// Everyone who could be asked has failed.
    Exhausted,
}

/// A step with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What happens next.
    pub step: Step,
    /// Why, from the root of the plan down.
    pub why: Vec<Why>,
}

/// Decides.
pub(super) fn walk(router: &Router, request: &RequestView<'_>, seen: &[Observation]) -> Decision {
    let mut walk = Walk {
        router,
        request,
        seen,
        why: Vec::new(),
    };
    let step = walk.down(&router.root);
    Decision {
        step,
        why: walk.why,
    }
}

pub(super) struct Walk<'a> {
    router: &'a Router,
    request: &'a RequestView<'a>,
    seen: &'a [Observation],
    why: Vec<Why>,
}

/// How it stands with one candidate.
enum Standing {
    Unasked,
    Failed,
    Answered { seen_idx: usize },
}

impl<'a> Walk<'a> {
    /// Whom a node asks first.
    pub(super) fn first(
        router: &Router,
        request: &RequestView<'_>,
        node: &Node,
    ) -> Vec<CandidateId> {
        let mut walk = Walk {
            router,
            request,
            seen: &[],
            why: Vec::new(),
        };
        match walk.down(node) {
            Step::Call(calls) => calls.into_iter().map(|call| call.candidate).collect(),
            Step::Answer { .. } | Step::Exhausted => Vec::new(),
        }
    }

    fn down(&mut self, node: &Node) -> Step {
        match node {
            Node::Single(member) => self.single(member),
            Node::Rules { rules, otherwise } => {
                let held = rules.iter().find(|rule| rule.test.holds(self.request));
                match held {
                    Some(rule) => {
                        self.why.push(Why::Rule {
                            name: rule.name.clone(),
                        });
                        self.down(&rule.then)
                    }
                    None => {
                        self.why.push(Why::NoRule);
                        self.down(otherwise)
                    }
                }
            }
            Node::Tiers {
                small,
                medium,
                large,
            } => {
                let tier = classify_complexity(&self.request.text);
                self.why.push(Why::Tier(tier));
                self.single(match tier {
                    Tier::Small => small,
                    Tier::Medium => medium,
                    Tier::Large => large,
                })
            }
            Node::PerTask { tasks, otherwise } => {
                let found = self.request.task.and_then(|task| tasks.get_key_value(task));
                match found {
                    Some((task, plan)) => {
                        self.why.push(Why::Task { task: task.clone() });
                        self.down(plan)
                    }
                    None => {
                        self.why.push(Why::OtherTask);
                        self.down(otherwise)
                    }
                }
            }
            Node::Learned(query) => self.learned(query),
            Node::Cascade(cascade) => self.cascade(cascade),
            Node::Classify {
                by,
                extract,
                labels,
                otherwise,
            } => match self.label((by, extract.as_ref()), labels) {
                Err(call) => Step::Call(vec![call]),
                Ok(Some((label, plan))) => {
                    let (by, label) = (by.clone(), label.to_owned());
                    self.why.push(Why::Label { by, label });
                    self.down(plan)
                }
                Ok(None) => self.down(otherwise),
            },
        }
    }

    /// The best expected quality less the price of expected cost; the first among equals.
    fn learned(&mut self, query: &Query) -> Step {
        if let Some(then) = query.unseen(self.request.task) {
            self.why.push(Why::UnseenTask);
            return self.single(then);
        }
        let vector = match self.vector(query) {
            Ok(vector) => vector,
            Err(call) => return Step::Call(vec![call]),
        };
        let estimates = query.estimates(Sight {
            text: &self.request.text,
            task: self.request.task,
            vector,
        });
        let worth = |one: &Estimate| one.quality - query.quality_per_usd() * one.cost_usd;
        let best = estimates.into_iter().reduce(|best, one| {
            if worth(&one) > worth(&best) {
                one
            } else {
                best
            }
        });
        let Some(best) = best else {
            return Step::Exhausted;
        };
        let candidate = best.candidate.clone();
        self.why.push(Why::Expected {
            candidate: best.candidate,
            quality: best.quality,
            cost_usd: best.cost_usd,
        });
        self.single(&candidate)
    }

    /// The vector of the query, where one is wanted and has come; the call that makes it, where it is to be made.
    fn vector(&mut self, query: &Query) -> Result<Option<&'a [f32]>, Call> {
        let Some(embedding) = query.embedding() else {
            return Ok(None);
        };
        let by = embedding.by();
        let seen: &'a [Observation] = self.seen;
        let mut seen = seen.iter().filter(|seen| seen.candidate == *by);
        let found = if embedded_text(&self.request.text).is_none() {
            Err(NoVector::NoText)
        } else {
            match seen.next().map(|seen| &seen.outcome) {
                None => {
                    return Err(Call {
                        candidate: by.clone(),
                        purpose: Use::Embedded,
                    });
                }
                Some(Outcome::Embedded { vector, .. }) => {
                    let is_usable = embedding.is_usable(vector);
                    is_usable
                        .then_some(vector.as_slice())
                        .ok_or(NoVector::Unusable)
                }
                Some(Outcome::Answered { .. }) => Err(NoVector::Unusable),
                Some(Outcome::Failed) => Err(NoVector::Failed),
            }
        };
        let by = by.clone();
        self.why.push(match found {
            Ok(_) => Why::Embedded { by },
            Err(instead) => Why::NotEmbedded { by, instead },
        });
        Ok(found.ok())
    }

    /// The label that a classifier named, with its plan; `None` = none that has one, and the reason is told; the call
    /// that asks for it, where it is to be made.
    fn label<'n>(
        &mut self,
        (by, extract): (&CandidateId, Option<&Extraction>),
        labels: &'n BTreeMap<String, Node>,
    ) -> Result<Option<(&'n str, &'n Node)>, Call> {
        let instead = if self.request.text.trim().is_empty() {
            NoLabel::NoText
        } else {
            match self.standing(by) {
                Standing::Unasked => {
                    return Err(Call {
                        candidate: by.clone(),
                        purpose: Use::Labelled,
                    });
                }
                Standing::Failed => NoLabel::Failed,
                Standing::Answered { seen_idx } => {
                    let said = self.seen.get(seen_idx);
                    let said = said.and_then(|seen| gist(&seen.outcome, extract, Compare::Loose));
                    match said.and_then(|said| labels.get_key_value(&said)) {
                        Some((label, plan)) => return Ok(Some((label, plan))),
                        None => NoLabel::Unknown,
                    }
                }
            }
        };
        let by = by.clone();
        self.why.push(Why::NoLabel { by, instead });
        Ok(None)
    }

    /// What a classifier's plan goes on with, for whoever explains it: its label and plan, as far as it has been asked.
    pub(super) fn named<'n>(
        (router, request, seen): (&Router, &RequestView<'_>, &[Observation]),
        (by, extract): (&CandidateId, Option<&Extraction>),
        labels: &'n BTreeMap<String, Node>,
    ) -> Result<Option<(&'n str, &'n Node)>, Call> {
        let mut walk = Walk {
            router,
            request,
            seen,
            why: Vec::new(),
        };
        walk.label((by, extract), labels)
    }

    /// One candidate answers; if it has failed, the fallback chain does.
    fn single(&mut self, member: &CandidateId) -> Step {
        let router = self.router;
        for wanted in std::iter::once(member).chain(&router.fallback) {
            match self.standing(wanted) {
                Standing::Unasked => {
                    return Step::Call(vec![Call {
                        candidate: wanted.clone(),
                        purpose: Use::Given,
                    }]);
                }
                Standing::Answered { seen_idx } => return Step::Answer { seen_idx },
                Standing::Failed => self.why.push(Why::Failed {
                    candidate: wanted.clone(),
                }),
            }
        }
        let left = self
            .seen
            .iter()
            .position(|seen| seen.is_answered() && !router.classifiers.contains(&seen.candidate));
        match left {
            Some(seen_idx) => {
                self.why.push(Why::LastResort);
                Step::Answer { seen_idx }
            }
            None => Step::Exhausted,
        }
    }

    fn standing(&self, member: &CandidateId) -> Standing {
        let mut standing = Standing::Unasked;
        for (seen_idx, seen) in self.seen.iter().enumerate() {
            if seen.candidate != *member {
                continue;
            }
            if seen.is_answered() {
                return Standing::Answered { seen_idx };
            }
            standing = Standing::Failed;
        }
        standing
    }

    fn cascade(&mut self, cascade: &Cascade) -> Step {
        let judge = cascade.judge.as_ref();
        if judge.is_some_and(|judge| judge.is_unseen(self.request.task)) {
            self.why.push(Why::UnseenTask);
            return self.down(&cascade.escalate);
        }
        let asked = self.asked(cascade);
        let missing: Vec<Call> = (cascade.ask.iter().zip(&asked))
            .filter(|(_, seen_idx)| seen_idx.is_none())
            .map(|(member, _)| judged(member))
            .collect();
        if cascade.pace == Pace::Together && !missing.is_empty() {
            return Step::Call(missing);
        }
        let gists: Vec<Option<String>> = asked
            .iter()
            .map(|seen_idx| {
                let outcome: &Outcome = &self.seen.get((*seen_idx)?)?.outcome;
                gist(outcome, cascade.extract.as_ref(), cascade.compare)
            })
            .collect();
        if let Some(judge) = judge {
            return self.judged(cascade, judge, &asked, &gists);
        }
        let found = majority(&gists);
        let need = match cascade.accept {
            Accept::Complete | Accept::Judged(_) => 1,
            Accept::Agree(need) => need,
        };
        let answer = asked.get(found.first_idx).copied().flatten();
        if let (true, Some(seen_idx)) = (found.n >= need, answer) {
            self.why.push(verdict(cascade, found));
            return Step::Answer { seen_idx };
        }
        // In turn: the next may still help, unless all that are left agreeing would be too few.
        let can_be_reached = found.n + missing.len() >= need;
        if let (true, Some(next)) = (can_be_reached, missing.into_iter().next()) {
            return Step::Call(vec![next]);
        }
        self.why.push(verdict(cascade, found));
        self.down(&cascade.escalate)
    }

    /// The first answer is given when the judge finds it good enough.
    fn judged(
        &mut self,
        cascade: &Cascade,
        ready: &ReadyJudge,
        asked: &[Option<usize>],
        gists: &[Option<String>],
    ) -> Step {
        let outcomes = asked
            .iter()
            .map(|seen_idx| Some(&self.seen.get((*seen_idx)?)?.outcome));
        let outcomes: Vec<Option<&Outcome>> = outcomes.collect();
        let judge = ready.judge();
        let task = self
            .request
            .task
            .and_then(|task| judge.tasks.iter().position(|t| t == task));
        let is_one = cascade.is_one();
        let answers = Asked {
            gists,
            outcomes: &outcomes,
            is_one,
        };
        let mut evidence = evidence(&self.request.text, task, answers);
        if !evidence.agree {
            evidence.signs = ready.signs(&Look {
                query: &self.request.text,
                task: self.request.task,
                first: outcomes.first().copied().flatten(),
                gists,
            });
        }
        let weighing = ready.weigh(&evidence);
        let is_found = evidence.found[0];
        self.why.push(Why::Weighed {
            agree: (!is_one).then_some(evidence.agree),
            is_found,
            weighing,
        });
        match asked.first().copied().flatten() {
            Some(seen_idx) if is_found && weighing.is_too_little() => Step::Answer { seen_idx },
            _ => self.down(&cascade.escalate),
        }
    }

    /// For each of those asked, its observation: the k-th of a name belongs to its k-th place.
    fn asked(&self, cascade: &Cascade) -> Vec<Option<usize>> {
        let mut taken = vec![false; self.seen.len()];
        cascade
            .ask
            .iter()
            .map(|member| {
                let (seen_idx, slot) = (taken.iter_mut().enumerate()).find(|(idx, taken)| {
                    !**taken && self.seen.get(*idx).is_some_and(|s| s.candidate == *member)
                })?;
                *slot = true;
                Some(seen_idx)
            })
            .collect()
    }
}

fn verdict(cascade: &Cascade, found: Majority) -> Why {
    let of = cascade.ask.len();
    match cascade.accept {
        Accept::Complete | Accept::Judged(_) if found.n > 0 => Why::Complete,
        Accept::Complete | Accept::Judged(_) => Why::Incomplete,
        Accept::Agree(need) if found.n >= need => Why::Agreed { n: found.n, of },
        Accept::Agree(need) => Why::Disagreed {
            n: found.n,
            of,
            need,
        },
    }
}

fn judged(member: &CandidateId) -> Call {
    Call {
        candidate: member.clone(),
        purpose: Use::Judged,
    }
}

//! From a policy to a tree that can run, or to the list of everything that is wrong with it.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};
use serde_json::Value;
use trilemma_domain::CandidateId;
use trilemma_score::Extraction;

use super::node::{Branch, Cascade, Node};
use super::ready::Router;
use super::test::Test;
use crate::learned::{Query, QueryModel, ReadyJudge};
use crate::policy::{
    Accept, Pace, Plan, Policy, PolicyProblem, Rule, SCHEMA_VERSION, When, parse_day, parse_hours,
};

/// Most candidates that one cascade may ask.
const MAX_ASKED: usize = 16;
/// Most bytes of a compiled regular expression.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// Checks and builds.
pub(super) fn compile(policy: Policy) -> Result<Router, Vec<PolicyProblem>> {
    let mut check = Check {
        known: policy.candidates.iter().map(|one| one.id.clone()).collect(),
        answerers: Vec::new(),
        classifiers: Vec::new(),
        embedders: Vec::new(),
        problems: Vec::new(),
    };
    check.header(&policy);
    let root = check.plan(&policy.plan, "plan");
    for (idx, member) in policy.fallback.iter().enumerate() {
        check.answerer(member, &format!("fallback[{idx}]"));
    }
    check.roles();
    if check.problems.is_empty() {
        Ok(Router {
            fallback: policy.fallback.clone(),
            classifiers: check.classifiers,
            policy,
            root,
        })
    } else {
        Err(check.problems)
    }
}

/// A label as it is compared: without regard to case and to how much white space there is.
#[must_use]
pub fn normal(label: &str) -> String {
    let words: Vec<&str> = label.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

struct Check {
    known: Vec<CandidateId>,
    answerers: Vec<CandidateId>,
    classifiers: Vec<CandidateId>,
    /// Each with the number of numbers of its vectors.
    embedders: Vec<(CandidateId, usize)>,
    problems: Vec<PolicyProblem>,
}

impl Check {
    fn note(&mut self, at: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(PolicyProblem {
            at: at.to_owned(),
            message: message.into(),
            hint: hint.into(),
        });
    }

    fn header(&mut self, policy: &Policy) {
        if policy.schema_version == 0 || policy.schema_version > SCHEMA_VERSION {
            self.note(
                "schema_version",
                format!("is {}", policy.schema_version),
                format!("write {SCHEMA_VERSION}"),
            );
        }
        if policy.candidates.is_empty() {
            self.note("candidates", "is empty", "name who may be asked");
        }
        for (idx, member) in policy.candidates.iter().enumerate() {
            let earlier = policy.candidates.iter().take(idx);
            if earlier.into_iter().any(|other| other.id == member.id) {
                self.note(
                    &format!("candidates[{idx}].id"),
                    format!("names `{}` a second time", member.id),
                    "name each candidate once",
                );
            }
        }
    }

    fn member(&mut self, id: &CandidateId, at: &str) {
        if !self.known.contains(id) {
            let known: Vec<&str> = self.known.iter().map(CandidateId::as_str).collect();
            let hint = format!("one of {}", known.join(", "));
            self.note(at, format!("names `{id}`, which is no candidate"), hint);
        }
    }

    fn answerer(&mut self, id: &CandidateId, at: &str) -> CandidateId {
        self.member(id, at);
        self.answerers.push(id.clone());
        id.clone()
    }

    /// A classifier's answer is a label, and a vector is none: neither can be an answer as well.
    fn roles(&mut self) {
        for id in self.classifiers.clone() {
            if self.answerers.contains(&id) {
                self.note(
                    "plan",
                    format!("asks `{id}` both for labels and for answers"),
                    "a classifier has a prompt of its own: make it a candidate of its own",
                );
            }
        }
        for (id, dimensions) in self.embedders.clone() {
            if self
                .embedders
                .iter()
                .any(|(other, n)| *other == id && *n > dimensions)
            {
                self.note(
                    "plan",
                    format!("asks `{id}` for vectors of two lengths"),
                    "train the policy again",
                );
            }
            if self.answerers.contains(&id) || self.classifiers.contains(&id) {
                self.note(
                    "plan",
                    format!("asks `{id}` both for vectors and for answers"),
                    "a model for embeddings answers nothing: name it apart",
                );
            }
        }
    }

    fn plan(&mut self, plan: &Plan, at: &str) -> Node {
        match plan {
            Plan::Single(id) => Node::Single(self.answerer(id, &format!("{at}.single"))),
            Plan::Rules { rules, otherwise } => {
                let at = format!("{at}.rules");
                Node::Rules {
                    rules: (rules.iter().enumerate())
                        .map(|(idx, rule)| self.rule(rule, &format!("{at}.rules[{idx}]")))
                        .collect(),
                    otherwise: Box::new(self.plan(otherwise, &format!("{at}.otherwise"))),
                }
            }
            Plan::Tiers(tiers) => Node::Tiers {
                small: self.answerer(&tiers.small, &format!("{at}.tiers.small")),
                medium: self.answerer(&tiers.medium, &format!("{at}.tiers.medium")),
                large: self.answerer(&tiers.large, &format!("{at}.tiers.large")),
            },
            Plan::PerTask { tasks, otherwise } => {
                let at = format!("{at}.per_task");
                Node::PerTask {
                    tasks: (tasks.iter())
                        .map(|(task, plan)| {
                            let plan = self.plan(plan, &format!("{at}.tasks.{task}"));
                            (task.clone(), plan)
                        })
                        .collect(),
                    otherwise: Box::new(self.plan(otherwise, &format!("{at}.otherwise"))),
                }
            }
            Plan::Learned(model) => self.learned(model, &format!("{at}.learned")),
            Plan::Cascade { .. } => self.cascade(plan, &format!("{at}.cascade")),
            Plan::Classify {
                by,
                extract,
                labels,
                otherwise,
            } => {
                let at = format!("{at}.classify");
                self.member(by, &format!("{at}.by"));
                if !self.classifiers.contains(by) {
                    self.classifiers.push(by.clone());
                }
                Node::Classify {
                    by: by.clone(),
                    extract: self.extract(extract.as_ref(), &at),
                    labels: self.labels(labels, &at),
                    otherwise: Box::new(self.plan(otherwise, &format!("{at}.otherwise"))),
                }
            }
        }
    }

    fn learned(&mut self, model: &QueryModel, at: &str) -> Node {
        for (idx, one) in model.quality.iter().enumerate() {
            self.answerer(&one.candidate, &format!("{at}.quality[{idx}].candidate"));
        }
        if let Some(unseen) = &model.unseen {
            self.answerer(&unseen.then, &format!("{at}.unseen.then"));
        }
        if let Some(embedding) = &model.embedding {
            self.member(&embedding.by, &format!("{at}.embedding.by"));
            let one = (embedding.by.clone(), embedding.dimensions);
            if !self.embedders.contains(&one) {
                self.embedders.push(one);
            }
        }
        match Query::new(model) {
            Ok(query) => Node::Learned(Box::new(query)),
            Err(faults) => {
                for (place, message) in faults {
                    self.note(&format!("{at}.{place}"), message, "train the policy again");
                }
                Node::Single(CandidateId::new(""))
            }
        }
    }

    fn labels(&mut self, labels: &BTreeMap<String, Plan>, at: &str) -> BTreeMap<String, Node> {
        let mut built = BTreeMap::new();
        if labels.is_empty() {
            self.note(
                &format!("{at}.labels"),
                "maps no label",
                "name the labels that the classifier is asked for, each with a plan",
            );
        }
        for (label, plan) in labels {
            let at = format!("{at}.labels.{label}");
            let plan = self.plan(plan, &at);
            if label.trim().is_empty() {
                self.note(&at, "is an empty label", "name the label");
            }
            if built.insert(normal(label), plan).is_some() {
                self.note(
                    &at,
                    "differs from another label only in case or white space",
                    "labels are compared without regard to either",
                );
            }
        }
        built
    }

    fn cascade(&mut self, plan: &Plan, at: &str) -> Node {
        let Plan::Cascade {
            ask,
            pace,
            extract,
            compare,
            accept,
            escalate,
        } = plan
        else {
            // Only called for cascades.
            return Node::Single(CandidateId::new(""));
        };
        if ask.is_empty() || ask.len() > MAX_ASKED {
            self.note(
                &format!("{at}.ask"),
                format!("names {} candidates", ask.len()),
                format!("name 1 to {MAX_ASKED}"),
            );
        }
        for (idx, id) in ask.iter().enumerate() {
            self.answerer(id, &format!("{at}.ask[{idx}]"));
        }
        if let Accept::Agree(need) = accept
            && !(2..=ask.len().max(2)).contains(need)
        {
            self.note(
                &format!("{at}.accept.agree"),
                format!("asks for {need} equal answers of {}", ask.len()),
                "at least 2, and no more than are asked; for one answer write `\"complete\"`",
            );
        }
        let mut ready = None;
        if let Accept::Judged(judge) = accept {
            let at = format!("{at}.accept.judged");
            match ReadyJudge::new(judge) {
                Ok(judge) => ready = Some(judge),
                Err(fault) => self.note(&at, fault, "train the policy again"),
            }
            if *pace == Pace::InTurn {
                self.note(
                    &at,
                    "looks at all answers",
                    "write `\"pace\": \"together\"`",
                );
            }
        }
        Node::Cascade(Box::new(Cascade {
            ask: ask.clone(),
            pace: *pace,
            extract: self.extract(extract.as_ref(), at),
            compare: *compare,
            accept: accept.clone(),
            judge: ready,
            escalate: self.plan(escalate, &format!("{at}.escalate")),
        }))
    }

    fn extract(&mut self, steps: Option<&Value>, at: &str) -> Option<Extraction> {
        match Extraction::build(steps?) {
            Ok(extraction) => Some(extraction),
            Err(problems) => {
                for problem in problems {
                    let option = problem.option.as_deref().unwrap_or("extract");
                    self.note(&format!("{at}.{option}"), problem.message, problem.hint);
                }
                None
            }
        }
    }

    fn rule(&mut self, rule: &Rule, at: &str) -> Branch {
        Branch {
            name: rule.name.clone(),
            test: self.when(&rule.when, &format!("{at}.when")),
            then: self.plan(&rule.then, &format!("{at}.then")),
        }
    }

    fn when(&mut self, when: &When, at: &str) -> Test {
        for (range, name) in [
            (when.chars, "chars"),
            (when.words, "words"),
            (when.context_tokens, "context_tokens"),
        ] {
            let Some(range) = range else { continue };
            if range.min.zip(range.max).is_some_and(|(min, max)| min > max) {
                let at = format!("{at}.{name}");
                self.note(&at, "ends below its start", "swap `min` and `max`");
            }
        }
        Test {
            chars: when.chars,
            words: when.words,
            context_tokens: when.context_tokens,
            matches: self.matches(when, at),
            contains: self.contains(when, at),
            tags: when.tags.clone(),
            user_tier: when.user_tier.clone(),
            task: when.task.clone(),
            route: when.route.clone(),
            carries: when.carries.clone(),
            hours: self.hours(when, at),
            days: self.days(when, at),
            any: self.conditions(&when.any, &format!("{at}.any")),
            none: self.conditions(&when.none, &format!("{at}.none")),
        }
    }

    fn conditions(&mut self, conditions: &[When], at: &str) -> Vec<Test> {
        (conditions.iter().enumerate())
            .map(|(idx, when)| self.when(when, &format!("{at}[{idx}]")))
            .collect()
    }

    fn matches(&mut self, when: &When, at: &str) -> Option<Regex> {
        let pattern = when.matches.as_ref()?;
        self.regex(RegexBuilder::new(pattern), &format!("{at}.matches"))
    }

    fn contains(&mut self, when: &When, at: &str) -> Option<Regex> {
        if when.contains.is_empty() {
            return None;
        }
        let at = format!("{at}.contains");
        if when.contains.iter().any(String::is_empty) {
            self.note(&at, "holds an empty text", "an empty text is in every text");
        }
        let escaped: Vec<String> = when
            .contains
            .iter()
            .map(|text| regex::escape(text))
            .collect();
        let mut builder = RegexBuilder::new(&escaped.join("|"));
        builder.case_insensitive(true);
        self.regex(builder, &at)
    }

    fn regex(&mut self, mut builder: RegexBuilder, at: &str) -> Option<Regex> {
        match builder.size_limit(MAX_REGEX_BYTES).build() {
            Ok(regex) => Some(regex),
            Err(error) => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default().trim().to_owned();
                self.note(
                    at,
                    format!("is no regular expression: {last}"),
                    "Rust's syntax, without look-around and back-references",
                );
                None
            }
        }
    }

    fn hours(&mut self, when: &When, at: &str) -> Option<(u16, u16)> {
        let text = when.hours.as_ref()?;
        let hours = parse_hours(text);
        if hours.is_none() {
            let message = format!("is `{text}`");
            self.note(
                &format!("{at}.hours"),
                message,
                "write \"08:00-18:30\", in UTC",
            );
        }
        hours
    }

    fn days(&mut self, when: &When, at: &str) -> Vec<jiff::civil::Weekday> {
        let mut days = Vec::new();
        for (idx, text) in when.days.iter().enumerate() {
            match parse_day(text) {
                Some(day) => days.push(day),
                None => {
                    let at = format!("{at}.days[{idx}]");
                    self.note(
                        &at,
                        format!("is `{text}`"),
                        "mon, tue, wed, thu, fri, sat or sun",
                    );
                }
            }
        }
        days
    }
}

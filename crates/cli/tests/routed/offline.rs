//! The way of each item as the library evaluates it: from what was recorded, whatever it was.
//!
//! In: a store with a run, a project, a policy. Out: for every item whom the policy asks, step by step, whose answer
//! it takes, and why. Unlike `route eval` it leaves no item out: a call that failed is one that is seen to fail.

use std::collections::HashMap;
use std::path::Path;

use jiff::civil::date;
use serde_json::{Value, json};
use trilemma_catalog::Catalog;
use trilemma_domain::{CandidateId, Item, Message, Role, TrialKey, TrialOutcome};
use trilemma_project::{LoadContext, Project, Prompt, chat_request, load};
use trilemma_route::{Observation, Outcome, RequestView, Router, Step, Use, Why};
use trilemma_store::{RunManifest, Store};

/// What was recorded.
pub(crate) struct Records {
    project: Project,
    pub(crate) items: Vec<Item>,
    manifest: RunManifest,
    outcomes: HashMap<TrialKey, Outcome>,
}

/// What became of one item, offline or live.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Way {
    /// Whom it asked, step by step.
    pub(crate) asked: Vec<Vec<String>>,
    /// Whether somebody was asked after an answer.
    pub(crate) escalated: bool,
    /// Whose answer was taken; `None` = nobody's.
    pub(crate) answered_by: Option<String>,
    /// The answer.
    pub(crate) text: String,
    /// Reasons of the last decision.
    pub(crate) why: Vec<String>,
    /// Figures of the last decision, as decisions tell them.
    pub(crate) scores: Vec<Value>,
}

fn project(folder: &Path) -> Project {
    let text = fs_err::read_to_string(folder.join("trilemma.toml")).unwrap();
    let read_file =
        |path: &Path| fs_err::read_to_string(folder.join(path)).map_err(|error| error.to_string());
    let context = LoadContext {
        catalog: &Catalog::builtin(),
        as_of: date(2026, 11, 23),
        read_file: &read_file,
    };
    load(&text, &context).unwrap().project
}

impl Records {
    pub(crate) fn read(folder: &Path) -> Self {
        let store = Store::open_existing(&folder.join(".trilemma/trilemma.db")).unwrap();
        let run = store.runs().unwrap().pop().unwrap().run;
        let manifest = store.manifest(&run).unwrap();
        let items = manifest.items.iter().map(|id| {
            let body = store.item(&manifest.golden, id).unwrap().unwrap();
            serde_json::from_str(&body).unwrap()
        });
        let items: Vec<Item> = items.collect();
        let mut outcomes = HashMap::new();
        for (item_idx, _) in (0u32..).zip(&items) {
            for (candidate_idx, record) in (0u32..).zip(&manifest.candidates) {
                for repeat in 0..manifest.repeats {
                    let key = TrialKey {
                        item_idx,
                        candidate_idx,
                        repeat,
                    };
                    let trial = store.trial_detail(&run, key).unwrap().trial;
                    let id = record.candidate.id.clone();
                    let seen = match &trial.outcome {
                        TrialOutcome::Answered { reply, .. } => Observation::of_reply(id, reply),
                        TrialOutcome::Failed(_) => Observation::failed(id),
                    };
                    outcomes.insert(key, seen.outcome);
                }
            }
        }
        Self {
            project: project(folder),
            items,
            manifest,
            outcomes,
        }
    }

    /// What everybody is asked for an item.
    pub(crate) fn messages(&self, item: &Item) -> Vec<Message> {
        let candidate = &self.project.candidates[0];
        let prompt = candidate
            .prompt
            .as_ref()
            .map(|text| Prompt::parse(text).unwrap());
        chat_request(candidate, prompt.as_ref(), item)
            .unwrap()
            .messages
    }

    /// The request of an item, as a client sends it.
    pub(crate) fn body(&self, item: &Item, stream: bool) -> Value {
        let messages: Vec<Value> = (self.messages(item).iter())
            .map(|message| {
                let role = match message.role {
                    Role::System => "system",
                    Role::User => "user",
                    Role::Assistant | Role::Tool => "assistant",
                };
                json!({ "role": role, "content": message.joined_text() })
            })
            .collect();
        json!({
            "model": "auto", "stream": stream, "messages": messages,
            "metadata": { "question": item.extras.metadata["question"] },
        })
    }

    /// Where an item stands in the run.
    pub(crate) fn place(&self, id: &str) -> usize {
        let mut items = self.items.iter();
        items.position(|item| item.id.as_str() == id).unwrap()
    }

    /// What came of a candidate's `nth` answer to an item, from 0.
    pub(crate) fn outcome(&self, member: &CandidateId, item_idx: usize, nth: usize) -> Outcome {
        let mut records = self.manifest.candidates.iter();
        let at = records.position(|one| one.candidate.id == *member).unwrap();
        let key = TrialKey {
            item_idx: item_idx as u32,
            candidate_idx: at as u32,
            repeat: nth as u32,
        };
        self.outcomes[&key].clone()
    }

    /// Whether everybody has an answer to it.
    pub(crate) fn is_whole(&self, item_idx: usize) -> bool {
        let mut all = self.outcomes.iter();
        all.all(|(key, outcome)| {
            key.item_idx as usize != item_idx || matches!(outcome, Outcome::Answered { .. })
        })
    }

    /// How many calls failed, and in how many answers there is nothing to compare.
    pub(crate) fn n_failed_and_silent(&self) -> (usize, usize) {
        let is_silent = |outcome: &Outcome| match outcome {
            Outcome::Answered { text, .. } => !text.contains(|c: char| c.is_ascii_digit()),
            Outcome::Embedded { .. } | Outcome::Failed => false,
        };
        let all = || self.outcomes.values();
        (
            all().filter(|outcome| **outcome == Outcome::Failed).count(),
            all().filter(|outcome| is_silent(outcome)).count(),
        )
    }

    /// The way of an item through a policy.
    pub(crate) fn way(&self, router: &Router, item_idx: usize) -> Way {
        let item = &self.items[item_idx];
        let extras = &item.extras;
        let word = |key: &str| extras.metadata.get(key).and_then(Value::as_str);
        let messages = self.messages(item);
        let view = RequestView {
            task: word("task"),
            route: word("route"),
            tags: &extras.tags,
            user_tier: word("user_tier"),
            ..RequestView::of_messages(&messages, &router.policy().reads, Some(&extras.metadata))
        };
        let mut seen: Vec<Observation> = Vec::new();
        let mut asked = Vec::new();
        let mut escalated = false;
        // Whoever gives labels answers nobody.
        let mut is_label = Vec::new();
        loop {
            let decision = router.step(&view, &seen);
            let end = match decision.step {
                Step::Call(calls) => {
                    let mut step = Vec::new();
                    let mut all = seen.iter().zip(&is_label);
                    escalated |= all.any(|(one, is_label)| one.is_answered() && !is_label);
                    for call in calls {
                        assert_ne!(call.purpose, Use::Embedded);
                        let nth = seen
                            .iter()
                            .filter(|one| one.candidate == call.candidate)
                            .count();
                        step.push(call.candidate.to_string());
                        is_label.push(call.purpose == Use::Labelled);
                        seen.push(Observation {
                            outcome: self.outcome(&call.candidate, item_idx, nth),
                            candidate: call.candidate,
                        });
                    }
                    asked.push(step);
                    continue;
                }
                Step::Answer { seen_idx } => Some(&seen[seen_idx]),
                Step::Exhausted => None,
            };
            let text = match end.map(|one| &one.outcome) {
                Some(Outcome::Answered { text, .. }) => text.clone(),
                _ => String::new(),
            };
            return Way {
                asked,
                escalated,
                answered_by: end.map(|one| one.candidate.to_string()),
                text,
                why: decision.why.iter().map(ToString::to_string).collect(),
                scores: decision.why.iter().filter_map(score).collect(),
            };
        }
    }
}

/// The figures of a reason, as decisions tell them.
fn score(why: &Why) -> Option<Value> {
    match why {
        Why::Expected {
            candidate,
            quality,
            cost_usd,
        } => Some(json!({
            "kind": "expected", "candidate": candidate, "quality": quality, "cost_usd": cost_usd,
        })),
        Why::Weighed {
            agree, weighing, ..
        } => {
            let mut told = json!({
                "kind": "weighed", "gain": weighing.gain, "score": weighing.score,
                "threshold": weighing.threshold,
            });
            if let Some(agree) = agree {
                told["agree"] = json!(agree);
            }
            Some(told)
        }
        Why::Agreed { n, of } => Some(json!({ "kind": "agreed", "n": n, "of": of })),
        Why::Disagreed { n, of, need } => {
            Some(json!({ "kind": "agreed", "n": n, "of": of, "need": need }))
        }
        _ => None,
    }
}

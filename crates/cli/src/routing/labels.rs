//! Candidates of a run that give labels: whose labels are needed, and which of them a gateway would get.
//!
//! In: a project, a run as routing sees it, what is asked for. Out: for each item whether the classifier was asked in the
//! run what a gateway would ask it: its own prompt about the text that policies read, without tools and pictures. A label
//! for anything else says nothing of what it will say.

use anyhow::anyhow;
use trilemma_domain::{Candidate, CandidateId, ChatRequest, Item};
use trilemma_project::{LabelAsked, Labeller, Prompt, chat_request};
use trilemma_route::{Example, Policy};
use trilemma_store::RunManifest;

use crate::context::{Context, InputError};

/// What a candidate of a run is there for.
#[derive(Debug, PartialEq)]
pub(super) enum Role {
    /// Its answers are given.
    Answers,
    /// It gives labels: of each item whether it was asked what a gateway would ask it.
    Labels(Vec<bool>),
    /// It gives labels, and takes no part: why.
    Idle(String),
}

impl Role {
    /// By who is needed and who gives labels at all; nothing is known yet of how it was asked.
    pub(super) fn of(id: &CandidateId, needed: &[CandidateId], givers: &[CandidateId]) -> Self {
        if needed.contains(id) {
            Self::Labels(Vec::new())
        } else if givers.contains(id) {
            Self::Idle("gives labels, for which nobody asks here".to_owned())
        } else {
            Self::Answers
        }
    }

    /// Finds out which of its labels a gateway would get; a note where it is not all.
    pub(super) fn settle(
        &mut self,
        candidate: &Candidate,
        about: (&[&Item], &[Example]),
    ) -> Option<String> {
        if !matches!(self, Self::Labels(_)) {
            return None;
        }
        let alike = match asked_alike(candidate, about) {
            Ok(alike) => alike,
            Err(reason) => {
                *self = Self::Idle(reason);
                return None;
            }
        };
        let n = alike.iter().filter(|is| !**is).count();
        *self = Self::Labels(alike);
        (n > 0).then(|| {
            format!(
                "{n} items are left out: `{}` was asked about them something else than a gateway would ask it (other \
                 texts, tools or pictures)",
                candidate.id
            )
        })
    }
}

/// Whose labels a policy needs; none without one.
pub(crate) fn of_policy(policy: &Policy) -> Vec<CandidateId> {
    policy.plan.gives_labels().into_iter().cloned().collect()
}

/// Whose labels the project's rules need.
pub(crate) fn of_rules(context: &Context) -> Vec<CandidateId> {
    let rules = &context.project.routing.rules;
    let mut all: Vec<CandidateId> = Vec::new();
    for id in rules.iter().flat_map(|rule| rule.then.gives_labels()) {
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    all
}

/// Those, and the classifier of `[routing]`, where one is stated and the run has it.
pub(crate) fn of_project(context: &Context, manifest: &RunManifest) -> Vec<CandidateId> {
    let mut all = of_rules(context);
    let own = context.project.routing.classifier.as_ref();
    let own = own.map(|one| &one.by).filter(|by| {
        let mut there = manifest.candidates.iter();
        there.any(|one| one.candidate.id == **by)
    });
    if let Some(own) = own.filter(|own| !all.contains(own)) {
        all.push(own.clone());
    }
    all
}

/// Whose labels are needed must have been asked.
///
/// # Errors
/// [`InputError`] names who was not.
pub(super) fn demand(manifest: &RunManifest, needed: &[CandidateId]) -> anyhow::Result<()> {
    let is_there = |id: &&CandidateId| {
        let mut all = manifest.candidates.iter();
        all.any(|one| one.candidate.id == **id)
    };
    match needed.iter().find(|id| !is_there(id)) {
        None => Ok(()),
        Some(id) => Err(anyhow!(InputError(format!(
            "failed to find `{id}`, whose labels are needed, in run {}; hint: `trilemma bench` asks it too",
            manifest.run
        )))),
    }
}

/// Whether a classifier was asked about each item what a gateway would ask it.
///
/// # Errors
/// Why it gives no labels at all, as a fragment after its name.
fn asked_alike(
    candidate: &Candidate,
    (items, rows): (&[&Item], &[Example]),
) -> Result<Vec<bool>, String> {
    if candidate.target.pipeline.is_some() {
        return Err("is a pipeline, which the gateway does not serve".to_owned());
    }
    let Some(text) = &candidate.prompt else {
        return Err(
            "gives labels and has no prompt of its own; hint: `prompt` in its `[[candidates]]` entry"
                .to_owned(),
        );
    };
    let prompt = Prompt::parse(text).map_err(|error| error.to_string())?;
    let labeller = Labeller::of(text).map_err(|error| error.to_string())?;
    let is_alike = |(item, row): (&&Item, &Example)| {
        let offline = chat_request(candidate, Some(&prompt), item);
        let live = labeller.request(
            candidate,
            LabelAsked {
                text: &row.text,
                metadata: Some(&item.extras.metadata),
                tags: &row.about.tags,
                task: row.task.as_deref(),
                user_tier: row.about.user_tier.as_deref(),
            },
        );
        let is_same =
            |a: ChatRequest, b: ChatRequest| a.messages == b.messages && a.tools == b.tools;
        (offline.ok().zip(live.ok())).is_some_and(|(offline, live)| is_same(offline, live))
    };
    let alike: Vec<bool> = items.iter().zip(rows).map(is_alike).collect();
    if !alike.is_empty() && !alike.contains(&true) {
        return Err(format!(
            "was asked something else than a gateway would ask it: its prompt (`{}`) gets the text that policies read, \
             and neither conversation, tools, pictures nor the item's name; hint: name in it only `input` and free \
             fields, and by `read_field` under `[routing]` the field that holds the same text",
            text.name
        ));
    }
    Ok(alike)
}

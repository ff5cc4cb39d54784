//! Candidates that give labels: how they are asked, and what is wrong with them.
//!
//! In: a candidate with a prompt of its own, and what a policy sees of a request. Out: the request that it gets, the same
//! offline and live. Of what a client sent, only the text that policies read, free fields, tags, task and tier can reach
//! it, and only where its prompt names them; tools, images, lengths and shapes of answers never do.

use serde_json::{Map, Value};
use trilemma_domain::{
    Candidate, CandidateId, ChatRequest, Extras, Input, Item, ItemExtras, PromptText,
};
use trilemma_route::{Labelled, Policy, PolicyProblem, normal};

use crate::problem::Severity;
use crate::prompt::{Prompt, PromptError, chat_request};

/// As what every request is known to the prompt of a classifier.
const ID: &str = "request";

/// Asks one candidate for labels.
#[derive(Debug)]
pub struct Labeller {
    prompt: Prompt,
}

/// What its prompt may name of a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct LabelAsked<'a> {
    /// The text that policies read: `input`.
    pub text: &'a str,
    /// Free fields: `metadata`, and each by its own name.
    pub metadata: Option<&'a Map<String, Value>>,
    /// Labels that the caller gave: `tags`.
    pub tags: &'a [String],
    /// The task that the caller states: `task`, where no free field is called so.
    pub task: Option<&'a str>,
    /// The tier that the caller states: `user_tier`, where no free field is called so.
    pub user_tier: Option<&'a str>,
}

impl Labeller {
    /// Makes ready to ask by a prompt.
    ///
    /// # Errors
    /// [`PromptError::Syntax`].
    pub fn of(prompt: &PromptText) -> Result<Self, PromptError> {
        Ok(Self {
            prompt: Prompt::parse(prompt)?,
        })
    }

    /// What the candidate is asked for its label.
    ///
    /// # Errors
    /// [`PromptError::Render`] where the prompt names something that the request does not have.
    pub fn request(
        &self,
        candidate: &Candidate,
        asked: LabelAsked<'_>,
    ) -> Result<ChatRequest, PromptError> {
        let mut metadata = asked.metadata.cloned().unwrap_or_default();
        for (name, stated) in [("task", asked.task), ("user_tier", asked.user_tier)] {
            if let Some(stated) = stated {
                metadata
                    .entry(name)
                    .or_insert_with(|| Value::from(stated.to_owned()));
            }
        }
        let item = Item {
            extras: Extras::from(ItemExtras {
                tags: asked.tags.to_vec(),
                metadata,
                ..ItemExtras::default()
            }),
            ..Item::new(ID, Input::Text(asked.text.to_owned()))
        };
        let request = chat_request(candidate, Some(&self.prompt), &item)?;
        // The label is of use as a whole.
        Ok(ChatRequest {
            stream: false,
            ..request
        })
    }
}

/// What keeps candidates from giving the labels that a policy asks for, and what may.
#[must_use]
pub fn label_faults(policy: &Policy, candidates: &[Candidate]) -> Vec<(Severity, PolicyProblem)> {
    let places = policy.plan.labelled();
    let givers: Vec<&CandidateId> = places.iter().map(|one| one.by).collect();
    let asked = policy.asks();
    let answerers: Vec<&Candidate> = candidates
        .iter()
        .filter(|one| asked.contains(&one.id) && !givers.contains(&&one.id))
        .collect();
    places
        .iter()
        .filter_map(|place| {
            // Who is no candidate is told elsewhere.
            let candidate = candidates.iter().find(|one| one.id == *place.by)?;
            Some(faults(place, candidate, &answerers))
        })
        .flatten()
        .collect()
}

fn faults(
    place: &Labelled<'_>,
    candidate: &Candidate,
    answerers: &[&Candidate],
) -> Vec<(Severity, PolicyProblem)> {
    let id = &candidate.id;
    let fault = |severity, message: String, hint: String| {
        let at = format!("{}.by", place.at);
        (severity, PolicyProblem { at, message, hint })
    };
    let labels = place.labels.join(", ");
    let Some(prompt) = &candidate.prompt else {
        return vec![fault(
            Severity::Error,
            format!("asks `{id}` for labels, which has no prompt of its own"),
            format!(
                "write a template that asks for one of {labels} and nothing else, name it under `[prompts]`, and \
                 write `prompt = \"NAME\"` in the candidate's entry"
            ),
        )];
    };
    let mut found = Vec::new();
    let shared = answerers
        .iter()
        .find(|one| one.prompt.as_ref() == Some(prompt));
    if let Some(other) = shared {
        found.push(fault(
            Severity::Error,
            format!(
                "asks `{id}` for labels by the prompt (`{}`) by which `{}` answers",
                prompt.name, other.id
            ),
            format!("write a template of its own for `{id}` that asks for one of {labels}"),
        ));
    }
    found.extend(
        unnamed(prompt, &place.labels)
            .map(|(message, hint)| (format!("asks `{id}` for labels and {message}"), hint))
            .map(|(message, hint)| fault(Severity::Warning, message, hint)),
    );
    if let Some((message, hint)) = unbounded(candidate) {
        found.push(fault(Severity::Warning, message, hint));
    }
    found
}

/// Labels of which a prompt says nothing.
pub(crate) fn unnamed<'a>(
    prompt: &'a PromptText,
    labels: &'a [&'a str],
) -> impl Iterator<Item = (String, String)> + 'a {
    let source = normal(&prompt.source);
    let is_unnamed = move |label: &&&str| !source.contains(&normal(label));
    labels.iter().filter(is_unnamed).map(|label| {
        (
            format!(
                "maps label `{label}`, of which prompt `{}` says nothing",
                prompt.name
            ),
            "name each label in the template, spelt as here".to_owned(),
        )
    })
}

/// What is wrong with an answer of any length.
pub(crate) fn unbounded(candidate: &Candidate) -> Option<(String, String)> {
    candidate.params.max_output_tokens.is_none().then(|| {
        (
            format!("asks `{}` for labels, whose answers may be of any length", candidate.id),
            "write `params = { max_output_tokens = 16 }` in its entry, more where it reasons: a budget reserves the longest \
             answer"
                .to_owned(),
        )
    })
}

#[cfg(test)]
mod tests;

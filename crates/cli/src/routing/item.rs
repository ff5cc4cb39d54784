//! Items of a golden set as requests that policies see: rendered as they were asked.

use anyhow::anyhow;
use serde_json::Value;
use trilemma_domain::{Candidate, Item};
use trilemma_project::{Prompt, RoutingSettings, chat_request};
use trilemma_route::{About, Example, RequestView};

/// As `task_field`: an item's first tag names its task.
const TAGS: &str = "tags";

/// How items are rendered: with the prompt that the candidates share.
pub(super) struct Rendering<'a> {
    candidate: &'a Candidate,
    prompt: Option<Prompt>,
    settings: &'a RoutingSettings,
}

impl<'a> Rendering<'a> {
    pub(super) fn new(
        candidate: &'a Candidate,
        settings: &'a RoutingSettings,
    ) -> anyhow::Result<Self> {
        let prompt = candidate.prompt.as_ref().map(Prompt::parse).transpose()?;
        Ok(Self {
            candidate,
            prompt,
            settings,
        })
    }
}

/// An item as an example without outcomes: the text that is read, its task, what rules may ask for.
///
/// # Errors
/// When the prompt cannot be filled in.
pub(super) fn view_of(rendering: &Rendering<'_>, item: &Item) -> anyhow::Result<Example> {
    let asked = chat_request(rendering.candidate, rendering.prompt.as_ref(), item)
        .map_err(|error| anyhow!("{error}"))?;
    let extras = &*item.extras;
    let settings = rendering.settings;
    let fields = Some(&extras.metadata);
    let view = RequestView::of_messages(&asked.messages, &settings.reads, fields)
        .with_tools(asked.tools.len());
    let word = |key: &str| extras.metadata.get(key).and_then(word);
    let by_tag = || {
        let first = extras.tags.first().cloned();
        first.filter(|_| settings.task_field == TAGS)
    };
    Ok(Example {
        id: item.id.to_string(),
        task: word(&settings.task_field).or_else(by_tag),
        group: extras.cluster.clone(),
        about: About {
            context_chars: Some(view.context_chars),
            route: word("route"),
            tags: extras.tags.clone(),
            user_tier: word("user_tier"),
            time: word("time").and_then(|text| text.parse().ok()),
            modalities: view.modalities,
        },
        text: view.text.into_owned(),
        embedded: None,
        labels: Vec::new(),
        outcomes: Vec::new(),
    })
}

/// A field that names something: a text, or a number as it is written.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

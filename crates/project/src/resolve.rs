//! From names to candidates: looks up providers and models, and checks what can be known beforehand.
//!
//! In: drafts as written and the catalog at a date. Out: [`Candidate`]s that can be called. A name
//! that resolves to nothing is a problem; a moving name, a model near its end and a parameter that
//! the model refuses are told with their fix.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use trilemma_catalog::{Catalog, CatalogError, Found, LifecycleState};
use trilemma_domain::{Candidate, CandidateId, Dialect, ModelName, Params, PromptText, Target};

use crate::key::KeySource;
use crate::problem::{Note, nearest};
use crate::project::Provider;
use crate::sections::{COMMAND_PROVIDER, CandidateDraft, ProviderDraft};

/// What names are looked up in.
pub(crate) struct Names<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) as_of: Date,
    pub(crate) drafts: &'a BTreeMap<String, ProviderDraft>,
    pub(crate) prompts: &'a BTreeMap<String, PromptText>,
}

/// Where notes on one candidate go: a key of its table, and what to say.
pub(crate) type Notes = Vec<(&'static str, Note)>;

impl Names<'_> {
    /// Finds a provider: the project's own, completed by the catalog's of the same name.
    pub(crate) fn provider(&self, name: &str) -> Result<Provider, Note> {
        self.provider_in(name, None)
    }

    /// Finds the endpoint of a pipeline, which needs an address and no dialect.
    pub(crate) fn endpoint(&self, name: &str) -> Result<Provider, Note> {
        self.provider_in(name, Some(Dialect::OpenAi))
    }

    /// Where a draft is called; a program is at no address.
    fn target(&self, draft: &CandidateDraft<'_>) -> Result<Target, Note> {
        let ModelName { provider, model } = draft.model.clone();
        let pipeline = draft.pipeline.clone().map(Box::new);
        if pipeline.as_ref().is_some_and(|one| one.runs_code()) {
            return Ok(Target {
                base_url: format!("{COMMAND_PROVIDER}:{provider}"),
                provider,
                dialect: Dialect::OpenAi,
                model,
                api_version: None,
                pipeline,
            });
        }
        let found = match &pipeline {
            Some(_) => self.endpoint(&provider)?,
            None => self.provider(&provider)?,
        };
        Ok(Target {
            provider,
            dialect: found.dialect,
            base_url: found.base_url,
            model,
            api_version: found.api_version,
            pipeline,
        })
    }

    fn provider_in(&self, name: &str, usual: Option<Dialect>) -> Result<Provider, Note> {
        let known = self
            .catalog
            .provider(name)
            .map_err(|error| failed(&error))?;
        let draft = self.drafts.get(name);
        if draft.is_none() && known.is_none() {
            return Err(self.unknown_provider(name));
        }
        let dialect = draft
            .and_then(|draft| draft.dialect)
            .or_else(|| known.map(|known| known.dialect))
            .or(usual)
            .ok_or_else(|| {
                Note::error(format!("provider `{name}` has no `dialect`"))
                    .hint("one of openai, azure, anthropic, gemini, responses")
            })?;
        let base_url = draft
            .and_then(|draft| draft.base_url.clone())
            .or_else(|| known.and_then(|known| known.base_url.clone()))
            .ok_or_else(|| {
                Note::error(format!("provider `{name}` has no address"))
                    .hint(format!("add `base_url` under `[providers.{name}]`"))
            })?;
        // A key is bound to one address: the catalog's default does not follow a changed one.
        let moved = draft.is_some_and(|draft| draft.base_url.is_some());
        let default_key = known
            .filter(|_| !moved)
            .and_then(|known| known.api_key_env.clone())
            .map_or(KeySource::None, KeySource::Env);
        Ok(Provider {
            dialect,
            base_url,
            api_key: draft
                .and_then(|draft| draft.api_key.clone())
                .unwrap_or(default_key),
            key_header: draft.map(|draft| draft.key_header).unwrap_or_default(),
            api_version: draft.and_then(|draft| draft.api_version.clone()),
            responses: draft
                .and_then(|draft| draft.responses)
                .unwrap_or_else(|| !moved && known.is_some_and(|known| known.responses)),
            rpm: draft.and_then(|draft| draft.rpm),
            tpm: draft.and_then(|draft| draft.tpm),
        })
    }

    fn unknown_provider(&self, name: &str) -> Note {
        let names: Vec<&str> = self
            .drafts
            .keys()
            .map(String::as_str)
            .chain(self.catalog.provider_ids())
            .collect();
        let note = Note::error(format!("no provider is called `{name}`"));
        match nearest(name, names) {
            Some(near) => note.hint(format!(
                "did you mean `{near}`? or add `[providers.{name}]`"
            )),
            None => note.hint(format!(
                "add `[providers.{name}]` with `dialect` and `base_url`"
            )),
        }
    }

    /// What the catalog knows under a name; `None` = nothing, which is fine for own endpoints.
    pub(crate) fn model(&self, name: &ModelName) -> Result<Option<Found<'_>>, Note> {
        match self.catalog.find(&name.to_string(), self.as_of) {
            Ok(found) if found.model.id.provider == name.provider => Ok(Some(found)),
            Ok(_) | Err(CatalogError::UnknownModel { .. } | CatalogError::Ambiguous { .. }) => {
                Ok(None)
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// Turns one draft into a candidate.
    pub(crate) fn candidate(
        &self,
        draft: &CandidateDraft<'_>,
        notes: &mut Notes,
    ) -> Option<Candidate> {
        let target = self
            .target(draft)
            .map_err(|note| notes.push(("model", note)))
            .ok()?;
        let asked = draft.identity.as_ref().unwrap_or(&draft.model);
        let key = if draft.identity.is_some() {
            "identity"
        } else {
            "model"
        };
        let known = self
            .model(asked)
            .map_err(|note| notes.push((key, note)))
            .ok()
            .flatten();
        match known {
            Some(found) => {
                notes.extend(pin_note(&found, asked).map(|note| (key, note)));
                notes.extend(self.lifecycle_note(&found).map(|note| (key, note)));
                notes.extend(parameter_notes(&found, &draft.params));
            }
            None if draft.identity.is_some() => {
                let error = Note::error(format!("the catalog knows no `{asked}`"))
                    .hint("`trilemma catalog list` shows what it knows; without `identity`, give `price` yourself");
                notes.push(("identity", error));
            }
            None if draft.pipeline.is_none()
                && !self.drafts.contains_key(&draft.model.provider) =>
            {
                let note = Note::warning(format!(
                    "the catalog knows no `{asked}`: price, limits and lifecycle are unknown"
                ));
                notes.push(("model", note));
            }
            None => {}
        }
        Some(Candidate {
            id: CandidateId::from(draft.id.as_deref().unwrap_or(&draft.model.model)),
            target,
            identity: known.map(|found| found.model.id.clone()),
            prompt: self.prompt(draft, notes)?,
            params: draft.params.clone(),
            response_format: draft.response_format.clone(),
            tool_choice: draft.tool_choice.clone(),
            price: draft.price,
            stream: draft.stream,
        })
    }

    /// The prompt that a draft names, or the project's `default`, or none.
    #[expect(
        clippy::option_option,
        reason = "outer: unknown name; inner: no prompt"
    )]
    fn prompt(&self, draft: &CandidateDraft<'_>, notes: &mut Notes) -> Option<Option<PromptText>> {
        let Some(name) = &draft.prompt else {
            // A pipeline has prompts of its own.
            if draft.pipeline.is_some() {
                return Some(None);
            }
            return Some(self.prompts.get("default").cloned());
        };
        if let Some(prompt) = self.prompts.get(name) {
            return Some(Some(prompt.clone()));
        }
        let note = Note::error(format!("no prompt is called `{name}`"));
        let hint = match nearest(name, self.prompts.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add it: `[prompts]` then `{name} = \"{name}.md\"`"),
        };
        notes.push(("prompt", note.hint(hint)));
        None
    }

    fn lifecycle_note(&self, found: &Found<'_>) -> Option<Note> {
        let id = &found.model.id;
        let replacement = found
            .model
            .lifecycle
            .replacement
            .as_ref()
            .map(|name| format!("the vendor names `{name}` as replacement"));
        let note = match found.model.lifecycle_at(self.as_of) {
            LifecycleState::Active => return None,
            LifecycleState::NotYetReleased { from } => {
                Note::warning(format!("`{id}` is not to be had before {from}"))
            }
            LifecycleState::Ending { by, exact: true } => {
                Note::warning(format!("`{id}` shuts down on {by}"))
            }
            LifecycleState::Ending { by, exact: false } => {
                Note::warning(format!("`{id}` is known to be gone by {by}"))
            }
            LifecycleState::ShutDown { since, .. } => {
                Note::warning(format!("`{id}` has been gone since {since}"))
            }
        };
        Some(match replacement {
            Some(hint) => note.hint(hint),
            None => note,
        })
    }
}

fn failed(error: &CatalogError) -> Note {
    Note::error(format!("failed to {error}"))
}

fn pin_note(found: &Found<'_>, asked: &ModelName) -> Option<Note> {
    found.is_moving().then(|| {
        Note::warning(format!(
            "`{asked}` is a moving name: the vendor may change what it means"
        ))
        .hint(format!("pin the snapshot `{}`", found.model.id))
    })
}

/// Compares parameters with what the model accepts, as far as the catalog knows.
fn parameter_notes(found: &Found<'_>, params: &Params) -> Vec<(&'static str, Note)> {
    let rules = &found.model.parameters;
    let id = &found.model.id;
    let mut notes = Vec::new();
    let mut refuse = |name: &str| {
        let note = Note::error(format!("`{id}` does not accept `{name}`")).hint(format!(
            "remove `{name}`; the vendor fixes it for this model"
        ));
        notes.push(("params", note));
    };
    if rules.temperature == Some(false) && params.temperature.is_some() {
        refuse("temperature");
    }
    if rules.top_p == Some(false) && params.top_p.is_some() {
        refuse("top_p");
    }
    if rules.seed == Some(false) && params.seed.is_some() {
        refuse("seed");
    }
    if let Some(effort) = &params.reasoning_effort
        && !rules.efforts.is_empty()
        && !rules.efforts.contains(effort)
    {
        let note = Note::error(format!("`{id}` knows no reasoning effort `{effort}`"))
            .hint(format!("one of {}", rules.efforts.join(", ")));
        notes.push(("params", note));
    }
    if let (Some(asked), Some(most)) = (params.max_output_tokens, found.model.limits.max_output)
        && u64::from(asked) > most
    {
        let note = Note::error(format!(
            "`max_output_tokens = {asked}` is more than the {most} that `{id}` gives"
        ));
        notes.push(("params", note));
    }
    notes
}

/// Reports ids that are used twice.
pub(crate) fn twice(ids: impl IntoIterator<Item = CandidateId>) -> BTreeSet<CandidateId> {
    let mut seen = BTreeSet::new();
    ids.into_iter()
        .filter(|id| !seen.insert(id.clone()))
        .collect()
}

//! Candidates of an imported configuration: who is called, where, with which key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::anyhow;
use serde_json::Value;
use trilemma_catalog::Catalog;
use trilemma_domain::{Params, Pipeline, PipelineCall};
use trilemma_interop::{Draft, DraftCall, DraftCandidate, Unmapped};

use super::from_text::toml_value;
use crate::commands::shortlist::quoted;
use crate::context::InputError;

/// Candidates and the endpoints that the project has to describe.
pub(super) struct Callers {
    providers: BTreeMap<String, Endpoint>,
    candidates: Vec<Caller>,
    keys: BTreeSet<String>,
}

#[derive(PartialEq)]
struct Endpoint {
    base_url: String,
    key_env: Option<String>,
    is_model: bool,
}

struct Caller {
    id: String,
    model: String,
    prompt: Option<String>,
    params: Params,
    pipeline: Option<Pipeline>,
}

impl Callers {
    /// Looks providers up; a candidate whose address nobody knows is moved to the losses.
    pub(super) fn of(draft: &mut Draft, catalog: &Catalog) -> anyhow::Result<Self> {
        let mut callers = Self {
            providers: BTreeMap::new(),
            candidates: Vec::new(),
            keys: BTreeSet::new(),
        };
        let prompts: Vec<String> = draft
            .prompts
            .iter()
            .map(|prompt| prompt.name.clone())
            .collect();
        for candidate in std::mem::take(&mut draft.candidates) {
            match callers.place(&candidate, catalog, &mut draft.unmapped)? {
                Ok(model) => callers.add(&candidate, &model, &prompts),
                Err(why) => draft.unmapped.push(Unmapped {
                    what: format!("candidate {}", candidate.id),
                    why,
                    first: "providers".to_owned(),
                    n: 1,
                }),
            }
        }
        Ok(callers)
    }

    /// The candidate's `provider/model`, its endpoint noted; the inner error is why it has none.
    fn place(
        &mut self,
        candidate: &DraftCandidate,
        catalog: &Catalog,
        losses: &mut Vec<Unmapped>,
    ) -> anyhow::Result<Result<String, String>> {
        Ok(match &candidate.call {
            DraftCall::Model {
                provider,
                model,
                base_url,
                key_env,
            } => {
                let known = catalog
                    .provider(provider)
                    .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
                match (base_url, known) {
                    (Some(_), _) if provider == "azure" => Err(
                        "describe the resource yourself: `[providers.azure]` with `dialect = \"azure\"`, `base_url` and `api_version`"
                            .to_owned(),
                    ),
                    (Some(base_url), known) => {
                        // A provider that the catalog knows keeps its own address.
                        let wanted = match known {
                            Some(_) => host_name(base_url),
                            None => provider.clone(),
                        };
                        let name = self.provider(&wanted, base_url, key_env.clone(), true);
                        self.keys.extend(key_env.clone());
                        Ok(format!("{name}/{model}"))
                    }
                    (None, Some(known)) if known.base_url.is_some() => {
                        self.keys.extend(known.api_key_env.clone());
                        let is_other = key_env.is_some() && *key_env != known.api_key_env;
                        if let (true, Some(env)) = (is_other, key_env) {
                            losses.push(Unmapped {
                                what: format!("key variable {env}"),
                                why: format!(
                                    "`{provider}` has its usual one here; write `api_key = {{ env = \"{env}\" }}` under `[providers.{provider}]`"
                                ),
                                first: candidate.id.clone(),
                                n: 1,
                            });
                        }
                        Ok(format!("{provider}/{model}"))
                    }
                    (None, _) => Err(format!(
                        "no address of `{provider}` is known: add `[providers.{provider}]` with `dialect` and `base_url`, and the candidate"
                    )),
                }
            }
            DraftCall::Http { base_url, .. } => {
                let name = self.provider(&host_name(base_url), base_url, None, false);
                Ok(format!("{name}/{}", candidate.id))
            }
        })
    }

    /// Notes an endpoint under a name that means no other.
    fn provider(
        &mut self,
        wanted: &str,
        base_url: &str,
        key_env: Option<String>,
        is_model: bool,
    ) -> String {
        let endpoint = Endpoint {
            base_url: base_url.trim_end_matches('/').to_owned(),
            key_env,
            is_model,
        };
        let mut name = wanted.to_owned();
        let mut n = 2;
        loop {
            match self.providers.get(&name) {
                None => {
                    self.providers.insert(name.clone(), endpoint);
                    return name;
                }
                Some(known) if *known == endpoint => return name,
                Some(_) => {
                    name = format!("{wanted}-{n}");
                    n += 1;
                }
            }
        }
    }

    /// One candidate for each prompt.
    fn add(&mut self, candidate: &DraftCandidate, model: &str, prompts: &[String]) {
        let pipeline = match &candidate.call {
            DraftCall::Model { .. } => None,
            DraftCall::Http { pipeline, .. } => Some(pipeline.as_ref().clone()),
        };
        let is_only = prompts.len() < 2;
        let named: Vec<Option<String>> = match (&candidate.prompt, prompts) {
            (Some(prompt), _) => vec![Some(prompt.clone())],
            (None, []) => vec![None],
            (None, prompts) => prompts.iter().cloned().map(Some).collect(),
        };
        for prompt in named {
            let id = match &prompt {
                Some(prompt) if !is_only => format!("{}@{prompt}", candidate.id),
                Some(_) | None => candidate.id.clone(),
            };
            self.candidates.push(Caller {
                id,
                model: model.to_owned(),
                prompt,
                params: candidate.params.clone(),
                pipeline: pipeline.clone(),
            });
        }
    }

    pub(super) fn n_candidates(&self) -> usize {
        self.candidates.len()
    }

    pub(super) fn ids(&self) -> Vec<&str> {
        self.candidates.iter().map(|one| one.id.as_str()).collect()
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.keys.iter().cloned().collect()
    }

    /// `[providers]` and `[[candidates]]`.
    pub(super) fn toml(&self) -> String {
        let mut text = String::new();
        for (name, endpoint) in &self.providers {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "\n[providers.{}]", quoted(name));
            if endpoint.is_model {
                let _ = writeln!(text, "dialect = \"openai\"");
            }
            let _ = writeln!(text, "base_url = {}", quoted(&endpoint.base_url));
            match &endpoint.key_env {
                Some(env) => {
                    let _ = writeln!(text, "api_key = {{ env = {} }}", quoted(env));
                }
                None => text.push_str("# api_key = { env = \"NAME\" }\n"),
            }
        }
        for one in &self.candidates {
            let _ = writeln!(
                text,
                "\n[[candidates]]\nid = {}\nmodel = {}",
                quoted(&one.id),
                quoted(&one.model)
            );
            if let Some(prompt) = &one.prompt {
                let _ = writeln!(text, "prompt = {}", quoted(prompt));
            }
            let params = serde_json::to_value(&one.params).unwrap_or_default();
            if params.as_object().is_some_and(|fields| !fields.is_empty()) {
                let _ = writeln!(text, "params = {}", toml_value(&params));
            }
            if let Some(pipeline) = &one.pipeline {
                http(pipeline, &mut text);
            }
        }
        text
    }
}

/// A provider's name made of its host.
fn host_name(base_url: &str) -> String {
    let rest = base_url.split("://").nth(1).unwrap_or(base_url);
    let host = rest.split('/').next().unwrap_or(rest);
    host.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

fn http(pipeline: &Pipeline, text: &mut String) {
    let PipelineCall::Http { path, body, .. } = &pipeline.call else {
        return;
    };
    text.push_str("[candidates.http]\n");
    if !path.is_empty() {
        let _ = writeln!(text, "path = {}", quoted(path));
    }
    if !matches!(body, Value::Null) {
        let _ = writeln!(text, "body = {}", toml_value(body));
    }
    match &pipeline.reply.answer {
        Some(place) => {
            let _ = writeln!(text, "answer = {}", quoted(place));
        }
        None => text.push_str("plain_text = true\n"),
    }
}

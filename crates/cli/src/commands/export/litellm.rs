//! The recommended model, and those that meet the requirements as well, for LiteLLM's proxy.

use trilemma_domain::{Candidate, Dialect, Verdict};
use trilemma_interop::{LiteLlmModel, LiteLlmPolicy, litellm_policy, litellm_yaml};
use trilemma_project::KeySource;
use trilemma_route::Router;
use trilemma_store::{RunManifest, Store};

use anyhow::anyhow;

use crate::context::{Context, InputError};
use crate::decision::{self, DecideOptions};

/// Writes the list; the recommended model comes first.
///
/// # Errors
/// [`InputError`] where no candidate meets the requirements: nothing is recommended then.
pub(super) fn text(
    context: &Context,
    store: &Store,
    manifest: &RunManifest,
) -> anyhow::Result<String> {
    let decision = decision::decide(context, store, &manifest.run, DecideOptions::default())?;
    let mut models = Vec::new();
    for idx in decision.ranking.iter().map(|rank| rank.candidate) {
        let Some(result) = decision.candidates.get(idx) else {
            continue;
        };
        // Not everybody of the run is decided on, so places differ.
        let mut records = manifest.candidates.iter();
        let Some(record) = records.find(|record| record.candidate.id == result.id) else {
            continue;
        };
        if result.verdict != Verdict::Meets {
            continue;
        }
        let remark = if models.is_empty() {
            format!("recommended by run {}", manifest.run)
        } else {
            "meets the requirements as well".to_owned()
        };
        models.push(model(context, &record.candidate, remark)?);
    }
    if models.is_empty() {
        return Err(anyhow!(InputError(format!(
            "failed to export models: none is shown to meet the requirements in run {}; hint: `trilemma decide` says why",
            manifest.run
        ))));
    }
    Ok(litellm_yaml(&models))
}

/// A routing policy as far as LiteLLM can express it.
///
/// # Errors
/// Only for catalog rows that cannot be read.
pub(super) fn policy(context: &Context, router: &Router) -> anyhow::Result<LiteLlmPolicy> {
    let policy = router.policy();
    let mut models = Vec::with_capacity(policy.candidates.len());
    for member in policy.answerers() {
        let own = context
            .project
            .candidates
            .iter()
            .find(|one| one.id == member.id);
        match (own, &member.model) {
            (Some(candidate), _) => models.push(model(context, candidate, String::new())?),
            (None, Some(name)) => models.push(LiteLlmModel {
                alias: member.id.to_string(),
                provider: name.provider.clone(),
                model: name.model.clone(),
                base_url: None,
                key_env: None,
                remark: String::new(),
            }),
            (None, None) => {}
        }
    }
    Ok(litellm_policy(policy, &models))
}

fn model(context: &Context, candidate: &Candidate, remark: String) -> anyhow::Result<LiteLlmModel> {
    let target = &candidate.target;
    let provider = context.project.providers.get(&target.provider);
    let key_env = provider.and_then(|provider| match &provider.api_key {
        KeySource::Env(name) => Some(name.clone()),
        KeySource::File(_) | KeySource::Command(_) | KeySource::None => None,
    });
    let own_url = context
        .catalog
        .provider(&target.provider)?
        .is_none_or(|known| known.base_url.as_deref() != Some(target.base_url.as_str()));
    Ok(LiteLlmModel {
        alias: candidate.id.to_string(),
        provider: dialect(target.dialect).to_owned(),
        model: target.model.clone(),
        base_url: own_url.then(|| target.base_url.clone()),
        key_env,
        remark,
    })
}

/// LiteLLM's word for what an endpoint speaks.
fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi => "openai",
        Dialect::Azure => "azure",
        Dialect::Anthropic => "anthropic",
        Dialect::Gemini => "gemini",
        Dialect::Responses => "openai/responses",
    }
}

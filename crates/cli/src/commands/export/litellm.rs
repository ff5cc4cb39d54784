//! The recommended model, and those that meet the requirements as well, for LiteLLM's proxy.

use trilemma_domain::{Dialect, Verdict};
use trilemma_interop::{LiteLlmModel, litellm_yaml};
use trilemma_project::KeySource;
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
        let (Some(result), Some(record)) =
            (decision.candidates.get(idx), manifest.candidates.get(idx))
        else {
            continue;
        };
        if result.verdict != Verdict::Meets {
            continue;
        }
        let target = &record.candidate.target;
        let provider = context.project.providers.get(&target.provider);
        let key_env = provider.and_then(|provider| match &provider.api_key {
            KeySource::Env(name) => Some(name.clone()),
            KeySource::File(_) | KeySource::Command(_) | KeySource::None => None,
        });
        let own_url = context
            .catalog
            .provider(&target.provider)?
            .is_none_or(|known| known.base_url.as_deref() != Some(target.base_url.as_str()));
        models.push(LiteLlmModel {
            alias: record.candidate.id.to_string(),
            provider: dialect(target.dialect).to_owned(),
            model: target.model.clone(),
            base_url: own_url.then(|| target.base_url.clone()),
            key_env,
            remark: if models.is_empty() {
                format!("recommended by run {}", manifest.run)
            } else {
                "meets the requirements as well".to_owned()
            },
        });
    }
    if models.is_empty() {
        return Err(anyhow!(InputError(format!(
            "failed to export models: none is shown to meet the requirements in run {}; hint: `trilemma decide` says why",
            manifest.run
        ))));
    }
    Ok(litellm_yaml(&models))
}

/// LiteLLM's word for what an endpoint speaks.
fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::OpenAi => "openai",
        Dialect::Azure => "azure",
        Dialect::Anthropic => "anthropic",
        Dialect::Gemini => "gemini",
    }
}

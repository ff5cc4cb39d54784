//! The recommended model, and those that meet the requirements as well, for LiteLLM's proxy.

use trilemma_domain::{Candidate, Dialect, Target, Verdict};
use trilemma_interop::{LiteLlmModel, LiteLlmPolicy, litellm_policy, litellm_yaml};
use trilemma_project::KeySource;
use trilemma_route::Router;
use trilemma_store::{RunManifest, Store};

use anyhow::anyhow;

use crate::commands::import::cast::IMPORTED_URL;
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
    let (mut models, mut gaps) = (Vec::new(), Vec::new());
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
        match model(context, &record.candidate, remark) {
            Ok(model) => models.push(model),
            Err(gap) => gaps.push(gap),
        }
    }
    if models.is_empty() && !gaps.is_empty() {
        return Err(anyhow!(InputError(format!(
            "failed to export models: LiteLLM can call none of those that meet the requirements: {}; hint: name them in the project with their address",
            gaps.join("; ")
        ))));
    }
    if models.is_empty() {
        return Err(anyhow!(InputError(format!(
            "failed to export models: none is shown to meet the requirements in run {}; hint: `trilemma decide` says why",
            manifest.run
        ))));
    }
    Ok(litellm_yaml(&models, &gaps))
}

/// A routing policy as far as LiteLLM can express it: whom it may ask for an answer, under the pinned name.
#[must_use]
pub(super) fn policy(context: &Context, router: &Router) -> LiteLlmPolicy {
    let policy = router.policy();
    let labelling = policy.plan.gives_labels();
    let (mut models, mut gaps) = (Vec::new(), Vec::new());
    for id in policy.asks() {
        // What a policy asks for a label answers nobody, and LiteLLM has no use for it.
        if labelling.contains(&&id) {
            continue;
        }
        let own = context.project.candidates.iter().find(|one| one.id == id);
        let Some(candidate) = own else {
            gaps.push(format!(
                "`{id}`: this project has no such candidate, so its address is not known"
            ));
            continue;
        };
        match model(context, candidate, "asked by the policy".to_owned()) {
            Ok(mut model) => {
                let pinned = policy.candidates.iter().find(|one| one.id == id);
                let pinned = pinned.and_then(|one| one.model.as_ref());
                if let Some(pinned) = pinned.filter(|_| candidate.target.dialect != Dialect::Azure)
                {
                    pinned.model.clone_into(&mut model.model);
                }
                models.push(model);
            }
            Err(gap) => gaps.push(gap),
        }
    }
    litellm_policy(policy, &models, gaps)
}

/// A candidate as LiteLLM calls it, or why it cannot.
fn model(context: &Context, candidate: &Candidate, remark: String) -> Result<LiteLlmModel, String> {
    let (id, target) = (&candidate.id, &candidate.target);
    if target.base_url == IMPORTED_URL {
        return Err(format!(
            "`{id}`: it was imported, so its address is not known"
        ));
    }
    if target.pipeline.is_some() {
        return Err(format!(
            "`{id}`: LiteLLM calls models, and this is a pipeline"
        ));
    }
    let provider = context.project.providers.get(&target.provider);
    let key_env = provider.and_then(|provider| match &provider.api_key {
        KeySource::Env(name) => Some(name.clone()),
        KeySource::File(_) | KeySource::Command(_) | KeySource::None => None,
    });
    Ok(LiteLlmModel {
        alias: id.to_string(),
        provider: dialect(target.dialect).to_owned(),
        model: target.model.clone(),
        base_url: address(target),
        api_version: target.api_version.clone(),
        key_env,
        remark,
    })
}

/// Where LiteLLM finds the endpoint; `None` = where it looks by itself, for it knows the dialect's own vendor only.
///
/// LiteLLM adds `/v1/messages` to an address of dialect `anthropic` (its source, 1.108.7).
fn address(target: &Target) -> Option<String> {
    let url = target.base_url.as_str();
    let known = match target.dialect {
        Dialect::OpenAi | Dialect::Responses => "https://api.openai.com/v1",
        Dialect::Anthropic => "https://api.anthropic.com/v1",
        Dialect::Gemini => "https://generativelanguage.googleapis.com/v1beta",
        Dialect::Azure => "",
    };
    let written = match target.dialect {
        Dialect::Anthropic => url.strip_suffix("/v1").unwrap_or(url),
        Dialect::OpenAi | Dialect::Responses | Dialect::Gemini | Dialect::Azure => url,
    };
    (url != known).then(|| written.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn target(dialect: Dialect, base_url: &str) -> Target {
        Target {
            provider: "any".to_owned(),
            dialect,
            base_url: base_url.to_owned(),
            model: "m".to_owned(),
            api_version: None,
            pipeline: None,
        }
    }

    #[test]
    fn an_address_is_left_out_only_where_litellm_would_look_there_by_itself() {
        for (dialect, url, written) in [
            (Dialect::OpenAi, "https://api.openai.com/v1", None),
            (Dialect::Responses, "https://api.openai.com/v1", None),
            (Dialect::Anthropic, "https://api.anthropic.com/v1", None),
            (
                Dialect::Gemini,
                "https://generativelanguage.googleapis.com/v1beta",
                None,
            ),
            (
                Dialect::OpenAi,
                "https://api.together.xyz/v1",
                Some("https://api.together.xyz/v1"),
            ),
            (
                Dialect::Anthropic,
                "https://proxy.example/v1",
                Some("https://proxy.example"),
            ),
            (
                Dialect::Azure,
                "https://us.openai.azure.com",
                Some("https://us.openai.azure.com"),
            ),
        ] {
            assert_eq!(address(&target(dialect, url)).as_deref(), written, "{url}");
        }
    }
}

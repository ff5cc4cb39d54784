//! Whom a baseline asks for log-probabilities.
//!
//! They cost nothing, but some models refuse a request that asks for them: by default only those are asked
//! that the catalog says give them. Checks ask as their baseline did.

use serde_json::json;
use trilemma_decide::{CandidateFacts, Known};
use trilemma_domain::{Candidate, CandidateId, Capability, Dialect, TokenPlace};

use crate::context::Context;

/// When log-probabilities are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum When {
    /// Where the catalog says that the model gives them.
    Auto,
    /// Of every candidate that speaks OpenAI's dialect.
    Always,
    /// Never.
    Never,
}

/// Makes requests ask for them; gives whose do. What a project's `extra_body` says stays.
///
/// # Errors
/// As the catalog gives them.
pub(super) fn ask_for(
    when: When,
    candidates: &mut [Candidate],
    context: &Context,
) -> anyhow::Result<Vec<CandidateId>> {
    let mut tracked = Vec::new();
    for candidate in candidates {
        if is_asked(when, candidate, context)? {
            let body = &mut candidate.params.extra_body;
            body.entry("logprobs").or_insert(json!(true));
            body.entry("top_logprobs")
                .or_insert(json!(TokenPlace::MOST_LIKELY));
            tracked.push(candidate.id.clone());
        }
    }
    Ok(tracked)
}

fn is_asked(when: When, candidate: &Candidate, context: &Context) -> anyhow::Result<bool> {
    let target = &candidate.target;
    let can_say = matches!(target.dialect, Dialect::OpenAi | Dialect::Azure);
    if !can_say || target.pipeline.is_some() {
        return Ok(false);
    }
    Ok(match when {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            let facts = CandidateFacts::of(candidate, &context.catalog, context.as_of)?;
            facts.capabilities.get(&Capability::Logprobs) == Some(&Known::Yes)
        }
    })
}

/// Whose log-probabilities are asked for, in words.
pub(super) fn told(tracked: &[CandidateId]) -> String {
    let names: Vec<String> = tracked.iter().map(|id| format!("`{id}`")).collect();
    if names.is_empty() {
        return "Log-probabilities are asked of nobody (`--logprobs always` asks all of OpenAI's dialect)."
            .to_owned();
    }
    format!(
        "Log-probabilities of first tokens are asked of {}.",
        names.join(", ")
    )
}

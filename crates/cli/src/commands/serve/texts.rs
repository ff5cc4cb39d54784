//! What `trilemma serve` keeps of prompts and answers, and where.
//!
//! In: the project and its keys. Out: a writer for the gateway, and a sentence for the operator; nothing
//! where the project has no `[serve.texts]`.

use std::path::PathBuf;

use anyhow::anyhow;
use trilemma_gateway::TextParts;
use trilemma_golden::Redactor;
use trilemma_project::{Consent, TextSettings};
use trilemma_store::texts::{TextLimits, TextLog};

use crate::clock;
use crate::context::{Context, InputError};
use crate::keys::Secrets;
use crate::places;

/// Where texts are kept: beside the store, in a folder of their own.
pub(crate) fn texts_folder(context: &Context) -> anyhow::Result<PathBuf> {
    let store = places::store_path(&context.folder, &context.project)?;
    Ok(store.with_file_name("texts"))
}

/// Opens what the project says is kept; `token` and the keys are never written, whoever says them.
pub(super) fn texts(
    context: &Context,
    secrets: &Secrets,
    token: Option<&str>,
) -> anyhow::Result<Option<TextParts>> {
    let Some(settings) = context.project.serve.texts.clone() else {
        return Ok(None);
    };
    let limits = TextLimits {
        keep: settings.keep,
        max_bytes: settings.max_bytes,
    };
    let log = TextLog::open(&texts_folder(context)?, limits, clock::now_us())
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let redactor = Redactor::new(&settings.redact)
        .map_err(|_| {
            anyhow!(InputError(
                "failed to compile `serve.texts.redact`".to_owned()
            ))
        })?
        .with_secrets(token.map(str::to_owned));
    let keys: Vec<_> = secrets.values().cloned().collect();
    let redact = move |text: &str| {
        let mut changed: Option<String> = None;
        for key in &keys {
            let masked = key.now().masked(changed.as_deref().unwrap_or(text));
            changed = masked.or(changed);
        }
        let redacted = redactor.redact(changed.as_deref().unwrap_or(text));
        redacted.or(changed)
    };
    Ok(Some(TextParts {
        settings,
        log,
        redact: Box::new(redact),
    }))
}

/// A share as a percentage, without digits that say nothing.
fn share(share: f64) -> String {
    format!("{} %", (share * 1e4).round() / 1e2)
}

/// What the operator is told.
pub(super) fn told(settings: &TextSettings, folder: &std::path::Path) -> String {
    let whose = match settings.consent {
        Consent::Header => "requests with `x-trilemma-consent: true`",
        Consent::Assumed => "requests that do not opt out by `x-trilemma-private: true`",
    };
    format!(
        "prompts and answers of {} of the {whose} are kept in {}, redacted, for {} days",
        share(settings.share),
        folder.display(),
        settings.keep.as_secs() / 86_400
    )
}

//! The canary that `trilemma serve` runs.
//!
//! In: the project. Out: what the gateway needs, a sentence for the operator, and a way to tell an alarm;
//! nothing where the project has no `[serve.canary]`.

use anyhow::anyhow;
use serde_json::{Value, json};
use trilemma_gateway::CanaryParts;
use trilemma_project::CanarySettings;

use super::shadow;
use crate::context::{Context, InputError};
use crate::printer::Printer;
use crate::{keys, webhook};

/// Prepares the canary, if there is one.
pub(super) fn prepared(context: &Context, printer: Printer) -> anyhow::Result<Option<CanaryParts>> {
    let Some(settings) = context.project.serve.canary.clone() else {
        return Ok(None);
    };
    let webhook = keys::token(settings.webhook.as_ref(), &context.folder).map_err(|reason| {
        anyhow!(InputError(format!(
            "failed to read `serve.canary.webhook`: {reason}"
        )))
    })?;
    // A file's name means a policy, everything else a candidate.
    let is_file = std::path::Path::new(&settings.challenger)
        .extension()
        .is_some_and(|ending| ending == "json");
    let policy = if is_file {
        let path = context.folder.join(&settings.challenger);
        let text = fs_err::read_to_string(path).map_err(|error| {
            anyhow!(InputError(format!(
                "failed to read the challenger's policy: {error}"
            )))
        })?;
        Some(text)
    } else {
        None
    };
    let alarm = move |told: &str| tell(told, webhook.as_deref(), printer);
    Ok(Some(CanaryParts {
        settings,
        policy,
        scorers: shadow::scorers(context),
        alarm: Some(Box::new(alarm)),
    }))
}

/// Says that a canary was rolled back, and posts it where somebody wants to know.
fn tell(told: &str, webhook: Option<&str>, printer: Printer) {
    let figures: Value = serde_json::from_str(told).unwrap_or_default();
    let text_at = |pointer: &str| figures.pointer(pointer).and_then(Value::as_str);
    let text = format!(
        "canary `{}` was rolled back: shown to be worse in {}; `trilemma evidence` has the figures",
        text_at("/challenger").unwrap_or_default(),
        text_at("/rolled_back/guard").unwrap_or_default(),
    );
    printer.tell(&format!("warning: {text}"));
    let Some(url) = webhook else { return };
    let at_us = figures
        .pointer("/rolled_back/at_us")
        .and_then(Value::as_i64);
    let id = format!("canary-{}", at_us.unwrap_or(0));
    let body = json!({ "schema_version": 1, "id": id, "text": text, "canary": figures });
    if let Err(error) = post(url, &body.to_string(), &id) {
        printer.tell(&format!(
            "failed to tell the rollback by webhook: {error:#}"
        ));
    }
}

fn post(url: &str, body: &str, id: &str) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(webhook::post(url, body, id))
}

/// What the operator is told.
pub(super) fn told(settings: &CanarySettings, context: &Context) -> String {
    let fallback = if context.project.serve.max_attempts > 1 {
        format!("what it fails `{}` answers", settings.of)
    } else {
        "what it fails its clients get as errors, because `max_attempts` is 1".to_owned()
    };
    // Judges would have to be paid for traffic that nobody asked them about.
    let left_out = shadow::left_out(&shadow::scorers(context), false);
    format!(
        "canary: {} % of `{}` goes to `{}`, by session or key, until it is shown to be worse; {fallback}{left_out}",
        (settings.share * 1e4).round() / 1e2,
        settings.of,
        settings.challenger
    )
}

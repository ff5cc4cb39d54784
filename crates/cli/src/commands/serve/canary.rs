//! The canary that `trilemma serve` runs.
//!
//! In: the project. Out: what the gateway needs, a gateway of their own for its judges where the project wants them, a
//! sentence for the operator, and a way to tell an alarm; nothing where the project has no `[serve.canary]`.

use std::sync::Arc;

use anyhow::anyhow;
use serde_json::{Value, json};
use trilemma_gateway::{CanaryParts, Gateway, GatewayParts, JuryParts, Panels};
use trilemma_project::{CanaryJudges, CanarySettings};
use trilemma_provider::Clock;
use trilemma_score::{JudgeTask, Mode, Scorer};
use trilemma_store::ledger::{LedgerFile, Session};

use super::callable::Callable;
use super::shadow;
use crate::context::{Context, InputError};
use crate::printer::Printer;
use crate::{keys, places, policy_file, webhook};

/// What a canary is run with.
pub(super) struct Prepared {
    parts: CanaryParts,
    judges: Option<Judges>,
}

/// What its judges are asked with.
struct Judges {
    settings: CanaryJudges,
    gateway: GatewayParts,
    scorers: Vec<Scorer>,
    panels: Panels,
}

/// Prepares the canary, if there is one.
pub(super) fn prepared(
    context: &Context,
    callable: &Callable<'_>,
    printer: Printer,
) -> anyhow::Result<Option<Prepared>> {
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
        let text = policy_file::read(&path).map_err(|reason| {
            anyhow!(InputError(format!(
                "failed to try `{}`: failed to {reason}",
                settings.challenger
            )))
        })?;
        Some(text)
    } else {
        None
    };
    let alarm = move |told: &str| tell(told, webhook.as_deref(), printer);
    let judges = settings.judges.clone();
    let judges = judges.map(|settings| judges_of(context, callable, settings));
    Ok(Some(Prepared {
        judges: judges.transpose()?,
        parts: CanaryParts {
            settings,
            policy,
            scorers: shadow::scorers(context),
            alarm: Some(Box::new(alarm)),
            jury: None,
        },
    }))
}

fn judges_of(
    context: &Context,
    callable: &Callable<'_>,
    settings: CanaryJudges,
) -> anyhow::Result<Judges> {
    let scorers = shadow::scorers(context);
    let grades = |label: &str| {
        scorers
            .iter()
            .any(|one| one.label() == label && grades(one))
    };
    let mut upstreams = Vec::new();
    let callable = callable.apart(settings.concurrency);
    let panels = shadow::panels(context, &callable, &mut upstreams, grades)?;
    if panels.is_empty() {
        return Err(anyhow!(InputError(
            "failed to judge the canary: no scorer has a judge who grades an answer by itself; hint: add one of type \
             \"judge\" with a `rubric`, or leave out `serve.canary.judges`"
                .to_owned()
        )));
    }
    shadow::refuse_unpriced("serve.canary", &upstreams)?;
    let store = places::store_path(&context.folder, &context.project)?;
    let ledger = LedgerFile::open(&store.with_file_name("canary.db"))
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    Ok(Judges {
        gateway: GatewayParts {
            upstreams,
            embedders: Vec::new(),
            settings: shadow::apart(context, settings.budget),
            token: None,
            ledger,
            clock: Clock::system(),
            log: None,
            texts: None,
            shadow: None,
            traces: None,
            names: Arc::default(),
        },
        settings,
        scorers,
        panels,
    })
}

/// Whether a scorer's judge grades an answer without another one beside it.
fn grades(scorer: &Scorer) -> bool {
    matches!(scorer.mode(), Mode::Judge(spec) if matches!(spec.task, JudgeTask::Rubric))
}

/// Opens the gateway of the judges, if they are asked.
pub(super) fn begin(prepared: Prepared) -> anyhow::Result<(CanaryParts, Option<Session>)> {
    let Prepared { parts, judges } = prepared;
    let Some(judges) = judges else {
        return Ok((parts, None));
    };
    let (gateway, session) = Gateway::new(judges.gateway)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let jury = JuryParts {
        settings: judges.settings,
        gateway,
        scorers: judges.scorers,
        panels: judges.panels,
    };
    let parts = CanaryParts {
        jury: Some(jury),
        ..parts
    };
    Ok((parts, Some(session)))
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
    let scorers = shadow::scorers(context);
    let judged = settings.judges.as_ref().map_or_else(String::new, |judges| {
        format!(
            "; judges grade {} % of both arms' answers, for at most {}",
            (judges.share * 1e4).round() / 1e2,
            shadow::budget_text(judges.budget)
        )
    });
    // Those that compare answers have nothing to compare.
    let is_asked = settings.judges.is_some();
    let is_left = |one: &Scorer| !is_asked || !grades(one);
    let left: Vec<Scorer> = scorers.into_iter().filter(is_left).collect();
    let left_out = shadow::left_out(&left, false);
    format!(
        "canary: {} % of `{}` goes to `{}`, by session or key, until it is shown to be worse; {fallback}{judged}{left_out}",
        (settings.share * 1e4).round() / 1e2,
        settings.of,
        settings.challenger
    )
}

//! The challenger that `trilemma serve` asks beside the one that answers.
//!
//! In: the project. Out: a gateway of its own that calls nobody but the challenger, with a ledger, a budget
//! and a lane of its own; nothing where the project has no `[serve.shadow]`.

use std::path::PathBuf;

use anyhow::anyhow;
use trilemma_gateway::{Gateway, GatewayParts, Shadow, ShadowParts, Upstream};
use trilemma_project::{ServeSettings, ShadowSettings};
use trilemma_provider::Clock;
use trilemma_score::Scorer;
use trilemma_store::ledger::{LedgerFile, Session};

use super::callable::Callable;
use crate::context::{Context, InputError};
use crate::{lineup, places};

/// What the challenger is called with.
pub(super) struct Prepared {
    settings: ShadowSettings,
    serve: ServeSettings,
    upstream: Upstream,
    ledger: LedgerFile,
    scorers: Vec<Scorer>,
}

/// Where the challenger's calls are recorded: beside the clients'.
pub(crate) fn shadow_path(context: &Context) -> anyhow::Result<PathBuf> {
    let store = places::store_path(&context.folder, &context.project)?;
    Ok(store.with_file_name("shadow.db"))
}

/// Prepares the challenger, if there is one.
pub(super) fn prepared(
    context: &Context,
    callable: &Callable<'_>,
) -> anyhow::Result<Option<Prepared>> {
    let Some(settings) = context.project.serve.shadow.clone() else {
        return Ok(None);
    };
    let id = &settings.challenger;
    let upstream = callable.alone(id, settings.concurrency)?.ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to shadow: no candidate that can be served is called `{id}`; hint: \
             `serve.shadow.challenger` names one of `[[candidates]]` by its id"
        )))
    })?;
    if !upstream.is_priced() {
        return Err(anyhow!(InputError(format!(
            "failed to keep to the budget of `[serve.shadow]`: {}; hint: state its `price`",
            lineup::unbounded_text(std::slice::from_ref(id))
        ))));
    }
    let ledger = LedgerFile::open(&shadow_path(context)?)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let scorers = context
        .project
        .scorers
        .iter()
        // The project has been checked: whoever cannot be built was told then.
        .filter_map(|spec| trilemma_score::build(spec).ok())
        .collect();
    let serve = ServeSettings {
        budget: Some(settings.budget),
        keys: Vec::new(),
        token: None,
        texts: None,
        shadow: None,
        canary: None,
        // A challenger that fails has failed.
        max_attempts: 1,
        ..context.project.serve.clone()
    };
    Ok(Some(Prepared {
        settings,
        serve,
        upstream,
        ledger,
        scorers,
    }))
}

/// Opens the challenger's gateway.
pub(super) fn begin(prepared: Prepared) -> anyhow::Result<(Shadow, Session)> {
    let parts = GatewayParts {
        upstreams: vec![prepared.upstream],
        embedders: Vec::new(),
        settings: prepared.serve,
        token: None,
        ledger: prepared.ledger,
        clock: Clock::system(),
        log: None,
        texts: None,
        shadow: None,
        traces: None,
    };
    let (gateway, session) =
        Gateway::new(parts).map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let parts = ShadowParts {
        settings: prepared.settings,
        gateway,
        scorers: prepared.scorers,
    };
    Ok((parts.begin(), session))
}

/// What the operator is told.
pub(super) fn told(settings: &ShadowSettings) -> String {
    format!(
        "`{}` is also asked {} % of the requests, for at most {} USD a {}; its answers are compared, not shown",
        settings.challenger,
        (settings.share * 1e4).round() / 1e2,
        settings.budget.limit.brief(),
        match settings.budget.period {
            trilemma_project::Period::Day => "day",
            trilemma_project::Period::Month => "month",
            trilemma_project::Period::Total => "lifetime",
        }
    )
}

//! The challenger that `trilemma serve` asks beside the one that answers.
//!
//! In: the project. Out: a gateway of its own that calls nobody but the challenger and, where the project wants
//! that, its judges, with a ledger, a budget and lanes of its own; nothing where the project has no
//! `[serve.shadow]`.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::anyhow;
use trilemma_domain::{Candidate, CandidateId};
use trilemma_gateway::{Gateway, GatewayParts, Names, Panels, Shadow, ShadowParts, Upstream};
use trilemma_project::{Period, ServeBudget, ServeSettings, ShadowSettings};
use trilemma_provider::Clock;
use trilemma_score::{Mode, Scorer};
use trilemma_store::ledger::{LedgerFile, Session};

use super::callable::Callable;
use crate::context::{Context, InputError};
use crate::{lineup, places};

/// What the challenger is called with.
pub(super) struct Prepared {
    settings: ShadowSettings,
    serve: ServeSettings,
    /// The challenger first, then its judges.
    upstreams: Vec<Upstream>,
    ledger: LedgerFile,
    scorers: Vec<Scorer>,
    panels: Panels,
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
    let callable = callable.apart(settings.concurrency);
    let upstream = callable.named(id)?.ok_or_else(|| {
        anyhow!(InputError(format!(
            "failed to shadow: no candidate that can be served is called `{id}`; hint: \
             `serve.shadow.challenger` names one of `[[candidates]]` by its id"
        )))
    })?;
    let mut upstreams = vec![upstream];
    let panels = if settings.judges {
        panels(context, &callable, &mut upstreams, |_| true)?
    } else {
        Panels::new()
    };
    refuse_unpriced("serve.shadow", &upstreams)?;
    let ledger = LedgerFile::open(&shadow_path(context)?)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    Ok(Some(Prepared {
        serve: apart(context, settings.budget),
        settings,
        upstreams,
        ledger,
        scorers: scorers(context),
        panels,
    }))
}

/// How a gateway serves that no client reaches.
pub(super) fn apart(context: &Context, budget: ServeBudget) -> ServeSettings {
    ServeSettings {
        budget: Some(budget),
        keys: Vec::new(),
        token: None,
        texts: None,
        shadow: None,
        canary: None,
        // Whoever fails has failed.
        max_attempts: 1,
        ..context.project.serve.clone()
    }
}

/// A budget that some calls would not keep to is none.
pub(super) fn refuse_unpriced(section: &str, upstreams: &[Upstream]) -> anyhow::Result<()> {
    let unpriced = upstreams.iter().filter(|one| !one.is_priced());
    let unpriced: Vec<String> = unpriced.map(|one| one.id().to_owned()).collect();
    if unpriced.is_empty() {
        return Ok(());
    }
    Err(anyhow!(InputError(format!(
        "failed to keep to the budget of `[{section}]`: {}; hint: state its `price`",
        lineup::unbounded_text(&unpriced)
    ))))
}

/// Adds the judges of the scorers that are meant to what can be called, under names that no candidate has.
pub(super) fn panels(
    context: &Context,
    callable: &Callable<'_>,
    upstreams: &mut Vec<Upstream>,
    is_meant: impl Fn(&str) -> bool,
) -> anyhow::Result<Panels> {
    let mut panels = Panels::new();
    let judges = context.project.judges.iter();
    for (label, panel) in judges.filter(|(label, _)| is_meant(label)) {
        for (idx, judge) in panel.iter().enumerate() {
            let id = format!("judge {idx} of {label}");
            upstreams.push(callable.candidate(&Candidate {
                id: CandidateId::from(id.as_str()),
                ..judge.clone()
            })?);
            panels.entry(label.clone()).or_default().push(id);
        }
    }
    Ok(panels)
}

/// Opens the challenger's gateway.
pub(super) fn begin(
    prepared: Prepared,
    names: Arc<OnceLock<Names>>,
) -> anyhow::Result<(Shadow, Session)> {
    let parts = GatewayParts {
        upstreams: prepared.upstreams,
        embedders: Vec::new(),
        settings: prepared.serve,
        token: None,
        ledger: prepared.ledger,
        clock: Clock::system(),
        log: None,
        texts: None,
        shadow: None,
        traces: None,
        names,
    };
    let (gateway, session) =
        Gateway::new(parts).map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let parts = ShadowParts {
        settings: prepared.settings,
        gateway,
        scorers: prepared.scorers,
        panels: prepared.panels,
    };
    Ok((parts.begin(), session))
}

/// What the operator is told.
pub(super) fn told(settings: &ShadowSettings, scorers: &[Scorer]) -> String {
    let left_out = left_out(scorers, settings.judges);
    format!(
        "`{}` is also asked {} % of the requests, for at most {}; its answers are compared, not shown{left_out}",
        settings.challenger,
        (settings.share * 1e4).round() / 1e2,
        budget_text(settings.budget)
    )
}

/// Such as "5 USD a month".
pub(super) fn budget_text(budget: ServeBudget) -> String {
    let period = match budget.period {
        Period::Day => "day",
        Period::Month => "month",
        Period::Total => "lifetime",
    };
    format!("{} USD a {period}", budget.limit.brief())
}

/// The project's scorers.
pub(super) fn scorers(context: &Context) -> Vec<Scorer> {
    let specs = context.project.scorers.iter();
    // The project has been checked: whoever cannot be built was told then.
    specs
        .filter_map(|spec| trilemma_score::build(spec).ok())
        .collect()
}

/// Which scorers do not score answers of traffic, in words; empty = all do.
pub(super) fn left_out(scorers: &[Scorer], asks_judges: bool) -> String {
    let labels = |is_meant: fn(&Mode) -> bool| -> String {
        let meant = scorers.iter().filter(|one| is_meant(&one.mode()));
        let labels: Vec<String> = meant.map(|one| format!("`{}`", one.label())).collect();
        labels.join(", ")
    };
    let judges = labels(|mode| matches!(mode, Mode::Judge(_)));
    let programs = labels(|mode| matches!(mode, Mode::Command(_)));
    let mut text = String::new();
    if !judges.is_empty() && !asks_judges {
        text.push_str(&format!(
            "; the judges of {judges} are not asked about them"
        ));
    }
    if !programs.is_empty() {
        text.push_str(&format!("; the programs of {programs} are not run on them"));
    }
    text
}

//! Model rows: a row lays what it states over what earlier files stated.

use std::collections::BTreeSet;

use trilemma_domain::{Capability, ModelName, Usd};

use super::context::Place;
use crate::entry::{
    Alias, FineTuned, Footprint, Limits, Model, ModelKind, ParameterRules, Pin, Reasoning, Role,
};
use crate::error::CatalogError;
use crate::lifecycle::{Lifecycle, OnShutdown};
use crate::raw::{
    RawAlias, RawCommercial, RawFineTuned, RawKind, RawLicence, RawLifecycle, RawModel,
    RawParameters, RawPin, RawReasoning, RawRole, RawTerms, RawTraining,
};
use crate::terms::{CommercialUse, Licence, Terms, Training};

/// Lays a row over a model: what the row states replaces, its prices and aliases stand first.
pub(crate) fn lay_over(
    at: &Place,
    base: Option<Model>,
    raw: &RawModel,
) -> Result<Model, CatalogError> {
    let row = format!("model `{}`", raw.id);
    let mut model = match base {
        Some(model) => model,
        None => blank(at, &row, raw)?,
    };
    identity(at, &row, &mut model, raw)?;
    if let Some(lifecycle) = &raw.lifecycle {
        model.lifecycle = at.lifecycle(&row, lifecycle)?;
    }
    if let Some(limits) = raw.limits {
        model.limits = Limits {
            context: limits.context.or(model.limits.context),
            max_input: limits.max_input.or(model.limits.max_input),
            max_output: limits.max_output.or(model.limits.max_output),
        };
    }
    abilities(&mut model, raw);
    if let Some(parameters) = &raw.parameters {
        model.parameters = at.parameters(&row, parameters)?;
    }
    if let Some(terms) = &raw.terms {
        model.terms = Some(at.terms(&row, terms)?);
    }
    if let Some(licence) = &raw.licence {
        model.licence = Some(at.licence(&row, licence)?);
    }
    if let Some(arch) = &raw.arch {
        model.arch = Some(super::infra::arch(at, &row, arch)?);
    }
    let footprints: Result<Vec<_>, _> = raw
        .footprint
        .iter()
        .map(|size| {
            Ok(Footprint {
                scheme: size.scheme.clone(),
                gb: size.gb,
                provenance: at.provenance(&row, &size.source, size.checked)?,
            })
        })
        .collect();
    model.footprints.splice(0..0, footprints?);
    model.prices.splice(0..0, at.prices(&raw.id, &raw.price)?);
    Ok(model)
}

fn blank(at: &Place, row: &str, raw: &RawModel) -> Result<Model, CatalogError> {
    let id = ModelName::parse(&raw.id).ok_or_else(|| {
        at.error(
            row,
            "has an id without provider",
            "write `provider/model`, such as `openai/gpt-4o-2024-08-06`",
        )
    })?;
    Ok(Model {
        name: id.model.clone(),
        id,
        kind: ModelKind::Api,
        line: None,
        tier: None,
        role: None,
        only_for: Vec::new(),
        pin: Pin::Unpinned,
        aliases: Vec::new(),
        weights: None,
        fine_tuned: None,
        strengths: None,
        best_for: None,
        lifecycle: Lifecycle::default(),
        limits: Limits::default(),
        can: Vec::new(),
        cannot: Vec::new(),
        tokenizer: None,
        parameters: ParameterRules::default(),
        terms: None,
        licence: None,
        arch: None,
        footprints: Vec::new(),
        prices: Vec::new(),
    })
}

fn identity(at: &Place, row: &str, model: &mut Model, raw: &RawModel) -> Result<(), CatalogError> {
    if let Some(name) = &raw.name {
        model.name.clone_from(name);
    }
    if let Some(kind) = raw.kind {
        model.kind = match kind {
            RawKind::Api => ModelKind::Api,
            RawKind::OpenWeights => ModelKind::OpenWeights,
        };
    }
    if raw.line.is_some() {
        model.line.clone_from(&raw.line);
    }
    model.tier = raw.tier.or(model.tier);
    if let Some(role) = raw.role {
        model.role = Some(match role {
            RawRole::Economy => Role::Economy,
            RawRole::Workhorse => Role::Workhorse,
            RawRole::Flagship => Role::Flagship,
            RawRole::Premium => Role::Premium,
        });
    }
    if let Some(tasks) = &raw.only_for {
        model.only_for.clone_from(tasks);
    }
    if let Some(pin) = raw.pin {
        model.pin = match pin {
            RawPin::Snapshot => Pin::Snapshot,
            RawPin::Unpinned => Pin::Unpinned,
        };
    }
    if let Some(weights) = &raw.weights {
        model.weights = Some(at.model_name(row, "weights", weights)?);
    }
    if let Some(raw) = &raw.fine_tuned {
        model.fine_tuned = Some(at.fine_tuned(row, raw)?);
    }
    if raw.tokenizer.is_some() {
        model.tokenizer.clone_from(&raw.tokenizer);
    }
    if let Some(said) = &raw.strengths {
        model.strengths = Some(at.statement(row, said)?);
    }
    if let Some(said) = &raw.best_for {
        model.best_for = Some(at.statement(row, said)?);
    }
    let aliases: Result<Vec<_>, _> = raw
        .aliases
        .iter()
        .map(|alias| at.alias(row, alias))
        .collect();
    model.aliases.splice(0..0, aliases?);
    Ok(())
}

fn abilities(model: &mut Model, raw: &RawModel) {
    let add = |to: &mut Vec<Capability>, from: &mut Vec<Capability>, new: &[Capability]| {
        from.retain(|known| !new.contains(known));
        for capability in new {
            if !to.contains(capability) {
                to.push(*capability);
            }
        }
    };
    if let Some(new) = &raw.can {
        add(&mut model.can, &mut model.cannot, new);
    }
    if let Some(new) = &raw.cannot {
        add(&mut model.cannot, &mut model.can, new);
    }
}

/// Refuses what no single row shows: impossible sizes and dates, alias periods that overlap.
pub(crate) fn validate(at: &Place, model: &Model) -> Result<(), CatalogError> {
    let row = format!("model `{}`", model.id);
    let limits = [
        model.limits.context,
        model.limits.max_input,
        model.limits.max_output,
    ];
    if limits.contains(&Some(0)) {
        return Err(at.error(
            row,
            "has a limit of 0 tokens",
            "leave out a limit that is not known",
        ));
    }
    if let (Some(start), Some((end, _))) = (model.lifecycle.start(), model.lifecycle.end())
        && end <= start
    {
        return Err(at.error(
            row,
            "is shut down before its release",
            "compare both dates with their source",
        ));
    }
    let mut names = BTreeSet::new();
    for alias in &model.aliases {
        if !names.insert((alias.name.as_str(), alias.from)) {
            return Err(at.error(
                row,
                format!("has the alias `{}` twice", alias.name),
                "keep one, or give the periods different `from` dates",
            ));
        }
    }
    Ok(())
}

impl Place {
    fn model_name(&self, row: &str, key: &str, text: &str) -> Result<ModelName, CatalogError> {
        ModelName::parse(text).ok_or_else(|| {
            self.error(
                row,
                format!("`{key}` = `{text}` names no model"),
                "write `provider/model`",
            )
        })
    }

    fn fine_tuned(&self, row: &str, raw: &RawFineTuned) -> Result<FineTuned, CatalogError> {
        let hosting = self.money(row, "hosting_usd_hour", raw.hosting_usd_hour.as_ref())?;
        Ok(FineTuned {
            base: self.model_name(row, "fine_tuned.base", &raw.base)?,
            training: self.money(row, "training", raw.training.as_ref())?,
            hosting_hour: hosting.map(|price| Usd::new(price.decimal())),
            provenance: self.provenance(row, &raw.source, raw.checked)?,
        })
    }

    fn alias(&self, row: &str, raw: &RawAlias) -> Result<Alias, CatalogError> {
        Ok(Alias {
            name: raw.name.clone(),
            moving: raw.moving,
            from: raw.from,
            to: raw.to,
            provenance: self.provenance(row, &raw.source, raw.checked)?,
        })
    }

    fn lifecycle(&self, row: &str, raw: &RawLifecycle) -> Result<Lifecycle, CatalogError> {
        let on_shutdown = match raw.on_shutdown.as_deref() {
            None => OnShutdown::Unknown,
            Some("error") => OnShutdown::Error,
            Some(other) => match other.strip_prefix("reroute:") {
                Some(to) => OnShutdown::Reroute {
                    to: self.model_name(row, "on_shutdown", to)?.to_string(),
                },
                None => {
                    return Err(self.error(
                        row,
                        format!("`on_shutdown` = `{other}` is not known"),
                        "write \"error\" or \"reroute:provider/model\"",
                    ));
                }
            },
        };
        Ok(Lifecycle {
            released: raw.released,
            first_seen: raw.first_seen,
            deprecated: raw.deprecated,
            shutdown: raw.shutdown,
            gone_by: raw.gone_by,
            replacement: raw.replacement.clone(),
            on_shutdown,
            provenance: Some(self.provenance(row, &raw.source, raw.checked)?),
        })
    }

    fn parameters(&self, row: &str, raw: &RawParameters) -> Result<ParameterRules, CatalogError> {
        Ok(ParameterRules {
            temperature: raw.temperature,
            top_p: raw.top_p,
            seed: raw.seed,
            needs_max_tokens: raw.needs_max_tokens,
            max_tokens_field: raw.max_tokens_field.clone(),
            reasoning: raw.reasoning.map(|reasoning| match reasoning {
                RawReasoning::Off => Reasoning::Off,
                RawReasoning::OnRequest => Reasoning::OnRequest,
                RawReasoning::Default => Reasoning::Default,
                RawReasoning::Always => Reasoning::Always,
            }),
            efforts: raw.efforts.clone(),
            note: raw.note.clone(),
            provenance: Some(self.provenance(row, &raw.source, raw.checked)?),
        })
    }

    pub(super) fn terms(&self, row: &str, raw: &RawTerms) -> Result<Terms, CatalogError> {
        Ok(Terms {
            training: match raw.training {
                None => Training::Unknown,
                Some(RawTraining::No) => Training::No,
                Some(RawTraining::Yes) => Training::Yes,
            },
            regions: raw.regions.clone(),
            conditions: raw.conditions.clone(),
            provenance: self.provenance(row, &raw.source, raw.checked)?,
        })
    }

    fn licence(&self, row: &str, raw: &RawLicence) -> Result<Licence, CatalogError> {
        Ok(Licence {
            id: raw.id.clone(),
            commercial: raw.commercial.map(|commercial| match commercial {
                RawCommercial::Yes => CommercialUse::Yes,
                RawCommercial::Conditional => CommercialUse::Conditional,
                RawCommercial::No => CommercialUse::No,
            }),
            provenance: self.provenance(row, &raw.source, raw.checked)?,
        })
    }
}

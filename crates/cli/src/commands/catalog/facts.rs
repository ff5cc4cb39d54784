//! What the catalog says about a model, fact by fact, in words.
//!
//! In: a model and its provider. Out: named facts in a fixed order, for `show` and `diff`. Each names
//! its source where the catalog does. A fact that no source states is said to be unknown.

use jiff::civil::Date;
use trilemma_catalog::{
    Arch, CatalogError, CommercialUse, Found, LifecycleState, Model, ModelKind, OnShutdown,
    ParameterRules, Pin, PriceRow, Provider, Reasoning, Stated, Terms, TierRow, Tokenizer,
    Training,
};
use trilemma_domain::Capability;

use super::money::{UNKNOWN, price, thousands, tokens};

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What it belongs to, such as `Limits`.
    pub(crate) group: &'static str,
    /// Its name within the group.
    pub(crate) name: String,
    /// What is known.
    pub(crate) value: String,
}

struct Facts {
    group: &'static str,
    list: Vec<Fact>,
}

impl Facts {
    fn add(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.list.push(Fact {
            group: self.group,
            name: name.into(),
            value: value.into(),
        });
    }

    fn or_unknown(&mut self, name: impl Into<String>, value: Option<impl ToString>) {
        let value = value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string());
        self.add(name, value);
    }

    /// For what need not exist.
    fn or_none_known(&mut self, name: impl Into<String>, value: Option<impl ToString>) {
        let value = value.map_or_else(|| "none known".to_owned(), |value| value.to_string());
        self.add(name, value);
    }
}

/// Everything about a model that does not depend on a day, prices apart.
pub(crate) fn facts(found: &Found<'_>) -> Vec<Fact> {
    let model = found.model;
    let mut facts = Facts {
        group: "Model",
        list: Vec::new(),
    };
    identity(&mut facts, found);
    facts.group = "Lifecycle";
    lifecycle(&mut facts, model);
    facts.group = "Limits";
    facts.add("context", tokens(model.limits.context));
    facts.add("input", tokens(model.limits.max_input));
    facts.add("output", tokens(model.limits.max_output));
    facts.group = "Capabilities";
    for capability in Capability::ALL {
        facts.add(capability.name(), stated(model.has(capability)));
    }
    facts.group = "Parameters";
    parameters(&mut facts, &model.parameters);
    facts.group = "Terms";
    terms(&mut facts, found.terms());
    facts.group = "Weights";
    weights(&mut facts, model);
    facts.list
}

fn identity(facts: &mut Facts, found: &Found<'_>) {
    let model = found.model;
    facts.add("name", &model.name);
    facts.add(
        "provider",
        format!(
            "{} (dialect {})",
            found.provider.name, found.provider.dialect
        ),
    );
    facts.add(
        "kind",
        match model.kind {
            ModelKind::Api => "called at a vendor",
            ModelKind::OpenWeights => "open weights, to be hosted",
        },
    );
    facts.add("pin", pin(model.pin));
    facts.or_unknown("size class", model.tier.map(|tier| tier.name()));
    facts.or_unknown("role", model.role.map(|role| role.name()));
    facts.or_unknown("line", model.line.as_ref());
    if !model.only_for.is_empty() {
        let kinds: Vec<&str> = model.only_for.iter().map(|kind| kind.name()).collect();
        facts.add("made for", kinds.join(", "));
    }
    facts.or_unknown("tokenizer", model.tokenizer.as_ref());
    if let Some(weights) = &model.weights {
        facts.add("weights of", weights.to_string());
    }
    for (name, statement) in [
        ("strengths", &model.strengths),
        ("best for", &model.best_for),
    ] {
        facts.or_unknown(
            name,
            statement
                .as_ref()
                .map(|said| format!("{} [{}]", said.text, said.provenance)),
        );
    }
    for alias in &model.aliases {
        let moving = if alias.moving { "moving name" } else { "alias" };
        let mut period = String::new();
        if let Some(from) = alias.from {
            period.push_str(&format!(", from {from}"));
        }
        if let Some(to) = alias.to {
            period.push_str(&format!(", until {to}"));
        }
        facts.add(
            "also called",
            format!("{} ({moving}{period}) [{}]", alias.name, alias.provenance),
        );
    }
}

/// How an id is pinned, in words.
pub(crate) fn pin(pin: Pin) -> &'static str {
    match pin {
        Pin::Snapshot => "snapshot",
        Pin::Unpinned => "unpinned: its vendor names no fixed snapshot",
    }
}

fn lifecycle(facts: &mut Facts, model: &Model) {
    let lifecycle = &model.lifecycle;
    match (lifecycle.released, lifecycle.first_seen) {
        (None, Some(seen)) => facts.add(
            "released",
            format!("{UNKNOWN}; first listed by a source on {seen}"),
        ),
        (released, _) => facts.or_unknown("released", released),
    }
    facts.or_none_known("end announced", lifecycle.deprecated);
    match (lifecycle.shutdown, lifecycle.gone_by) {
        (None, Some(gone)) => {
            facts.add(
                "shut down",
                format!("{UNKNOWN}; a source says that it is gone by {gone}"),
            );
        }
        (shutdown, _) => facts.or_none_known("shut down", shutdown),
    }
    facts.or_none_known("replacement", lifecycle.replacement.as_ref());
    facts.add(
        "calls afterwards",
        match &lifecycle.on_shutdown {
            OnShutdown::Unknown => UNKNOWN.to_owned(),
            OnShutdown::Error => "fail".to_owned(),
            OnShutdown::Reroute { to } => {
                format!("{to} answers instead, silently, at its own price")
            }
        },
    );
    facts.or_unknown("source", lifecycle.provenance.as_ref());
}

/// The state on a day, in words.
pub(crate) fn state(state: LifecycleState) -> String {
    match state {
        LifecycleState::NotYetReleased { from } => format!("from {from}"),
        LifecycleState::Active => "active".to_owned(),
        LifecycleState::Ending { by, exact: true } => format!("ends {by}"),
        LifecycleState::Ending { by, exact: false } => format!("ends by {by}"),
        LifecycleState::ShutDown { since, exact: true } => format!("gone since {since}"),
        LifecycleState::ShutDown {
            since,
            exact: false,
        } => format!("gone by {since}"),
    }
}

/// Yes, no or unknown.
pub(crate) fn stated(stated: Stated) -> &'static str {
    match stated {
        Stated::Yes => "yes",
        Stated::No => "no",
        Stated::Unknown => UNKNOWN,
    }
}

fn parameters(facts: &mut Facts, rules: &ParameterRules) {
    let accepted =
        |flag: Option<bool>| flag.map(|accepted| if accepted { "accepted" } else { "refused" });
    facts.or_unknown("temperature", accepted(rules.temperature));
    facts.or_unknown("top_p", accepted(rules.top_p));
    facts.or_unknown("seed", accepted(rules.seed));
    facts.or_unknown(
        "max tokens",
        rules
            .needs_max_tokens
            .map(|needed| if needed { "required" } else { "optional" }),
    );
    if let Some(field) = &rules.max_tokens_field {
        facts.add("max tokens field", field);
    }
    facts.or_unknown(
        "reasoning",
        rules.reasoning.map(|reasoning| match reasoning {
            Reasoning::Off => "none",
            Reasoning::OnRequest => "on request",
            Reasoning::Default => "unless told not to",
            Reasoning::Always => "always",
        }),
    );
    if !rules.efforts.is_empty() {
        facts.add("efforts", rules.efforts.join(", "));
    }
    if let Some(note) = &rules.note {
        facts.add("note", note);
    }
    facts.or_unknown("source", rules.provenance.as_ref());
}

fn terms(facts: &mut Facts, terms: Option<&Terms>) {
    let Some(terms) = terms else {
        facts.add("training on data", UNKNOWN);
        facts.add("regions", UNKNOWN);
        return;
    };
    facts.add(
        "training on data",
        match terms.training {
            Training::Unknown => UNKNOWN,
            Training::No => "no",
            Training::Yes => "yes, or possible",
        },
    );
    facts.add(
        "regions",
        match &terms.regions {
            None => UNKNOWN.to_owned(),
            Some(regions) if regions.is_empty() => "none can be pinned".to_owned(),
            Some(regions) => regions.join(", "),
        },
    );
    if let Some(conditions) = &terms.conditions {
        facts.add("conditions", conditions);
    }
    facts.add("source", terms.provenance.to_string());
}

fn weights(facts: &mut Facts, model: &Model) {
    if model.kind == ModelKind::Api && model.licence.is_none() && model.arch.is_none() {
        return;
    }
    match &model.licence {
        None => facts.add("licence", UNKNOWN),
        Some(licence) => {
            let use_ = match licence.commercial {
                None => "commercial use not judged",
                Some(CommercialUse::Yes) => "commercial use allowed",
                Some(CommercialUse::Conditional) => "commercial use under conditions",
                Some(CommercialUse::No) => "no commercial use",
            };
            facts.add(
                "licence",
                format!("{} ({use_}) [{}]", licence.id, licence.provenance),
            );
        }
    }
    match &model.arch {
        None => facts.add("architecture", UNKNOWN),
        Some(arch) => facts.add("architecture", architecture(arch)),
    }
    for footprint in &model.footprints {
        facts.add(
            format!("size as {}", footprint.scheme),
            format!("{} GB [{}]", footprint.gb, footprint.provenance),
        );
    }
}

fn architecture(arch: &Arch) -> String {
    let mut parts = vec![format!("{} parameters", thousands(arch.params))];
    for (name, value) in [
        ("used per token", arch.active_params),
        ("layers", arch.layers),
        ("heads", arch.heads),
        ("key-value heads", arch.kv_heads),
        ("wide per head", arch.head_dim),
        ("wide", arch.hidden),
        ("words", arch.vocab),
    ] {
        if let Some(value) = value {
            parts.push(format!("{} {name}", thousands(value)));
        }
    }
    parts.join(", ")
}

/// Where a price holds: service, region, context step, book.
pub(crate) fn price_scope(row: &PriceRow) -> String {
    let mut scope = row.service.name().to_owned();
    if row.above_tokens > 0 {
        scope.push_str(&format!(", above {} tokens", thousands(row.above_tokens)));
    }
    if let Some(region) = &row.region {
        scope.push_str(&format!(", in {region}"));
    }
    scope
}

/// The days on which a price holds.
pub(crate) fn price_period(from: Date, to: Option<Date>) -> String {
    match to {
        None => format!("from {from}"),
        Some(to) => format!("{from} until {to}"),
    }
}

/// Prices as facts, for comparisons.
pub(crate) fn price_facts(model: &Model) -> Vec<Fact> {
    model
        .prices
        .iter()
        .map(|row| Fact {
            group: "Prices",
            name: format!(
                "{} book, {}, {}",
                row.book,
                price_scope(row),
                price_period(row.from, row.to)
            ),
            value: format!(
                "in {}, out {}, cache read {}, cache write {} / {}, reasoning {} [{}]",
                price(row.rates.input),
                price(row.rates.output),
                price(row.rates.cache_read),
                price(row.rates.cache_write_5m),
                price(row.rates.cache_write_1h),
                price(row.rates.reasoning),
                row.provenance
            ),
        })
        .collect()
}

/// A provider as facts, for comparisons.
pub(crate) fn provider_facts(provider: &Provider) -> Vec<Fact> {
    let mut facts = Facts {
        group: "Provider",
        list: Vec::new(),
    };
    facts.add("name", &provider.name);
    facts.add("dialect", provider.dialect.name());
    facts.or_unknown("base_url", provider.base_url.as_ref());
    facts.or_unknown("api_key_env", provider.api_key_env.as_ref());
    if provider.responses {
        facts.add("responses", "yes");
    }
    facts.add("standing", provider.standing.to_string());
    terms(&mut facts, provider.terms.as_ref());
    facts.list
}

/// A size class as facts, for comparisons.
pub(crate) fn tier_facts(row: &TierRow) -> Vec<Fact> {
    let mut facts = Facts {
        group: "Size class",
        list: Vec::new(),
    };
    let band = |low: String, high: Option<String>| {
        format!("{low} to {}", high.unwrap_or_else(|| "any".to_owned()))
    };
    facts.add("parameters", &row.params);
    facts.add(
        "cost",
        band(
            price(Some(row.cost.low)),
            row.cost.high.map(|high| price(Some(high))),
        ),
    );
    for (name, figures) in [
        ("first token, ms", row.ttft_ms),
        ("context", row.context),
        ("GPUs", row.gpus),
    ] {
        facts.add(
            name,
            band(thousands(figures.low), figures.high.map(thousands)),
        );
    }
    facts.add("reasoning", &row.reasoning);
    let suits: Vec<&str> = row.suits.iter().map(|kind| kind.name()).collect();
    facts.add("suits", suits.join(", "));
    facts.add("source", row.provenance.to_string());
    facts.list
}

/// A tokenizer as facts, for comparisons.
pub(crate) fn tokenizer_facts(row: &Tokenizer) -> Vec<Fact> {
    let mut facts = Facts {
        group: "Tokenizer",
        list: Vec::new(),
    };
    facts.add("exact", if row.exact { "yes" } else { "no" });
    for (name, ratio) in [("text", row.text), ("code", row.code), ("json", row.json)] {
        facts.or_unknown(
            name,
            ratio.map(|ratio| format!("{} to {} per o200k token", ratio.low, ratio.high)),
        );
    }
    facts.add("source", row.provenance.to_string());
    facts.list
}

/// What a failed look-up means for the command line: input that is wrong.
pub(crate) fn input_error(error: &CatalogError) -> anyhow::Error {
    anyhow::anyhow!(crate::context::InputError(format!("failed to {error}")))
}

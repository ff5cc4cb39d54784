//! What the catalog knows of a candidate, on one day.
//!
//! In: a candidate of the project, the catalog, a date. Out: [`CandidateFacts`]. Terms are those of
//! whoever receives the data: a model of OpenAI called at Azure or through a gateway of the team's is
//! not under OpenAI's terms, so where the catalog does not know the endpoint they are unknown.

use jiff::civil::Date;
use trilemma_catalog::{
    Catalog, CatalogError, Found, LifecycleState, ModelKind, Pin, Stated, Terms, Training,
};
use trilemma_cost::Pricer;
use trilemma_domain::{Candidate, Capability, Target};

use crate::input::{CandidateFacts, Known, LifecycleEnd, Naming, PrivacyFacts};

impl CandidateFacts {
    /// Collects what the catalog says of a candidate; names that answers carried are added later.
    ///
    /// # Errors
    /// Only for catalog rows that cannot be read.
    pub fn of(candidate: &Candidate, catalog: &Catalog, as_of: Date) -> Result<Self, CatalogError> {
        let found = match &candidate.identity {
            Some(identity) => catalog.get(identity)?,
            None => None,
        };
        let model = candidate.identity.as_ref().map_or_else(
            || format!("{}/{}", candidate.target.provider, candidate.target.model),
            ToString::to_string,
        );
        Ok(Self {
            id: candidate.id.clone(),
            model,
            identity: candidate.identity.clone(),
            wire_name: candidate.target.model.clone(),
            pricer: Pricer::of(candidate, catalog, as_of)?,
            privacy: privacy(&candidate.target, found.as_ref(), catalog)?,
            context_window: found.and_then(|found| found.model.limits.context),
            capabilities: found.map(abilities).unwrap_or_default(),
            end: found.and_then(|found| end(&candidate.target, &found, as_of)),
            naming: naming(&candidate.target, found.as_ref()),
            retired: None,
            streamed: candidate.stream,
            served: Vec::new(),
            routed: None,
        })
    }
}

fn privacy(
    target: &Target,
    found: Option<&Found<'_>>,
    catalog: &Catalog,
) -> Result<PrivacyFacts, CatalogError> {
    let same_house = found.filter(|found| is_same_house(target, found));
    let terms: Option<&Terms> = match same_house {
        Some(found) => found.terms(),
        None => catalog
            .provider(&target.provider)?
            .and_then(|provider| provider.terms.as_ref()),
    };
    let own_server = is_loopback(&target.base_url);
    let self_hosted = match same_house.map(|found| found.model.kind) {
        _ if own_server => Some(Known::Yes),
        Some(ModelKind::OpenWeights) => Some(Known::Yes),
        Some(ModelKind::Api) => Some(Known::No),
        None => None,
    };
    Ok(PrivacyFacts {
        trains: terms.and_then(|terms| match terms.training {
            Training::Unknown => None,
            Training::No => Some(Known::No),
            Training::Yes => Some(Known::Yes),
        }),
        regions: terms.and_then(|terms| terms.regions.clone()),
        self_hosted,
        conditions: terms.and_then(|terms| terms.conditions.clone()),
        source: terms.map(|terms| terms.provenance.to_string()),
    })
}

/// Whether a model is called where the catalog's row says that it is served.
fn is_same_house(target: &Target, found: &Found<'_>) -> bool {
    let of_row = found.provider.base_url.as_deref();
    found.provider.id == target.provider || of_row.is_some_and(|url| url == target.base_url)
}

/// Whether an address is this machine itself.
fn is_loopback(base_url: &str) -> bool {
    let Some((_, rest)) = base_url.split_once("://") else {
        return false;
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn abilities(found: Found<'_>) -> std::collections::BTreeMap<Capability, Known> {
    Capability::ALL
        .into_iter()
        .filter_map(|capability| match found.model.has(capability) {
            Stated::Yes => Some((capability, Known::Yes)),
            Stated::No => Some((capability, Known::No)),
            Stated::Unknown => None,
        })
        .collect()
}

/// Weights that one hosts oneself end with nobody's API.
fn end(target: &Target, found: &Found<'_>, as_of: Date) -> Option<LifecycleEnd> {
    if found.model.kind == ModelKind::OpenWeights {
        return None;
    }
    let (by, exact) = match found.model.lifecycle_at(as_of) {
        LifecycleState::NotYetReleased { .. } | LifecycleState::Active => return None,
        LifecycleState::Ending { by, exact } => (by, exact),
        LifecycleState::ShutDown { since, exact } => (since, exact),
    };
    let lifecycle = &found.model.lifecycle;
    Some(LifecycleEnd {
        by,
        exact,
        replacement: lifecycle.replacement.clone(),
        at_endpoint: is_same_house(target, found) && !is_loopback(&target.base_url),
        source: lifecycle.provenance.as_ref().map(ToString::to_string),
    })
}

/// The name on the wire counts: it may be an alias of the snapshot that the project names.
fn naming(target: &Target, found: Option<&Found<'_>>) -> Naming {
    let Some(found) = found else {
        return Naming::Unknown;
    };
    let model = found.model;
    if let Some(alias) = model
        .aliases
        .iter()
        .find(|alias| alias.name == target.model)
    {
        return if alias.moving {
            Naming::Moving
        } else {
            Naming::Snapshot
        };
    }
    if model.id.model != target.model {
        return Naming::Unknown;
    }
    match model.pin {
        Pin::Snapshot => Naming::Snapshot,
        Pin::Unpinned => Naming::Moving,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::{Dialect, ModelName, Params, ToolChoice};

    fn candidate(provider: &str, base_url: &str, identity: Option<&str>) -> Candidate {
        Candidate {
            id: "c".into(),
            target: Target {
                provider: provider.to_owned(),
                dialect: Dialect::OpenAi,
                base_url: base_url.to_owned(),
                model: "gpt-4o-2024-08-06".to_owned(),
                api_version: None,
                pipeline: None,
            },
            identity: identity.map(|text| ModelName::parse(text).unwrap()),
            prompt: None,
            params: Params::default(),
            response_format: None,
            tool_choice: ToolChoice::default(),
            price: None,
            stream: true,
        }
    }

    fn facts(candidate: &Candidate) -> CandidateFacts {
        let as_of = Date::constant(2024, 12, 1);
        CandidateFacts::of(candidate, &Catalog::builtin(), as_of).unwrap()
    }

    #[test]
    fn the_catalog_tells_of_a_known_model() {
        let id = Some("openai/gpt-4o-2024-08-06");
        let known = facts(&candidate("openai", "https://api.openai.com/v1", id));
        assert_eq!(known.model, "openai/gpt-4o-2024-08-06");
        assert!(known.pricer.is_some());
        assert_eq!(known.context_window, Some(128_000));
        assert_eq!(known.naming, Naming::Snapshot);
        assert_eq!(known.privacy.self_hosted, Some(Known::No));
        let end = known.end.unwrap();
        assert!(end.at_endpoint && end.source.is_some());
    }

    #[test]
    fn terms_do_not_follow_the_model_to_another_endpoint() {
        let id = Some("openai/gpt-4o-2024-08-06");
        let gateway = facts(&candidate("work", "https://llm.internal/v1", id));
        assert!(gateway.pricer.is_some());
        assert_eq!(gateway.privacy, PrivacyFacts::default());
        assert_eq!(gateway.end.map(|end| end.at_endpoint), Some(false));
        let own = facts(&candidate("work", "http://127.0.0.1:8000/v1", None));
        assert_eq!(own.privacy.self_hosted, Some(Known::Yes));
        assert_eq!(own.pricer, None);
        assert_eq!(own.model, "work/gpt-4o-2024-08-06");
    }

    #[test]
    fn loopback_is_recognised_only_as_host() {
        assert!(is_loopback("http://[::1]:80/v1"));
        assert!(is_loopback("http://localhost/v1"));
        assert!(!is_loopback("https://localhost.example.com/v1"));
        assert!(!is_loopback("https://example.com/127.0.0.1"));
    }
}

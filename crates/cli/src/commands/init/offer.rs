//! Candidates and judge for a new project, from the shortlist of the day.

use jiff::civil::Date;
use trilemma_catalog::{Catalog, Proposal};
use trilemma_domain::{Capability, PromptText, Stakes, TaskKind};
use trilemma_project::Prompt;

use super::task::Items;
use crate::commands::shortlist::{Asked, Typical};

/// What the catalog offers.
#[derive(Debug)]
pub(super) struct Offer {
    /// Candidates, in the order in which to try them.
    pub(super) proposals: Vec<Proposal>,
    /// The model that would judge, as `provider/model`; `None` = the catalog has none.
    pub(super) judge: Option<String>,
    /// Environment variables of the keys that candidates need.
    pub(super) keys: Vec<String>,
    /// That of the judge.
    pub(super) judge_key: Option<String>,
    /// Abilities that the items ask for.
    pub(super) capabilities: Vec<Capability>,
}

impl Offer {
    /// Asks the catalog for candidates that can be called as they are.
    ///
    /// # Errors
    /// For catalog rows that cannot be read.
    pub(super) fn ask(
        catalog: &Catalog,
        items: &Items,
        kind: TaskKind,
        stakes: Stakes,
        as_of: Date,
    ) -> anyhow::Result<Self> {
        let capabilities = needed(items, kind);
        let mut asked = Asked::about(kind, as_of);
        asked.stakes = stakes;
        asked.requirements.capabilities.clone_from(&capabilities);
        // The prompt that will be written adds a few dozen tokens; the items say the rest.
        let plain = Prompt::parse(&PromptText {
            name: "default".to_owned(),
            source: super::starter::Starter::of(kind).prompt.to_owned(),
        });
        asked.typical = Typical::of(items.set.items(), plain.as_ref().ok(), kind);
        let has_address = |proposal: &Proposal| {
            catalog
                .provider(&proposal.id.provider)
                .ok()
                .flatten()
                .is_some_and(|provider| provider.base_url.is_some())
        };
        let proposals: Vec<Proposal> = asked
            .shortlist(catalog)?
            .proposals
            .into_iter()
            .filter(has_address)
            .collect();
        asked.stakes = Stakes::High;
        asked.requirements.capabilities.clear();
        let strong: Vec<Proposal> = asked
            .shortlist(catalog)?
            .proposals
            .into_iter()
            .filter(has_address)
            .collect();
        let judge = judge(&strong, &proposals);
        let keys = keys_of(
            catalog,
            proposals.iter().map(|one| one.id.provider.as_str()),
        );
        let judge_key = judge.as_ref().and_then(|judge| {
            let (provider, _) = judge.split_once('/')?;
            keys_of(catalog, std::iter::once(provider)).pop()
        });
        Ok(Self {
            judge_key,
            proposals,
            judge,
            keys,
            capabilities,
        })
    }
}

/// A strong model that is no candidate, if possible of a vendor that has none.
fn judge(strong: &[Proposal], candidates: &[Proposal]) -> Option<String> {
    let is_candidate = |one: &&Proposal| candidates.iter().any(|other| other.id == one.id);
    let has_candidate = |one: &&Proposal| {
        candidates
            .iter()
            .any(|other| other.id.provider == one.id.provider)
    };
    let chosen = strong
        .iter()
        .find(|one| !has_candidate(one))
        .or_else(|| strong.iter().find(|one| !is_candidate(one)))
        .or_else(|| strong.get(1))
        .or_else(|| strong.first());
    chosen.map(|one| one.id.to_string())
}

fn keys_of<'a>(catalog: &Catalog, providers: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut keys: Vec<String> = providers
        .filter_map(|name| {
            let provider = catalog.provider(name).ok()??;
            provider.api_key_env.clone()
        })
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

fn needed(items: &Items, kind: TaskKind) -> Vec<Capability> {
    let mut needed = Vec::new();
    if kind == TaskKind::ToolUse || items.has_tools() {
        needed.push(Capability::Tools);
    }
    if items.has_images() {
        needed.push(Capability::Vision);
    }
    if items.has_files() {
        needed.push(Capability::Files);
    }
    needed
}

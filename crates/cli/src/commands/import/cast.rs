//! Which candidates results belong to: those of the project, else models of the catalog, else names
//! that only the imported files know.

use anyhow::Context as _;
use jiff::civil::Date;
use trilemma_catalog::{Catalog, CatalogError};
use trilemma_domain::{Candidate, Dialect, ModelName, Params, Target, ToolChoice};
use trilemma_interop::{Gathered, Named};
use trilemma_project::Project;

/// The provider of candidates that cannot be called.
pub(super) const IMPORTED: &str = "imported";
/// Its address; the domain is reserved to lead nowhere (RFC 2606 §2).
pub(crate) const IMPORTED_URL: &str = "http://imported.invalid/v1";

/// All candidates of an import, in its order.
pub(super) struct Cast {
    pub(super) members: Vec<Member>,
}

/// One candidate.
pub(super) struct Member {
    pub(super) candidate: Candidate,
    /// Whether the project names it.
    pub(super) is_known: bool,
    /// Whether its name is one that the vendor points at another model when it pleases.
    pub(super) is_moving: bool,
}

impl Cast {
    /// Finds out who they are.
    pub(super) fn of(
        gathered: &Gathered,
        catalog: &Catalog,
        as_of: Date,
        project: Option<&Project>,
    ) -> anyhow::Result<Self> {
        let mut members = Vec::with_capacity(gathered.candidates.len());
        for (named, tally) in gathered.candidates.iter().zip(&gathered.tallies) {
            let known = project.and_then(|project| of_project(named, project));
            let is_known = known.is_some();
            let (mut candidate, is_moving) = match known {
                Some(candidate) => (candidate, false),
                None => new(named, catalog, as_of)?,
            };
            // Without a single stamp of a first token, there is no time to it.
            candidate.stream = tally.n_ttfts > 0;
            members.push(Member {
                candidate,
                is_known,
                is_moving,
            });
        }
        Ok(Self { members })
    }
}

/// The candidate of the project that has this name, or calls this model.
fn of_project(named: &Named, project: &Project) -> Option<Candidate> {
    let by_id = project
        .candidates
        .iter()
        .find(|one| one.id.as_str() == named.name);
    let model = named.model.as_deref().unwrap_or(&named.name);
    let by_model = || {
        let mut fitting = project.candidates.iter().filter(|one| {
            let called = format!("{}/{}", one.target.provider, one.target.model);
            spellings(model).contains(&called)
        });
        // Two variants of one model are not told apart by its name.
        fitting.next().filter(|_| fitting.next().is_none())
    };
    let found = by_id.or_else(by_model)?;
    let mut candidate = found.clone();
    candidate.id = found.id.clone();
    Some(candidate)
}

/// The candidate, and whether its name is a moving one.
fn new(named: &Named, catalog: &Catalog, as_of: Date) -> anyhow::Result<(Candidate, bool)> {
    let model = named.model.as_deref().unwrap_or(&named.name);
    let found = find(model, catalog, as_of).context("look up a model")?;
    let target = match &found {
        Some(FoundModel {
            identity,
            called,
            base_url: Some(base_url),
            dialect,
            ..
        }) => Target {
            provider: identity.provider.clone(),
            dialect: *dialect,
            base_url: base_url.clone(),
            model: called.clone(),
            api_version: None,
            pipeline: None,
        },
        Some(FoundModel { base_url: None, .. }) | None => Target {
            provider: IMPORTED.to_owned(),
            dialect: Dialect::OpenAi,
            base_url: IMPORTED_URL.to_owned(),
            model: model.to_owned(),
            api_version: None,
            pipeline: None,
        },
    };
    let is_moving = found.as_ref().is_some_and(|found| found.is_moving);
    let candidate = Candidate {
        id: named.name.as_str().into(),
        target,
        identity: found.map(|found| found.identity),
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::default(),
        price: None,
        stream: false,
    };
    Ok((candidate, is_moving))
}

/// A model of the catalog.
struct FoundModel {
    identity: ModelName,
    /// The name that the results have for it: a moving one stays what it is, whatever it means.
    called: String,
    is_moving: bool,
    base_url: Option<String>,
    dialect: Dialect,
}

/// The catalog's model of one of the spellings; `None` = it knows none, or several.
fn find(model: &str, catalog: &Catalog, as_of: Date) -> Result<Option<FoundModel>, CatalogError> {
    for name in spellings(model) {
        match catalog.find(&name, as_of) {
            Ok(found) => {
                let identity = found.model.id.clone();
                let called = found.alias.map_or(&identity.model, |alias| &alias.name);
                return Ok(Some(FoundModel {
                    called: called.clone(),
                    is_moving: found.is_moving(),
                    base_url: found.provider.base_url.clone(),
                    dialect: found.provider.dialect,
                    identity,
                }));
            }
            Err(CatalogError::UnknownModel { .. } | CatalogError::Ambiguous { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// How the catalog may call a model that a tool calls so: promptfoo writes `openai:chat:NAME`,
/// Inspect `openai/NAME` and `openai-api/SERVICE/NAME`.
fn spellings(model: &str) -> Vec<String> {
    let mut spellings = vec![model.to_owned()];
    if let Some((provider, rest)) = model.split_once(':') {
        let name = ["chat:", "responses:", "completion:", "messages:"]
            .iter()
            .find_map(|kind| rest.strip_prefix(kind))
            .unwrap_or(rest);
        spellings.push(format!("{provider}/{name}"));
    }
    spellings
}

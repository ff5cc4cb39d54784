//! What all requests share: upstreams by name, clients, budgets, the ledger, settings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use http::StatusCode;
use trilemma_domain::FailureKind;
use trilemma_project::ServeSettings;
use trilemma_provider::{Cancel, Clock};
use trilemma_store::ledger::{Ledger, LedgerFile, Session};
use trilemma_wire::server::ErrorKind;

use crate::ask::{Ask, Service};
use crate::budget::{BudgetError, Purse, Unleased};
use crate::canary::{CANARY_NOTE, Canary, CanaryParts, Target};
use crate::clients::Clients;
use crate::deviation::MeasuredRequests;
use crate::drift::{DriftBoard, DriftStanding};
use crate::metrics::Metrics;
use crate::names::Names;
use crate::policy::{AUTO, Active};
use crate::refusal::Refusal;
use crate::room::Rooms;
use crate::scored::{LiveScorer, Scoring};
use crate::shadow::Shadow;
use crate::texts::{TextParts, Texts};
use crate::traces::{TraceParts, Traces};
use crate::upstream::{Named, Upstream};

/// What a gateway is made of.
pub struct GatewayParts {
    /// Every candidate that can be called.
    pub upstreams: Vec<Upstream>,
    /// Every model that makes embeddings.
    pub embedders: Vec<Upstream>,
    /// How it serves.
    pub settings: ServeSettings,
    /// What every client must show; `None` = nothing, or a key of its own.
    pub token: Option<String>,
    /// Where requests are recorded.
    pub ledger: LedgerFile,
    /// Tells when requests came.
    pub clock: Clock,
    /// Gets a line of JSON for each request.
    pub log: Option<LogSink>,
    /// Keeps texts; `None` = nothing of a prompt or an answer is ever written.
    pub texts: Option<TextParts>,
    /// Asks a challenger as well; `None` = nobody.
    pub shadow: Option<Shadow>,
    /// Sends traces; `None` = nowhere. They are sent by a task, so there must be a runtime.
    pub traces: Option<TraceParts>,
    /// Watches the names that answers carry, once it is filled; gateways may share it.
    pub names: Arc<OnceLock<Names>>,
}

/// Takes the lines of a log.
pub type LogSink = Box<dyn Fn(&str) + Send + Sync>;

/// A policy that was put into use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyInUse {
    /// Its name and the first digits of its hash.
    pub told: String,
    /// Why its training found it worth nothing, by its own word; `None` = it says nothing of the kind.
    pub abstained: Option<String>,
}

/// A gateway, ready to serve.
pub struct Gateway {
    names: HashMap<String, Named>,
    embedders: HashMap<String, Named>,
    /// Names in the order of the project, for the list of models.
    pub(crate) listed: Vec<String>,
    pub(crate) settings: ServeSettings,
    pub(crate) clients: Clients,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) purse: Purse,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    pub(crate) cancel: Cancel,
    pub(crate) log: Option<LogSink>,
    pub(crate) texts: Option<Texts>,
    pub(crate) shadow: Option<Shadow>,
    pub(crate) traces: Option<Traces>,
    policy: Mutex<Option<Arc<Active>>>,
    canary: OnceLock<Canary>,
    pub(crate) names_watched: Arc<OnceLock<Names>>,
    measured: OnceLock<MeasuredRequests>,
    scoring: OnceLock<Scoring>,
    pub(crate) drift: DriftBoard,
    /// What the ledger keeps of an earlier canary.
    canary_note: Option<String>,
}

impl Gateway {
    /// Makes a gateway; the session ends by what is given beside it.
    ///
    /// # Errors
    /// [`BudgetError`] when the ledger cannot be read or is in use.
    pub fn new(parts: GatewayParts) -> Result<(Arc<Self>, Session), BudgetError> {
        let now_us = parts.clock.now_us();
        let settings = parts.settings;
        let budgets: Vec<_> = settings
            .budget
            .map(|budget| (String::new(), budget))
            .into_iter()
            .chain(
                settings
                    .keys
                    .iter()
                    .filter_map(|key| Some((key.name.clone(), key.budget?))),
            )
            .collect();
        let unleased = Unleased::open(&budgets, settings.lease, &parts.ledger, now_us)?;
        let canary_note = parts
            .ledger
            .note(CANARY_NOTE)
            .map_err(BudgetError::Closed)?;
        let (ledger, session) = parts.ledger.begin(now_us).map_err(BudgetError::Closed)?;
        let upstreams: Vec<Arc<Upstream>> = parts.upstreams.into_iter().map(Arc::new).collect();
        let embedders: Vec<Arc<Upstream>> = parts.embedders.into_iter().map(Arc::new).collect();
        let all = || upstreams.iter().chain(&embedders);
        let gateway = Self {
            names: names(&upstreams),
            embedders: names_of_all(&embedders),
            listed: all().map(|upstream| upstream.id().to_owned()).collect(),
            metrics: Metrics::new(all()),
            rooms: Rooms::new(settings.max_bodies_bytes),
            clients: Clients::new(parts.token.as_deref(), &settings.keys),
            settings,
            purse: unleased.with(ledger.clone()),
            ledger,
            texts: parts
                .texts
                .map(|texts| Texts::new(texts, parts.clock.clone())),
            shadow: parts.shadow,
            traces: parts.traces.map(Traces::new),
            clock: parts.clock,
            cancel: Cancel::new(),
            log: parts.log,
            policy: Mutex::new(None),
            canary: OnceLock::new(),
            names_watched: parts.names,
            measured: OnceLock::new(),
            scoring: OnceLock::new(),
            drift: DriftBoard::default(),
            canary_note,
        };
        Ok((Arc::new(gateway), session))
    }

    /// Ends what is done beside answering; called once everybody has been answered.
    pub async fn end(&self) {
        if let Some(shadow) = &self.shadow {
            shadow.end().await;
        }
        if let Some(canary) = self.canary() {
            canary.end().await;
        }
        if let Some(traces) = &self.traces {
            traces.end().await;
        }
    }

    /// Puts a policy into use; gives what is to be told of it. Requests that have begun go on with the one that
    /// they began with.
    ///
    /// # Errors
    /// Everything that is wrong, after "failed to"; the policy in use stays.
    pub fn set_policy(&self, text: &str) -> Result<PolicyInUse, String> {
        let active = Active::read(text, &self.names, &self.embedders)?;
        let name = active.router.policy().name.clone();
        if name != AUTO && self.names.contains_key(&name) {
            return Err(format!(
                "use the policy: its name `{name}` is that of a candidate; hint: give it another"
            ));
        }
        let told = format!("{name} ({})", active.hash.get(..8).unwrap_or(&active.hash));
        let measured = active.router.policy().measured.as_ref();
        let abstained = measured.and_then(|measured| measured.abstained.clone());
        let mut policy = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        *policy = Some(Arc::new(active));
        Ok(PolicyInUse { told, abstained })
    }

    /// Says what the measured requests were like, once; until then tools, images and files count as unmeasured.
    pub fn set_measured(&self, measured: MeasuredRequests) {
        let _is_first = self.measured.set(measured);
    }

    /// What the measured requests were like; `None` = nothing is known.
    pub(crate) fn measured(&self) -> Option<&MeasuredRequests> {
        self.measured.get()
    }

    /// Begins to score a share of the answers, once; only scorers that run in place do.
    pub fn set_scorers(&self, scorers: Vec<LiveScorer>) {
        let share = self.settings.score_share;
        if let Some(scoring) = Scoring::new(scorers, share, self.ledger.clone()) {
            let _is_first = self.scoring.set(scoring);
        }
    }

    /// Who scores answers, if anybody does.
    pub(crate) fn scoring(&self) -> Option<&Scoring> {
        self.scoring.get()
    }

    /// Starts a canary, once; gives whether it was rolled back before, and so gets nothing.
    ///
    /// # Errors
    /// Why the challenger cannot be asked, after "failed to".
    pub fn set_canary(&self, parts: CanaryParts) -> Result<bool, String> {
        let settings = &parts.settings;
        let of = &settings.of;
        if of != AUTO && !self.names.contains_key(of) {
            return Err(format!(
                "split `{of}`: nobody is called so here; hint: `serve.canary.of` is \"auto\" or a candidate's id"
            ));
        }
        let target = match &parts.policy {
            Some(text) => {
                Target::Policy(Arc::new(Active::read(text, &self.names, &self.embedders)?))
            }
            None => {
                let id = &settings.challenger;
                Target::Candidate(self.candidate(id).ok_or_else(|| {
                    format!(
                        "try `{id}`: no candidate is called so; hint: `serve.canary.challenger` is the id of one, or a policy's file that ends in .json"
                    )
                })?)
            }
        };
        if let (Some(in_use), Target::Candidate(tried)) = (self.names.get(of), &target)
            && Arc::ptr_eq(&in_use.upstream, &tried.upstream)
        {
            return Err(format!(
                "try `{}`: it answers for `{of}` already; hint: name another challenger",
                tried.upstream.id()
            ));
        }
        let both = (self.ledger.clone(), self.clock.clone());
        let canary = Canary::new(parts, target, self.canary_note.as_deref(), both);
        let is_off = canary.is_off();
        match self.canary.set(canary) {
            Ok(()) => Ok(is_off),
            Err(_) => Err("start a canary: there is one".to_owned()),
        }
    }

    /// Tells in metrics what the latest check of drift found, in place of what was told before; candidates that are
    /// not served are left out.
    pub fn set_drift(&self, mut standings: Vec<DriftStanding>) {
        standings.retain(|one| self.candidate(&one.candidate).is_some());
        self.drift.set(standings);
    }

    /// Whether a candidate or a model for embeddings answers to a name.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.names.contains_key(name) || self.embedders.contains_key(name)
    }

    /// A candidate by its id.
    pub(crate) fn candidate(&self, id: &str) -> Option<Named> {
        let named = self.names.get(id);
        named.filter(|named| named.upstream.id() == id).cloned()
    }

    /// The canary, if there is one.
    pub(crate) fn canary(&self) -> Option<&Canary> {
        self.canary.get()
    }

    /// The policy in use.
    pub(crate) fn policy(&self) -> Option<Arc<Active>> {
        let policy = self.policy.lock().unwrap_or_else(PoisonError::into_inner);
        policy.clone()
    }

    /// The policy that a request asks for by its model's name.
    pub(crate) fn called_policy(&self, ask: &Ask) -> Option<Arc<Active>> {
        let name = ask.peek.model.as_str();
        // A provider may be called like the policy: what the project names goes before a route.
        let is_candidates = name.contains('/') && self.names.contains_key(name);
        self.policy().filter(|active| {
            ask.service == Service::Chat && !is_candidates && active.is_called(name)
        })
    }

    /// Finds what a client means by a model's name.
    pub(crate) fn named(&self, ask: &Ask) -> Result<Named, Refusal> {
        let name = ask.peek.model.as_str();
        let names = match ask.service {
            Service::Chat => &self.names,
            Service::Embeddings => &self.embedders,
        };
        names.get(name).cloned().ok_or_else(|| {
            let shown: String = name.chars().take(100).collect();
            Refusal::new(
                StatusCode::NOT_FOUND,
                ErrorKind::NotFound,
                match ask.service {
                    Service::Chat if name == AUTO => {
                        "no policy is in use that `auto` could ask; hint: set `policy = \"policy.json\"` under `[serve]` (`trilemma route train` writes one), or name a model of GET /v1/models".to_owned()
                    }
                    Service::Chat => {
                        format!("no model is called `{shown}` here; hint: GET /v1/models lists them")
                    }
                    Service::Embeddings => format!(
                        "no embedding model is called `{shown}` here; hint: `[[serve.embeddings]]` names them"
                    ),
                },
            )
            .quoting(FailureKind::NotFound)
        })
    }
}

/// Embedding models by id and by `provider/model`.
fn names_of_all(embedders: &[Arc<Upstream>]) -> HashMap<String, Named> {
    let mut names = HashMap::new();
    for upstream in embedders {
        let target = &upstream.parts.candidate.target;
        let full = format!("{}/{}", target.provider, target.model);
        for name in [full, upstream.id().to_owned()] {
            let named = Named {
                upstream: Arc::clone(upstream),
                is_candidate: false,
            };
            names.insert(name, named);
        }
    }
    names
}

/// Candidates by id, by `provider/model`, and by the model's bare name where it is one of a kind.
fn names(upstreams: &[Arc<Upstream>]) -> HashMap<String, Named> {
    let mut names = HashMap::new();
    let mut bare: HashMap<&str, Vec<&Arc<Upstream>>> = HashMap::new();
    for upstream in upstreams {
        bare.entry(upstream.model()).or_default().push(upstream);
        let target = &upstream.parts.candidate.target;
        let full = format!("{}/{}", target.provider, target.model);
        names.entry(full).or_insert_with(|| Named {
            upstream: Arc::clone(upstream),
            is_candidate: false,
        });
    }
    for (name, which) in bare {
        let endpoints = |upstream: &Arc<Upstream>| upstream.parts.candidate.target.base_url.clone();
        let Some((first, others)) = which.split_first() else {
            continue;
        };
        if others
            .iter()
            .all(|other| endpoints(other) == endpoints(first))
        {
            names.entry(name.to_owned()).or_insert_with(|| Named {
                upstream: Arc::clone(first),
                is_candidate: false,
            });
        }
    }
    // A candidate's own id comes first.
    for upstream in upstreams {
        let is_model = upstream.id() == upstream.model() && !upstream.has_defaults();
        names.insert(
            upstream.id().to_owned(),
            Named {
                upstream: Arc::clone(upstream),
                is_candidate: !is_model,
            },
        );
    }
    names
}

//! What a gateway can call: the project's candidates, and its models for embeddings.
//!
//! In: a project, its keys, the catalog. Out: upstreams with their prices and limits. Nothing is
//! called here.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::anyhow;
use trilemma_catalog::Limits;
use trilemma_cost::Pricer;
use trilemma_domain::{Candidate, Target};
use trilemma_gateway::{Upstream, UpstreamParts};
use trilemma_project::EmbeddingModel;
use trilemma_provider::{BreakerConfig, Client, ClientConfig, Lane, LaneConfig};

use crate::context::{Context, InputError};
use crate::keys::Secrets;
use crate::lineup;

/// Failures in a row before an upstream is left alone for a while.
const BREAKER_FAILURES: u32 = 5;

/// What upstreams are made of.
pub(super) struct Callable<'a> {
    context: &'a Context,
    secrets: &'a Secrets,
    streamed: Client,
    whole: Client,
    /// By address and model: who shares both shares the limits.
    lanes: RefCell<BTreeMap<(String, String), Arc<Lane>>>,
    /// Most calls in flight for each upstream; `None` = as the project says.
    concurrency: Option<u32>,
}

impl<'a> Callable<'a> {
    /// Prepares to call.
    pub(super) fn of(context: &'a Context, secrets: &'a Secrets) -> anyhow::Result<Self> {
        let settings = &context.project.serve;
        let streamed = lineup::client_with(ClientConfig {
            stall_timeout: settings.first_token_timeout,
            call_deadline: settings.request_timeout,
            ..ClientConfig::default()
        })?;
        Ok(Self {
            // A whole answer is silent until it is there.
            whole: streamed.with_stall_timeout(settings.request_timeout),
            streamed,
            context,
            secrets,
            lanes: RefCell::default(),
            concurrency: None,
        })
    }

    /// The project's candidates, but for pipelines, which are no models.
    pub(super) fn candidates(&self) -> anyhow::Result<Vec<Upstream>> {
        let project = &self.context.project;
        let is_model = |candidate: &&Candidate| candidate.target.pipeline.is_none();
        let upstreams: Vec<Upstream> = project
            .candidates
            .iter()
            .filter(is_model)
            .map(|candidate| self.candidate(candidate))
            .collect::<anyhow::Result<_>>()?;
        if upstreams.is_empty() && project.serve.embeddings.is_empty() {
            return Err(anyhow!(InputError(
                "failed to find somebody to call: the project names no model as candidate; hint: add `[[candidates]]`"
                    .to_owned()
            )));
        }
        Ok(upstreams)
    }

    /// The same with lanes of its own, so that its calls take nothing from anybody's concurrency.
    pub(super) fn apart(&self, concurrency: u32) -> Self {
        Self {
            context: self.context,
            secrets: self.secrets,
            streamed: self.streamed.clone(),
            whole: self.whole.clone(),
            lanes: RefCell::default(),
            concurrency: Some(concurrency),
        }
    }

    /// A candidate by its id, if it is a model.
    pub(super) fn named(&self, id: &str) -> anyhow::Result<Option<Upstream>> {
        let candidates = &self.context.project.candidates;
        let found = candidates
            .iter()
            .find(|one| one.id.as_str() == id && one.target.pipeline.is_none());
        found.map(|candidate| self.candidate(candidate)).transpose()
    }

    /// The models for embeddings.
    pub(super) fn embedders(&self) -> anyhow::Result<Vec<Upstream>> {
        let models = &self.context.project.serve.embeddings;
        models.iter().map(|model| self.embedder(model)).collect()
    }

    /// What is described as a candidate.
    pub(super) fn candidate(&self, candidate: &Candidate) -> anyhow::Result<Upstream> {
        let limits = match &candidate.identity {
            Some(identity) => self.context.catalog.get(identity)?,
            None => None,
        };
        self.upstream(
            candidate.clone(),
            lineup::pricer(self.context, candidate)?,
            limits.map(|found| &found.model.limits),
        )
    }

    fn embedder(&self, model: &EmbeddingModel) -> anyhow::Result<Upstream> {
        let (candidate, pricer) = lineup::embedder(self.context, model)?;
        self.upstream(candidate, pricer, None)
    }

    fn upstream(
        &self,
        candidate: Candidate,
        pricer: Option<Pricer>,
        limits: Option<&Limits>,
    ) -> anyhow::Result<Upstream> {
        let target = &candidate.target;
        let provider = self.context.project.providers.get(&target.provider);
        let id = candidate.id.clone();
        let upstream = Upstream::new(UpstreamParts {
            streamed: self.streamed.clone(),
            whole: self.whole.clone(),
            secret: self.secrets.get(&target.provider).cloned(),
            lane: self.lane(target),
            pricer,
            max_output: limits.and_then(|limits| limits.max_output),
            context: limits.and_then(|limits| limits.max_input.or(limits.context)),
            responses: provider.is_some_and(|provider| provider.responses),
            candidate,
        });
        upstream.map_err(|failure| {
            anyhow!(InputError(format!(
                "failed to prepare `{id}`: {}",
                failure.message
            )))
        })
    }

    fn lane(&self, target: &Target) -> Arc<Lane> {
        let project = &self.context.project;
        let limits = project.providers.get(&target.provider);
        let mut lanes = self.lanes.borrow_mut();
        let lane = lanes
            .entry((target.base_url.clone(), target.model.clone()))
            .or_insert_with(|| {
                Arc::new(Lane::new(&LaneConfig {
                    max_concurrency: self.concurrency.unwrap_or(project.serve.concurrency) as usize,
                    rpm: limits.and_then(|limits| limits.rpm).map(u64::from),
                    tpm: limits.and_then(|limits| limits.tpm).map(u64::from),
                    breaker: BreakerConfig {
                        trials: BREAKER_FAILURES,
                        slow_start: true,
                        ..BreakerConfig::default()
                    },
                    ..LaneConfig::default()
                }))
            });
        Arc::clone(lane)
    }
}

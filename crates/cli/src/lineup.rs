//! From a project to what can be called: candidates with lanes, scorers with judges.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use trilemma_bench::{Entrant, EntrantParts};
use trilemma_cost::Pricer;
use trilemma_domain::Candidate;
use trilemma_grade::{CodeLeave, Grader, Judge};
use trilemma_project::{Project, Provider};
use trilemma_provider::{Client, ClientConfig, Lane, LaneConfig, Proxy, RetryPolicy, TcpConnector};

use crate::context::{Context, InputError};
use crate::env;
use crate::keys::Secrets;

/// Makes the client of a project, with proxy and certificates from the environment.
pub(crate) fn client(project: &Project) -> anyhow::Result<Client> {
    let http = env::first(&["HTTP_PROXY", "http_proxy"]);
    let https = env::first(&["HTTPS_PROXY", "https_proxy"]);
    let bypass = env::first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
    let proxy = Proxy::new(http.as_deref(), https.as_deref(), &bypass)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    let extra_ca_pem = match env::text("SSL_CERT_FILE") {
        Some(path) => Some(fs_err::read(&path).context("read the certificates of SSL_CERT_FILE")?),
        None => None,
    };
    let config = ClientConfig {
        stall_timeout: project.bench.stall_timeout,
        call_deadline: project.bench.call_timeout,
        keep_raw: project.bench.keep_raw,
        proxy: (http.is_some() || https.is_some()).then_some(proxy),
        extra_ca_pem,
        ..ClientConfig::default()
    };
    Client::new(config).map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
}

/// Makes all candidates of a project ready to be called.
pub(crate) fn entrants(
    context: &Context,
    client: &Client,
    secrets: &Secrets,
) -> anyhow::Result<Vec<Entrant>> {
    context
        .project
        .candidates
        .iter()
        .map(|candidate| {
            let parts = EntrantParts {
                candidate: candidate.clone(),
                client: client.clone(),
                secret: secrets.get(&candidate.target.provider).cloned(),
                lane: lane(&context.project, candidate),
                pricer: pricer(context, candidate)?,
            };
            Entrant::new(parts).map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
        })
        .collect()
}

/// Makes the scorers of a project, with the judges that some of them call.
pub(crate) fn grader(
    context: &Context,
    client: &Client,
    secrets: &Secrets,
    leave: CodeLeave,
) -> anyhow::Result<Grader<TcpConnector>> {
    let project = &context.project;
    let mut scorers = Vec::with_capacity(project.scorers.len());
    for spec in &project.scorers {
        let scorer = trilemma_score::build(spec)
            .map_err(|_| anyhow!("build scorer `{}`, which was checked before", spec.label))?;
        scorers.push(scorer);
    }
    let mut judges = std::collections::BTreeMap::new();
    for (label, judge) in &project.judges {
        let endpoint = Judge {
            client: client.clone(),
            target: judge.target.clone(),
            secret: secrets.get(&judge.target.provider).cloned(),
            lane: lane(project, judge),
            pricer: pricer(context, judge)?,
        };
        judges.insert(label.clone(), Arc::new(endpoint));
    }
    Grader::new(scorers, leave, |label| judges.get(label).cloned())
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
}

/// Prices of a candidate on the project's date; `None` = unknown.
pub(crate) fn pricer(context: &Context, candidate: &Candidate) -> anyhow::Result<Option<Pricer>> {
    Pricer::of(candidate, &context.catalog, context.as_of)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
}

fn lane(project: &Project, candidate: &Candidate) -> Lane {
    let limits = project.providers.get(&candidate.target.provider);
    let limit = |part: fn(&Provider) -> Option<u32>| limits.and_then(part).map(u64::from);
    Lane::new(&LaneConfig {
        max_concurrency: project.bench.concurrency as usize,
        rpm: limit(|provider| provider.rpm),
        tpm: limit(|provider| provider.tpm),
        retry: RetryPolicy {
            max_attempts: project.bench.max_attempts,
            trial_deadline: project.bench.trial_timeout,
            ..RetryPolicy::default()
        },
        seed: project.bench.seed,
        ..LaneConfig::default()
    })
}

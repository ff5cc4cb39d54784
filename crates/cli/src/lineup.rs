//! From a project to what can be called: candidates with lanes, scorers with judges.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use trilemma_bench::{Entrant, EntrantParts};
use trilemma_cost::Pricer;
use trilemma_domain::{
    Candidate, CandidateId, OwnPrice, Params, Pipeline, PipelineCall, Target, ToolChoice,
    UsdPerMtok,
};
use trilemma_grade::{CodeLeave, Grader, Judge, JudgeParts};
use trilemma_project::{EmbeddingModel, Project, Provider};
use trilemma_provider::{
    Client, ClientConfig, Lane, LaneConfig, ProgramLeave, Proxy, RetryPolicy, TcpConnector,
};
use trilemma_score::Mode;

use crate::context::{Context, InputError};
use crate::env;
use crate::keys::Secrets;

/// What calls are made with; candidates of one endpoint and model share a lane.
pub(crate) struct Lines<'a> {
    project: &'a Project,
    streamed: Client,
    whole: Client,
    lanes: BTreeMap<(String, String), Arc<Lane>>,
}

impl<'a> Lines<'a> {
    /// Opens them; proxy and certificates come from the environment.
    pub(crate) fn open(project: &'a Project) -> anyhow::Result<Self> {
        Self::with_programs(project, None)
    }

    /// Opens them with leave to run the programs of the project in its folder, where it is given.
    ///
    /// # Errors
    /// [`InputError`] where a candidate is a program and there is no leave, or where a variable that it
    /// needs is not set.
    pub(crate) fn open_for(context: &'a Context, leave: CodeLeave) -> anyhow::Result<Self> {
        let project = &context.project;
        let programs = programs(project);
        match leave {
            _ if programs.is_empty() => Self::with_programs(project, None),
            CodeLeave::Granted => {
                let leave = program_leave(context)?;
                Self::with_programs(project, Some(leave))
            }
            CodeLeave::Withheld => Err(anyhow!(InputError(format!(
                "failed to start: {} would run a program on this machine; hint: add --allow-code \
                 if you trust it",
                quoted(&programs)
            )))),
        }
    }

    fn with_programs(project: &'a Project, programs: Option<ProgramLeave>) -> anyhow::Result<Self> {
        let bench = &project.bench;
        // A whole answer is silent until the model is done, so silence proves nothing before then.
        let patience = bench.stall_timeout.max(bench.call_timeout);
        let streamed = client(project, programs)?;
        Ok(Self {
            project,
            whole: streamed.with_stall_timeout(patience),
            streamed,
            lanes: BTreeMap::new(),
        })
    }

    pub(crate) fn client(&self, candidate: &Candidate) -> Client {
        if candidate.stream {
            &self.streamed
        } else {
            &self.whole
        }
        .clone()
    }

    fn lane(&mut self, candidate: &Candidate) -> Arc<Lane> {
        let target = &candidate.target;
        let key = (target.base_url.clone(), target.model.clone());
        let project = self.project;
        let lane = self
            .lanes
            .entry(key)
            .or_insert_with(|| Arc::new(lane(project, candidate)));
        lane.clone()
    }
}

/// Whether a candidate or a scorer of the project runs a program, so that calls need `--allow-code`.
pub(crate) fn runs_code(project: &Project) -> bool {
    let is_program = |spec| {
        trilemma_score::build(spec).is_ok_and(|scorer| matches!(scorer.mode(), Mode::Command(_)))
    };
    !programs(project).is_empty() || project.scorers.iter().any(is_program)
}

/// Candidates that are programs.
pub(crate) fn programs(project: &Project) -> Vec<String> {
    let all = project.candidates.iter();
    all.filter(|one| {
        one.target
            .pipeline
            .as_ref()
            .is_some_and(|one| one.runs_code())
    })
    .map(|one| one.id.to_string())
    .collect()
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Variables that every program may see.
const USUAL_ENV: [&str; 9] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "SYSTEMROOT",
    "TEMP",
];

fn program_leave(context: &Context) -> anyhow::Result<ProgramLeave> {
    let pipelines = context.project.candidates.iter();
    let pipelines = pipelines.filter_map(|one| Some((one, one.target.pipeline.as_deref()?)));
    let mut leave = ProgramLeave {
        folder: Some(context.folder.clone()),
        ..ProgramLeave::default()
    };
    for name in USUAL_ENV {
        leave
            .usual_env
            .extend(env::raw(name).map(|value| (name.to_owned(), value)));
    }
    for (candidate, pipeline) in pipelines {
        let Pipeline {
            call: PipelineCall::Command { env: named, .. },
            ..
        } = pipeline
        else {
            continue;
        };
        for name in named {
            let value = env::raw(name).ok_or_else(|| {
                anyhow!(InputError(format!(
                    "failed to start `{}`: the environment variable `{name}` is not set; hint: \
                     export {name}=…",
                    candidate.id
                )))
            })?;
            leave.named_env.insert(name.clone(), value);
        }
    }
    Ok(leave)
}

fn client(project: &Project, programs: Option<ProgramLeave>) -> anyhow::Result<Client> {
    client_with(ClientConfig {
        stall_timeout: project.bench.stall_timeout,
        call_deadline: project.bench.call_timeout,
        keep_raw: project.bench.keep_raw,
        programs,
        ..ClientConfig::default()
    })
}

/// Makes a client with the proxy and the certificates that the environment names.
pub(crate) fn client_with(settings: ClientConfig) -> anyhow::Result<Client> {
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
        proxy: (http.is_some() || https.is_some()).then_some(proxy),
        extra_ca_pem,
        ..settings
    };
    Client::new(config).map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
}

/// Makes all candidates of a project ready to be called.
pub(crate) fn entrants(
    context: &Context,
    lines: &mut Lines<'_>,
    secrets: &Secrets,
) -> anyhow::Result<Vec<Entrant>> {
    context
        .project
        .candidates
        .iter()
        .map(|candidate| {
            let parts = EntrantParts {
                candidate: candidate.clone(),
                client: lines.client(candidate),
                secret: secrets.get(&candidate.target.provider).cloned(),
                lane: lines.lane(candidate),
                pricer: pricer(context, candidate)?,
            };
            Entrant::new(parts).map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
        })
        .collect()
}

/// Makes the scorers of a project, with the judges that some of them call.
pub(crate) fn grader(
    context: &Context,
    lines: &mut Lines<'_>,
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
    let mut judges: BTreeMap<String, Vec<Arc<Judge>>> = BTreeMap::new();
    for (label, panel) in &project.judges {
        for judge in panel {
            let endpoint = Judge::new(JudgeParts {
                client: lines.client(judge),
                target: judge.target.clone(),
                secret: secrets.get(&judge.target.provider).cloned(),
                lane: lines.lane(judge),
                pricer: pricer(context, judge)?,
            });
            let panel = judges.entry(label.clone()).or_default();
            panel.push(Arc::new(endpoint));
        }
    }
    let judges_of = |label: &str| judges.get(label).cloned().unwrap_or_default();
    Grader::new(scorers, leave, judges_of)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
}

/// Candidates and judges whose calls a budget cannot bound, because their price is unknown.
///
/// # Errors
/// [`InputError`] for catalog rows that cannot be read.
pub(crate) fn unpriced(context: &Context) -> anyhow::Result<Vec<String>> {
    let project = &context.project;
    let mut names = Vec::new();
    for one in project
        .candidates
        .iter()
        .chain(project.judges.values().flatten())
    {
        let name = one.id.to_string();
        if !is_priced(context, one)? && !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Refuses to start where a budget is set that some calls would not keep to.
///
/// # Errors
/// [`InputError`] that names who has no price.
pub(crate) fn refuse_unbounded(context: &Context) -> anyhow::Result<()> {
    if context.project.bench.budget.is_none() {
        return Ok(());
    }
    let names = unpriced(context)?;
    if names.is_empty() {
        return Ok(());
    }
    Err(anyhow!(InputError(format!(
        "failed to keep to the budget: {}; hint: {UNPRICED_HINT}",
        unbounded_text(&names)
    ))))
}

/// Refuses to ask judges that a budget cannot bound.
///
/// # Errors
/// [`InputError`] that names who has no price.
pub(crate) fn refuse_unbounded_judges(context: &Context) -> anyhow::Result<()> {
    let mut names = Vec::new();
    for judge in context.project.judges.values().flatten() {
        if !is_priced(context, judge)? {
            names.push(judge.id.to_string());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    Err(anyhow!(InputError(format!(
        "failed to keep to the budget: {}; hint: {UNPRICED_HINT}",
        unbounded_text(&names)
    ))))
}

fn is_priced(context: &Context, one: &Candidate) -> anyhow::Result<bool> {
    let pricer = pricer(context, one)?;
    Ok(pricer.is_some_and(|pricer| pricer.production(1, 1, None).is_some()))
}

/// What to do about prices that are unknown.
pub(crate) const UNPRICED_HINT: &str = "state `price = { input = \"…\", output = \"…\" }` in USD per million tokens \
     (\"0\" for a server of your own), or spend without bound by --allow-unknown-price";

/// Who is not bounded by the budget, in words.
pub(crate) fn unbounded_text(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "no price is known of {}, so nothing bounds what their calls cost",
        names.join(", ")
    )
}

/// Prices of a candidate on the project's date; `None` = unknown.
pub(crate) fn pricer(context: &Context, candidate: &Candidate) -> anyhow::Result<Option<Pricer>> {
    Pricer::of(candidate, &context.catalog, context.as_of)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
}

/// A model for embeddings, described as a candidate, and its price; `None` = unknown.
pub(crate) fn embedder(
    context: &Context,
    model: &EmbeddingModel,
) -> anyhow::Result<(Candidate, Option<Pricer>)> {
    let name = &model.model.provider;
    let provider = context
        .project
        .providers
        .get(name)
        .ok_or_else(|| anyhow!(InputError(format!("failed to find the provider `{name}`"))))?;
    let candidate = Candidate {
        id: CandidateId::from(model.id.as_str()),
        target: Target {
            provider: name.clone(),
            dialect: provider.dialect,
            base_url: provider.base_url.clone(),
            model: model.model.model.clone(),
            api_version: provider.api_version.clone(),
            pipeline: None,
        },
        identity: None,
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::Auto,
        price: None,
        stream: false,
    };
    let pricer = model.price.map(|input| {
        Pricer::contract(&OwnPrice {
            input,
            // There is no output.
            output: UsdPerMtok::ZERO,
            cache_read: None,
            cache_write: None,
            web_search_1k: None,
        })
    });
    Ok((candidate, pricer))
}

/// The lane to a candidate's endpoint, as the project limits it.
pub(crate) fn lane(project: &Project, candidate: &Candidate) -> Lane {
    let limits = project.providers.get(&candidate.target.provider);
    let most = project.bench.concurrency;
    let pipeline = candidate.target.pipeline.as_ref();
    let own = pipeline.and_then(|pipeline| pipeline.concurrency);
    let limit = |part: fn(&Provider) -> Option<u32>| limits.and_then(part).map(u64::from);
    Lane::new(&LaneConfig {
        max_concurrency: own.map_or(most, |own| own.min(most)) as usize,
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

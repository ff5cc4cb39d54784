//! A simulator behind pipes, and stages run against it.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{DuplexStream, duplex};
use trilemma_cost::{Budget, Pricer};
use trilemma_domain::{
    Arrivals, CandidateId, ChatRequest, Dialect, LoadCandidate, LoadGoal, LoadPlan, LoadPrompts,
    LoadSample, LoadStage, LoadTestId, Message, NanoUsd, OwnPrice, Params, Role, StageEnd, Target,
    ToolChoice,
};
use trilemma_load::{Ground, Line, LineParts, Live, StageSamples, run_stage};
use trilemma_provider::{Cancel, Client, ClientConfig, Clock, Connect, EncodedRequest, Origin};
use trilemma_sim::{Scenario, Sim};

/// Opens pipes to a simulator.
#[derive(Clone)]
pub(crate) struct Pipes(pub(crate) Sim);

impl Connect for Pipes {
    type Io = DuplexStream;

    async fn connect(&self, _origin: &Origin) -> io::Result<DuplexStream> {
        let (near, far) = duplex(1 << 20);
        let sim = self.0.clone();
        tokio::spawn(async move { sim.serve_connection(far).await });
        Ok(near)
    }
}

pub(crate) fn sim(scenario: &str) -> Sim {
    Sim::new(Scenario::parse(scenario).unwrap()).unwrap()
}

/// A line to a model of the simulator with so many different prompts.
pub(crate) fn line(sim: &Sim, model: &str, n_prompts: usize, price: Option<&str>) -> Line<Pipes> {
    let target = Target {
        provider: "sim".to_owned(),
        dialect: Dialect::OpenAi,
        base_url: "http://sim/v1".to_owned(),
        model: model.to_owned(),
        api_version: None,
        pipeline: None,
    };
    let requests = (0..n_prompts).map(|idx| {
        let request = ChatRequest {
            model: model.to_owned(),
            messages: vec![Message::text(Role::User, format!("say {idx}"))],
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            response_format: None,
            params: Params::default(),
            stream: true,
        };
        EncodedRequest::new(&target, &request).unwrap()
    });
    Line::new(LineParts {
        name: model.to_owned(),
        client: Client::with_connector(ClientConfig::default(), Pipes(sim.clone())).unwrap(),
        secret: None,
        requests: requests.collect(),
        pricer: price.map(|output| {
            Pricer::contract(&OwnPrice {
                input: "0".parse().unwrap(),
                output: output.parse().unwrap(),
                cache_read: None,
                cache_write: None,
                web_search_1k: None,
            })
        }),
        max_output_tokens: Some(100),
    })
}

pub(crate) fn stage(arrivals: Arrivals, requests: u64) -> LoadStage {
    LoadStage {
        arrivals,
        candidates: vec![0],
        warmup: Duration::ZERO,
        warmup_requests: 0,
        duration: None,
        requests: Some(requests),
        max_in_flight: None,
        drain: Duration::from_secs(600),
    }
}

pub(crate) struct Run {
    pub(crate) end: StageEnd,
    pub(crate) samples: Vec<LoadSample>,
    pub(crate) spent: NanoUsd,
}

impl Run {
    /// The samples of a candidate in the order of their numbers.
    pub(crate) fn of(&self, candidate_idx: u32) -> Vec<&LoadSample> {
        let own = |sample: &&LoadSample| sample.candidate_idx == candidate_idx;
        let mut samples: Vec<&LoadSample> = self.samples.iter().filter(own).collect();
        samples.sort_by_key(|sample| sample.number);
        samples
    }

    pub(crate) fn boiled(&self, candidate_idx: u32) -> StageSamples {
        let mut boiled = StageSamples::default();
        for sample in self.of(candidate_idx) {
            boiled.add(sample, 5.0);
        }
        boiled.sort();
        boiled
    }
}

/// What a stage is run with beside its lines.
pub(crate) struct Settings {
    pub(crate) budget: Option<NanoUsd>,
    pub(crate) cancel: Cancel,
    pub(crate) timeout: Duration,
    pub(crate) seed: u64,
    pub(crate) trace: Vec<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            budget: None,
            cancel: Cancel::new(),
            timeout: Duration::from_secs(60),
            seed: 1,
            trace: Vec::new(),
        }
    }
}

pub(crate) async fn run(lines: Vec<Line<Pipes>>, stage: &LoadStage, settings: Settings) -> Run {
    let samples = Arc::new(Mutex::new(Vec::new()));
    let taken = Arc::clone(&samples);
    let ground = Arc::new(Ground {
        live: Arc::new(Live::new(lines.len())),
        lines,
        trace: settings.trace.into(),
        seed: settings.seed,
        timeout: settings.timeout,
        budget: Budget::new(settings.budget, NanoUsd(0)),
        cancel: settings.cancel,
        clock: Clock::starting_at(0),
        sink: Arc::new(move |sample| {
            taken.lock().unwrap().push(sample);
            true
        }),
    });
    let end = run_stage(&ground, stage, 0).await.unwrap();
    let samples = std::mem::take(&mut *samples.lock().unwrap());
    Run {
        end,
        samples,
        spent: ground.budget.spent(),
    }
}

pub(crate) fn plan(goal: LoadGoal, models: &[&str]) -> LoadPlan {
    LoadPlan {
        test: LoadTestId::from("t"),
        created_us: 0,
        trilemma_version: "0".to_owned(),
        project: "p".to_owned(),
        goal,
        candidates: models
            .iter()
            .map(|model| LoadCandidate {
                id: CandidateId::from(*model),
                model: (*model).to_owned(),
                identity: None,
                provider: "sim".to_owned(),
                dialect: Dialect::OpenAi,
                base_url: "http://sim/v1".to_owned(),
                streamed: true,
            })
            .collect(),
        prompts: LoadPrompts::Golden { n: 1 },
        seed: 1,
        timeout: Duration::from_secs(60),
        client_region: None,
        endpoint_region: None,
        client_cores: None,
        reading_tokens_per_s: 5.0,
        slos: Vec::new(),
    }
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

//! A gateway in this process, what stands behind it, and a client that sees every byte.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use trilemma_catalog::Catalog;
use trilemma_cost::Pricer;
use trilemma_domain::{Candidate, CandidateId, Dialect, Params, Target, ToolChoice};
use trilemma_gateway::{
    Gateway, GatewayParts, Served, TextParts, Upstream, UpstreamParts, Workers, serve, serve_admin,
};
use trilemma_project::{CanarySettings, Period, ServeBudget, ServeSettings};
use trilemma_provider::{Client, ClientConfig, Clock, Lane, LaneConfig, Secret};
use trilemma_sim::{CallLog, Scenario, Sim, SimOptions};
use trilemma_store::ledger::{LedgerEntry, LedgerFile, Session};

pub(crate) const KEY: &str = "sk-upstream-0123456789abcdef";

/// A gateway and the simulator behind it.
pub(crate) struct House {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) address: String,
    pub(crate) log: CallLog,
    pub(crate) gateway: Arc<Gateway>,
    session: Session,
    stop: oneshot::Sender<()>,
    serving: tokio::task::JoinHandle<Served>,
}

/// A budget of a challenger, and the settings of the gateway that asks it.
pub(crate) fn apart(budget: &str) -> (ServeBudget, ServeSettings) {
    let budget = ServeBudget {
        limit: budget.parse().unwrap(),
        period: Period::Total,
    };
    let own = ServeSettings {
        budget: Some(budget),
        max_attempts: 1,
        lease: "0.01".parse().unwrap(),
        ..settings()
    };
    (budget, own)
}

/// A share of the users of `of` goes to a challenger.
pub(crate) fn canary(of: &str, challenger: &str, share: f64) -> CanarySettings {
    CanarySettings {
        of: of.to_owned(),
        challenger: challenger.to_owned(),
        share,
        false_rollback: 0.05,
        max_error_increase: 0.01,
        // Times of a busy machine say nothing here.
        max_latency_ratio: 50.0,
        max_cost_ratio: 1.5,
        max_quality_loss: 0.02,
        judges: None,
        webhook: None,
    }
}

/// Waits longer than the busiest machine needs.
pub(crate) fn settings() -> ServeSettings {
    ServeSettings {
        first_token_timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_secs(30),
        request_timeout: Duration::from_secs(60),
        drain_timeout: Duration::from_secs(5),
        ..ServeSettings::default()
    }
}

/// Waits no longer for a stalled upstream than tests can bear.
pub(crate) fn impatient() -> ServeSettings {
    ServeSettings {
        first_token_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(2),
        ..settings()
    }
}

pub(crate) fn candidate(id: &str, dialect: Dialect, url: &str) -> Candidate {
    let base_url = match dialect {
        Dialect::OpenAi | Dialect::Responses => format!("{url}/v1"),
        Dialect::Azure | Dialect::Anthropic => url.to_owned(),
        Dialect::Gemini => format!("{url}/v1beta"),
    };
    let (_, model) = id.split_once('/').unwrap();
    Candidate {
        id: CandidateId::from(id),
        target: Target {
            provider: "sim".to_owned(),
            dialect,
            base_url,
            model: model.to_owned(),
            api_version: (dialect == Dialect::Azure).then(|| "2024-10-21".to_owned()),
            pipeline: None,
        },
        identity: None,
        prompt: None,
        params: Params::default(),
        response_format: None,
        tool_choice: ToolChoice::Auto,
        price: Some(trilemma_domain::OwnPrice {
            input: "1".parse().unwrap(),
            output: "10".parse().unwrap(),
            cache_read: None,
            cache_write: None,
            web_search_1k: None,
        }),
        stream: true,
    }
}

pub(crate) fn upstream(candidate: Candidate, settings: &ServeSettings) -> Upstream {
    Upstream::new(parts(candidate, settings)).unwrap()
}

pub(crate) fn parts(candidate: Candidate, settings: &ServeSettings) -> UpstreamParts {
    let client = Client::new(ClientConfig {
        stall_timeout: settings.first_token_timeout,
        ..ClientConfig::default()
    })
    .unwrap();
    let base_url = candidate.target.base_url.clone();
    let pricer = Pricer::of(&candidate, &Catalog::builtin(), date(2026, 11, 28)).unwrap();
    UpstreamParts {
        whole: client.with_stall_timeout(settings.first_token_timeout * 2),
        streamed: client,
        secret: Some(Secret::new(KEY, trilemma_provider::KeyKind::ApiKey, &base_url).unwrap()),
        lane: Arc::new(Lane::new(&LaneConfig {
            max_concurrency: 256,
            ..LaneConfig::default()
        })),
        pricer,
        max_output: Some(4_096),
        context: Some(10_000),
        responses: false,
        candidate,
    }
}

/// A simulator on a port of its own.
pub(crate) async fn simulator(scenario: &str) -> (String, CallLog) {
    let options = SimOptions {
        scenario: Scenario::parse(scenario).unwrap(),
        ..SimOptions::default()
    };
    let sim = Sim::with_options(options).unwrap();
    let log = sim.log();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { sim.serve(listener, std::future::pending()).await });
    (url, log)
}

/// Every model of the scenario in every dialect, as `openai/MODEL` and so on.
pub(crate) async fn house(scenario: &str, settings: ServeSettings) -> House {
    let (url, log) = simulator(scenario).await;
    let models = Scenario::parse(scenario).unwrap();
    let upstreams = models
        .models
        .keys()
        .flat_map(|model| {
            Dialect::ALL.map(|dialect| {
                let id = format!("{}/{model}", dialect.name());
                upstream(candidate(&id, dialect, &url), &settings)
            })
        })
        .collect();
    house_of(upstreams, log, settings, tempfile::tempdir().unwrap()).await
}

/// As [`house`], and keeps texts.
pub(crate) async fn house_texts(
    scenario: &str,
    settings: ServeSettings,
    texts: TextParts,
    folder: tempfile::TempDir,
) -> House {
    let (url, log) = simulator(scenario).await;
    let one = upstream(candidate("openai/m", Dialect::OpenAi, &url), &settings);
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let parts = GatewayParts {
        texts: Some(texts),
        ..parts_of(vec![one], settings, ledger)
    };
    open(parts, log, folder).await
}

/// What every gateway of these tests is made of.
pub(crate) fn parts_of(
    upstreams: Vec<Upstream>,
    settings: ServeSettings,
    ledger: LedgerFile,
) -> GatewayParts {
    GatewayParts {
        upstreams,
        embedders: Vec::new(),
        settings,
        token: None,
        ledger,
        clock: Clock::system(),
        log: None,
        texts: None,
        shadow: None,
        traces: None,
        names: Arc::default(),
    }
}

pub(crate) async fn house_of(
    upstreams: Vec<Upstream>,
    log: CallLog,
    settings: ServeSettings,
    folder: tempfile::TempDir,
) -> House {
    house_with(upstreams, Vec::new(), log, settings, folder).await
}

pub(crate) async fn house_with(
    upstreams: Vec<Upstream>,
    embedders: Vec<Upstream>,
    log: CallLog,
    settings: ServeSettings,
    folder: tempfile::TempDir,
) -> House {
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let parts = GatewayParts {
        embedders,
        ..parts_of(upstreams, settings, ledger)
    };
    open(parts, log, folder).await
}

/// Opens a house.
pub(crate) async fn open(parts: GatewayParts, log: CallLog, folder: tempfile::TempDir) -> House {
    let (gateway, session) = Gateway::new(parts).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn({
        let gateway = Arc::clone(&gateway);
        let workers = Workers::start(NonZeroUsize::new(2).unwrap()).unwrap();
        async move {
            let stopped = async {
                let _ = stopped.await;
            };
            serve(&workers, gateway, listener, stopped).await
        }
    });
    House {
        folder,
        address,
        log,
        gateway,
        session,
        stop,
        serving,
    }
}

pub(crate) fn ledger_path(folder: &Path) -> std::path::PathBuf {
    folder.join("gateway.db")
}

impl House {
    /// Stops in order and gives what was recorded.
    pub(crate) async fn close(self) -> (Served, Vec<LedgerEntry>, tempfile::TempDir) {
        let _ = self.stop.send(());
        let served = self.serving.await.unwrap();
        self.gateway.end().await;
        drop(self.gateway);
        tokio::task::spawn_blocking(move || self.session.end(1))
            .await
            .unwrap()
            .unwrap();
        let mut entries = Vec::new();
        LedgerFile::open_existing(&ledger_path(self.folder.path()))
            .unwrap()
            .entries(0, &mut |entry| entries.push(entry))
            .unwrap();
        (served, entries, self.folder)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        post(&self.address, path, body.to_string().as_bytes(), &[]).await
    }
}

/// The page of metrics.
pub(crate) async fn metrics(house: &House) -> String {
    admin(house, "/metrics").await
}

/// A page of the admin listener.
pub(crate) async fn admin(house: &House, path: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let admin = tokio::spawn(serve_admin(Arc::clone(&house.gateway), listener));
    let page = send(&address, "GET", path, b"", &[]).await;
    admin.abort();
    let _ended = admin.await;
    page.text().to_owned()
}

/// What came back, to the byte.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its announced or chunked end.
    pub(crate) is_clean: bool,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Data of the stream's events.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.text()
            .split("\n\n")
            .filter_map(|event| event.lines().find_map(|line| line.strip_prefix("data: ")))
            .filter(|data| *data != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}")))
            .collect()
    }
}

pub(crate) async fn post(
    address: &str,
    path: &str,
    body: &[u8],
    headers: &[(&str, &str)],
) -> Answer {
    send(address, "POST", path, body, headers).await
}

pub(crate) async fn send(
    address: &str,
    method: &str,
    path: &str,
    body: &[u8],
    headers: &[(&str, &str)],
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that refuses a body may have closed before it was all sent.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let ended = tokio::time::timeout(Duration::from_secs(30), read)
        .await
        .unwrap_or_else(|_| panic!("the gateway did not end its answer"));
    let mut answer = parse(&bytes);
    answer.is_clean &= ended.is_ok();
    answer
}

/// Asks for a chat completion and goes away if nothing has come by then; whether anything came.
pub(crate) async fn leave_after(
    address: &str,
    body: &Value,
    headers: &str,
    patience: Duration,
) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = body.to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    tokio::time::timeout(patience, read).await.is_ok()
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let end = text.find("\r\n\r\n").unwrap_or(text.len());
    let head = text[..end].to_owned();
    let raw = bytes.get(end + 4..).unwrap_or_default();
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    let lower = head.to_ascii_lowercase();
    let (body, is_clean) = if lower.contains("transfer-encoding: chunked") {
        dechunked(raw)
    } else {
        let announced = lower
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.trim().parse::<usize>().ok());
        (raw.to_vec(), announced == Some(raw.len()))
    };
    Answer {
        status,
        head,
        body,
        is_clean,
    }
}

fn dechunked(mut raw: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(at) = raw.windows(2).position(|pair| pair == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&raw[..at]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        raw = &raw[at + 2..];
        if size == 0 {
            return (body, true);
        }
        let Some(data) = raw.get(..size) else {
            body.extend_from_slice(raw);
            return (body, false);
        };
        body.extend_from_slice(data);
        raw = raw.get(size + 2..).unwrap_or_default();
    }
}

/// An upstream that answers every request with the same bytes, and keeps what it was sent.
pub(crate) async fn canned(response: Vec<u8>) -> (String, Arc<std::sync::Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (response, kept) = (response.clone(), Arc::clone(&kept));
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut buffer = [0u8; 4096];
                loop {
                    let n = stream.read(&mut buffer).await.unwrap_or(0);
                    request.extend_from_slice(&buffer[..n]);
                    let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
                    let is_whole = text.find("\r\n\r\n").is_some_and(|end| {
                        let length: usize = text
                            .lines()
                            .find_map(|line| line.strip_prefix("content-length: "))
                            .map_or(0, |length| length.trim().parse().unwrap());
                        request.len() >= end + 4 + length
                    });
                    if is_whole || n == 0 {
                        break;
                    }
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                kept.lock().unwrap().push(text);
                let _ = stream.write_all(&response).await;
            });
        }
    });
    (url, seen)
}

/// A whole HTTP answer with a JSON body, after which the connection closes.
pub(crate) fn json_answer(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Chat completions asking one thing.
pub(crate) fn openai(model: &str, stream: bool) -> Value {
    json!({
        "model": model, "stream": stream, "max_tokens": 100,
        "messages": [{"role": "user", "content": "say it"}],
    })
}

/// Messages asking one thing; the body is the same but for what the dialects demand.
pub(crate) fn anthropic(model: &str, stream: bool) -> Value {
    openai(model, stream)
}

/// Responses asking one thing.
pub(crate) fn responses(model: &str, stream: bool) -> Value {
    json!({
        "model": model, "stream": stream, "max_output_tokens": 100, "store": false,
        "input": [{"role": "user", "content": "say it"}],
    })
}

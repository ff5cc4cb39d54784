//! Random requests through a gateway: none panics, none leaks a key, none reaches an upstream malformed.
//!
//! Each goes over a socket to a gateway with keys of clients and of upstreams, behind which every vendor stands at one
//! address that keeps what it is sent and quotes the upstream's key in answers, errors and headers. Made from a seed and
//! bounded in time: `TRILEMMA_FUZZ_SEED` and `TRILEMMA_FUZZ_CASE` run one case again, `TRILEMMA_SLOW_TESTS` runs longer.

mod requests;
mod upstream;
mod wellformed;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use requests::{Draws, Request};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use trilemma_domain::Dialect;
use trilemma_gateway::{GatewayParts, Upstream, UpstreamParts};
use trilemma_project::{ClientKey, ServeSettings};
use trilemma_provider::{KeyKind, Secret};
use trilemma_store::ledger::LedgerFile;
use upstream::Desk;

use crate::support::{
    self, Answer, House, candidate, ledger_path, metrics, open, parts_of, settings,
};

/// The upstreams' key; its end is in no other text.
pub(crate) const KEY: &str = "sk-live-Zq7RkW2xVb9TnHc4LmYp8sDf6GjA";
/// The client's.
pub(crate) const CLIENT_KEY: &str = "ck-live-Xw3QvN8tBz5KrUe7PaSi2LoMd9Yh";
pub(crate) const BEARER: &str = "Bearer ck-live-Xw3QvN8tBz5KrUe7PaSi2LoMd9Yh";
/// What clients may know of keys that look like the gateway's.
pub(crate) const KEY_PIECES: [&str; 2] = ["sk-live-", "Bearer sk-live-"];
/// Pieces of a key of this length give it away.
const TELLING: usize = 8;
/// Most cases that are told before it ends.
const MOST_TOLD: usize = 12;
const SEED: u64 = 20_261_129;

static N_PANICS: AtomicU64 = AtomicU64::new(0);

#[expect(
    clippy::disallowed_methods,
    reason = "tests learn from the environment how far to go"
)]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests learn from the environment how far to go"
)]
fn is_slow_run() -> bool {
    std::env::var_os("TRILEMMA_SLOW_TESTS").is_some_and(|value| !value.is_empty())
}

struct Rig {
    house: House,
    desk: Arc<Mutex<Desk>>,
    log: Arc<Mutex<Vec<String>>>,
}

async fn rig() -> Rig {
    let (url, desk) = upstream::upstream().await;
    let sha256 = Sha256::digest(CLIENT_KEY)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let settings = ServeSettings {
        max_attempts: 2,
        keys: vec![ClientKey {
            name: "team".to_owned(),
            sha256,
            budget: None,
            rpm: None,
        }],
        ..settings()
    };
    let named = |id: &str, dialect| {
        let parts = support::parts(candidate(id, dialect, &url), &settings);
        let base_url = parts.candidate.target.base_url.clone();
        Upstream::new(UpstreamParts {
            secret: Some(Secret::new(KEY, KeyKind::ApiKey, &base_url).unwrap()),
            ..parts
        })
        .unwrap()
    };
    let upstreams = Dialect::ALL.map(|dialect| named(&format!("{}/m", dialect.name()), dialect));
    let folder = tempfile::tempdir().unwrap();
    let ledger = LedgerFile::open(&ledger_path(folder.path())).unwrap();
    let log = Arc::new(Mutex::new(Vec::new()));
    let lines = Arc::clone(&log);
    let embedder = named("embed/m", Dialect::OpenAi);
    let parts = GatewayParts {
        embedders: vec![embedder],
        log: Some(Box::new(move |line| {
            lines.lock().unwrap().push(line.to_owned())
        })),
        ..parts_of(upstreams.into(), settings, ledger)
    };
    let (_, unused) = support::simulator("[models.unused]\n").await;
    let house = open(parts, unused, folder).await;
    let members = ["openai/m", "anthropic/m", "gemini/m"].map(|id| json!({ "id": id }));
    let policy = json!({
        "schema_version": 1, "name": "fuzzed", "candidates": members, "fallback": ["gemini/m"],
        "plan": { "rules": {
            "rules": [{ "name": "long", "when": { "chars": { "min": 40 } }, "then": { "single": "anthropic/m" } }],
            "otherwise": { "cascade": {
                "ask": ["openai/m", "anthropic/m"], "accept": { "agree": 2 }, "escalate": { "single": "gemini/m" },
            }},
        }},
    });
    house.gateway.set_policy(&policy.to_string()).unwrap();
    Rig { house, desk, log }
}

/// The key of which a piece is told that gives it away; pieces that the client has sent itself do not count.
fn leaked(text: &[u8], asked: &[u8]) -> Option<&'static str> {
    [KEY, CLIENT_KEY].into_iter().find(|key| {
        let secret = &key.as_bytes()["sk-live-".len()..];
        secret.windows(TELLING).any(|piece| {
            memchr::memmem::find(text, piece).is_some()
                && memchr::memmem::find(asked, piece).is_none()
        })
    })
}

/// What is wrong with what the client got.
fn wrong(answer: &Answer) -> Option<String> {
    if answer.status == 0 {
        return Some("no answer: the connection closed".to_owned());
    }
    let is_stream = answer
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    if is_stream {
        return None;
    }
    if !answer.is_clean {
        return Some("a whole answer was broken off".to_owned());
    }
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).is_ok();
    // What an upstream says of itself passes as it came.
    (!is_json && answer.header("x-trilemma-model").is_none()).then(|| "no JSON".to_owned())
}

async fn case(rig: &Rig, seed: u64, idx: u64) -> Vec<String> {
    let mut draws = Draws(seed.wrapping_mul(0x0100_0000_01b3) ^ idx);
    let request = Request::draw(&mut draws);
    rig.desk.lock().unwrap().mood = draws.next(20);
    let answer = support::post(
        &rig.house.address,
        request.path,
        &request.body,
        &request.headers,
    )
    .await;
    let sent = std::mem::take(&mut rig.desk.lock().unwrap().sent);
    let mut found: Vec<String> = sent
        .iter()
        .flat_map(|sent| {
            let asked = (request.path, request.body.as_slice());
            let complaints = wellformed::complaints(sent, asked).into_iter();
            complaints.map(|told| format!("{} got {told}", sent.path))
        })
        .collect();
    found.extend(wrong(&answer));
    let told = [answer.head.as_bytes(), &answer.body].concat();
    found.extend(
        leaked(&told, &request.body).map(|key| format!("the client is told of {}", &key[..8])),
    );
    let lines = std::mem::take(&mut *rig.log.lock().unwrap());
    for line in lines {
        found.extend(
            leaked(line.as_bytes(), b"")
                .map(|key| format!("the log tells of {}: {line}", &key[..8])),
        );
    }
    if !found.is_empty() {
        found.push(format!(
            "POST {} {:?}\n{}\n-> {}\n{}",
            request.path,
            request.headers,
            String::from_utf8_lossy(&request.body)
                .chars()
                .take(2_000)
                .collect::<String>(),
            answer.head.replace("\r\n", " | "),
            String::from_utf8_lossy(&answer.body)
                .chars()
                .take(600)
                .collect::<String>(),
        ));
        for sent in &sent {
            let body = String::from_utf8_lossy(&sent.body);
            found.push(format!(
                "{}: {}",
                sent.path,
                body.chars().take(1_500).collect::<String>()
            ));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_fuzzed_requests_leak_no_key_and_arrive_well_formed() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        N_PANICS.fetch_add(1, Ordering::Relaxed);
        before(info);
    }));
    let rig = rig().await;
    let seed = number("TRILEMMA_FUZZ_SEED").unwrap_or(SEED);
    let longest = Duration::from_secs(if is_slow_run() { 60 } else { 4 });
    let began = tokio::time::Instant::now();
    let mut n = 0;
    let mut wrong = Vec::new();
    let only = number("TRILEMMA_FUZZ_CASE");
    while wrong.len() < MOST_TOLD && began.elapsed() < longest {
        let idx = only.unwrap_or(n);
        let found = case(&rig, seed, idx).await;
        if !found.is_empty() {
            let again = format!("TRILEMMA_FUZZ_SEED={seed} TRILEMMA_FUZZ_CASE={idx}");
            wrong.push(format!("{again}\n{}", found.join("\n")));
        }
        n += 1;
        if only.is_some() {
            break;
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {n} requests\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
    assert!(only.is_some() || n > 100, "{n}");
    println!("{n} requests");
    let page = metrics(&rig.house).await;
    assert_eq!(leaked(page.as_bytes(), b""), None, "{page}");
    let (_, entries, folder) = rig.house.close().await;
    assert!(n == 0 || entries.len() as u64 > n / 8, "{}", entries.len());
    for file in fs_err::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            assert_eq!(
                leaked(&fs_err::read(&path).unwrap(), b""),
                None,
                "{}",
                path.display()
            );
        }
    }
    assert_eq!(N_PANICS.load(Ordering::Relaxed), 0, "a thread has panicked");
}

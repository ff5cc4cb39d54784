//! Random requests through a gateway: none panics, none leaks a key, none reaches an upstream malformed.
//!
//! Each goes over a socket to a gateway with keys of clients and of upstreams, behind which every vendor stands at one
//! address that keeps what it is sent and quotes the upstream's key in answers, errors and headers. Canary, shadow, budgets
//! and kept texts are on (`rig`): what they keep and send is held to the same, budgets hold, and each row is the sum of
//! its calls. Made from a seed and
//! bounded in time: `TRILEMMA_FUZZ_SEED` and `TRILEMMA_FUZZ_CASE` run one case again, `TRILEMMA_SLOW_TESTS` runs longer.

mod requests;
mod rig;
mod upstream;
mod wellformed;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use requests::{Draws, Request};
use rig::{Rig, rig};

use crate::support::{self, Answer, metrics};

/// The upstreams' key; its end is in no other text.
pub(crate) const KEY: &str = "sk-live-Zq7RkW2xVb9TnHc4LmYp8sDf6GjA";
/// The client's.
pub(crate) const CLIENT_KEY: &str = "ck-live-Xw3QvN8tBz5KrUe7PaSi2LoMd9Yh";
pub(crate) const BEARER: &str = "Bearer ck-live-Xw3QvN8tBz5KrUe7PaSi2LoMd9Yh";
/// That of a client with a small budget.
pub(crate) const POOR_KEY: &str = "pk-live-Jd5TgF9sQw2ZxCv8NbMk4HrYe6Ua";
pub(crate) const POOR_BEARER: &str = "Bearer pk-live-Jd5TgF9sQw2ZxCv8NbMk4HrYe6Ua";
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

/// The key of which a piece is told that gives it away; pieces that the client has sent itself do not count.
fn leaked(text: &[u8], asked: &[u8]) -> Option<&'static str> {
    [KEY, CLIENT_KEY, POOR_KEY].into_iter().find(|key| {
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

/// What was asked lately, by path and body: the shadow is a little behind.
type Lately = std::collections::VecDeque<(&'static str, Vec<u8>)>;
/// More than may wait for the challenger.
const LATELY: usize = 512;

/// What is wrong with what the challenger was asked: each of it is some request of lately.
fn wrong_in_the_shadow(rig: &Rig, lately: &Lately) -> Vec<String> {
    let sent = std::mem::take(&mut rig.shadows.lock().unwrap().sent);
    let told = sent.iter().filter_map(|sent| {
        let mut last = Vec::new();
        for (path, body) in lately.iter().rev() {
            last = wellformed::complaints(sent, (path, body.as_slice()));
            if last.is_empty() {
                return None;
            }
        }
        let body = String::from_utf8_lossy(&sent.body);
        let body: String = body.chars().take(600).collect();
        Some(format!(
            "the challenger got {}: {last:?}\n{body}",
            sent.path
        ))
    });
    told.collect()
}

async fn case(rig: &Rig, (seed, idx): (u64, u64), lately: &mut Lately) -> (usize, Vec<String>) {
    let mut draws = Draws(seed.wrapping_mul(0x0100_0000_01b3) ^ idx);
    let request = Request::draw(&mut draws);
    rig.desk.lock().unwrap().mood = draws.next(20);
    rig.shadows.lock().unwrap().mood = draws.next(20);
    lately.push_back((request.path, request.body.clone()));
    if lately.len() > LATELY {
        lately.pop_front();
    }
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
    found.extend(wrong_in_the_shadow(rig, lately));
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
    (sent.len(), found)
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
    let (mut n, mut n_calls) = (0, 0);
    let mut lately = Lately::new();
    let mut wrong = Vec::new();
    let only = number("TRILEMMA_FUZZ_CASE");
    while wrong.len() < MOST_TOLD && began.elapsed() < longest {
        let idx = only.unwrap_or(n);
        let (n_sent, found) = case(&rig, (seed, idx), &mut lately).await;
        n_calls += n_sent;
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
    println!("{n} requests, {n_calls} calls");
    let page = metrics(&rig.house).await;
    assert_eq!(leaked(page.as_bytes(), b""), None, "{page}");
    let found = rig.close(n_calls).await;
    assert!(only.is_some() || found.is_empty(), "{}", found.join("\n"));
    assert_eq!(N_PANICS.load(Ordering::Relaxed), 0, "a thread has panicked");
}

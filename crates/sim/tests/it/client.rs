//! A bare HTTP client over an in-memory pipe that notes when each piece of a body arrives.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::time::Instant;
use trilemma_sim::{CallRecord, Scenario, Sim, SimOptions};

/// One connection to a simulator.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
}

/// A response, as it came.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    /// When the head was there, from the sending of the request.
    pub(crate) head_after: Duration,
    /// Pieces of the body, and when each was there.
    pub(crate) pieces: Vec<(Duration, Bytes)>,
    /// When the body ended.
    pub(crate) ended_after: Duration,
    /// Whether it broke off.
    pub(crate) broken: bool,
}

impl Seen {
    pub(crate) fn text(&self) -> String {
        let all: Vec<u8> = self
            .pieces
            .iter()
            .flat_map(|(_, piece)| piece.to_vec())
            .collect();
        String::from_utf8(all).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Milliseconds at which pieces arrived.
    pub(crate) fn at_ms(&self) -> Vec<u128> {
        self.pieces.iter().map(|(at, _)| at.as_millis()).collect()
    }

    /// Text of the answer to an OpenAI request.
    pub(crate) fn answer(&self) -> String {
        let content = &self.json()["choices"][0]["message"]["content"];
        content.as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn sim(scenario: &str) -> Sim {
    Sim::new(Scenario::parse(scenario).unwrap()).unwrap()
}

/// A simulator with recorded answers: items 1 and 2, and models `a` and `b`.
pub(crate) fn replaying(scenario: &str) -> Sim {
    let mut options = SimOptions {
        scenario: Scenario::parse(scenario).unwrap(),
        ..SimOptions::default()
    };
    let replay = &mut options.replay;
    replay.add_item("1".into(), "First?\n").unwrap();
    replay.add_item("2".into(), "Second?").unwrap();
    for (model, id, text) in [
        ("a", "1", "a answers first"),
        ("a", "1", "a answers first again"),
        ("a", "2", "a answers second"),
        ("b", "1", "b answers first"),
    ] {
        assert!(replay.add_answer(model, &id.into(), text).unwrap());
    }
    Sim::with_options(options).unwrap()
}

pub(crate) async fn connect(sim: &Sim) -> Connection {
    let (near, far) = tokio::io::duplex(1 << 20);
    let sim = sim.clone();
    tokio::spawn(async move { sim.serve_connection(far).await });
    let (sender, connection) = handshake(TokioIo::new(near)).await.unwrap();
    tokio::spawn(connection);
    Connection { sender }
}

impl Connection {
    /// Sends a request; `None` = the connection closed before a head came.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Option<Seen> {
        self.post_bytes(path, body.to_string().into()).await
    }

    pub(crate) async fn post_bytes(&mut self, path: &str, body: Bytes) -> Option<Seen> {
        let request = Request::post(path)
            .header("host", "sim")
            .body(Full::new(body))
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Option<Seen> {
        self.sender.ready().await.ok()?;
        let sent = Instant::now();
        let response = self.sender.send_request(request).await.ok()?;
        Some(read(response, sent).await)
    }

    /// Asks in OpenAI's dialect.
    pub(crate) async fn ask(&mut self, model: &str, prompt: &str) -> Option<Seen> {
        self.post("/v1/chat/completions", &openai(model, prompt, false))
            .await
    }

    /// Asks for a stream in OpenAI's dialect.
    pub(crate) async fn ask_stream(&mut self, model: &str, prompt: &str) -> Option<Seen> {
        self.post("/v1/chat/completions", &openai(model, prompt, true))
            .await
    }
}

pub(crate) fn openai(model: &str, prompt: &str, stream: bool) -> Value {
    json!({"model": model, "stream": stream, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": prompt}]})
}

async fn read(response: Response<Incoming>, sent: Instant) -> Seen {
    let (head, mut body) = response.into_parts();
    let mut seen = Seen {
        status: head.status.as_u16(),
        headers: head.headers,
        head_after: sent.elapsed(),
        pieces: Vec::new(),
        ended_after: Duration::ZERO,
        broken: false,
    };
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => {
                let piece = frame.into_data().unwrap();
                seen.pieces.push((sent.elapsed(), piece));
            }
            Err(_) => {
                seen.broken = true;
                break;
            }
        }
    }
    seen.ended_after = sent.elapsed();
    seen
}

/// Waits until so many calls have been logged.
pub(crate) async fn logged(sim: &Sim, n: u64) -> Vec<CallRecord> {
    while sim.log().n_ended() < n {
        tokio::task::yield_now().await;
    }
    sim.log().records()
}

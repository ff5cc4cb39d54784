//! Measures what a call costs our own side: CPU time of the calling thread per call.
//!
//! A server on another thread answers at once over loopback. Run with
//! `cargo run --release -p trilemma-provider --example call_cost`.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;
use trilemma_domain::{ChatRequest, Dialect, Message, Params, Role, Target, ToolChoice};
use trilemma_provider::{
    Cancel, Client, ClientConfig, EncodedRequest, KeyKind, Lane, LaneCall, LaneConfig, Secret,
};

const N_CALLS: u64 = 50_000;
const N_WORKERS: u64 = 50;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    for stream in [false, true] {
        let address = start_server(answer(stream))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let local = tokio::task::LocalSet::new();
        // The first round fills the pool.
        runtime.block_on(local.run_until(run(&address, stream, N_CALLS / 10)))?;
        let cpu_before = thread_cpu_ns()?;
        let start = Instant::now();
        runtime.block_on(local.run_until(run(&address, stream, N_CALLS)))?;
        let wall = start.elapsed();
        let cpu_us = (thread_cpu_ns()? - cpu_before) / 1000;
        let name = if stream {
            "stream of 50 deltas"
        } else {
            "whole answer"
        };
        let mut out = std::io::stdout();
        std::io::Write::write_all(
            &mut out,
            format!(
                "{name}: {N_CALLS} calls, {N_WORKERS} at once: {:.1} us CPU a call, wall {wall:?}\n",
                f64::from(u32::try_from(cpu_us)?) / f64::from(u32::try_from(N_CALLS)?),
            )
            .as_bytes(),
        )?;
    }
    Ok(())
}

async fn run(address: &str, stream: bool, n_calls: u64) -> Fallible<()> {
    let client = Client::new(ClientConfig::default())?;
    let base_url = format!("http://{address}/v1");
    let secret = Arc::new(Secret::new("sk-example", KeyKind::ApiKey, &base_url)?);
    let target = Arc::new(Target {
        provider: "work".to_owned(),
        dialect: Dialect::OpenAi,
        base_url,
        model: "m".to_owned(),
        api_version: None,
        pipeline: None,
    });
    let lane = Arc::new(Lane::new(&LaneConfig::default()));
    let next = Arc::new(AtomicU64::new(0));
    let n_answered = Arc::new(AtomicU64::new(0));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..N_WORKERS {
        let (client, secret, target) = (client.clone(), Arc::clone(&secret), Arc::clone(&target));
        let (lane, next, n_answered) = (
            Arc::clone(&lane),
            Arc::clone(&next),
            Arc::clone(&n_answered),
        );
        workers.spawn(async move {
            let cancel = Cancel::new();
            while next.fetch_add(1, Ordering::Relaxed) < n_calls {
                let Ok(request) = EncodedRequest::new(&target, &request(stream)) else {
                    return;
                };
                let call = LaneCall {
                    request: &request,
                    secret: Some(&secret),
                    estimated_tokens: 500,
                    cancel: &cancel,
                };
                let outcome = lane
                    .call(&client, call, &mut |_| ControlFlow::Continue(()))
                    .await;
                n_answered.fetch_add(u64::from(outcome.result.is_ok()), Ordering::Relaxed);
            }
        });
    }
    workers.join_all().await;
    if n_answered.load(Ordering::Relaxed) != n_calls {
        return Err("not every call was answered".into());
    }
    Ok(())
}

fn request(stream: bool) -> ChatRequest {
    ChatRequest {
        model: "m".to_owned(),
        messages: vec![
            Message::text(Role::System, "You triage support tickets. ".repeat(20)),
            Message::text(
                Role::User,
                "My invoice of last month shows a charge twice. ".repeat(20),
            ),
        ],
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        response_format: None,
        params: Params::default(),
        stream,
    }
}

fn answer(stream: bool) -> String {
    let usage = r#""usage":{"prompt_tokens":400,"completion_tokens":50,"total_tokens":450}"#;
    if !stream {
        let text = "The charge was made twice by mistake. ".repeat(20);
        let body = format!(
            r#"{{"id":"c1","object":"chat.completion","model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],{usage}}}"#
        );
        return format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
    }
    let mut events = String::new();
    for _ in 0..50 {
        events.push_str("data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n");
    }
    events.push_str("data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n");
    events.push_str(&format!(
        "data: {{\"id\":\"c1\",\"choices\":[],{usage}}}\n\ndata: [DONE]\n\n"
    ));
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{events}",
        events.len()
    )
}

fn start_server(answer: String) -> Fallible<String> {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || -> Result<(), std::io::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?.to_string();
            let answer: Arc<str> = answer.into();
            if tell.send(address).is_err() {
                return Ok(());
            }
            loop {
                let (mut socket, _) = listener.accept().await?;
                socket.set_nodelay(true)?;
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let mut buffer = vec![0; 16 << 10];
                    // Each request comes in one read: it is small and written at once.
                    while let Ok(n) = socket.read(&mut buffer).await {
                        if n == 0 || socket.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        })
    });
    Ok(told.recv()?)
}

/// CPU time of this thread, in nanoseconds (Linux).
fn thread_cpu_ns() -> Fallible<u64> {
    let text = fs_err::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}

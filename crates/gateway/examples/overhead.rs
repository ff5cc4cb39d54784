//! An upstream that answers at once, and clients that measure: `overhead mock [PORT]`,
//! `overhead load URL MODEL CONNECTIONS SECONDS [stream]` and `overhead hold URL MODEL STREAMS SECONDS`.
//! `benchmarks/gateway.py` runs them.
//!
//! All know just enough HTTP for one fixed request and its answer, so that what is measured is what
//! stands between them. The load is a closed loop; it prints one JSON object. `hold` opens streams of
//! the mock's model `slow`, which sends a token each second and never ends, prints a line once all have
//! brought one, and leaves after so many seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const N_TOKENS: usize = 50;
const WARM_UP: Duration = Duration::from_millis(500);

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
#[tokio::main(worker_threads = 2)]
async fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["mock", port @ ..] => {
            let port = port.first().map_or(Ok(0), |port| port.parse::<u16>())?;
            let listener = TcpListener::bind(("127.0.0.1", port)).await?;
            println!("http://{}", listener.local_addr()?);
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                tokio::spawn(serve(stream));
            }
        }
        ["load", url, model, connections, seconds, rest @ ..] => {
            let stream = rest.first() == Some(&"stream");
            let seconds = Duration::from_secs_f64(seconds.parse()?);
            println!(
                "{}",
                load(url, model, connections.parse()?, seconds, stream).await?
            );
            Ok(())
        }
        ["hold", url, model, streams, seconds] => {
            let seconds = Duration::from_secs_f64(seconds.parse()?);
            let held = hold(url, model, streams.parse()?).await?;
            println!(r#"{{"open":{}}}"#, held.len());
            tokio::time::sleep(seconds).await;
            Ok(())
        }
        _ => Err(
            "usage: overhead mock [PORT] | overhead load URL MODEL CONNECTIONS SECONDS [stream] | \
                  overhead hold URL MODEL STREAMS SECONDS"
                .into(),
        ),
    }
}

fn whole_answer() -> Vec<u8> {
    let body = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"Janet sells 16 - 3 - 4 = 9 duck eggs a day. She makes 9 * 2 = 18 dollars every day.\n#### 18"},"finish_reason":"stop"}],"usage":{"prompt_tokens":120,"completion_tokens":40,"total_tokens":160}}"#;
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Head and chunks of a stream, each chunk one event, all written at once.
fn streamed_answer() -> Vec<u8> {
    let mut out =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    let head = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"mock","choices":"#;
    let mut event = |rest: &str| {
        let text = format!("data: {rest}\n\n");
        out.extend(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes());
    };
    event(&format!(
        r#"{head}[{{"index":0,"delta":{{"role":"assistant","content":""}},"finish_reason":null}}]}}"#
    ));
    for _ in 0..N_TOKENS {
        event(&format!(
            r#"{head}[{{"index":0,"delta":{{"content":" word"}},"finish_reason":null}}]}}"#
        ));
    }
    event(&format!(
        r#"{head}[{{"index":0,"delta":{{}},"finish_reason":"stop"}}]}}"#
    ));
    event(&format!(
        r#"{head}[],"usage":{{"prompt_tokens":120,"completion_tokens":50,"total_tokens":170}}}}"#
    ));
    event("[DONE]");
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

async fn serve(mut stream: TcpStream) -> Fallible<()> {
    let (whole, streamed) = (whole_answer(), streamed_answer());
    let mut request = Vec::with_capacity(8_192);
    loop {
        request.clear();
        loop {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
            if is_whole(&request) {
                break;
            }
        }
        if find(&request, b"\"model\":\"slow\"").is_some() {
            return trickle(stream).await;
        }
        let wants_stream = find(&request, b"\"stream\":true").is_some();
        stream
            .write_all(if wants_stream { &streamed } else { &whole })
            .await?;
    }
}

/// A token each second, until the peer goes away.
async fn trickle(mut stream: TcpStream) -> Fallible<()> {
    stream
        .write_all(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        )
        .await?;
    let text = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"slow\",\
                \"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n";
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    loop {
        stream.write_all(chunk.as_bytes()).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Opens streams and reads on in tasks of their own; all have brought a token when it returns.
async fn hold(url: &str, model: &str, n: usize) -> Fallible<Vec<tokio::task::JoinHandle<()>>> {
    let (address, request) = request(url, model, true);
    let mut held = Vec::with_capacity(n);
    for _ in 0..n {
        let mut stream = TcpStream::connect(&address).await?;
        stream.write_all(&request).await?;
        let mut bytes = vec![0; 4_096];
        let n_read = stream.read(&mut bytes).await?;
        let begin = bytes.get(..n_read).unwrap_or_default();
        if !begin.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(begin).into_owned().into());
        }
        held.push(tokio::spawn(async move {
            while stream.read(&mut bytes).await.is_ok_and(|n_read| n_read > 0) {}
        }));
    }
    Ok(held)
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = find(request, b"\r\n\r\n") else {
        return false;
    };
    let head = request.get(..end).unwrap_or_default().to_ascii_lowercase();
    let length = find(&head, b"content-length: ")
        .and_then(|at| {
            let digits = head.get(at + 16..)?;
            let end = digits.iter().position(|byte| !byte.is_ascii_digit());
            std::str::from_utf8(digits.get(..end.unwrap_or(digits.len()))?)
                .ok()?
                .parse::<usize>()
                .ok()
        })
        .unwrap_or(0);
    request.len() >= end + 4 + length
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}

struct Load {
    request: Vec<u8>,
    stream: bool,
    is_on: AtomicBool,
    stop: AtomicBool,
    n_done: AtomicU64,
}

async fn load(
    url: &str,
    model: &str,
    connections: u64,
    seconds: Duration,
    stream: bool,
) -> Fallible<String> {
    let (address, request) = request(url, model, stream);
    let shared = Arc::new(Load {
        request,
        stream,
        is_on: AtomicBool::new(false),
        stop: AtomicBool::new(false),
        n_done: AtomicU64::new(0),
    });
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(client(address.clone(), Arc::clone(&shared))))
        .collect();
    tokio::time::sleep(WARM_UP).await;
    shared.is_on.store(true, Ordering::Relaxed);
    let before = Instant::now();
    tokio::time::sleep(seconds).await;
    shared.stop.store(true, Ordering::Relaxed);
    let took = before.elapsed().as_secs_f64();
    let n = shared.n_done.load(Ordering::Relaxed);
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for task in tasks {
        let (firsts, wholes) = task.await??;
        first.extend(firsts);
        whole.extend(wholes);
    }
    first.sort_unstable();
    whole.sort_unstable();
    Ok(format!(
        r#"{{"per_s":{:.0},"n":{n},"p50_ms":{},"p95_ms":{},"p99_ms":{},"max_ms":{},"first_p50_ms":{},"first_p99_ms":{}}}"#,
        n as f64 / took,
        quantile(&whole, 0.5),
        quantile(&whole, 0.95),
        quantile(&whole, 0.99),
        quantile(&whole, 1.0),
        quantile(&first, 0.5),
        quantile(&first, 0.99),
    ))
}

/// Where to connect, and what to send there.
fn request(url: &str, model: &str, stream: bool) -> (String, Vec<u8>) {
    let url = url.trim_start_matches("http://").trim_end_matches('/');
    let (address, path) = url.split_at(url.find('/').unwrap_or(url.len()));
    let prompt = "How many eggs does she sell? ".repeat(10);
    let body = format!(
        r#"{{"model":"{model}","stream":{stream},"max_tokens":100,"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
    );
    let request = format!(
        "POST {path}/v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer sk-1234\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    (address.to_owned(), request.into_bytes())
}

fn quantile(sorted: &[u64], q: f64) -> f64 {
    let at = ((sorted.len().saturating_sub(1)) as f64 * q).round() as usize;
    sorted.get(at).map_or(0.0, |ns| *ns as f64 / 1e6)
}

/// Sends the request over and over; gives the times to the first and to the last byte, nanoseconds.
async fn client(address: String, load: Arc<Load>) -> Fallible<(Vec<u64>, Vec<u64>)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    let mut answer = Vec::with_capacity(64 << 10);
    while !load.stop.load(Ordering::Relaxed) {
        let started = Instant::now();
        stream.write_all(&load.request).await?;
        answer.clear();
        let mut first_at = None;
        loop {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the connection was closed".into());
            }
            first_at.get_or_insert_with(|| started.elapsed());
            let is_over = if load.stream {
                answer.ends_with(b"0\r\n\r\n")
            } else {
                is_whole(&answer)
            };
            if is_over {
                break;
            }
        }
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err(String::from_utf8_lossy(&answer).into_owned().into());
        }
        if load.is_on.load(Ordering::Relaxed) {
            load.n_done.fetch_add(1, Ordering::Relaxed);
            let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            whole.push(nanos(started.elapsed()));
            first.push(nanos(first_at.unwrap_or_default()));
        }
    }
    Ok((first, whole))
}

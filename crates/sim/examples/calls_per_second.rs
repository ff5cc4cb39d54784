//! Measures a simulator with a bare client: `calls_per_second BASE_URL [SECONDS] [CONNECTIONS]
//! [stream]`.
//!
//! Each connection writes one fixed request and reads until the response is whole, over and over.
//! The client knows just enough HTTP for that, so that what is measured is the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

struct Load {
    request: Vec<u8>,
    stream: bool,
    n_done: AtomicU64,
    stop: AtomicBool,
}

#[expect(clippy::print_stdout, reason = "the figures are this program's output")]
#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let base = args.first().ok_or("usage: calls_per_second BASE_URL …")?;
    let address = base.trim_start_matches("http://").to_owned();
    let seconds: u64 = args.get(1).map_or(Ok(3), |text| text.parse())?;
    let connections: u64 = args.get(2).map_or(Ok(64), |text| text.parse())?;
    let stream = args.get(3).is_some_and(|word| word == "stream");
    let prompt = "How many eggs does she sell? ".repeat(40);
    let body = format!(
        r#"{{"model":"load","stream":{stream},"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
    );
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let load = Arc::new(Load {
        request: request.into_bytes(),
        stream,
        n_done: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    });
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(run(address.clone(), Arc::clone(&load))))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = load.n_done.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let n = load.n_done.load(Ordering::Relaxed) - before;
    load.stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await?.map_err(|error| error.to_string())?;
    }
    println!("{} calls/s", n / seconds.max(1));
    Ok(())
}

async fn run(address: String, load: Arc<Load>) -> std::io::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    socket.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(64 << 10);
    while !load.stop.load(Ordering::Relaxed) {
        socket.write_all(&load.request).await?;
        buffer.clear();
        while !is_whole(&buffer, load.stream) {
            if socket.read_buf(&mut buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        load.n_done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn is_whole(response: &[u8], stream: bool) -> bool {
    if stream {
        return response.ends_with(b"\r\n0\r\n\r\n");
    }
    let head_len = response.windows(4).position(|four| four == b"\r\n\r\n");
    let Some(head_len) = head_len else {
        return false;
    };
    let head = String::from_utf8_lossy(response.get(..head_len).unwrap_or_default());
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|text| text.parse::<usize>().ok());
    length.is_some_and(|length| response.len() >= head_len + 4 + length)
}

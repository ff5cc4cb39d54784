//! A client that stops reading: its upstream is let go, and the place is free for others.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use trilemma_domain::Dialect;
use trilemma_gateway::{Upstream, UpstreamParts};
use trilemma_project::ServeSettings;
use trilemma_provider::{Lane, LaneConfig};

use crate::support::{candidate, house_of, openai, parts, settings, simulator};

/// Longer than the busiest machine needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// An upstream that writes without end, and says each time that its reader has gone.
async fn endless() -> (String, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let tell = tell.clone();
            tokio::spawn(async move {
                let mut request = [0u8; 4_096];
                let _ = stream.read(&mut request).await;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
                let word = "word ".repeat(1_000);
                let event = format!(
                    "data: {{\"id\":\"x\",\"model\":\"m\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}}}}]}}\n\n"
                );
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(event.as_bytes()).await.is_ok() {}
                let _ = tell.send(());
            });
        }
    });
    (url, told)
}

/// Asks for a stream and reads its first bytes; then nothing.
async fn begin(address: &str) -> TcpStream {
    let body = openai("x/m", true).to_string();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0u8; 12];
    let read = timeout(PATIENCE, stream.read_exact(&mut first)).await;
    read.unwrap().unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_reading_frees_its_place_and_the_upstream() {
    let (url, mut gone) = endless().await;
    let (_, log) = simulator("").await;
    let settings = ServeSettings {
        idle_timeout: Duration::from_secs(1),
        ..settings()
    };
    let one = candidate("x/m", Dialect::OpenAi, &url);
    // One call at a time: the second client is served only when the first one's place is free.
    let upstream = Upstream::new(UpstreamParts {
        lane: Arc::new(Lane::new(&LaneConfig {
            max_concurrency: 1,
            ..LaneConfig::default()
        })),
        ..parts(one, &settings)
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let house = house_of(vec![upstream], log, settings, folder).await;
    let first = begin(&house.address).await;
    timeout(PATIENCE, gone.recv()).await.unwrap().unwrap();
    let second = begin(&house.address).await;
    timeout(PATIENCE, gone.recv()).await.unwrap().unwrap();
    // Both clients are still there; nothing but the gateway has ended their calls.
    let (served, entries, _folder) = house.close().await;
    drop((first, second));
    assert_eq!((served.n_cut, entries.len()), (0, 2));
    for entry in entries {
        let evidence = entry.evidence.unwrap();
        assert!(evidence.abandoned && !evidence.stopped, "{evidence:?}");
        assert_eq!(evidence.attempts[0].failure.as_deref(), Some("abandoned"));
        // What was read of the answer is more than its longest length: the reservation caps it.
        assert!(entry.row.is_estimated && entry.charged.0 > 1_000_000);
        assert!(entry.charged.0 < 4_000_000, "{:?}", entry.charged);
    }
}

//! The same over real sockets: listening, shutting down.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::client::{openai, sim};

#[tokio::test]
async fn serves_a_listener_until_told_to_stop() {
    let sim = sim("[models.m]\nanswers = { type = \"tokens\", count = 50 }");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = sim.clone();
    let serving = tokio::spawn(async move {
        let until = async {
            let _told = stopped.await;
        };
        server.serve(listener, until).await;
    });
    let mut socket = TcpStream::connect(address).await.unwrap();
    let body = openai("m", "x", true).to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: s\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for n in 1..=3 {
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        while !all.ends_with(b"\r\n0\r\n\r\n") {
            assert_ne!(socket.read_buf(&mut all).await.unwrap(), 0);
        }
        let text = String::from_utf8(all).unwrap();
        assert_eq!(text.matches(" word").count(), 50);
        while sim.log().n_ended() < n {
            tokio::task::yield_now().await;
        }
    }
    for record in sim.log().records() {
        let stamps: Vec<_> = record.text_stamps().collect();
        assert_eq!(stamps.len(), 50);
        assert!(stamps.is_sorted() && record.arrived <= stamps[0]);
    }
    stop.send(()).unwrap();
    serving.await.unwrap();
    assert_eq!(socket.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn hundreds_of_clients_may_connect_at_once() {
    let most = fs_err::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or_default();
    if most.trim().parse::<u32>().is_ok_and(|most| most < 512) {
        println!("skipped: the system lets only {most} connections wait");
        return;
    }
    let sim = sim("");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = sim.clone();
    tokio::spawn(async move { server.serve(listener, std::future::pending()).await });
    tokio::task::yield_now().await;
    // This test's only thread is held, so that nothing is accepted meanwhile.
    let clients: Vec<_> = (0..400)
        .map(|_| {
            let patience = std::time::Duration::from_millis(500);
            std::net::TcpStream::connect_timeout(&address, patience).unwrap()
        })
        .collect();
    assert_eq!(clients.len(), 400);
}

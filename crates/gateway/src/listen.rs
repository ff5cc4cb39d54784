//! Listening: connections in, graceful end.
//!
//! In: a listener, and a future that says when to stop. Out: every request served; at the end, open
//! answers get the drain timeout to come to theirs.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::dispatch;
use crate::gateway::Gateway;
use crate::guarded::Guarded;
use crate::workers::Workers;

/// Connections that may wait to be accepted; the system may allow fewer.
const BACKLOG: i32 = 4_096;
/// Longest wait for a request's head, and for the next request of an open connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Largest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Most header fields of a request.
const MAX_HEADERS: usize = 128;

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Connections that were closed because their answers did not end in time.
    pub n_cut: usize,
}

/// Serves a listener until `stop` is ready, then lets open answers end. Each connection is answered by one of these
/// threads; the caller's runtime only takes connections in.
pub async fn serve(
    workers: &Workers,
    gateway: Arc<Gateway>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Served {
    let _is_raised = SockRef::from(&listener).listen(BACKLOG);
    let mut stop = std::pin::pin!(stop);
    let (tell, told) = watch::channel(false);
    let room = Arc::new(Semaphore::new(gateway.settings.max_connections as usize));
    let mut connections = JoinSet::new();
    loop {
        let room = Arc::clone(&room);
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            // Whoever finds no room waits in the system's queue.
            accepted = async {
                let permit = room.acquire_owned().await;
                (permit, listener.accept().await)
            } => match accepted {
                (permit, Ok((stream, _))) => {
                    let gateway = Arc::clone(&gateway);
                    let told = told.clone();
                    let (runtime, seat) = workers.seat();
                    // It leaves this runtime before it enters the other.
                    let stream = stream.into_std();
                    let served = async move {
                        if let Ok(stream) = stream.and_then(TcpStream::from_std) {
                            connection(gateway, stream, told).await;
                        }
                        drop((permit, seat));
                    };
                    connections.spawn_on(served, runtime);
                }
                // Such as too many open files: others may end meanwhile.
                (_, Err(_)) => sleep(Duration::from_millis(10)).await,
            },
        }
    }
    drop(listener);
    let _told = tell.send(true);
    let drained = timeout(gateway.settings.drain_timeout, async {
        while connections.join_next().await.is_some() {}
    })
    .await;
    let n_cut = connections.len();
    gateway.cancel.cancel();
    if drained.is_err() {
        connections.shutdown().await;
    }
    Served { n_cut }
}

async fn connection(gateway: Arc<Gateway>, stream: TcpStream, mut stop: watch::Receiver<bool>) {
    // Without this, small chunks wait for the client's delayed acknowledgement.
    let _nodelay = stream.set_nodelay(true);
    let io = TokioIo::new(Guarded::new(stream, gateway.settings.idle_timeout));
    let service = service_fn(|request| dispatch::handle(Arc::clone(&gateway), request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(io, service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        // Broken connections and bodies that were broken off on purpose are ordinary ends.
        _ended = serving.as_mut() => return,
        _ = stop.wait_for(|stop| *stop) => serving.as_mut().graceful_shutdown(),
    }
    let _ended = serving.await;
}

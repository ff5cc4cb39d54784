//! The admin listener: metrics and health, apart from clients.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep};

use crate::gateway::Gateway;
use crate::outlet::{Reply, whole};
use crate::page;

/// Longest wait for a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// Most connections at once.
const MAX_CONNECTIONS: usize = 64;

/// Serves metrics (`/metrics`), health (`/healthz`) and the canary (`/canary`) until it is dropped.
pub async fn serve_admin(gateway: Arc<Gateway>, listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                let Ok((stream, _)) = accepted else {
                    sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let gateway = Arc::clone(&gateway);
                connections.spawn(async move {
                    let service = service_fn(|request| handle(Arc::clone(&gateway), request));
                    let _ended = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEAD_TIMEOUT)
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        }
    }
}

async fn handle(
    gateway: Arc<Gateway>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Infallible> {
    let (status, text) = match request.uri().path() {
        "/metrics" => (StatusCode::OK, page::page(&gateway)),
        "/healthz" if gateway.ledger.is_full() => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the ledger is behind\n".to_owned(),
        ),
        "/healthz" => (StatusCode::OK, "ok\n".to_owned()),
        "/canary" => match gateway.canary() {
            Some(canary) => (StatusCode::OK, format!("{:#}\n", canary.told())),
            None => (StatusCode::NOT_FOUND, "there is no canary\n".to_owned()),
        },
        _ => (
            StatusCode::NOT_FOUND,
            "metrics are at /metrics\n".to_owned(),
        ),
    };
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
    Ok(whole(status, headers, Bytes::from(text)))
}

//! Listening and connections.
//!
//! In: a listener or any byte stream. Out: HTTP/1.1 with keep-alive. No TLS: a simulator stands on
//! loopback.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::call;
use crate::sim::Sim;
use crate::tap::{Tap, Tapped};

/// Connections that may wait to be accepted; the system may allow fewer.
const BACKLOG: i32 = 4_096;

impl Sim {
    /// Serves a listener until `shutdown` is ready; connections still open are then closed.
    /// Accepts that fail (such as for too many open files) are tried again after 10 ms.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        // A listener is bound with room for 128. Of 200 clients that connect at once the others
        // would try again after a second. Where it cannot be changed, only that remains.
        let _is_raised = SockRef::from(&listener).listen(BACKLOG);
        let mut shutdown = std::pin::pin!(shutdown);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Without this, small chunks wait for the client's delayed
                        // acknowledgement; a failure only costs that delay.
                        let _nodelay = stream.set_nodelay(true);
                        let sim = self.clone();
                        connections.spawn(async move { sim.serve_connection(stream).await });
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// Serves one connection until it closes. Cuts of the scenario and clients that go away are
    /// ordinary ends.
    ///
    /// # Errors
    /// What the transport or the HTTP library reported, ends on purpose included.
    pub async fn serve_connection<T>(&self, io: T) -> io::Result<()>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let tap = Tap::new(self.log());
        let tapped = TokioIo::new(Tapped::new(io, tap.clone()));
        let service = service_fn(|request| {
            let shared = Arc::clone(&self.0);
            call::handle(shared, tap.clone(), request)
        });
        http1::Builder::new()
            .keep_alive(true)
            .half_close(false)
            .writev(false)
            .serve_connection(tapped, service)
            .await
            .map_err(io::Error::other)
    }
}

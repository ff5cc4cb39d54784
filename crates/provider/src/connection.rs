//! One HTTP/1.1 connection, driven by the task that uses it.
//!
//! In: a dialled stream. Out: request heads and body pieces, with the stamps of the socket reads
//! that brought them. hyper's connection future is polled from the same task and holds at most one
//! body piece, so the latest read stamp belongs to the piece at hand; nothing is read ahead of it.
//! Dropping a connection closes its socket.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::proxy::ProxyServer;
use crate::stamped::{Layer, Observed, Stamps};

/// The body of every request.
pub(crate) type Body = Full<Bytes>;

type Driver<I> = http1::Connection<TokioIo<Observed<I>>, Body>;

/// A connection to one origin.
pub(crate) struct Connection<I: AsyncRead + AsyncWrite + Unpin> {
    pub(crate) sender: http1::SendRequest<Body>,
    driver: Driver<I>,
    pub(crate) stamps: Arc<Stamps>,
    /// The plain-HTTP proxy at the other end, which wants absolute addresses.
    pub(crate) proxy: Option<ProxyServer>,
    ended: bool,
}

impl<I: AsyncRead + AsyncWrite + Unpin + Send + 'static> Connection<I> {
    /// Speaks HTTP/1.1 over a dialled stream.
    pub(crate) async fn over(
        layer: Layer<I>,
        stamps: Arc<Stamps>,
        proxy: Option<ProxyServer>,
    ) -> hyper::Result<Self> {
        let io = TokioIo::new(Observed::new(layer, Arc::clone(&stamps)));
        let (sender, driver) = http1::Builder::new().handshake(io).await?;
        Ok(Self {
            sender,
            driver,
            stamps,
            proxy,
            ended: false,
        })
    }

    /// Lets the connection read and write what it can.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.ended && Pin::new(&mut self.driver).poll(cx).is_ready() {
            // An error reaches the waiting request or body by itself.
            self.ended = true;
        }
    }

    /// Says whether another request can be sent: the peer has not closed it, and the last
    /// exchange is over.
    pub(crate) fn is_reusable(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.ended && self.sender.is_ready()
    }
}

/// Makes the address of a request: the path alone, or in full where a proxy must know the host.
pub(crate) fn address<I: AsyncRead + AsyncWrite + Unpin>(
    connection: &Connection<I>,
    request: &crate::encoded::EncodedRequest,
) -> Result<http::Uri, http::Error> {
    let path = request.uri_path();
    if connection.proxy.is_none() {
        return Ok(http::Uri::from(path));
    }
    http::Uri::builder()
        .scheme(request.origin().scheme().name())
        .authority(request.origin().authority())
        .path_and_query(path)
        .build()
}

/// A request as it goes to hyper.
pub(crate) type Outgoing = Request<Body>;

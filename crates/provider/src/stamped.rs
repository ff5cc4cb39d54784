//! Streams that remember when bytes passed.
//!
//! [`Stamped`] lies on the socket, below TLS, and notes each read and write the moment it returns.
//! [`Observed`] lies on top, above TLS, and notes to which socket read the bytes handed to HTTP
//! belong. Both share one [`Stamps`]; no clock is read above the socket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

/// When bytes passed on one connection. Only the task that drives it writes here.
#[derive(Debug)]
pub(crate) struct Stamps {
    epoch: Instant,
    /// Nanoseconds since `epoch`, plus one; 0 = not yet.
    written: AtomicU64,
    read: AtomicU64,
    first_plain: AtomicU64,
    last_plain: AtomicU64,
}

impl Stamps {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            epoch: Instant::now(),
            written: AtomicU64::new(0),
            read: AtomicU64::new(0),
            first_plain: AtomicU64::new(0),
            last_plain: AtomicU64::new(0),
        })
    }

    /// Forgets everything before a new request.
    pub(crate) fn reset(&self) {
        for cell in [
            &self.written,
            &self.read,
            &self.first_plain,
            &self.last_plain,
        ] {
            cell.store(0, Ordering::Relaxed);
        }
    }

    /// When the last write to the socket returned.
    pub(crate) fn written(&self) -> Option<Instant> {
        self.load(&self.written)
    }

    /// When the socket read returned that brought the first byte of the answer.
    pub(crate) fn first_byte(&self) -> Option<Instant> {
        self.load(&self.first_plain)
    }

    /// When the socket read returned that brought the latest byte handed to HTTP.
    pub(crate) fn last_byte(&self) -> Option<Instant> {
        self.load(&self.last_plain)
    }

    /// The latest sign of life in either direction.
    pub(crate) fn latest(&self) -> Option<Instant> {
        self.load(&self.read).max(self.load(&self.written))
    }

    fn load(&self, cell: &AtomicU64) -> Option<Instant> {
        let nanos = cell.load(Ordering::Relaxed).checked_sub(1)?;
        Some(self.epoch + Duration::from_nanos(nanos))
    }

    fn store_now(&self, cell: &AtomicU64) {
        let nanos = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX - 1);
        cell.store(nanos + 1, Ordering::Relaxed);
    }

    fn hand_up(&self) {
        let read = self.read.load(Ordering::Relaxed);
        self.last_plain.store(read, Ordering::Relaxed);
        if self.first_plain.load(Ordering::Relaxed) == 0 {
            self.first_plain.store(read, Ordering::Relaxed);
        }
    }
}

/// A socket that stamps.
#[derive(Debug)]
pub(crate) struct Stamped<I> {
    io: I,
    stamps: Arc<Stamps>,
}

impl<I> Stamped<I> {
    pub(crate) fn new(io: I, stamps: Arc<Stamps>) -> Self {
        Self { io, stamps }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Stamped<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(cx, buf);
        if polled.is_ready() && buf.filled().len() > before {
            self.stamps.store_now(&self.stamps.read);
        }
        polled
    }
}

impl<I> Stamped<I> {
    fn stamp_write(&self, polled: &Poll<io::Result<usize>>) {
        if matches!(polled, Poll::Ready(Ok(n)) if *n > 0) {
            self.stamps.store_now(&self.stamps.written);
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Stamped<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(cx, buf);
        self.stamp_write(&polled);
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.stamp_write(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// A stamped socket, encrypted or not.
pub(crate) enum Layer<I> {
    Plain(Stamped<I>),
    Tls(Box<TlsStream<Stamped<I>>>),
}

/// What HTTP reads from and writes to.
pub(crate) struct Observed<I> {
    layer: Layer<I>,
    stamps: Arc<Stamps>,
}

impl<I> Observed<I> {
    pub(crate) fn new(layer: Layer<I>, stamps: Arc<Stamps>) -> Self {
        Self { layer, stamps }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Observed<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = match &mut self.layer {
            Layer::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Layer::Tls(io) => Pin::new(io.as_mut()).poll_read(cx, buf),
        };
        if polled.is_ready() && buf.filled().len() > before {
            self.stamps.hand_up();
        }
        polled
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Observed<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.layer {
            Layer::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Layer::Tls(io) => Pin::new(io.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.layer {
            Layer::Plain(io) => Pin::new(io).poll_flush(cx),
            Layer::Tls(io) => Pin::new(io.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.layer {
            Layer::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Layer::Tls(io) => Pin::new(io.as_mut()).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.layer {
            Layer::Plain(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Layer::Tls(io) => Pin::new(io.as_mut()).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.layer {
            Layer::Plain(io) => io.is_write_vectored(),
            Layer::Tls(io) => io.is_write_vectored(),
        }
    }
}

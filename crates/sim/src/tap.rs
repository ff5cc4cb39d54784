//! Stamps of reads and writes on one connection.
//!
//! In: an I/O object. Out: the same, with a [`Tap`] that knows when bytes went in and out. The
//! HTTP library decides when it writes; the tap tells the body when its last frame has left, so
//! that every chunk is a write of its own, and closes the record of a call when its last byte has.
//! It knows no HTTP: one call at a time is open on a connection.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use crate::log::{CallLog, CallRecord, ChunkKind, ChunkStamp, Ended};

/// What is known of one connection; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Tap(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    log: CallLog,
    last_read: Option<Instant>,
    call: Option<Open>,
}

#[derive(Debug)]
struct Open {
    record: CallRecord,
    /// A frame that was given to the HTTP library and has not left entirely.
    pending: Option<Frame>,
    waker: Option<Waker>,
    /// The server is about to close the connection on purpose.
    cut: bool,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    kind: ChunkKind,
    n_chunks: u32,
    is_last: bool,
    stamped: bool,
}

impl Tap {
    /// Makes the tap of a connection.
    pub(crate) fn new(log: CallLog) -> Self {
        Self(Arc::new(Mutex::new(State {
            log,
            last_read: None,
            call: None,
        })))
    }

    /// When bytes were last read.
    pub(crate) fn last_read(&self) -> Option<Instant> {
        self.lock().last_read
    }

    /// Opens the record of a call; one still open ends here.
    pub(crate) fn begin(&self, record: CallRecord) {
        let mut state = self.lock();
        state.close(Ended::Dropped);
        state.call = Some(Open {
            record,
            pending: None,
            waker: None,
            cut: false,
        });
    }

    /// Notes that the connection is about to be closed on purpose.
    pub(crate) fn cut(&self) {
        if let Some(call) = &mut self.lock().call {
            call.cut = true;
        }
    }

    /// Ends the record of a call whose body has ended in order.
    pub(crate) fn complete(&self) {
        self.lock().close(Ended::Complete);
    }

    /// Notes a frame of so many chunks that is about to be given to the HTTP library.
    pub(crate) fn hand(&self, kind: ChunkKind, n_chunks: u32, is_last: bool) {
        if let Some(call) = &mut self.lock().call {
            call.pending = Some(Frame {
                kind,
                n_chunks,
                is_last,
                stamped: false,
            });
        }
    }

    /// Ready when no frame is under way.
    pub(crate) fn poll_written(&self, cx: &Context<'_>) -> Poll<()> {
        match &mut self.lock().call {
            Some(call) if call.pending.is_some() => {
                call.waker = Some(cx.waker().clone());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn written(&mut self, at: Instant) {
        let keeps_chunks = self.log.keeps_chunks();
        let Some(call) = &mut self.call else { return };
        call.record.head.get_or_insert(at);
        if let Some(frame) = &mut call.pending
            && !frame.stamped
        {
            frame.stamped = true;
            call.record.n_chunks = call.record.n_chunks.saturating_add(frame.n_chunks);
            if keeps_chunks {
                let stamp = ChunkStamp {
                    kind: frame.kind,
                    written: at,
                };
                let stamps = std::iter::repeat_n(stamp, frame.n_chunks as usize);
                call.record.chunks.extend(stamps);
            }
        }
    }

    fn flushed(&mut self) {
        let Some(call) = &mut self.call else { return };
        let Some(frame) = call.pending.take_if(|frame| frame.stamped) else {
            return;
        };
        if let Some(waker) = call.waker.take() {
            waker.wake();
        }
        if frame.is_last {
            self.close(Ended::Complete);
        }
    }

    fn close(&mut self, how: Ended) {
        if let Some(Open { mut record, .. }) = self.call.take() {
            record.ended_at = Instant::now();
            record.ended = how;
            self.log.push(record);
        }
    }
}

/// An I/O object with a tap.
#[derive(Debug)]
pub(crate) struct Tapped<T> {
    inner: T,
    tap: Tap,
}

impl<T> Tapped<T> {
    /// Puts a tap on an I/O object.
    pub(crate) fn new(inner: T, tap: Tap) -> Self {
        Self { inner, tap }
    }

    fn note(&self, at: Instant, result: &Poll<io::Result<usize>>) {
        if matches!(result, Poll::Ready(Ok(n)) if *n > 0) {
            self.tap.lock().written(at);
        }
    }
}

impl<T> Drop for Tapped<T> {
    fn drop(&mut self) {
        let mut state = self.tap.lock();
        let on_purpose = state.call.as_ref().is_some_and(|call| call.cut);
        state.close(if on_purpose {
            Ended::CutByServer
        } else {
            Ended::Dropped
        });
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Tapped<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.tap.lock().last_read = Some(Instant::now());
        }
        result
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Tapped<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let at = Instant::now();
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.note(at, &result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let at = Instant::now();
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.note(at, &result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        if matches!(result, Poll::Ready(Ok(()))) {
            self.tap.lock().flushed();
        }
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
